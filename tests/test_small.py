"""Every mode and normalizer on the README's small matrices, against loops that share no code."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import cos, exp, sin, sqrt

import pytest

from attn_cli import mechanisms
from attn_cli.mechanisms.normalizers import NORMALIZERS
from tests import oracle
from tests.conftest import Attn
from tests.oracle import Matrix, dot, product, times
from tests.test_values import relative

Given = dict[str, Matrix]
EYE, VALUES = "1 0; 0 1", "1 2; 3 4"
SMALL = ("--q", EYE, "--k", EYE, "--v", VALUES)


def steps(attn: Attn, *arguments: object) -> Given:
    """Every step of a run by its name, inputs among them."""
    ran = attn("compute", *arguments, "--json")
    assert ran.status == 0, ran.err
    return {step["name"]: step["values"] for step in json.loads(ran.out)["steps"]}


def attended(score: oracle.Score | None, scale: float | None = 1.0) -> Callable[[Given], Matrix]:
    """Softmax attention with a score."""
    return lambda a: oracle.attention(a["q"], a["k"], a["v"], scale=scale, score=score)[1]


def with_score(make: Callable[[Given], oracle.Score]) -> Callable[[Given], Matrix]:
    """The same with a score that has parameters."""
    return lambda a: attended(make(a))({"k": a["v"], **a})


def weighed(rows: Matrix, w: Matrix, b: list[float]) -> Matrix:
    """Rows times the softmax of row W + b."""
    found = []
    for row in rows:
        shares = oracle.softmax([s + c for s, c in zip(times(row, w), b, strict=True)])
        found.append([x * a for x, a in zip(row, shares, strict=True)])
    return found


def turned(rows: Matrix) -> Matrix:
    """Columns as rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def branched(a: Given) -> Matrix:
    """Two heads of width 1, each through its row of W_O and the layer."""
    total = [[0.0, 0.0], [0.0, 0.0]]
    for h in range(2):
        q, k, v = (oracle.columns(a[name], h, h + 1) for name in "qkv")
        head = oracle.attention(q, k, v, scale=1.0)[1]
        for i, row in enumerate(product(head, [a["w_o"][h]])):
            inner = times([a["kappa"][h] * x for x in row], a["w_1"])
            hidden = [max(0.0, x + b) for x, b in zip(inner, a["b_1"], strict=True)]
            back = times(hidden, a["w_2"])
            for c in range(2):
                total[i][c] += a["alpha"][h] * (back[c] + a["b_2"][c])
    return total


def rotated(rows: Matrix) -> Matrix:
    """Two numbers turned by the position."""
    return [[x * cos(p) - y * sin(p), x * sin(p) + y * cos(p)] for p, (x, y) in enumerate(rows)]


def latent(a: Given) -> Matrix:
    """One head of width 4, two numbers turned."""
    rows = product(a["x"], a["w_dkv"])
    q, k, v = product(a["x"], a["w_q"]), product(rows, a["w_uk"]), product(rows, a["w_uv"])
    q_r, k_r = (rotated(product(a["x"], a[name])) for name in ("w_qr", "w_kr"))
    found = []
    for i in range(2):
        scores = [(dot(q[i], k[j]) + dot(q_r[i], k_r[j])) / sqrt(6) for j in range(2)]
        found.append(times(oracle.softmax(scores), v))
    return product(found, a["w_o"])


def linear(a: Given) -> Matrix:
    """Shares φ(q)·φ(k) of their sum."""

    def phi(row: list[float]) -> list[float]:
        return [x + 1 if x > 0 else exp(x) for x in row]

    found = []
    for query in a["q"]:
        shares = [dot(phi(query), phi(key)) for key in a["k"]]
        found.append(times([share / sum(shares) for share in shares], a["v"]))
    return found


def recurrent(a: Given, *, erases: bool) -> Matrix:
    """A state of 2×2 numbers, read after each key."""
    state = [[0.0, 0.0], [0.0, 0.0]]
    found = []
    for t in range(2):
        gate = a["gate"][t]
        state = [[gate * x for x in row] for row in state]
        wanted = a["v"][t]
        if erases:
            old = times(a["k"][t], state)
            wanted = [a["beta"][t] * (v - o) for v, o in zip(wanted, old, strict=True)]
        state = [
            [x + k * w for x, w in zip(row, wanted, strict=True)]
            for row, k in zip(state, a["k"][t], strict=True)
        ]
        found.append(times(a["q"][t], state))
    return found


ROWS = ("--x", VALUES)
MODES: dict[str, tuple[tuple[object, ...], Callable[[Given], Matrix]]] = {
    "scaled": (SMALL, attended(None, None)),
    "dot": (SMALL, attended(None)),
    "general": (SMALL, with_score(lambda a: oracle.general(a["w"]))),
    "additive": (
        SMALL,
        with_score(lambda a: oracle.additive(a["w_query"], a["w_key"], a["v_a"])),
    ),
    "concat": (SMALL, with_score(lambda a: oracle.concat(a["w"], a["v_a"]))),
    "location": (
        ("--q", EYE, "--v", VALUES),
        with_score(lambda a: oracle.location(a["w"])),
    ),
    "cosine": (SMALL, with_score(lambda a: oracle.cosine(a["beta"][0]))),
    "fc-time": (ROWS, lambda a: turned(weighed(turned(a["x"]), a["w"], a["b"]))),
    "fc-feature": (ROWS, lambda a: weighed(a["x"], a["w"], a["b"])),
    "branched": (SMALL, branched),
    "mla": ((*ROWS, "--heads", 1, "--w-q", "1 0 2 1; 0 1 1 -1"), latent),
    "mla-folded": ((*ROWS, "--heads", 1, "--w-q", "1 0 2 1; 0 1 1 -1"), latent),
    "linear": (SMALL, linear),
    "kernel": (SMALL, linear),
    "gated": (SMALL, lambda a: recurrent(a, erases=False)),
    "delta": (SMALL, lambda a: recurrent(a, erases=True)),
}


@pytest.mark.parametrize("mode", [one.name for one in mechanisms.MECHANISMS])
def test_every_mode(attn: Attn, mode: str) -> None:
    """The output equals that of plain loops to 1e-12, with the parameters of the run."""
    arguments, expected = MODES[mode]
    found = steps(attn, "--mode", mode, *arguments)
    assert relative(found["output"], expected(found)) < 1e-12


def entmax(row: list[float], alpha: float) -> list[float]:
    """Weights over a threshold that is found by halving, until they sum to 1."""
    low, high = (alpha - 1) * max(row) - 1, (alpha - 1) * max(row)
    for _ in range(200):
        middle = (low + high) / 2
        weights = [max(0.0, (alpha - 1) * s - middle) ** (1 / (alpha - 1)) for s in row]
        low, high = (middle, high) if sum(weights) > 1 else (low, middle)
    return weights


def drawn(shares: list[float], number: float) -> list[float]:
    """1 for the share in which a number falls."""
    sums = [sum(shares[: j + 1]) for j in range(len(shares))]
    place = next((j for j, total in enumerate(sums) if total > number), len(shares) - 1)
    return [float(j == place) for j in range(len(shares))]


def largest(row: list[float]) -> list[float]:
    """1 for the first of the largest."""
    return [float(j == row.index(max(row))) for j in range(len(row))]


def noisy(row: list[float], noise: list[float]) -> list[float]:
    """Scores with their noise."""
    return [s + g for s, g in zip(row, noise, strict=True)]


Row = Callable[[list[float], Given, int], list[float]]
NORMAL: dict[str, Row] = {
    "softmax": lambda s, a, i: oracle.softmax(s),
    "softmax-steps": lambda s, a, i: oracle.softmax(s),
    "softmax-sink": lambda s, a, i: oracle.softmax([*s, a["sink"][0]])[:-1],
    "hard": lambda s, a, i: largest(s),
    "sample": lambda s, a, i: drawn(oracle.softmax(s), a["uniform"][i]),
    "gumbel-softmax": lambda s, a, i: oracle.softmax(noisy(s, a["gumbel"][i])),
    "gumbel-hard": lambda s, a, i: largest(noisy(s, a["gumbel"][i])),
    "sparsemax": lambda s, a, i: entmax(s, 2),
    "entmax15": lambda s, a, i: entmax(s, 1.5),
    "entmax": lambda s, a, i: entmax(s, 1.3),
    "sigmoid": lambda s, a, i: [1 / (1 + exp(-x)) for x in s],
}


@pytest.mark.parametrize("name", [one.name for one in NORMALIZERS])
def test_every_normalizer(attn: Attn, name: str) -> None:
    """The weights of both rows equal those of plain loops to 1e-12, scores being QKᵀ / √2."""
    more = ("--alpha", 1.3) if name == "entmax" else ()
    found = steps(attn, *SMALL, "--normalizer", name, *more)
    scores = [[1 / sqrt(2), 0.0], [0.0, 1 / sqrt(2)]]
    weights = [NORMAL[name](row, found, i) for i, row in enumerate(scores)]
    assert relative(found["weights"], weights) < 1e-12
    assert relative(found["output"], product(weights, [[1, 2], [3, 4]])) < 1e-12
    masked = steps(attn, *SMALL, "--normalizer", name, *more, "--causal")["weights"]
    assert masked[0][1] == 0
