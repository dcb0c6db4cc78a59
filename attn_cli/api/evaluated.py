"""From a request to its numbers: whole where they fit, in blocks of queries where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.cells import Cell, read_cell, refuse_unknown
from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.requests import Request
from attn_cli.api.slices import refuse_missing_slices
from attn_cli.arrays import seeded
from attn_cli.arrays.limits import refuse_above_memory
from attn_cli.errors import AttnError
from attn_cli.language import said
from attn_cli.program import Program, Step
from attn_cli.readings.cost import bytes_of_all
from attn_cli.readings.counted_pairs import keys_of, mask_of
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.transforms import rows

Array = np.ndarray[Any, Any]

LARGE_BYTES = 64 * 2**20
"""Scores above this size are not kept unless they are asked for."""

FIRST, LAST = 8, 3
"""Queries that are shown of a large run."""


class Evaluated(NamedTuple):
    """A request with its numbers; whole: every number of every step is there."""

    request: Request
    numbers: Numbers
    whole: bool


def evaluated(request: Request, look: Look, progress: Progress = silent) -> Evaluated:
    """Run the program.

    Raises ImpossibleError when all the numbers are asked for and don't fit in memory.
    """
    program = request.program
    refuse_missing(look, program)
    if look.only is not None and not look.whole:
        request = _before_pairs(request, look.only)
        program = request.program
    cell = read_cell(look.show_work, request) if look.show_work is not None else None
    parts = rows.split(program)
    if request.query is not None:
        _refuse_other_query(cell, request, parts)
        assert parts is not None, "the rows of every mode that takes one query are independent"
        return Evaluated(request, _one_query(request, parts), whole=True)
    itemsize = next(iter(request.arrays.values())).dtype.itemsize
    needed = bytes_of_all(program, itemsize)
    if needed <= LARGE_BYTES or parts is None or _asks_for_all(parts, look):
        refuse_above_memory(needed, _what(program), INSTEAD)
        arrays = evaluate(program, request.arrays, request.after)
        numbers = Numbers(program, arrays, keys=kept_keys(program, arrays))
        return Evaluated(request, numbers, whole=True)
    return Evaluated(request, _in_blocks(request, parts, cell, progress), whole=False)


def refuse_missing(look: Look, program: Program) -> None:
    """Raise AttnError for a step, a head or a batch row that is looked at and not there."""
    for wanted, option in ((look.only, "‹only›"), (look.start, "‹start›")):
        if wanted is not None:
            refuse_unknown(wanted, option, program)
    slices = {"head": look.head, "batch_index": look.batch_index or None}
    refuse_missing_slices(slices, program.sizes)


def _before_pairs(request: Request, only: str) -> Request:
    """A run of no more than is shown, where no query has met a key yet."""
    if request.whole is not None or request.query is not None:
        return request
    part = request.program.up_to(only)
    met = any({"n", "m"} <= {*step.axes} and step.operation != "input" for step in part)
    return request if met else request._replace(program=part)


def _refuse_other_query(cell: Cell | None, request: Request, parts: rows.Split | None) -> None:
    by_rows = parts.by_rows if parts is not None else ()
    if cell is None or all(step.name != cell[0] for step in by_rows):
        return
    places = dict(zip(request.program[cell[0]].axes, cell[1], strict=True))
    if places.get("n", request.query) != request.query:
        raise AttnError(f"‹show_work›: only query {request.query} is computed (‹query_index›).")


def _one_query(request: Request, parts: rows.Split) -> Numbers:
    """Every step for one query, and whole what does not belong to any."""
    program, query = request.program, request.query
    assert query is not None
    refuse_above_memory(_bytes_of_a_query(request), "One query, number by number,", "Give less.")
    once = rows.evaluate_once(program, parts, request.arrays, request.after)
    shown = rows.evaluate_rows(program, parts, once, np.array([query]), request.after)
    by_rows = frozenset(step.name for step in parts.by_rows)
    return Numbers(program, {**once, **shown}, (query,), by_rows, kept_keys(program, shown))


def kept_keys(program: Program, arrays: Mapping[str, Array]) -> Array | None:
    """How many keys each query may attend, from the mask as it was computed."""
    mask = mask_of(program)
    return None if mask is None else keys_of(arrays[mask.name])


def _bytes_of_a_query(request: Request) -> int:
    itemsize = next(iter(request.arrays.values())).dtype.itemsize
    return bytes_of_all(request.program, itemsize) // int(request.program.sizes["n"])


INSTEAD = (
    "What is not asked for is not kept: leave out ‹everything›, ‹json›, ‹save› and ‹only› of a "
    "step this large. ‹only› output saves or prints the output alone, ‹steps› "
    "shows some rows of every step."
)


def _what(program: Program) -> str:
    largest = max(program, key=lambda step: int(np.prod(program.shape(step), dtype=object)))
    return f"Keeping every step (the largest, {largest.name}, is {_shape(program, largest)})"


def _shape(program: Program, step: Step) -> str:
    return "×".join(f"{size:,}" for size in program.shape(step))


def _asks_for_all(parts: rows.Split, look: Look) -> bool:
    wide = {step.name for step in parts.by_rows if "m" in step.axes}
    if look.everything or look.only in wide:
        return True
    return look.only is None and look.whole


def _in_blocks(
    request: Request,
    parts: rows.Split,
    cell: Cell | None,
    progress: Progress,
) -> Numbers:
    """Every output row, in blocks; all steps for a few queries only."""
    from attn_cli.transforms import blocks

    program = request.program
    with progress(said("tiles")) as advance:
        made, keys = blocks.evaluate_blocks(
            program, request.arrays, advance=advance, after=request.after
        )
    count = program.sizes["n"]
    chosen = {*range(min(FIRST, count)), *range(max(count - LAST, 0), count)}
    if cell is not None and "n" in program[cell[0]].axes:
        chosen.add(cell[1][program[cell[0]].axes.index("n")])
    queries = tuple(sorted(chosen))
    shown = rows.evaluate_rows(program, parts, made, np.array(queries), request.after)
    for name in [name for name, array in made.items() if isinstance(array, seeded.Rows)]:
        shown[name] = made.pop(name)[(slice(None),) * program[name].axes.index("n") + (queries,)]
    by_rows = frozenset(name for name in shown if name not in made)
    empty = blocks.without_keys(program, request.arrays)
    return Numbers(program, {**shown, **made}, queries, by_rows, keys, empty)
