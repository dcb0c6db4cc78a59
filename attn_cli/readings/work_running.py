"""Worked arithmetic of what runs along a sequence: sums, and states that each place changes."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.program import Step
from attn_cli.readings.desk import Desk, Index, Lines, index_of, named, places_of


def _accumulate(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    axis = step.axes.index(step.options["over"])
    row = desk.row(operand, index, axis)[: index[axis] + 1]
    free = (*map(str, index[:axis]), f"0…{index[axis]}", *map(str, index[axis + 1 :]))
    terms = desk.join(len(row), lambda place: desk.factor(float(row[place])))
    return Lines(f"sum of {operand}[{','.join(free)}]", terms)


def _recur(step: Step, index: Index, desk: Desk) -> Lines:
    """One number of the state: what is kept of the one before, and what is written."""
    key, value = step.operands[:2]
    roles, axis = step.options["roles"], step.axes.index(step.options["over"])
    places = places_of(step.axes, index, desk.sizes)

    def number(operand: Step) -> str:
        atoms = desk.sizes.atoms(operand.axes)
        return desk.factor(
            desk.cell(operand.name, index_of(operand.axes, atoms, places, desk.sizes))
        )

    gate, rate = (
        f"{number(step.operands[roles[role]])}·" if role in roles else ""
        for role in ("gate", "rate")
    )
    before = (*index[:axis], index[axis] - 1, *index[axis + 1 :])
    first = index[axis] == 0
    kept = "0" if first else desk.factor(desk.cell(step.name, before))
    written = number(value)
    if step.options["erases"] and not first:
        written = f"({written} - {_read(step, key, before, index, desk, gate)})"
    text = f"{gate and 'gate · '}{named(step.name, before)} + written"
    if first:
        text = "written into an empty state"
    return Lines(text, f"{gate}{kept} + {number(key)}·{rate}{written}")


def _read(step: Step, key: Step, before: Index, index: Index, desk: Desk, gate: str) -> str:
    """What the key reads from the kept state: a product with its column."""
    column = desk.row(step.name, before, len(before) - 2)
    places = places_of(step.axes, index, desk.sizes)
    atoms = desk.sizes.atoms(key.axes)

    def term(row: int) -> str:
        at = index_of(key.axes, atoms, {**places, atoms[-1]: row}, desk.sizes)
        return f"{desk.factor(float(column[row]))}·{desk.factor(desk.cell(key.name, at))}"

    return f"{gate}({desk.join(len(column), term)})"


WORK_OF_RUNNING: dict[str, Callable[[Step, Index, Desk], Lines]] = {
    "accumulate": _accumulate,
    "recur": _recur,
}
"""Rules of the operations that run along a sequence."""
