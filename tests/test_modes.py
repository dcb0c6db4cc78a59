"""Every scoring function by hand, against its twin, and what it refuses."""

from __future__ import annotations

import json
from math import exp, tanh

import numpy as np
import pytest

from attn_cli import mechanisms
from tests.conftest import Attn
from tests.programs import normal, run
from tests.test_values import relative

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


def output(attn: Attn, *arguments: object) -> list[list[float]]:
    """The output matrix alone."""
    ran = attn("compute", *SMALL, *arguments, "--quiet")
    assert ran.status == 0, ran.err
    return [[float(number) for number in line.split()] for line in ran.out.splitlines()]


def mixed(first: float) -> list[float]:
    """The README's values, the first with this weight."""
    return [first * 1 + (1 - first) * 3, first * 2 + (1 - first) * 4]


def test_general_by_hand(attn: Attn) -> None:
    """W swaps the two numbers of a query: q0 = (1, 0) meets k1 with score 1, k0 with 0."""
    share = 1 / (1 + exp(1))
    found = output(attn, "--mode", "general", "--param", "w=0 1; 1 0")
    assert relative(found, [mixed(share), mixed(1 - share)]) < 1e-15


def test_additive_by_hand(attn: Attn) -> None:
    """With identity matrices and v = (1, 1): tanh 2 for equal ones, 2 tanh 1 for others."""
    same, other = tanh(2), 2 * tanh(1)
    share = exp(same) / (exp(same) + exp(other))
    eye = ("--param", "w_query=1 0; 0 1", "--param", "w_key=1 0; 0 1", "--param", "v_a=1 1")
    found = output(attn, "--mode", "additive", *eye)
    assert relative(found, [mixed(share), mixed(1 - share)]) < 1e-15


def test_location_by_hand(attn: Attn) -> None:
    """A query's score of position j is its product with column j; keys have no say."""
    rows = ("--q", "1 0; 0 1", "--v", "1 2; 3 4", "--param", "w=0 1; 2 2", "--mode", "location")
    ran = attn("compute", *rows, "--quiet")
    share = 1 / (1 + exp(1))
    found = [[float(number) for number in line.split()] for line in ran.out.splitlines()]
    assert relative(found, [mixed(share), mixed(0.5)]) < 1e-15
    refused = attn("compute", *rows, "--k", "1 0; 0 1")
    assert refused.err == (
        "Error: --k: Location-based attention takes no k here. It takes: q, v, w.\n"
    )


def test_cosine_by_hand(attn: Attn) -> None:
    """Lengths don't count: 3·k and k have the same angle; β = ln 2 gives shares of 2 to 1."""
    found = output(attn, "--mode", "cosine", "--param", f"beta={float(np.log(2))!r}")
    assert relative(found, [mixed(2 / 3), mixed(1 / 3)]) < 1e-15
    arrays = {"q": normal(0, 3, 4), "k": normal(1, 5, 4), "v": normal(2, 5, 2)}
    arrays["beta"] = np.array([3.0])
    lengths = np.array([[1], [2], [0.5], [7], [0.1]])
    longer = {**arrays, "k": arrays["k"] * lengths}
    assert relative(run("cosine", longer)["output"], run("cosine", arrays)["output"]) < 1e-14
    assert "random" not in attn("compute", *SMALL, "--mode", "cosine").out


def test_concat_is_additive_with_w_cut_in_two(attn: Attn) -> None:
    """The first d rows of W are W_query, the others W_key; the page says so with the difference."""
    arrays = {"q": normal(0, 3, 2), "k": normal(1, 4, 5), "v": normal(2, 4, 2)}
    whole = run("concat", {**arrays, "w": (w := normal(3, 7, 6)), "v_a": (v := normal(4, 6))})
    parts = run("additive", {**arrays, "w_query": w[:2], "w_key": w[2:], "v_a": v})
    assert relative(whole["output"], parts["output"]) < 1e-14
    assert "equals additive attention with W cut into W_query" in attn(
        "compute", "--mode", "concat", "--heads", 2, "--kv-heads", 1
    ).out.replace("\n", " ")


@pytest.mark.parametrize("mode", [one.name for one in mechanisms.MECHANISMS])
def test_every_mode_takes_heads_masks_and_caches(attn: Attn, mode: str) -> None:
    """Grouped heads, a batch, masks, biases, caches and projections go with every score."""
    ran = attn("compute", "--mode", mode, "--batch", 2, "--heads", 4, "--kv-heads", 2, "--d", 8)
    assert ran.status == 0, ran.err
    masked = attn(
        "compute", "--mode", mode, "--causal", "--bias", "alibi", "--softcap", 3, "--json"
    )
    steps = {step["name"]: step for step in json.loads(masked.out)["steps"]}
    weights = np.array(steps["weights"]["values"])
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-15)
    assert not weights[np.triu_indices(4, 1)].any()
    text = attn("compute", "--mode", mode, "--text", "a b c", "--context-text", "d e f g")
    assert text.status == 0, text.err
