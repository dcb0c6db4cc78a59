"""The value reading in blocks of queries: memory grows with n·d, not with n·m.

A program allows it when its rows are independent, which its axes tell: no step that depends
on the scores sums or normalises over n.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.fusion import fused
from attn_cli.readings.values import RULES, Array, Frame

WORKERS = 2
"""Threads that each take a block; NumPy lets them run at the same time."""

BLOCK_BYTES = 16 * 2**20
"""Bytes of one block of scores; tests/benchmarks/engine.py measures others."""

FEWEST_ROWS = 128
"""A matrix product of fewer rows costs more for each row than a larger block's memory."""

NO_SHIFT = 32.0
"""Rows whose largest score is this small overflow no type, so it need not be taken off."""


class Split(NamedTuple):
    """The steps of a program that are computed once, and those that go block by block."""

    once: tuple[Step, ...]
    by_rows: tuple[Step, ...]


def split(program: Program) -> Split | None:
    """Part the steps; None where rows depend on each other."""
    by_rows: list[Step] = []
    for step in program:
        wide = step.operation != "input" and "n" in step.axes and "m" in step.axes
        if wide or any(operand in by_rows for operand in step.operands):
            if not _keeps_rows_apart(step):
                return None
            by_rows.append(step)
    once = tuple(step for step in program if step not in by_rows)
    return Split(once, tuple(by_rows)) if by_rows else None


def _keeps_rows_apart(step: Step) -> bool:
    return "n" in step.axes and step.options.get("over") != "n"


def sliced(step: Step, place: int, array: Array, rows: slice | Array) -> Array:
    """The rows of an operand that a block of a step needs; all of it where n is not read."""
    reads = step.options["reads"][place] if "reads" in step.options else step.operands[place].axes
    axes = step.operands[place].axes
    if "n" not in reads or "n" not in axes:
        return array
    return array[(slice(None),) * axes.index("n") + (rows,)]


def evaluate_once(program: Program, parts: Split, given: Mapping[str, Array]) -> dict[str, Array]:
    """Compute the steps that do not go block by block."""
    arrays = dict(given)
    frame = Frame.of(program.sizes)
    with np.errstate(all="ignore"):
        for step in parts.once:
            if step.operation != "input":
                operands = [arrays[operand.name] for operand in step.operands]
                arrays[step.name] = RULES[step.operation](step, operands, frame, None)
    return arrays


def evaluate_rows(
    program: Program, parts: Split, once: Mapping[str, Array], queries: Array
) -> dict[str, Array]:
    """Compute every block-by-block step for these queries only, as the plain reading does."""
    frame = Frame.of(program.sizes, queries)
    arrays: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for step in parts.by_rows:
            operands = [
                arrays[o.name] if o.name in arrays else sliced(step, i, once[o.name], queries)
                for i, o in enumerate(step.operands)
            ]
            arrays[step.name] = RULES[step.operation](step, operands, frame, None)
    return arrays


def evaluate_blocks(
    program: Program,
    given: Mapping[str, Array],
    *,
    workers: int = WORKERS,
    block_bytes: int = BLOCK_BYTES,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Array]:
    """Compute the output of a program without ever holding its scores.

    advance(done, total) is called after each block of queries. A block that overflows in the
    fused program is computed again as the plain reading does.
    Returns every array that has no n×m axes, by name; and `sees`, which queries may attend any
    key, where a mask decides it.
    Raises ValueError where rows depend on each other.
    """
    from concurrent.futures import ThreadPoolExecutor

    kind = given[next(iter(given))].dtype
    quick = fused(program) if kind.itemsize > 2 else program
    parts, whole = split(quick), split(program)
    if parts is None or whole is None:
        raise ValueError("rows depend on each other")
    once = evaluate_once(quick, parts, given)
    kept = [step for step in parts.by_rows if "m" not in step.axes]
    results = {step.name: np.empty(program.shape(step), kind) for step in kept}
    asked = [step for step in parts.by_rows if step.operation == "allow"]
    for step in asked:
        results["sees"] = np.empty(program.shape(step)[:-1], bool)
    total = program.sizes["n"]
    rows = rows_per_block(program, parts, kind.itemsize, workers, block_bytes)
    blocks = [np.arange(start, min(start + rows, total)) for start in range(0, total, rows)]
    local = threading.local()

    def run(queries: Array) -> int:
        if not hasattr(local, "kernel"):
            local.kernel = Kernel(quick, parts, once)
        made = local.kernel.run(queries)
        if not all(np.isfinite(made[step.name]).all() for step in kept):
            made |= evaluate_rows(program, whole, once, queries)
        for step in kept:
            place = (slice(None),) * step.axes.index("n") + (slice(queries[0], queries[-1] + 1),)
            results[step.name][place] = made[step.name]
        for step in asked:
            rows_made = slice(queries[0], queries[-1] + 1)
            results["sees"][..., rows_made] = made[step.name].any(axis=-1)
        return len(queries)

    done = 0
    with ThreadPoolExecutor(workers) as pool:
        try:
            for count in pool.map(run, blocks):
                done += count
                advance(done, total)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {**{step.name: once[step.name] for step in whole.once}, **results}


def rows_per_block(
    program: Program, parts: Split, itemsize: int, workers: int, block_bytes: int
) -> int:
    """How many queries make a block of scores of about `block_bytes`."""
    total: int = program.sizes["n"]
    wide = [step for step in parts.by_rows if "m" in step.axes and step.operation != "allow"]
    row = max(int(np.prod(program.shape(step))) for step in wide) // total * itemsize
    rows = max(block_bytes // row, min(FEWEST_ROWS, 4 * block_bytes // row), 1)
    return int(min(rows, -(-total // workers)))


class Kernel:
    """One worker: runs the block-by-block steps in buffers that it keeps between blocks."""

    def __init__(self, program: Program, parts: Split, once: Mapping[str, Array]) -> None:
        self.program = program
        self.parts = parts
        self.once = once
        self.uses = Counter(o for step in parts.by_rows for o in step.operands)
        self.buffers: dict[tuple[str, int], Array] = {}

    def run(self, queries: Array) -> dict[str, Array]:
        """Compute one block of neighbouring queries."""
        frame = Frame.of(self.program.sizes, queries)
        rows = slice(queries[0], queries[-1] + 1)
        arrays: dict[str, Array] = {}
        pending: dict[Step, Array] = {}
        with np.errstate(all="ignore"):
            for step in self.parts.by_rows:
                operands = [
                    arrays[o.name] if o.name in arrays else sliced(step, i, self.once[o.name], rows)
                    for i, o in enumerate(step.operands)
                ]
                if self._may_wait(step):
                    arrays[step.name], pending[step] = _unnormalised(step, operands[0])
                    continue
                out = self._target(step, operands, frame)
                made = RULES[step.operation](step, operands, frame, out)
                if step.operands and step.operands[0] in pending:
                    np.divide(made, pending[step.operands[0]], out=made)
                arrays[step.name] = made
        return arrays

    def _may_wait(self, step: Step) -> bool:
        """A row's division may wait until after the product: d_v numbers a row, not m."""
        if step.operation != "softmax" or step.options["over"] != step.axes[-1]:
            return False
        users = [user for user in self.parts.by_rows if step in user.operands]
        return (
            "base" in step.options
            and self.uses[step] == 1
            and users[0].operation == "contract"
            and users[0].operands[0] is step
            and users[0].axes[:-1] == step.axes[:-1]
        )

    def _target(self, step: Step, operands: list[Array], frame: Frame) -> Array | None:
        """An array to write into: the first operand's own where nothing else needs it."""
        first = step.operands[0] if step.operands else None
        own = first in self.parts.by_rows and self.uses[first] == 1
        if own and first is not None and first.axes == step.axes and "m" in step.axes:
            return operands[0]
        if step.operation != "contract" or "m" not in step.axes:
            return None
        shape = frame.sizes.shape(step.axes)
        key = (step.name, len(frame.queries))
        if key not in self.buffers:
            self.buffers[key] = np.empty(shape, operands[0].dtype)
        return self.buffers[key]


def _unnormalised(step: Step, x: Array) -> tuple[Array, Array]:
    """base^(x − c) in place, and its sum along the last axis; c is 0 where x is moderate."""
    largest = x.max(axis=-1, keepdims=True)
    largest[largest == -np.inf] = 0
    if not (np.abs(largest) <= NO_SHIFT).all():
        np.subtract(x, largest, out=x)
    power = np.exp2 if step.options["base"] == 2 else np.exp
    power(x, out=x)
    total = np.matmul(x, np.ones((x.shape[-1], 1), x.dtype))
    total[total == 0] = 1
    return x, total
