"""Worked arithmetic of what runs along a sequence: sums, and states that each place changes."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.program import Step
from attn_cli.readings.arithmetic import Arithmetic, exactly, factor, put_in
from attn_cli.readings.work_context import Index, Lines, WorkContext, index_of, named, places_of


def _cumsum(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    axis = step.axes.index(step.options["over"])
    at, whole = index[axis], context.row(operand, index, axis)
    row, places = whole[: at + 1], f"0…{at}"
    if step.options["backward"]:
        row, places = whole[at:], f"{at}…{len(whole) - 1}"
    free = (*map(str, index[:axis]), places, *map(str, index[axis + 1 :]))
    terms = context.total(len(row), lambda place: factor(float(row[place])))
    return Lines(f"sum of {operand}[{','.join(free)}]", terms)


def _scan(step: Step, index: Index, context: WorkContext) -> Lines:
    """One number of the state: what is kept of the one before, and what is written."""
    key, value = step.operands[:2]
    roles, axis = step.options["roles"], step.axes.index(step.options["over"])
    places = places_of(step.axes, index, context.sizes)

    def own(operand: Step) -> Arithmetic:
        atoms = context.sizes.atoms(operand.axes)
        return factor(
            context.cell(operand.name, index_of(operand.axes, atoms, places, context.sizes))
        )

    gate, rate = (
        own(step.operands[roles[role]]) if role in roles else None for role in ("gate", "rate")
    )
    before = (*index[:axis], index[axis] - 1, *index[axis + 1 :])
    first = index[axis] == 0
    kept = exactly("0", 0.0) if first else factor(context.cell(step.name, before))
    written = own(value)
    if step.options["erases"] and not first:
        read = _times(gate, _read(step, key, before, index, context))
        written = put_in("({} - {})", lambda x, y: x - y, written, read)
    text = f"{'gate · ' if gate else ''}{named(step.name, before)} + written"
    if first:
        text = "written into an empty state"
    product = put_in("{}·{}", lambda x, y: x * y, own(key), _times(rate, written))
    return Lines(text, put_in("{} + {}", lambda x, y: x + y, _times(gate, kept), product))


def _times(by: Arithmetic | None, what: Arithmetic) -> Arithmetic:
    return what if by is None else put_in("{}·{}", lambda x, y: x * y, by, what)


def _read(step: Step, key: Step, before: Index, index: Index, context: WorkContext) -> Arithmetic:
    """What the key reads from the kept state: a product with its column."""
    column = context.row(step.name, before, len(before) - 2)
    places = places_of(step.axes, index, context.sizes)
    atoms = context.sizes.atoms(key.axes)

    def term(row: int) -> Arithmetic:
        at = index_of(key.axes, atoms, {**places, atoms[-1]: row}, context.sizes)
        one, other = float(column[row]), context.cell(key.name, at)
        return put_in("{}·{}", lambda x, y: x * y, factor(one), factor(other))

    return put_in("({})", lambda x: x, context.total(len(column), term))


WORK_OF_RUNNING: dict[str, Callable[[Step, Index, WorkContext], Lines]] = {
    "cumsum": _cumsum,
    "scan": _scan,
}
"""Rules of the operations that run along a sequence."""
