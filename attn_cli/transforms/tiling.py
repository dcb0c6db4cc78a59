"""How queries and keys are cut into tiles."""

from __future__ import annotations

from math import isqrt
from typing import Any, NamedTuple

TILE_BYTES = 9 * 2**17
"""Bytes of the scores of a tile at most; tests/benchmarks/engine.py measures others."""

Place = tuple[int, ...]
"""A position on each axis before queries and keys: a batch row, a head."""


class Unit(NamedTuple):
    """What a worker does at once: neighbouring queries, and the keys that they may attend.

    places: batch rows and heads, one after the other; the empty place has all of them at once.
    """

    queries: range
    keys: range
    places: tuple[Place, ...] = ((),)

    def rows(self, place: Place) -> tuple[Any, ...]:
        """Where the queries of a place lie in an array of all."""
        return (*place, slice(self.queries.start, self.queries.stop))


def tile_of(tile_bytes: int, itemsize: int) -> tuple[int, int]:
    """Queries and keys of a tile: twice as many keys, whole runs of sixteen where it has some."""
    tall = max(isqrt(tile_bytes // itemsize // 2), 1)
    tall = tall // 16 * 16 or tall
    return tall, 2 * tall


def blocks_of(n: int, tall: int, workers: int) -> list[range]:
    """Neighbouring queries of about one number, so that all workers have as many blocks."""
    blocks = -(-n // (tall * workers)) * workers
    size = -(-n // blocks)
    if size > 16:
        size = min(-(-size // 16) * 16, tall)
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def tiles_of(keys: range, wide: int) -> list[range]:
    """Keys cut where those of all queries are cut, so that tiles lie at the same places."""
    starts = range(keys.start // wide * wide, keys.stop, wide) if keys else ()
    return [range(max(at, keys.start), min(at + wide, keys.stop)) for at in starts]
