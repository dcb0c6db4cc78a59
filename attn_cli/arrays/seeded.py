"""Random arrays that anyone can make again from the seed.

Each array has a stream of its own, so one more array never changes another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


LARGE = 2**20
"""Gumbel numbers beyond so many are drawn when their rows are asked for."""


def gumbel(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array | Rows:
    """Standard Gumbel numbers, −ln(−ln u): the largest of s + g is drawn as by softmax(s).

    There is one for each pair, so that of many pairs rows are drawn as they are needed.
    """
    rows = Rows(name, shape, seed, np.dtype(dtype or "float64"))
    return rows if prod(shape) > LARGE else np.asarray(rows)


class Rows:
    """Gumbel numbers of a shape, drawn row by row: the same whichever rows are asked for."""

    def __init__(self, name: str, shape: tuple[int, ...], seed: int, dtype: np.dtype[Any]) -> None:
        self.name, self.shape, self.seed, self.dtype = name, shape, seed, dtype
        self.ndim, self.size = len(shape), prod(shape)
        self.nbytes = self.size * dtype.itemsize

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """All of them."""
        refuse_above_memory(
            8 * self.size, f"Random {self.name} of {self.size:,} numbers", "Ask for less."
        )
        return self._drawn(0, self.size).reshape(self.shape).astype(dtype or self.dtype, copy=False)

    def __getitem__(self, place: Any) -> Array:
        """What NumPy gives for a place; rows behind whole axes are drawn alone."""
        before = self.ndim - 2
        whole = (slice(None),) * before
        if not isinstance(place, tuple) or place[:before] != whole or len(place) != before + 1:
            return np.asarray(np.asarray(self)[place])
        *lead, count, width = self.shape
        rows = np.arange(count)[np.r_[place[-1]]]
        found = np.empty((prod(lead), len(rows), width), self.dtype)
        for at in range(len(found)):
            for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                first = at * count + int(rows[run[0]]) if len(run) else 0
                numbers = self._drawn(first * width, len(run) * width)
                found[at, run] = numbers.reshape(len(run), width)
        return found.reshape(*lead, len(rows), width)

    def pieces(self) -> Iterator[Array]:
        """All of them in pieces, one behind the other."""
        for first in range(0, self.size, LARGE):
            numbers = self._drawn(first, min(LARGE, self.size - first))
            yield numbers.astype(self.dtype, copy=False)

    def _drawn(self, first: int, count: int) -> Array:
        """Some numbers of the whole stream; each takes one step of its generator."""
        generator = np.random.PCG64(np.random.SeedSequence([self.seed, *self.name.encode()]))
        drawn = np.random.Generator(generator.advance(first)).random(count)
        # u is below 1, but may be 0
        np.maximum(drawn, np.finfo(np.float64).tiny, out=drawn)
        for _ in range(2):
            np.negative(np.log(drawn, out=drawn), out=drawn)
        return drawn


def simplex(name: str, shape: tuple[int, ...], seed: int, dtype: str | None = None) -> Array:
    """Numbers above 0 that sum to 1, every such list being as likely as any other."""
    parts = -np.log(np.maximum(uniform(name, shape, seed), np.finfo(np.float64).tiny))
    return np.divide(parts, parts.sum()).astype(np.dtype(dtype or "float64"), copy=False)


NOISE = {"uniform": uniform, "rates": uniform, "gumbel": gumbel, "simplex": simplex}
"""How arrays that are not normal are drawn."""


def embeddings(tokens: Sequence[str], width: int, seed: int) -> Array:
    """One standard normal vector for each word: the same word has the same one everywhere."""
    return np.stack([normal(f"word {token}", (width,), seed) for token in tokens])
