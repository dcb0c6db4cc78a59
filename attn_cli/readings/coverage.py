"""How much a mask keeps, counted in blocks of queries: memory grows with m, not with n·m."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from attn_cli.errors import ImpossibleError
from attn_cli.masks import Mask
from attn_cli.readings.subprogram import Array
from attn_cli.results.mask import Tiles

MOST_CELLS = 2**24
"""Tiles that are counted apart, at most."""

BLOCK_PAIRS = 2**20
"""Pairs that are looked at in one go; few enough to stay in a processor's cache."""


class Coverage(NamedTuple):
    """What a mask keeps of n × m pairs, for every batch row and head in which it differs.

    keys: how many keys each query keeps, (b, h, n). raster: kept pairs in each cell of a picture,
    (b, h, rows, columns), and areas: the pairs in each, where one was asked for. tiles: summed
    over b and h.
    """

    keys: Array
    raster: Array
    areas: Array
    tiles: Tiles | None

    @property
    def pairs(self) -> int:
        """Kept pairs of all batch rows and heads in which the mask differs."""
        return int(self.keys.sum())

    @property
    def rows(self) -> int:
        """Queries that keep any key."""
        return int((self.keys > 0).sum())


def cover(
    mask: Mask,
    n: int,
    m: int,
    *,
    batch: int = 1,
    heads: int = 1,
    tile: int | None = None,
    side: int | None = None,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Coverage:
    """Count what a mask keeps.

    tile: the side of the tiles to count. side: that of a picture's cells.
    advance(done, total) is called after each block of queries.
    Raises ImpossibleError for more tiles than are counted apart.
    """
    if tile and -(-n // tile) * -(-m // tile) > MOST_CELLS:
        raise ImpossibleError(
            f"‹tile {tile}› makes more than {MOST_CELLS:,} tiles of {n:,} × {m:,} pairs. "
            "Give a larger one."
        )
    leads = (batch if "b" in mask.varies else 1, heads if "h" in mask.varies else 1)
    keys = np.zeros((*leads, n), np.int64)
    grids = [_Grid(n, m, size, leads) for size in (tile, side) if size]
    total = leads[0] * leads[1] * n
    done = 0
    for b, h in product(*map(range, leads)):
        for start, allowed in blocks(mask, n, m, b, h):
            stop = start + len(allowed)
            keys[b, h, start:stop] = np.add.reduceat(allowed, [0], axis=1, dtype=np.int64)[:, 0]
            for grid in grids:
                grid.add(b, h, start, allowed)
            done += len(allowed)
            advance(done, total)
    nothing = np.zeros((0, 0), np.int64)
    return Coverage(
        keys,
        grids[-1].counts if side else nothing,
        grids[-1].areas() if side else nothing,
        grids[0].tiles() if tile else None,
    )


def blocks(mask: Mask, n: int, m: int, b: int = 0, h: int = 0) -> Iterator[tuple[int, Array]]:
    """The table of a mask, some neighbouring queries at a time: where they start, their rows."""
    queries, keys = np.arange(n, dtype=np.int32)[:, None], np.arange(m, dtype=np.int32)[None, :]
    height = max(BLOCK_PAIRS // m, 1)
    for start in range(0, n, height):
        own = queries[start : start + height]
        allowed = mask.allows(own, keys, b, h)
        yield start, np.ascontiguousarray(np.broadcast_to(allowed, (len(own), m)))


class _Grid:
    """Counts of kept pairs in squares of `side` queries and keys."""

    def __init__(self, n: int, m: int, side: int, leads: tuple[int, int]) -> None:
        self.n, self.m, self.side = n, m, side
        self.starts = np.arange(0, m, side)
        self.counts = np.zeros((*leads, -(-n // side), len(self.starts)), np.int64)

    def add(self, b: int, h: int, start: int, allowed: Array) -> None:
        """Add the rows of one block of queries."""
        by_row = np.add.reduceat(allowed, self.starts, axis=1, dtype=np.int32)
        squares = np.arange(start, start + len(allowed)) // self.side
        firsts = np.flatnonzero(np.diff(squares, prepend=-1))
        self.counts[b, h, squares[firsts]] += np.add.reduceat(by_row, firsts, axis=0)

    def heights(self) -> Array:
        """Queries in each row of squares."""
        return np.minimum(self.side, self.n - np.arange(0, self.n, self.side))

    def areas(self) -> Array:
        """Pairs in each square; those at the end may be smaller."""
        return self.heights()[:, None] * np.minimum(self.side, self.m - self.starts)[None, :]

    def tiles(self) -> Tiles:
        kept = self.counts > 0
        areas = np.broadcast_to(self.areas(), self.counts.shape)
        return Tiles(
            size=self.side,
            all=self.counts.size,
            kept=int(kept.sum()),
            full=int((self.counts == areas).sum()),
            cells=int(areas[kept].sum()),
            rows=int((kept.any(axis=-1) * self.heights()).sum()),
        )
