"""The value reading in tiles of queries and keys, whatever makes their scores.

A tile has all batch rows and heads. Its scores are computed step by step, then summed online.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from math import prod

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.subprogram import Array, aligned
from attn_cli.readings.values import RULES
from attn_cli.transforms.chains import Pairwise
from attn_cli.transforms.edges import dropped, seen_by
from attn_cli.transforms.kernel import Kernel
from attn_cli.transforms.online import Sums
from attn_cli.transforms.rows import operands_of
from attn_cli.transforms.tiling import Unit, blocks_of, tile_of, tiles_of

SCORED_BYTES = 3 * 2**20
"""Bytes of the largest step of a tile at most; tests/benchmarks/scores.py measures others."""


class Scored:
    """All tiles of a program with scores of its own: what they share, and where results go.

    lost: queries whose numbers overflowed.
    """

    def __init__(
        self, program: Program, pairwise: Pairwise, once: Mapping[str, Array], tile_bytes: int
    ) -> None:
        self.program, self.pairwise, self.once = program, pairwise, once
        self.count = int(program.sizes["m"])
        mask = self.mask = pairwise.mask
        self.rule = mask.options["rule"] if mask else None
        self.kind = next(iter(once.values())).dtype
        self.tall, self.wide = self._tile(min(tile_bytes, SCORED_BYTES))
        self.output: Array = np.empty(program.shape(pairwise.mixed), self.kind)
        self.counts = np.zeros(program.shape(mask)[:-1], np.int64) if mask else None
        self.lost: set[int] = set()
        self.local = threading.local()

    def _tile(self, tile_bytes: int) -> tuple[int, int]:
        """Queries and keys of a tile, by the numbers that a pair has in its largest step."""
        sizes = self.program.sizes
        steps = [step for step in self.pairwise.steps if step.operation != "allow"]
        each = max(prod(self.program.shape(step)) for step in steps) // (sizes["n"] * sizes["m"])
        return tile_of(max(tile_bytes // each, self.kind.itemsize), self.kind.itemsize)

    def units(self, workers: int) -> list[Unit]:
        """All there is to do, what takes longest first."""
        blocks = blocks_of(self.program.sizes["n"], self.tall, workers)
        units = [Unit(queries, seen_by(self.rule, queries, self.count)) for queries in blocks]
        return sorted(units, key=lambda unit: -len(unit.keys))

    def tiles(self, unit: Unit) -> int:
        """How many tiles a unit has at most."""
        return len(tiles_of(unit.keys, self.wide))

    def run(self, unit: Unit) -> int:
        """Compute a unit and keep its results; how many tiles it had."""
        sizes = self.program.sizes.resized("n", len(unit.queries))
        *rows, width = sizes.shape(self.pairwise.mixed.axes)
        sums = Sums(tuple(rows), width, self.kind)
        with np.errstate(all="ignore"):
            for keys in tiles_of(unit.keys, self.wide):
                self._meet(unit.queries, keys, sums)
            self._keep(unit.queries, sums)
        return self.tiles(unit)

    def keys(self) -> Array | None:
        """How many keys each query may attend, with the mask's axes but the last."""
        return self.counts

    def _meet(self, queries: range, keys: range, sums: Sums) -> None:
        """Add what a tile of keys gives, unless none of its pairs may attend."""
        kernel, mixed, scored = self._kernel(), self.pairwise.mixed, self.pairwise.scores
        frame = kernel.frame(queries, keys)
        edges = kernel.edges(frame)
        rows, columns = slice(queries.start, queries.stop), slice(keys.start, keys.stop)
        pairs: list[tuple[slice, Array]] = []
        if edges is not None and self.mask is not None and self.counts is not None:
            if not edges.keys.any():
                return
            self.counts[..., rows] += edges.keys
            pairs = dropped(edges, self.mask, scored.axes)
        scores = kernel.run(frame, edges)[scored.name]
        if sums.powers.unit != 1:
            np.multiply(scores, self.kind.type(sums.powers.unit), out=scores)
        sums.weigh(scores, pairs)
        weighed = {self.pairwise.weights.name: scores}
        operands = operands_of(mixed, weighed, self.once, rows, columns)
        added = RULES[mixed.operation](mixed, operands, frame, None)
        sums.add(added, scores.sum(axis=-1, keepdims=True))

    def _kernel(self) -> Kernel:
        """One for each thread."""
        if not hasattr(self.local, "kernel"):
            self.local.kernel = Kernel(self.program, self.pairwise.steps, self.once)
        kernel: Kernel = self.local.kernel
        return kernel

    def _keep(self, queries: range, sums: Sums) -> None:
        """Put the results of a block where they belong, and note its queries that are lost."""
        rows = slice(queries.start, queries.stop)
        made = self.output[..., rows, :] = sums.output()
        lost = sums.nothing()[..., 0]
        if self.mask is not None and self.counts is not None:
            axes = self.pairwise.scores.axes[:-1]
            lost &= aligned(self.counts[..., rows], self.mask.axes[:-1], axes) > 0
        lost |= ~np.isfinite(made).all(axis=-1)
        at = lost.reshape(-1, len(queries)).any(axis=0)
        self.lost.update(queries[place] for place in np.flatnonzero(at))
