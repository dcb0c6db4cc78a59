"""An online softmax: queries that meet tile after tile of keys.

Milakov 2018, algorithm 3; the division is left to the end, as in Dao 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from attn_cli.readings.subprogram import Array
from attn_cli.transforms import powers

Edges = Sequence[tuple[slice, Array]]
"""Where keys of a tile lie that not all of its queries may attend, and which pairs may not."""


class Room(NamedTuple):
    """Arrays that a thread writes into tile after tile; ones sum the rows of a tile."""

    scores: Array
    mixed: Array
    ones: Array


class Online:
    """One block of queries that meets tile after tile of keys."""

    def __init__(self, queries: Array, width: int, *, moderate: bool) -> None:
        self.queries = queries
        self.sums = Sums((len(queries),), width, queries.dtype, moderate=moderate)

    def meet(self, keys: Array, values: Array, dropped: Edges, room: Room) -> None:
        """Add what a tile of keys and their values gives, but for pairs that are dropped."""
        shape = len(self.queries), len(values)
        scores = room.scores[: prod(shape)].reshape(shape)
        np.matmul(self.queries, keys.T, out=scores)
        self.sums.weigh(scores, dropped)
        mixed = np.matmul(scores, values, out=room.mixed[: len(scores)])
        self.sums.add(mixed, np.matmul(scores, room.ones[: len(values)]))


class Sums:
    """What rows of queries have summed so far: powers, and values weighed by them.

    rows: how many queries, behind other axes. moderate: no power can overflow.
    """

    def __init__(
        self, rows: tuple[int, ...], width: int, kind: np.dtype[Any], *, moderate: bool = False
    ) -> None:
        self.mixed = np.zeros((*rows, width), kind)
        self.total = np.zeros((*rows, 1), kind)
        self.largest = None if moderate else np.full_like(self.total, -np.inf)
        self.powers = powers.fastest()
        self.least = self.powers.least(kind)

    def weigh(self, scores: Array, dropped: Edges = ()) -> None:
        """Turn the exponents of a tile into powers, in place; 0 where a pair may not attend."""
        if self.largest is not None:
            self._shift(scores, dropped, self.largest)
        self.powers.of(scores, out=scores)
        for part, pairs in dropped:
            np.copyto(scores[..., part], 0, where=pairs)

    def add(self, mixed: Array, total: Array) -> None:
        """Add the weighed values of a tile, and its powers."""
        self.mixed += mixed
        self.total += total

    def _shift(self, scores: Array, dropped: Edges, largest: Array) -> None:
        """Take the largest score so far off each row, and off what has been summed before.

        Powers below the least of the type are raised to it: beside the largest's, which is 1,
        they come to nothing, and smaller ones are slow.
        """
        for part, pairs in dropped:
            np.copyto(scores[..., part], -np.inf, where=pairs)
        new = np.maximum(largest, scores.max(axis=-1, keepdims=True))
        taken = np.where(new == -np.inf, 0, new)
        np.subtract(scores, taken, out=scores)
        np.maximum(scores, self.least, out=scores)
        change = self.powers.of(largest - taken)
        self.mixed *= change
        self.total *= change
        self.largest = new

    def nothing(self) -> Array:
        """Which queries have no weight: they may attend no key, or all their scores are -inf."""
        none = self.total == 0
        return none if self.largest is None else none | (self.largest == -np.inf)

    def output(self) -> Array:
        """The mixture of values of each query; 0 where it has no weight."""
        nothing = self.nothing()
        return np.where(nothing, 0, self.mixed / np.where(nothing, 1, self.total))
