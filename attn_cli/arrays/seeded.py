"""Random arrays that anyone can make again from the seed.

Each array has a stream of its own, so one more array never changes another.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from attn_cli.arrays.limits import refuse_above_memory

Array = np.ndarray[Any, Any]


def normal(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """Standard normal numbers; the stream is named by the seed and the array's name."""
    stream = np.random.default_rng([seed, *name.encode()])
    kind = np.dtype(dtype or "float64")
    drawn = np.dtype("float32") if kind.itemsize < 8 else kind
    both = drawn.itemsize + (kind.itemsize if kind != drawn else 0)
    refuse_above_memory(
        prod(shape) * both, f"Random {name} of {prod(shape):,} numbers", "Ask for less."
    )
    return stream.standard_normal(shape, dtype=drawn).astype(kind, copy=False)


def projection(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """A random matrix that keeps the variance of what it multiplies: normal / √rows."""
    numbers = normal(name, shape, seed, dtype)
    return numbers / numbers.dtype.type(sqrt(shape[0]))


def uniform(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """Numbers from 0 to 1, evenly spread."""
    refuse_above_memory(
        8 * prod(shape), f"Random {name} of {prod(shape):,} numbers", "Ask for less."
    )
    stream = np.random.default_rng([seed, *name.encode()])
    return stream.random(shape).astype(np.dtype(dtype or "float64"), copy=False)


def gumbel(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """Standard Gumbel numbers, −ln(−ln u): the largest of s + g is drawn as by softmax(s)."""
    drawn = uniform(name, shape, seed)
    # u is below 1, but may be 0
    numbers = -np.log(-np.log(np.maximum(drawn, np.finfo(np.float64).tiny)))
    return numbers.astype(np.dtype(dtype or "float64"), copy=False)


def simplex(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """Numbers above 0 that sum to 1, every such list being as likely as any other."""
    parts = -np.log(np.maximum(uniform(name, shape, seed), np.finfo(np.float64).tiny))
    return np.divide(parts, parts.sum()).astype(np.dtype(dtype or "float64"), copy=False)


NOISE = {"uniform": uniform, "rates": uniform, "gumbel": gumbel, "simplex": simplex}
"""How arrays that are not normal are drawn."""


def embeddings(tokens: Sequence[str], width: int, seed: int) -> Array:
    """One standard normal vector for each word: the same word has the same one everywhere."""
    return np.stack([normal(f"word {token}", (width,), seed) for token in tokens])
