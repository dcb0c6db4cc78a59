"""The value reading in tiles of queries and keys that a core's cache holds.

Queries are scaled before the product, which then makes exponents. Where queries and keys are too
short for a power to overflow, by |q · k| ≤ |q| |k|, no largest score is taken off.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.program import Axes, Program, Sizes, Step
from attn_cli.readings.counted_pairs import keys_of
from attn_cli.readings.subprogram import Array
from attn_cli.transforms import powers
from attn_cli.transforms.chains import Chain
from attn_cli.transforms.edges import beside, seen_by
from attn_cli.transforms.online import Edges, Online, Room
from attn_cli.transforms.tiling import TILE_BYTES, Place, Unit, blocks_of, tile_of, tiles_of

TOGETHER = 16
"""Batch rows and heads of a block at most that one worker goes through, tile by tile."""


class Stack(NamedTuple):
    """Matrices of rows, one for each place of the axes before them."""

    axes: Axes
    rows: Array

    def at(self, place: Mapping[str, int]) -> Array:
        """The matrix of a place."""
        matrix: Array = self.rows[tuple(place[axis] for axis in self.axes)]
        return matrix


def _stack(step: Step, place: int, arrays: Mapping[str, Array], sizes: Sizes) -> Stack:
    axes = step.options["reads"][place]
    array = arrays[step.operands[place].name].reshape(sizes.shape(axes))
    return Stack(axes[:-2], np.ascontiguousarray(array))


class Tiles:
    """All tiles of a chain: what they share, and where their results go.

    lost: queries whose numbers overflowed. keys: how many keys each query may attend, where a
    mask decides it.
    """

    def __init__(
        self, program: Program, chain: Chain, arrays: Mapping[str, Array], tile_bytes: int
    ) -> None:
        sizes = self.sizes = program.sizes
        self.chain = chain
        self.queries = _stack(chain.product, 0, arrays, sizes)
        self.matched = _stack(chain.product, 1, arrays, sizes)
        self.values = _stack(chain.mixed, 1, arrays, sizes)
        self.kind = self.queries.rows.dtype
        self.factor = chain.factor * powers.fastest().unit
        self.longest = _longest(self.matched.rows)
        self.rule = chain.mask.options["rule"] if chain.mask else None
        self.tall, self.wide = tile_of(min(tile_bytes, TILE_BYTES), self.kind.itemsize)
        self.wide = min(self.wide, sizes["m"])
        self.output: Array = np.empty(sizes.shape(chain.mixed.options["makes"]), self.kind)
        lead = sizes.shape(chain.lead)
        self.counts: Array | None = None
        if self.rule is not None:
            self.counts = np.zeros((*lead, sizes["n"]), np.int64)
        self.known: dict[tuple[int, int, int], tuple[Array, Array]] = {}
        self.lost: set[int] = set()
        self.local = threading.local()

    def units(self, workers: int) -> list[Unit]:
        """All there is to do, what takes longest first."""
        n, places = self.sizes["n"], [*np.ndindex(self.sizes.shape(self.chain.lead))]
        blocks = blocks_of(n, self.tall, 1 if len(places) >= workers else workers)
        together = TOGETHER if self._asked_for_all() and len(blocks) >= 2 * workers else 1
        units = [
            Unit(
                queries, seen_by(self.rule, queries, self.sizes["m"]), tuple(places[at:][:together])
            )
            for queries in blocks
            for at in range(0, len(places), together)
        ]
        return sorted(units, key=lambda unit: -len(unit.keys))

    def _asked_for_all(self) -> bool:
        """Whether what a mask says of a tile holds for all places, and is not known from others."""
        return self.rule is not None and not self.rule.varies and self.rule.reach is None

    def tiles(self, unit: Unit) -> int:
        """How many tiles a unit has at most, of all its places."""
        return len(tiles_of(unit.keys, self.wide)) * len(unit.places)

    def run(self, unit: Unit) -> int:
        """Compute a unit and keep its results; how many tiles it had."""
        with np.errstate(all="ignore"):
            blocks = [self._block(unit.queries, place) for place in unit.places]
            for tile in tiles_of(unit.keys, self.wide):
                self._meet(unit, blocks, tile)
            for place, block in zip(unit.places, blocks, strict=True):
                made = self.output[unit.rows(place)] = block.sums.output()
                nothing = block.sums.nothing()
                if nothing.any() or not np.isfinite(made).all():
                    self.lost.update(self._lost(unit, place, nothing))
        return self.tiles(unit)

    def _lost(self, unit: Unit, place: Place, nothing: Array) -> Iterator[int]:
        """Queries with a number that is none, or with a key and no weight."""
        lost = nothing[:, 0]
        if self.counts is not None:
            lost &= self.counts[unit.rows(place)] > 0
        lost |= ~np.isfinite(self.output[unit.rows(place)]).all(axis=-1)
        yield from (unit.queries[at] for at in np.flatnonzero(lost))

    def keys(self) -> Array | None:
        """How many keys each query may attend, with the mask's axes but the last."""
        if self.counts is None or self.chain.mask is None:
            return None
        own = self.chain.mask.axes[:-1]
        atoms = self.sizes.atoms(own)
        firsts = tuple(slice(None) if axis in atoms else 0 for axis in (*self.chain.lead, "n"))
        return self.counts[firsts].reshape(self.sizes.shape(own))

    def _block(self, queries: range, place: Place) -> Online:
        at = dict(zip(self.chain.lead, place, strict=True))
        own = self.queries.at(at)[queries.start : queries.stop] * self.kind.type(self.factor)
        bound = _longest(own) * self.longest
        moderate = bool(bound <= powers.fastest().moderate)
        return Online(own, self.values.rows.shape[-1], moderate=moderate)

    def _meet(self, unit: Unit, blocks: list[Online], tile: range) -> None:
        """Let the blocks of a unit meet a tile of keys; those that may attend none leave it out."""
        room = self._room()
        for place, block, dropped, kept in self._pairs(unit, blocks, tile):
            at = dict(zip(self.chain.lead, place, strict=True))
            if self.counts is not None:
                self.counts[unit.rows(place)] += kept
            if dropped and not kept.any():
                continue
            seen = slice(tile.start, tile.stop)
            keys, values = self.matched.at(at)[seen], self.values.at(at)[seen]
            block.meet(keys, values, dropped, room)

    def _pairs(
        self, unit: Unit, blocks: list[Online], tile: range
    ) -> Iterator[tuple[Place, Online, Edges, Any]]:
        """Each block with its place, the pairs it drops, and how many keys its queries keep."""
        rule = self.rule
        found: tuple[Edges, Any] | None = None if rule is not None else ((), len(tile))
        for place, block in zip(unit.places, blocks, strict=True):
            if found is None or (rule is not None and rule.varies):
                found = self._edges(unit.queries, tile, place)
            yield place, block, *found

    def _edges(self, queries: range, tile: range, place: Place) -> tuple[Edges, Any]:
        """What a mask drops of a tile, and how many of its keys each query may attend."""
        assert self.rule is not None
        sure = self.rule.covers(queries[0], queries[-1]).within(tile)
        edges: list[tuple[slice, Array]] = []
        kept: Any = len(sure)
        for edge in beside(sure, tile):
            dropped, count = self._dropped(queries, edge, place)
            edges.append((slice(edge.start - tile.start, edge.stop - tile.start), dropped))
            kept = kept + count
        return edges, kept

    def _dropped(self, queries: range, keys: range, place: Place) -> tuple[Array, Array]:
        """Which pairs may not attend, and how many keys each query may.

        A range of keys around each query is the same wherever they lie as far apart.
        """
        assert self.rule is not None
        like = (queries.start - keys.start, len(queries), len(keys))
        alike = self.rule.reach is not None and not self.rule.varies
        if alike and like in self.known:
            return self.known[like]
        at = dict(zip(self.chain.lead, place, strict=True))
        batch, head = (self._number(axis, at) for axis in ("b", "h"))
        rows, columns = np.arange(queries.start, queries.stop), np.arange(keys.start, keys.stop)
        found = self.rule.allows(rows[:, None], columns[None, :], batch, head)
        allowed = np.ascontiguousarray(np.broadcast_to(found, (len(queries), len(keys))))
        made = np.logical_not(allowed), keys_of(allowed)
        if alike:
            self.known[like] = made
        return made

    def _number(self, axis: str, at: Mapping[str, int]) -> int:
        """Where a place lies on an axis, which may be laid out as several."""
        number = 0
        for part in self.sizes.atoms((axis,)):
            number = number * self.sizes.get(part, 1) + at.get(part, 0)
        return number

    def _room(self) -> Room:
        """What a thread writes into, which it keeps."""
        if not hasattr(self.local, "room"):
            self.local.room = Room(
                np.empty(self.tall * self.wide, self.kind),
                np.empty((self.tall, self.values.rows.shape[-1]), self.kind),
                np.ones((self.wide, 1), self.kind),
            )
        room: Room = self.local.room
        return room


def _longest(rows: Array) -> Any:
    """The largest length of a row."""
    return np.sqrt(np.einsum("...d,...d->...", rows, rows).max(initial=0))
