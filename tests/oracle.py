"""Attention by plain Python loops and exact sums: shares no code with what it checks."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, fsum, inf, sqrt, tanh

Matrix = list[list[float]]
Allowed = Callable[[int, int], bool]


def product(a: Matrix, b: Matrix) -> Matrix:
    """Rows times columns."""
    columns = list(zip(*b, strict=True))
    return [[fsum(x * y for x, y in zip(row, col, strict=True)) for col in columns] for row in a]


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
) -> tuple[Matrix, Matrix]:
    """Weights and output of one head: scale, softcap, bias, mask, softmax, weighted sum."""
    factor = 1 / sqrt(len(q[0])) if scale is None else scale
    weights = []
    for i, query in enumerate(q):
        row = []
        for j, key in enumerate(k):
            score = factor * fsum(x * y for x, y in zip(query, key, strict=True))
            if softcap is not None:
                score = softcap * tanh(score / softcap)
            if bias is not None:
                score += bias[i][j]
            row.append(score if allowed(i, j) else -inf)
        weights.append(softmax(row))
    return weights, product(weights, v)


def columns(a: Matrix, start: int, stop: int) -> Matrix:
    """Some columns of a matrix."""
    return [row[start:stop] for row in a]


def beside(parts: list[Matrix]) -> Matrix:
    """Matrices side by side."""
    return [[x for part in rows for x in part] for rows in zip(*parts, strict=True)]
