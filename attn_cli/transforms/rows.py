"""The value reading for some queries only.

A program allows it when its rows are independent, which its axes tell: no step that depends
on the scores sums or normalises over n.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.masked_infinity import without_overflow
from attn_cli.readings.subprogram import Array, Frame
from attn_cli.readings.values import RULES, Hook, evaluate_steps


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


def sliced(
    step: Step, place: int, array: Array, rows: slice | Array, keys: slice | None = None
) -> Array:
    """The rows and keys of an operand that a block of a step needs; all where none are read."""
    reads = step.options["reads"][place] if "reads" in step.options else step.operands[place].axes
    axes = step.operands[place].axes
    for axis, part in (("n", rows), ("m", keys)):
        if part is not None and axis in reads and axis in axes:
            array = array[(slice(None),) * axes.index(axis) + (part,)]
    return array


def evaluate_once(
    program: Program,
    parts: Split,
    given: Mapping[str, Array],
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> dict[str, Array]:
    """Compute the steps that do not go block by block; after: as for `evaluate_steps`."""
    return evaluate_steps(parts.once, given, Frame.of(program.sizes), after)


def operands_of(
    step: Step,
    made: Mapping[str, Array],
    once: Mapping[str, Array],
    rows: slice | Array,
    keys: slice | None = None,
) -> list[Array]:
    """What a block of a step works on: what the block has made, and rows and keys of the rest."""
    return [
        made[o.name] if o.name in made else sliced(step, place, once[o.name], rows, keys)
        for place, o in enumerate(step.operands)
    ]


def evaluate_rows(
    program: Program,
    parts: Split,
    once: Mapping[str, Array],
    queries: Array,
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> dict[str, Array]:
    """Compute every block-by-block step for these queries only, as the plain reading does."""
    frame = Frame.of(program.sizes, queries)
    arrays: dict[str, Array] = {}

    def look(step: Step) -> Array:
        if step.name in arrays or "n" not in step.axes:
            return arrays[step.name] if step.name in arrays else once[step.name]
        return once[step.name][(slice(None),) * step.axes.index("n") + (queries,)]

    with np.errstate(all="ignore"):
        for step in parts.by_rows:
            operands = operands_of(step, arrays, once, queries)
            operands = without_overflow(step, operands, look)
            made = RULES[step.operation](step, operands, frame, None)
            arrays[step.name] = after[step.name](made) if step.name in after else made
    return arrays
