"""One step as blocks of a page: formula, shapes, cost, meaning, tables, one cell worked out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Any

from attn_cli.language import said
from attn_cli.results.trace import Trace, TracedStep, WorkedCell
from attn_cli.spelling import spelled
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.labels import Held, cell_name, names_of, pattern_name
from attn_cli.views.page import Abreast, Block, Display, Grids, Heading, Lines, LongTable
from attn_cli.views.streamed import STREAMED, Streamed

HEADS_SHOWN = 4
KINDS = {
    "q": "query",
    "k": "key",
    "v": "value",
    "w_q": "query",
    "w_k": "key",
    "w_v": "value",
    "x": "input",
    "context": "input",
    "weights": "weight",
}
AXIS_KINDS = {"n": "query", "m": "key", "m_new": "key", "m_past": "key"}
AXIS_WORDS = {"h": "head", "h_kv": "key head", "n": "query", "m": "key"}


ONE = 1e-3
"""How far the shares of a row may be from a sum of 1 to be called one: float16 is this exact."""

STACKED = {"n": "pairs are shown for queries", "m": "states are shown for keys"}
"""What is shown for some positions only, where a step has a table for each."""


def step_blocks(step: TracedStep, number: str, trace: Trace, display: Display) -> list[Block]:
    """Everything that is shown of one step."""
    formula = f"{step.name} = {step.formula or step.symbol}"
    escaped = step.name.replace("_", r"\_")
    heading = Heading(
        number,
        formula,
        name=step.name,
        right=_right(step),
        latex=rf"\mathrm{{{escaped}}} = {step.latex}" if step.latex else "",
        kind=KINDS.get(step.name, ""),
        about=about_of(step, trace, display),
    )
    return [heading, *step_tables(step, trace, display), *work_lines(step, trace)]


def about_of(step: TracedStep, trace: Trace, display: Display) -> str:
    """What a step means, and that its numbers are per cent."""
    if display.percent and step.look == "share":
        return f"{step.meaning}, {unit_of(step, trace)}"
    return step.meaning


def unit_of(step: TracedStep, trace: Trace) -> str:
    """What weights are per cent of: their row, or 1 where rows have other sums."""
    return said("% of each row") if sum_to_one(step, trace) else said("in %")


def work_lines(step: TracedStep, trace: Trace) -> list[Lines]:
    """The cell that is worked out, if one is."""
    return [] if step.work is None else [Lines((worked_line(step, step.work, trace),))]


def given_parts(
    steps: Sequence[TracedStep], trace: Trace, display: Display, *, sizes: bool
) -> list[Block]:
    """The arrays that are given, side by side; sizes: with the shape of each."""
    parts = tuple(
        (
            Heading(
                "",
                step.symbol,
                right=step.sizes if sizes else "",
                kind=KINDS.get(step.name, ""),
                about=step.meaning,
            ),
            *step_tables(step, trace, display),
        )
        for step in steps
        if step.given
    )
    return [Abreast(parts)] if parts else []


def step_tables(step: TracedStep, trace: Trace, display: Display) -> list[Grids | LongTable]:
    """The tables of a step: one for each batch row and head that is shown."""
    shown = matrices(step, trace, display)
    if display.everything and any(matrix.values.size > STREAMED for matrix in shown):
        return [Streamed(matrix, display) for matrix in shown]
    return [Grids(tuple(grid for matrix in shown for grid in grids_of(matrix, display)))]


def worked_line(step: TracedStep, work: WorkedCell, trace: Trace) -> str:
    """One worked cell in a line: scores[q2,k2] = 1·1 + 1·1 = 2."""
    cell = cell_name(step, work.at, trace.labels)
    told = cells_named(work.note, trace)
    if not work.follows:
        return f"{cell} = {work.numbers} ≈ {work.result}   ({told})"
    if work.numbers:
        return f"{cell} = {work.numbers} = {work.result}"
    note = f"   ({told})" if told else ""
    return f"{cell} = {cells_named(work.formula, trace)} = {work.result}{note}"


CELL = re.compile(r"\b([a-z]\w*)\[([^\[\]]+)\]")


def cells_named(text: str, trace: Trace) -> str:
    """A text whose cells are named as rows and columns are: scaled[q3,k3]."""
    steps = {step.name: step for step in trace.steps}

    def named(found: re.Match[str]) -> str:
        step, places = steps.get(found[1]), found[2].split(",")
        if step is None or len(places) != len(step.axes):
            return found[0]
        return pattern_name(step, places, trace.labels)

    return CELL.sub(named, text)


def left_out(trace: Trace, steps: Sequence[TracedStep], display: Display) -> list[str]:
    """Which batch row and heads are shown of some steps, where there are more."""
    sizes = sizes_of(trace)
    lines = []
    if sizes.get("b", 1) > 1:
        lines.append(
            f"shown: batch row {display.batch_index} of {sizes['b']}; ‹batch_index› N shows another"
        )
    for axis, what in STACKED.items():
        stacked = any(
            step.axes[:-2][-1:] == (axis,) and (axis != "n" or step.queries is None)
            for step in steps
        )
        if stacked and sizes[axis] > heads_shown(display):
            lines.append(f"{what} 0 to {HEADS_SHOWN - 1} of {sizes[axis]:,}; ‹everything›")
    heads = sizes.get("h", 1)
    if display.head is None and heads > heads_shown(display):
        lines.append(
            f"shown: heads 0 to {HEADS_SHOWN - 1} of {heads}; "
            "‹head› N shows another, ‹everything› shows all"
        )
    return [*map(spelled, lines)]


def sizes_of(trace: Trace) -> dict[str, int]:
    """The size of every axis that some step has."""
    return {axis: size for s in trace.steps for axis, size in zip(s.axes, s.shape, strict=True)}


def heads_shown(display: Display) -> int:
    """How many heads are shown at most."""
    return 10**9 if display.everything else HEADS_SHOWN


def shown_positions(axis: str, size: int, trace: Trace, display: Display) -> list[int]:
    """Which positions of a batch or head axis are shown."""
    if axis == "b":
        return [min(display.batch_index, size - 1)]
    if display.head is not None and axis == "h":
        return [display.head]
    if display.head is not None and axis == "h_kv":
        return [display.head * size // sizes_of(trace)["h"]]
    return list(range(min(size, heads_shown(display))))


def _right(step: TracedStep) -> str:
    if step.price:
        return f"{step.sizes}   {step.price} = {step.flops:,} FLOPs"
    return f"{step.sizes}   {step.flops:,} FLOPs" if step.flops else step.sizes


def matrices(step: TracedStep, trace: Trace, display: Display) -> list[Matrix]:
    """The matrices of a step that are shown, one for each batch row and head of them."""
    values, axes = step.values, step.axes
    if len(axes) == 1:
        values, axes = values.reshape(1, -1), ("1", *axes)
    choices = [
        shown_positions(axis, size, trace, display)
        for axis, size in zip(axes[:-2], values.shape[:-2], strict=True)
    ]
    shares = step.look == "share" and not sum_to_one(step, trace)
    look = "percent" if display.percent and step.look == "share" else step.look
    upright = trace.looks is not None and axes[-2:] == trace.looks[::-1]
    rows, columns = axes[-2:]
    held = step.queries if rows == "n" or len(step.axes) == 1 else None
    names = Held(
        names_of(rows, step.shape[-2] if len(step.shape) > 1 else 1, step, trace.labels), held
    )
    alone = held is not None and len(held) == 1
    total_rows = 1 if alone or len(step.shape) == 1 else step.shape[-2]
    return [
        Matrix(
            caption=_caption(axes, _held(step, axes, place)),
            values=values[place],
            positions=held if held is not None and not alone else range(total_rows),
            total_rows=total_rows,
            row_names=names,
            column_names=names_of(columns, values.shape[-1], step, trace.labels),
            look=look,
            kind=KINDS.get(step.name, ""),
            rows_are=AXIS_KINDS.get(rows, ""),
            columns_are=AXIS_KINDS.get(columns, ""),
            largest=step.largest,
            hidden=_hidden(step, trace, place),
            sums=values[place].sum(axis=-1).tolist() if shares and not upright else None,
            foot=values[place].sum(axis=-2).tolist() if shares and upright else None,
            marked=_marked(step, values[place].shape, _held(step, axes, place)),
        )
        for place in product(*choices)
    ]


def _held(step: TracedStep, axes: tuple[str, ...], place: tuple[int, ...]) -> tuple[int, ...]:
    """Positions in the whole array, where only some queries are held."""
    if step.queries is None:
        return place
    return tuple(
        step.queries[at] if axis == "n" else at for axis, at in zip(axes[:-2], place, strict=True)
    )


def _caption(axes: tuple[str, ...], place: tuple[int, ...]) -> str:
    """Which batch row and head a table is of, where there are several."""
    named = zip(axes[:-2], place, strict=True)
    return ", ".join(f"{AXIS_WORDS[axis]} {at}" for axis, at in named if axis in AXIS_WORDS)


def sum_to_one(step: TracedStep, trace: Trace) -> bool:
    """Whether all shares along the keys sum to 1, or to 0 where nothing is allowed."""
    upright = trace.looks is not None and step.axes[-2:] == trace.looks[::-1]
    sums = step.values.sum(axis=-2 if upright and len(step.axes) > 1 else -1)
    return bool(((abs(sums - 1) < ONE) | (abs(sums) < ONE)).all())


def _marked(
    step: TracedStep, shape: tuple[int, ...], place: tuple[int, ...]
) -> tuple[int, int] | None:
    """Row and column of the worked cell, where it is in this table."""
    if step.work is None or step.work.at[:-2] != place or not step.work.at:
        return None
    *lead, column = step.work.at
    row = lead[-1] if lead else 0
    if lead and step.queries is not None and step.axes[-2] == "n":
        row = step.queries.index(row)
    return (row, column) if row < shape[0] else None


def _hidden(step: TracedStep, trace: Trace, place: tuple[int, ...]) -> Any:
    masked = step if step.operation == "mask" else trace.made_by("mask")
    if masked is None or (masked is not step and step.look != "share"):
        return None
    return None if masked.hidden is None else masked.hidden[place]
