"""Attention without a query, against plain loops; what it takes and what it refuses."""

from __future__ import annotations

import json
import re
from math import exp, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import mechanisms
from attn_cli.costs.symbolic import Shape
from attn_cli.mechanisms.normalizers import NORMALIZERS, normalizer
from tests.conftest import Attn
from tests.counting import refuse_other_counts
from tests.programs import normal, run
from tests.test_values import relative

Rows = list[list[float]]
PHI = {
    "identity": lambda s: s,
    "tanh": tanh,
    "relu": lambda s: max(0.0, s),
    "sigmoid": lambda s: 1 / (1 + exp(-s)),
}


def softmax(row: list[float]) -> list[float]:
    """Shares of a list."""
    powers = [exp(s) for s in row]
    return [power / sum(powers) for power in powers]


def by_loops(x: Rows, w: Rows, b: list[float], phi: str) -> Rows:
    """Rows times softmax of Φ(row W + b), number by number."""
    found = []
    for row in x:
        scores = [
            PHI[phi](sum(row[i] * w[i][j] for i in range(len(row))) + b[j]) for j in range(len(b))
        ]
        found.append([value * a for value, a in zip(row, softmax(scores), strict=True)])
    return found


def turned(rows: Rows) -> Rows:
    """Columns as rows."""
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("phi", PHI)
@given(steps=st.integers(1, 6), features=st.integers(1, 5))
def test_agrees_with_loops(phi: str, steps: int, features: int) -> None:
    """Over features each row passes through W; over time each column does."""
    x = normal(0, steps, features)
    w, b = normal(1, features, features), normal(2, features)
    found = run("fc-feature", {"x": x, "w": w, "b": b}, activation=phi)["output"]
    assert relative(found, by_loops(x.tolist(), w.tolist(), b.tolist(), phi)) < 1e-12
    w, b = normal(3, steps, steps), normal(4, steps)
    found = run("fc-time", {"x": x, "w": w, "b": b}, activation=phi)["output"]
    expected = turned(by_loops(x.T.tolist(), w.tolist(), b.tolist(), phi))
    assert relative(found, expected) < 1e-12


@pytest.mark.parametrize("one", NORMALIZERS, ids=lambda one: one.name)
def test_time_is_features_of_the_turned_rows(one: object) -> None:
    """Under every normalizer, weights over time are those over features of Xᵀ, turned back."""
    x, w, b = normal(0, 5, 3), normal(1, 5, 5), normal(2, 5)
    noise = {"uniform": np.abs(normal(3, 3)) % 1, "gumbel": normal(4, 3, 5), "sink": normal(5, 1)}
    needed = normalizer(one.name).arrays(("T", "d"), "d")
    upright = {name: noise[name] for name in needed}
    chosen = {"normalizer": one}
    across = run("fc-feature", {"x": x.T, "w": w, "b": b, **upright}, **chosen)["output"]
    lying = {name: array.T if name == "gumbel" else array for name, array in upright.items()}
    along = run("fc-time", {"x": x, "w": w, "b": b, **lying}, **chosen)["output"]
    assert relative(along, across.T) < 1e-14


@pytest.mark.parametrize("mode", ["fc-time", "fc-feature"])
def test_the_counting_run_agrees_with_the_formulas(mode: str) -> None:
    """Operations counted while computing are the formulas with the sizes put in."""
    for shape in (Shape(n=5, d=3), Shape(n=2, d=7, b=4)):
        refuse_other_counts(mechanisms.named(mode), shape)


@pytest.mark.parametrize(("mode", "order"), [("fc-time", "T**2*d"), ("fc-feature", "T*d**2")])
def test_orders(attn: Attn, mode: str, order: str) -> None:
    """Scoring costs O(T²·d) over time and O(T·d²) over features; weighting O(T·d)."""
    found = json.loads(attn("complexity", "--mode", mode, "--json").out)
    steps = {step["name"]: step for step in found["steps"]}
    assert steps["scores"]["order"] == order
    assert steps["output"]["order"] == "T*d"
    assert found["totals"]["matmul"]["flops"] == f"2*{order}"


def test_the_screen(attn: Attn) -> None:
    """Columns sum to 1 over time, rows over features; features look at steps and back."""
    time = attn("compute", "--mode", "fc-time", "--n", 3, "--only", "weights").out
    assert "sum" not in time
    assert "over time" in time
    whole = attn("compute", "--mode", "fc-time", "--steps").out
    assert re.search(r"^d0 +t\d +\d\d %", whole, re.M)
    assert "scores = Wᵀ X" in whole
    features = attn("compute", "--mode", "fc-feature", "--steps").out
    assert re.search(r"^t0 +d\d +\d\d %", features, re.M)
    words = attn("compute", "--mode", "fc-time", "--text", "a b c", "--activation", "relu").out
    assert re.search(r"^d0 +[abc] +\d\d %", words, re.M)
    assert "activation Φ = relu" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--causal",), "--causal is not for --mode fc-time"),
        (("--mask", "window(2)"), "--mask is not for --mode fc-time"),
        (("--heads", 2), "--heads is not for --mode fc-time"),
        (("--rope",), "--rope is not for --mode fc-time"),
        (("--local", "p", "--local-d", 1), "--local is not for --mode fc-time"),
        (("--m", 3), "--m changes nothing here"),
        (("--q", "1 2"), "--q: Fully connected attention over time takes no q here"),
        (("--activation", "tan"), "--activation: there is no 'tan'. Did you mean tanh?"),
        (("--x", "1 2; 3 4", "--param", "w=1 2"), "The arrays disagree"),
    ],
)
def test_refusals(attn: Attn, arguments: tuple[object, ...], message: str) -> None:
    """What it has no use for is refused by name."""
    ran = attn("compute", "--mode", "fc-time", *arguments)
    assert ran.status == 2
    assert message in ran.err


@pytest.mark.parametrize(
    "option", [("--m", 3), ("--heads", 2), ("--cross",), ("--no-projections",)]
)
def test_refusals_of_a_cost(attn: Attn, option: tuple[object, ...]) -> None:
    """Sizes of queries and keys mean nothing to a cost without them."""
    ran = attn("complexity", "--mode", "fc-feature", *option)
    assert ran.status == 2
    assert f"{option[0]} is not for --mode fc-feature" in ran.err
