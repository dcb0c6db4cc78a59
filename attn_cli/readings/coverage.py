"""How much a mask keeps, counted in blocks of queries: memory grows with m, not with n·m."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from attn_cli.masks import Mask
from attn_cli.readings.values import Array

BLOCK_PAIRS = 2**20
"""Pairs that are looked at in one go; few enough to stay in a processor's cache."""


class Tiles(NamedTuple):
    """Squares of `size` queries and keys: how many there are, keep anything, keep everything.

    cells: the pairs inside those that keep anything, which a block-sparse kernel computes.
    rows: the queries that have such a tile.
    """

    size: int
    all: int
    kept: int
    full: int
    cells: int
    rows: int


class Coverage(NamedTuple):
    """What a mask keeps of n × m pairs, for every batch row and head in which it differs.

    keys: how many keys each query keeps, (b, h, n). shares: the part kept in each cell of a
    raster, (b, h, rows, columns), where one was asked for. tiles: summed over b and h.
    """

    keys: Array
    shares: Array | None
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
    raster: tuple[int, int] | None = None,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Coverage:
    """Count what a mask keeps.

    tile: the side of the tiles to count. raster: queries and keys in one cell of the picture.
    advance(done, total) is called after each block of queries.
    """
    leads = (batch if "b" in mask.varies else 1, heads if "h" in mask.varies else 1)
    keys = np.zeros((*leads, n), np.int64)
    squares = [(tile, tile)] if tile else []
    grids = [_Grid(n, m, *sides, leads) for sides in [*squares, *([raster] if raster else [])]]
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
    return Coverage(
        keys,
        grids[-1].counts / grids[-1].areas() if raster else None,
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
    """Counts of kept pairs in rectangles of `high` queries by `wide` keys."""

    def __init__(self, n: int, m: int, high: int, wide: int, leads: tuple[int, int]) -> None:
        self.n, self.m, self.high, self.wide = n, m, high, wide
        self.starts = np.arange(0, m, wide)
        self.counts = np.zeros((*leads, -(-n // high), len(self.starts)), np.int64)

    def add(self, b: int, h: int, start: int, allowed: Array) -> None:
        """Add the rows of one block of queries."""
        by_row = np.add.reduceat(allowed, self.starts, axis=1, dtype=np.int32)
        rectangles = np.arange(start, start + len(allowed)) // self.high
        firsts = np.flatnonzero(np.diff(rectangles, prepend=-1))
        self.counts[b, h, rectangles[firsts]] += np.add.reduceat(by_row, firsts, axis=0)

    def heights(self) -> Array:
        """Queries in each row of rectangles."""
        return np.minimum(self.high, self.n - np.arange(0, self.n, self.high))

    def areas(self) -> Array:
        """Pairs in each rectangle; those at the end may be smaller."""
        return self.heights()[:, None] * np.minimum(self.wide, self.m - self.starts)[None, :]

    def tiles(self) -> Tiles:
        kept = self.counts > 0
        areas = np.broadcast_to(self.areas(), self.counts.shape)
        return Tiles(
            self.high,
            self.counts.size,
            int(kept.sum()),
            int((self.counts == areas).sum()),
            int(areas[kept].sum()),
            int((kept.any(axis=-1) * self.heights()).sum()),
        )
