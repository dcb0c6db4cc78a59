"""Every scoring function by hand, against its twin, and what it refuses."""

from __future__ import annotations

import json
from math import exp, tanh

import numpy as np
import pytest

from attn_cli.errors import ShapeError
from attn_cli.mechanisms.mechanism import Rope
from tests.conftest import Attn
from tests.programs import SCORED, normal, run
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


def test_directions_of_huge_and_tiny_numbers() -> None:
    """Lengths are taken of numbers that are near 1, so that no square is lost."""
    for size, kind in (
        (300, np.float16),
        (1e20, np.float32),
        (1e-170, np.float64),
        (1e200, np.float64),
    ):
        arrays = {
            "q": np.array([[size, size]], kind),
            "k": np.array([[size, size], [size, -size]], kind),
        }
        found = run("cosine", {**arrays, "v": np.ones((2, 1), kind)})["scores"][0].astype(float)
        assert np.abs(found - [1, 0]).max() < 1e-3


def test_rope_with_keys_of_another_width() -> None:
    """Keys are turned by angles of their own width."""
    arrays = {"q": normal(0, 3, 4), "k": normal(1, 5, 6), "v": normal(2, 5, 2)}
    found = run("general", arrays, rope=Rope())
    alone = run("dot", {"q": arrays["k"], "k": arrays["k"], "v": arrays["v"]}, rope=Rope())
    assert np.array_equal(found["k_turned"], alone["k_turned"])
    with pytest.raises(ShapeError, match="d_k = 3 is odd"):
        run("general", {**arrays, "k": normal(1, 5, 3)}, rope=Rope())
    with pytest.raises(ShapeError, match="this mode has no keys"):
        run("location", {"q": arrays["q"], "v": arrays["v"]}, rope=Rope())


def test_a_cache_of_values_alone(attn: Attn) -> None:
    """Location needs no keys, so its cache holds values."""
    ran = attn(
        "compute", "--mode", "location", "--n", 2, "--v", "1 2; 3 4", "--past-v", "1 2", "--json"
    )
    steps = {step["name"]: step for step in json.loads(ran.out)["steps"]}
    assert steps["scores"]["shape"] == [2, 3]


def test_sharpness_and_scale(attn: Attn) -> None:
    """Both factors count; a list where one number belongs is refused."""
    both = output(attn, "--mode", "cosine", "--scale", 3, "--param", "beta=2")
    assert relative(both, output(attn, "--mode", "cosine", "--param", "beta=6")) < 1e-15
    ran = attn("compute", "--mode", "cosine", "--param", "beta=1 2")
    assert ran.status == 2
    assert "how many numbers there are" in ran.err
    assert "beta = 1 by default" in attn("compute", "--mode", "cosine").out
    assert attn("compute", "--mode", "cosine", "--plain").out.isascii()


def test_weights_of_every_layer_are_held(attn: Attn) -> None:
    """Memory for weights has the mode's own arrays; location caches no keys."""
    found = json.loads(attn("complexity", "--mode", "additive", "--n", 5, "--d", 3, "--json").out)
    assert found["memory"]["weights_of_projections"]["value"] == 4 * (6 * 9 + 3)
    assert found["memory"]["score_matrix"]["value"] == 4 * 5 * 5
    found = json.loads(attn("complexity", "--mode", "location", "--n", 5, "--d", 3, "--json").out)
    assert found["kv_cache"]["per_token"]["value"] == 4 * 3


def test_concat_is_additive_with_w_cut_in_two(attn: Attn) -> None:
    """The first d rows of W are W_query, the others W_key; the page says so with the difference."""
    arrays = {"q": normal(0, 3, 2), "k": normal(1, 4, 5), "v": normal(2, 4, 2)}
    whole = run("concat", {**arrays, "w": (w := normal(3, 7, 6)), "v_a": (v := normal(4, 6))})
    parts = run("additive", {**arrays, "w_query": w[:2], "w_key": w[2:], "v_a": v})
    assert relative(whole["output"], parts["output"]) < 1e-14
    assert "equals additive attention with W cut into W_query" in attn(
        "compute", "--mode", "concat", "--heads", 2, "--kv-heads", 1
    ).out.replace("\n", " ")


@pytest.mark.parametrize("mode", SCORED)
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
