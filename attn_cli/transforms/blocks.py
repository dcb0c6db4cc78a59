"""The value reading in blocks: memory grows with n·d, not with n·m."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.counted_pairs import keys_of, mask_of
from attn_cli.readings.subprogram import Array, Frame
from attn_cli.readings.values import RULES, Hook, evaluate_steps
from attn_cli.transforms.chains import Chain, chain_of
from attn_cli.transforms.edges import edges_of, has_edges, in_grains, masked
from attn_cli.transforms.rows import Split, evaluate_once, evaluate_rows, operands_of, split
from attn_cli.transforms.tiles import Tiles

WORKERS = 2
"""Threads that each take a block; NumPy lets them run at the same time."""

BLOCK_BYTES = 16 * 2**20
"""Bytes of one block of scores, where they are not computed in tiles."""

FEWEST_ROWS = 128
"""A matrix product of fewer rows costs more for each row than a larger block's memory."""

T = TypeVar("T")
R = TypeVar("R")


class Blocked(NamedTuple):
    """What is left of a run in blocks.

    arrays: every array that has no n×m axes, nor queries with a block of keys, by name.
    keys: how many keys each query may attend, where a mask decides it.
    """

    arrays: dict[str, Array]
    keys: Array | None


Advance = Callable[[int, int], None]


def evaluate_blocks(
    program: Program,
    given: Mapping[str, Array],
    *,
    workers: int = WORKERS,
    block_bytes: int = BLOCK_BYTES,
    advance: Advance = lambda done, total: None,
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> Blocked:
    """Compute the output of a program without ever holding its scores.

    In tiles of queries and keys where scores meet in one softmax alone, else in blocks of queries
    with all their keys.
    after: what is done to the numbers of a step, by its name, before others read them.
    advance(done, total) is called after some tiles or a block.
    Raises ValueError where rows depend on each other.
    """
    parts = _rows_apart(program)
    kind = given[next(iter(given))].dtype
    # an online softmax needs room above the largest score, which float16 has not
    chain = chain_of(program) if kind.itemsize > 2 and not after else None
    once = evaluate_once(program, parts, given, after)
    if chain is not None:
        return _in_tiles(program, parts, chain, once, workers, block_bytes, advance)
    run = _Run(program, parts, once, after)
    blocks = _queries(program, parts, kind.itemsize, workers, block_bytes)
    for done, _ in enumerate(spread_over(workers, run.block, blocks), 1):
        advance(done, len(blocks))
    return run.result()


def spread_over(workers: int, work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Work on items by several threads; the results in their order."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(work, items)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def each_block(
    program: Program,
    given: Mapping[str, Array],
    look: Callable[[Mapping[str, Array]], R],
    *,
    workers: int = WORKERS,
    block_bytes: int = BLOCK_BYTES,
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> list[R]:
    """What is made of the numbers of each block of queries before they are given up, in order.

    Raises ValueError where rows depend on each other.
    """
    parts = _rows_apart(program)
    once = evaluate_once(program, parts, given, after)
    kind = given[next(iter(given))].dtype

    def work(queries: Array) -> R:
        return look(evaluate_rows(program, parts, once, queries, after))

    blocks = _queries(program, parts, kind.itemsize, workers, block_bytes)
    return list(spread_over(workers, work, blocks))


def _rows_apart(program: Program) -> Split:
    parts = split(program)
    if parts is None:
        raise ValueError("rows depend on each other")
    return parts


def _queries(
    program: Program, parts: Split, itemsize: int, workers: int, block_bytes: int
) -> list[Array]:
    """The queries of each block."""
    total = program.sizes["n"]
    rows = rows_per_block(program, parts, itemsize, workers, block_bytes)
    return [np.arange(start, min(start + rows, total)) for start in range(0, total, rows)]


def _in_tiles(
    program: Program,
    parts: Split,
    chain: Chain,
    once: dict[str, Array],
    workers: int,
    tile_bytes: int,
    advance: Advance,
) -> Blocked:
    """The chain tile by tile, then what follows it at once: numbers for each row, none for a pair.

    Queries whose numbers overflowed are computed again as they are written.
    """
    tiles = Tiles(program, chain, once, tile_bytes)
    units = tiles.units(workers)
    total, done = sum(map(tiles.tiles, units)), 0
    for count in spread_over(workers, tiles.run, units):
        done += count
        advance(done, total)
    mixed = tiles.output.reshape(program.shape(chain.mixed))
    lost = np.array(sorted(tiles.lost), dtype=np.int64)
    rows = rows_per_block(program, parts, mixed.itemsize, workers, BLOCK_BYTES)
    for start in range(0, len(lost), rows):
        queries = lost[start : start + rows]
        made = evaluate_rows(program, parts, once, queries)[chain.mixed.name]
        mixed[(slice(None),) * chain.mixed.axes.index("n") + (queries,)] = made
    following = [step for step in parts.by_rows if step not in {*chain.steps, chain.mixed}]
    arrays = evaluate_steps(following, once | {chain.mixed.name: mixed}, Frame.of(program.sizes))
    return Blocked(arrays, tiles.keys())


class _Run:
    """All blocks of one program: what they share, and where their results go."""

    def __init__(
        self,
        program: Program,
        parts: Split,
        once: dict[str, Array],
        after: Mapping[str, Hook],
    ) -> None:
        self.program, self.parts, self.once, self.after = program, parts, once, after
        wide = {"m", *(s.options["axis"] for s in program if s.operation == "slice")}
        self.kept = [step for step in parts.by_rows if not wide & {*step.axes}]
        kind = next(iter(once.values())).dtype
        self.results = {s.name: np.empty(program.shape(s), kind) for s in self.kept}
        self.mask = mask_of(program)
        self.keys = np.empty(program.shape(self.mask)[:-1], np.int64) if self.mask else None
        self.local = threading.local()

    def block(self, queries: Array) -> None:
        """Compute one block and keep its results; a thread has one kernel for all its blocks.

        A block that overflows in the kernel is computed again as it is written.
        """
        if self.after:
            made = evaluate_rows(self.program, self.parts, self.once, queries, self.after)
            keys = keys_of(made[self.mask.name]) if self.mask else None
        else:
            if not hasattr(self.local, "kernel"):
                self.local.kernel = Kernel(self.program, self.parts, self.once)
            made = self.local.kernel.run(queries)
            keys = self.local.kernel.keys
            if not all(np.isfinite(made[step.name]).all() for step in self.kept):
                made |= evaluate_rows(self.program, self.parts, self.once, queries)
        self._keep(queries, made, keys)

    def _keep(self, queries: Array, made: Mapping[str, Array], keys: Array | None) -> None:
        """Put the results of a block where they belong. keys: how many each query may attend."""
        rows = slice(queries[0], queries[-1] + 1)
        for step in self.kept:
            before = (slice(None),) * step.axes.index("n")
            self.results[step.name][(*before, rows)] = made[step.name]
        if self.keys is not None and keys is not None:
            self.keys[..., rows] = keys

    def result(self) -> Blocked:
        """Every array without n×m axes, those that were computed once among them."""
        return Blocked({**self.once, **self.results}, self.keys)


def rows_per_block(
    program: Program, parts: Split, itemsize: int, workers: int, block_bytes: int
) -> int:
    """How many queries make a block of scores of about `block_bytes`."""
    total: int = program.sizes["n"]
    wide = [step for step in parts.by_rows if "m" in step.axes and step.operation != "allow"]
    row = max(int(np.prod(program.shape(step))) for step in wide) // total * itemsize
    rows = max(block_bytes // row, min(FEWEST_ROWS, 4 * block_bytes // row), 1)
    return int(min(rows, -(-total // workers)))


APART = frozenset({"slice", "scan", "cumsum", "concat", "gather"})
"""Operations that know their keys by place, so that none may be left out."""


def keys_seen(program: Program, parts: Split, first: int, last: int) -> range:
    """The keys that some query from first to last may attend, in whole grains.

    All where no mask tells. At least some, so that a row without a key is computed as one whose
    keys are all masked.
    """
    count = int(program.sizes["m"])
    mask = mask_of(program)
    if mask is None or any(step.operation in APART for step in parts.by_rows):
        return range(count)
    seen = mask.options["rule"].spans(first, last).within(range(count))
    return in_grains(seen or range(1), count)


class Kernel:
    """One worker: runs the block-by-block steps in buffers that it keeps between blocks."""

    def __init__(self, program: Program, parts: Split, once: Mapping[str, Array]) -> None:
        self.program = program
        self.parts = parts
        self.once = once
        self.uses = Counter(o for step in parts.by_rows for o in step.operands)
        self.buffers: dict[str, Array] = {}
        self.mask = mask_of(program)
        self.edged = has_edges(self.mask, parts)
        self.keys: Array | None = None

    def run(self, queries: Array) -> dict[str, Array]:
        """Compute one block of neighbouring queries."""
        seen = keys_seen(self.program, self.parts, int(queries[0]), int(queries[-1]))
        frame = Frame.of(self.program.sizes, queries, seen)
        rows, keys = slice(queries[0], queries[-1] + 1), slice(seen.start, seen.stop)
        arrays: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for step in self.parts.by_rows:
                if step is self.mask and self.edged:
                    edges = edges_of(step, frame)
                    self.keys = edges.keys
                    continue
                if self.edged and self.mask in step.operands:
                    scores = step.operands[0]
                    x = arrays[scores.name]
                    own = x if self.uses[scores] == 1 else x.copy()
                    arrays[step.name] = masked(step, own, edges)
                    continue
                operands = operands_of(step, arrays, self.once, rows, keys)
                out = self._target(step, operands, frame)
                made = arrays[step.name] = RULES[step.operation](step, operands, frame, out)
                if step is self.mask:
                    self.keys = keys_of(made)
        return arrays

    def _target(self, step: Step, operands: list[Array], frame: Frame) -> Array | None:
        """An array to write into: the first operand's own where nothing else needs it."""
        first = step.operands[0] if step.operands else None
        own = first in self.parts.by_rows and self.uses[first] == 1
        if own and first is not None and first.axes == step.axes and "m" in step.axes:
            return operands[0]
        if step.operation != "contract" or "m" not in step.axes:
            return None
        shape = frame.sizes.shape(step.axes)
        needed = int(np.prod(shape))
        held = self.buffers.get(step.name)
        if held is None or held.size < needed:
            held = self.buffers[step.name] = np.empty(needed, operands[0].dtype)
        return held[:needed].reshape(shape)
