"""Jacobians: held against central differences, closed forms, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as attn
from attn_cli import gradient
from tests.conftest import Attn
from tests.programs import normal

STEP = 1e-6


def measured(given: dict[str, Any], name: str, step: str, **choices: Any) -> np.ndarray[Any, Any]:
    """Every derivative of a step by an array, each by two runs."""
    columns = []
    for place in np.ndindex(*given[name].shape):
        ends = []
        for move in (STEP, -STEP):
            moved = given[name].copy()
            moved[place] += move
            ends.append(np.array(attn.compute(**{**given, name: moved}, **choices)[step]))
        columns.append((ends[0] - ends[1]) / (2 * STEP))
    found = np.stack(columns, axis=-1)
    return found.reshape(*found.shape[:-1], *given[name].shape)


@pytest.mark.parametrize(
    "choices",
    [{}, {"heads": 2, "causal": True}, {"mode": "additive"}, {"normalizer": "entmax15"}],
    ids=str,
)
def test_derivatives_are_those_of_central_differences(choices: dict[str, Any]) -> None:
    """∂ output / ∂ q, number by number, with masks, heads, other scores and weights."""
    given = {"q": normal(1, 3, 4), "k": normal(2, 3, 4), "v": normal(3, 3, 4)}
    found = attn.jacobian(**given, of="output", to="q", **choices)
    expected = measured(given, "q", "output", **choices)
    assert np.allclose(found.values, expected, atol=1e-6)
    norms = np.sqrt((expected**2).sum(axis=(1, 3)))
    assert np.allclose(found.map, norms, atol=1e-6)


def test_softmax_has_its_closed_form() -> None:
    """A row of weights by its scores is diag(p) - p pᵀ, and 0 by those of other rows."""
    given = {"q": normal(1, 3, 4), "k": normal(2, 5, 4), "v": normal(3, 5, 2)}
    found = attn.jacobian(**given, of="weights", to="scaled")
    weights = np.array(attn.compute(**given)["weights"])
    for i, p in enumerate(weights):
        assert np.allclose(found.values[i, :, i], np.diag(p) - np.outer(p, p), atol=1e-15)
        assert not np.delete(found.values[i], i, axis=1).any()
    query = int((weights**2).sum(axis=1).argmin())
    p = weights[query]
    assert np.allclose(found.map, np.diag(p) - np.outer(p, p), atol=1e-15)
    assert "diag(p) - p pᵀ" in str(found)
    one = attn.jacobian(**given, of="weights[1,]", to="scaled[1,]")
    assert np.allclose(one.map, found.values[1, :, 1], atol=1e-15)


def test_one_pair_of_features_keeps_its_sign() -> None:
    """With one feature of each step the map is the derivatives themselves."""
    given = {"x": normal(1, 3, 4)}
    whole = attn.jacobian(**given, of="output", to="x")
    one = attn.jacobian(**given, of="output[,3]", to="x[,d0]")
    assert (one.map == whole.values[:, 3, :, 0]).all()
    assert one.map.min() < 0


def test_by_the_values_the_map_is_that_of_the_weights() -> None:
    """By the values alone, each block is a weight times 1: the correlation is 1."""
    given = {"q": normal(1, 3, 4), "k": normal(2, 3, 4), "v": normal(3, 3, 4)}
    found = attn.jacobian(**given, of="output", to="v")
    assert np.allclose(found.map, 2 * np.array(attn.compute(**given)["weights"]))
    assert found.correlation == pytest.approx(1)
    head = attn.jacobian(**given, of="output", to="v", heads=2, head=1)
    assert np.allclose(head.report.tables[1].values, attn.compute(**given, heads=2)["weights"][1])


def test_the_page_and_the_document(attn: Attn) -> None:
    """The map beside the weights, with their correlation; strict JSON and arrays of the same."""
    line = ("gradient", "--text", "the cat sat", "--jacobian", "output:x")
    ran = attn(*line)
    assert ran.status == 0
    assert "How output changes with x" in ran.out
    assert "Correlation of the map with the weights: 0.02" in ran.flat
    found = json.loads(attn(*line, "--json").out)
    assert found["schema"] == "attn.jacobian/1"
    assert [table["name"] for table in found["tables"]] == ["map", "weights"]
    assert found["tables"][0]["rows"] == ["the", "cat", "sat"]
    assert attn(*line, "--save", "j.npz").status == 0
    with np.load("j.npz") as saved:
        assert saved["jacobian"].tolist() == found["values"]
        assert saved["map"].tolist() == found["tables"][0]["values"]
    assert attn(*line, "--save", "j.json").status == 0
    assert json.loads(Path("j.json").read_text()) == found
    for suffix in ("html", "tex", "md", "svg"):
        assert attn(*line, "--export", f"j.{suffix}").status == 0
        assert (
            "Jacobian" in Path(f"j.{suffix}").read_text()
            or "weights" in Path(f"j.{suffix}").read_text()
        )
    assert "随" in attn(*line, "--lang", "zh").out


def test_a_query_without_a_key_is_named(attn: Attn) -> None:
    """What has to be known of the numbers is said here as it is of a run."""
    ran = attn("gradient", "--causal", "--offset", "-1", "--jacobian", "output:v")
    assert ran.err.startswith("Note: No key is allowed for q0")


REFUSED = [
    ("output", "'output' is not of the form OF:TO, as in output:x."),
    ("output:nothing", "there is no step 'nothing'"),
    ("output:q[", "'q[' is neither a step nor positions of one."),
    ("output:q[0]", "q is 4×4 with the axes (n, d); give 2 positions, not 1."),
    ("output:q[9,]", "axis n has the positions 0 to 3, not 9."),
    ("q:output", "output does not come before q. Name the later step first"),
    ("q:q", "q does not come before q."),
]


@pytest.mark.parametrize(("asked", "message"), REFUSED)
def test_refusals(attn: Attn, asked: str, message: str) -> None:
    """What names no two steps in order is refused in one message."""
    ran = attn("gradient", "--jacobian", asked)
    assert ran.status == 2
    assert "--jacobian" in ran.err
    assert message in " ".join(ran.err.split())


def test_refused_together(attn: Attn) -> None:
    """What belongs to one loss, to steps, or to no derivative has no place beside it."""
    for more, message in (
        (("--check",), "--check has no effect on a --jacobian"),
        (("--exact",), "--exact has no effect on a --jacobian"),
        (("--at", "a=1"), "--at has no effect on a --jacobian"),
        (("--d-output", "ones"), "--d-output has no effect on a --jacobian"),
        (("--steps",), "--steps has no effect on a --jacobian, which has no steps."),
        (("--only", "q"), "--only has no effect on a --jacobian"),
        (("--normalizer", "hard"), "output does not change with q by a little: nothing reaches it"),
        (("--n", "80", "--d", "64"), "output has 5,120 numbers, each a backward pass: 4,096"),
        (("--n", "60", "--d", "64"), "derivatives are more than 4,000,000"),
    ):
        ran = attn("gradient", "--jacobian", "output:q", *more)
        assert ran.status == 2
        assert message in " ".join(ran.err.split())
    ran = attn("gradient", "--causal", "--jacobian", "masked:mask")
    assert "mask holds no numbers that change by a little" in " ".join(ran.err.split())


def test_one_number_by_one(attn: Attn) -> None:
    """A single derivative is a page of one number, equal to that of the gradient."""
    arrays = ("--q", "1 2; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")
    ran = attn("gradient", *arrays, "--jacobian", "output[0,0]:q[0,1]", "--json")
    found = json.loads(ran.out)
    alone = gradient("1 2; 0 1", "1 0; 0 1", "1 2; 3 4", d_output="output[0,0]")
    assert found["values"] == pytest.approx(float(alone.gradients["q"][0, 1]))
    assert attn("gradient", *arrays, "--jacobian", "output[0,0]:q[0,1]").status == 0


def test_where_no_gradient_goes_it_is_said(attn: Attn) -> None:
    """A Jacobian passes on what stops a gradient, and what it goes straight through."""
    small = ("--n", 3, "--d", 2, "--jacobian")
    through = attn("gradient", "--normalizer", "gumbel-hard", *small, "weights[0,]:scaled[0,]")
    assert "The gradient goes straight through weights" in through.err
    stopped = attn("gradient", "--normalizer", "hard", *small, "output:v")
    assert stopped.status == 0


def test_queries_and_keys_are_named_where_they_act(attn: Attn) -> None:
    """Values change the output by the weights alone."""
    of_values = attn("gradient", "--jacobian", "output:v").flat
    assert "Correlation of the map with the weights: 1.00. Try" in of_values
    of_rows = attn("gradient", "--text", "the cat sat", "--jacobian", "output:x").flat
    assert "may act through queries and keys as well" in of_rows


def test_a_row_of_softmax_is_named_with_its_head(attn: Attn) -> None:
    """Which head and which query p belongs to, and why that one."""
    more = ("--text", "the cat sat", "--heads", 2, "--jacobian", "weights:scaled")
    assert "the shares p of cat, head 0" in attn("gradient", *more).out
