"""Sparse weights: the numbers of α-entmax, along the last axis.

Sparsemax (α = 2) and 1.5-entmax are exact, by sorting; others by halving an interval until it
is as short as floats allow (Peters 2019, algorithms 1 and 2; Martins 2016, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attn_cli.readings.subprogram import Array

HALVINGS = 60


def entmax(x: Array, alpha: float) -> Array:
    """Weights that are 0 for low scores and sum to 1; 0 throughout where every score is −∞.

    float16 is sorted and counted in float32: it counts to 2,048 only, and NumPy's sort of it
    misplaces −∞ on processors with AVX-512.
    """
    largest = x.max(axis=-1, keepdims=True)
    empty = largest == -np.inf
    largest[empty] = 0
    shifted = np.subtract(x, largest, dtype=np.result_type(x.dtype, np.float32))
    weights = {2.0: _sparsemax, 1.5: _entmax15}.get(alpha, _bisected(alpha))(shifted)
    weights[np.broadcast_to(empty, weights.shape)] = 0
    return weights.astype(x.dtype, copy=False)


def _sparsemax(x: Array) -> Array:
    ordered, counts = _ordered(x)
    sums = np.add.accumulate(ordered, axis=-1)
    support = np.greater(np.add(np.multiply(counts, ordered), 1), sums)
    thresholds = np.divide(np.subtract(sums, 1), counts)
    return np.maximum(np.subtract(x, _last(thresholds, support)), 0)


def _entmax15(x: Array) -> Array:
    half = np.multiply(x, x.dtype.type(0.5))
    ordered, counts = _ordered(half)
    mean = np.divide(np.add.accumulate(ordered, axis=-1), counts)
    squares = np.divide(np.add.accumulate(np.multiply(ordered, ordered), axis=-1), counts)
    spread = np.multiply(counts, np.subtract(squares, np.multiply(mean, mean)))
    room = np.maximum(np.divide(np.subtract(1, spread), counts), 0)
    thresholds = np.subtract(mean, np.sqrt(room))
    support = np.less_equal(thresholds, ordered)
    above = np.maximum(np.subtract(half, _last(thresholds, support)), 0)
    return np.multiply(above, above)


def _bisected(alpha: float) -> Callable[[Array], Array]:
    def weights(narrow: Array) -> Array:
        x = narrow.astype(np.float64, copy=False)
        scaled = np.multiply(x, x.dtype.type(alpha - 1))
        power = x.dtype.type(1 / (alpha - 1))
        low = np.full_like(scaled[..., :1], -1)
        high = np.add(low, 1)
        for _ in range(HALVINGS):
            middle = np.multiply(np.add(low, high), x.dtype.type(0.5))
            total = _raised(scaled, middle, power).sum(axis=-1, keepdims=True)
            enough = total >= 1
            np.copyto(low, middle, where=enough)
            np.copyto(high, middle, where=~enough)
        found = _raised(scaled, low, power)
        weights = np.divide(found, found.sum(axis=-1, keepdims=True))
        return weights.astype(narrow.dtype, copy=False)

    return weights


def _raised(scaled: Array, threshold: Array, power: float) -> Array:
    return np.power(np.maximum(np.subtract(scaled, threshold), 0), power)


def _ordered(x: Array) -> tuple[Array, Array]:
    """Each row from its largest number down, and 1, 2, 3 … for its places."""
    ordered = np.sort(x, axis=-1)[..., ::-1]
    return ordered, np.arange(1, x.shape[-1] + 1, dtype=x.dtype)


def _last(thresholds: Array, support: Array) -> Array:
    """The threshold at the last place that is in the support."""
    count = np.count_nonzero(support, axis=-1, keepdims=True)
    return np.take_along_axis(thresholds, np.maximum(np.asarray(count) - 1, 0), axis=-1)
