"""Attention by plain Python loops and exact sums: shares no code with what it checks."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, fsum, inf, sqrt, tanh

Matrix = list[list[float]]
Allowed = Callable[[int, int], bool]
Score = Callable[[list[float], list[float], int], float]
"""Of a query, a key, and the key's position."""


def product(a: Matrix, b: Matrix) -> Matrix:
    """Rows times columns."""
    columns = list(zip(*b, strict=True))
    return [[fsum(x * y for x, y in zip(row, col, strict=True)) for col in columns] for row in a]


def dot(a: list[float], b: list[float]) -> float:
    """The sum of products."""
    return fsum(x * y for x, y in zip(a, b, strict=True))


def times(row: list[float], matrix: Matrix) -> list[float]:
    """A row times a matrix."""
    return [dot(row, [line[j] for line in matrix]) for j in range(len(matrix[0]))]


def general(w: Matrix) -> Score:
    """Luong's bilinear score: qᵀ W k."""
    return lambda query, key, j: dot(times(query, w), key)


def additive(w_query: Matrix, w_key: Matrix, v: list[float]) -> Score:
    """Bahdanau's score: vᵀ tanh(W_q q + W_k k)."""

    def score(query: list[float], key: list[float], j: int) -> float:
        hidden = zip(times(query, w_query), times(key, w_key), strict=True)
        return dot(v, [tanh(a + b) for a, b in hidden])

    return score


def concat(w: Matrix, v: list[float]) -> Score:
    """Luong's score of one vector, query then key: vᵀ tanh(W [q; k])."""
    return lambda query, key, j: dot(v, [tanh(x) for x in times([*query, *key], w)])


def location(w: Matrix) -> Score:
    """Luong's score of a position: row j of Wᵀ times q."""
    return lambda query, key, j: dot(query, [line[j] for line in w])


def cosine(beta: float) -> Score:
    """Graves's score: β times the cosine of the angle."""
    return lambda query, key, j: (
        beta * dot(query, key) / (sqrt(dot(query, query)) * sqrt(dot(key, key)))
    )


def softmax(row: list[float]) -> list[float]:
    """Shares of 1, or all 0 where nothing is allowed."""
    top = max(row)
    if top == -inf:
        return [0.0 for _ in row]
    powers = [exp(score - top) for score in row]
    total = fsum(powers)
    return [power / total for power in powers]


def attention(
    q: Matrix,
    k: Matrix,
    v: Matrix,
    *,
    scale: float | None = None,
    softcap: float | None = None,
    bias: Matrix | None = None,
    allowed: Allowed = lambda i, j: True,
    score: Score | None = None,
) -> tuple[Matrix, Matrix]:
    """Weights and output of one head: scale, softcap, bias, mask, softmax, weighted sum."""
    factor = 1 / sqrt(len(q[0])) if scale is None else scale
    rate = score or (lambda query, key, j: dot(query, key))
    weights = []
    for i, query in enumerate(q):
        row = []
        for j, key in enumerate(k):
            rated = factor * rate(query, key, j)
            if softcap is not None:
                rated = softcap * tanh(rated / softcap)
            if bias is not None:
                rated += bias[i][j]
            row.append(rated if allowed(i, j) else -inf)
        weights.append(softmax(row))
    return weights, product(weights, v)


def columns(a: Matrix, start: int, stop: int) -> Matrix:
    """Some columns of a matrix."""
    return [row[start:stop] for row in a]


def beside(parts: list[Matrix]) -> Matrix:
    """Matrices side by side."""
    return [[x for part in rows for x in part] for rows in zip(*parts, strict=True)]
