"""The value reading in blocks: memory grows with n·d, not with n·m."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.counted_pairs import keys_of, mask_of
from attn_cli.readings.masked_infinity import dropped, reasons, telling
from attn_cli.readings.subprogram import Array, Frame
from attn_cli.readings.values import Hook, evaluate_steps
from attn_cli.transforms.chains import chain_of, pairwise_of
from attn_cli.transforms.kernel import Kernel, keys_seen
from attn_cli.transforms.rows import Split, evaluate_once, evaluate_rows, split
from attn_cli.transforms.scored import Scored
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
    once = evaluate_once(program, parts, given, after)
    # an online softmax needs room above the largest score, which float16 has not
    if kind.itemsize > 2 and not after:
        chain = chain_of(program)
        if chain is not None:
            tiles = Tiles(program, chain, once, block_bytes)
            return _in_tiles(program, parts, tiles, chain.mixed, once, workers, advance)
        pairwise = pairwise_of(program)
        # numbers that are drawn row by row would be drawn again for each tile of keys
        if pairwise is not None and all(isinstance(one, np.ndarray) for one in once.values()):
            scored = Scored(program, pairwise, once, block_bytes)
            return _in_tiles(program, parts, scored, pairwise.mixed, once, workers, advance)
    run = _Run(program, parts, once, after)
    blocks = _queries(program, parts, kind.itemsize, workers, block_bytes)
    advance(0, len(blocks))
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
    advance: Advance = lambda done, total: None,
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> list[R]:
    """What is made of the numbers of each block of queries before they are given up, in order.

    advance(done, total) is called after each.
    Raises ValueError where rows depend on each other.
    """
    parts = _rows_apart(program)
    once = evaluate_once(program, parts, given, after)
    kind = given[next(iter(given))].dtype

    def work(queries: Array) -> R:
        return look(evaluate_rows(program, parts, once, queries, after))

    blocks = _queries(program, parts, kind.itemsize, workers, block_bytes)
    found: list[R] = []
    advance(0, len(blocks))
    for made in spread_over(workers, work, blocks):
        found.append(made)
        advance(len(found), len(blocks))
    return found


def without_keys(program: Program, given: Mapping[str, Array]) -> Array | None:
    """Which queries may attend no key, as the scores' axes but the last; None where a mask tells.

    A predicted window, or a bias of −∞, leaves keys out beside the mask: both are asked again.
    """
    step = telling(program)
    if step is None or {one.operation for one in reasons(step)} <= {"allow"}:
        return None
    why = reasons(step)
    part = program.needed_for([one.name for one in why])
    parts = split(part) or Split(tuple(part), ())
    once = evaluate_once(part, parts, given)
    itemsize = next(iter(given.values())).dtype.itemsize
    total = int(program.sizes["n"])
    rows = rows_per_block(program, _rows_apart(program), itemsize, WORKERS, BLOCK_BYTES)
    found = []
    for start in range(0, total, rows):
        queries = np.arange(start, min(start + rows, total))
        made = evaluate_rows(part, parts, once, queries)
        for one in why - {*parts.by_rows}:
            apart = (slice(None),) * one.axes.index("n") + (queries,) if "n" in one.axes else ...
            made[one.name] = once[one.name][apart]
        out = dropped(step, lambda one, made=made: made[one.name])  # type: ignore[misc]
        shape = program.sizes.resized("n", len(queries)).shape(step.axes)
        found.append(np.broadcast_to(False if out is None else out, shape).all(axis=-1))
    return np.concatenate(found, axis=step.axes.index("n"))


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
    tiles: Tiles | Scored,
    mixture: Step,
    once: dict[str, Array],
    workers: int,
    advance: Advance,
) -> Blocked:
    """Up to the mixture tile by tile, then what follows: numbers for each row, none for a pair.

    Queries whose numbers overflowed are computed again as they are written.
    """
    units = tiles.units(workers)
    total, done = sum(map(tiles.tiles, units)), 0
    advance(done, total)
    for count in spread_over(workers, tiles.run, units):
        done += count
        advance(done, total)
    mixed = tiles.output.reshape(program.shape(mixture))
    lost = np.array(sorted(tiles.lost), dtype=np.int64)
    rows = rows_per_block(program, parts, mixed.itemsize, workers, BLOCK_BYTES)
    for start in range(0, len(lost), rows):
        queries = lost[start : start + rows]
        made = evaluate_rows(program, parts, once, queries)[mixture.name]
        mixed[(slice(None),) * mixture.axes.index("n") + (queries,)] = made
    following = parts.by_rows[parts.by_rows.index(mixture) + 1 :]
    arrays = evaluate_steps(following, once | {mixture.name: mixed}, Frame.of(program.sizes))
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
                self.local.kernel = Kernel(self.program, self.parts.by_rows, self.once)
            first, last = int(queries[0]), int(queries[-1])
            kernel: Kernel = self.local.kernel
            frame = kernel.frame(queries, keys_seen(self.program, self.parts.by_rows, first, last))
            edges = kernel.edges(frame)
            made = kernel.run(frame, edges)
            keys = edges.keys if edges else keys_of(made[self.mask.name]) if self.mask else None
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
