"""Worked arithmetic of normalizers: how a weight comes of the scores of its row."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from attn_cli.program import Step
from attn_cli.readings.desk import Desk, Index, Lines, named, own_cell


def _softmax(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    axis = step.axes.index(step.options["over"])
    row = desk.row(operand, index, axis)
    free = (*map(str, index[:axis]), "j", *map(str, index[axis + 1 :]))
    text = f"e^{named(operand, index)} / Σ over j of e^{operand}[{','.join(free)}]"
    largest = float(row.max())
    if largest == -inf:
        return Lines(text, "0", "no key is allowed, so the row is 0")
    kept = (row != -inf).nonzero()[0]
    terms = desk.join(len(kept), lambda place: f"e^{desk.factor(float(row[kept[place]]))}")
    if len(step.operands) > 1:
        sink = desk.cell(step.operands[1].name, own_cell(step, 1, index, desk))
        text = text.replace("Σ", "(e^sink + Σ") + ")"
        terms = f"e^{desk.factor(sink)} + {terms}"
    score = float(row[index[axis]])
    own = "0" if score == -inf else f"e^{desk.factor(score)}"
    notes = ["masked keys add e^-∞ = 0"] if len(kept) < len(row) else []
    notes.append(f"computed with the largest, {desk.show(largest)}, taken off every exponent")
    return Lines(text, f"{own} / ({terms})", "; ".join(notes))


def _row(step: Step, index: Index, desk: Desk) -> tuple[Any, int]:
    """The row of the first operand that a number comes from, and its place in it."""
    axis = step.axes.index(step.options["over"])
    return desk.row(step.operands[0].name, index, axis), index[axis]


def _reduce(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0]
    axis = operand.axes.index(step.options["over"])
    after = index[axis + 1 :] if len(step.axes) == len(operand.axes) else index[axis:]
    row = desk.row(operand.name, (*index[:axis], 0, *after), axis)
    free = (*map(str, index[:axis]), "j", *map(str, after))
    text = f"{step.options['how']} over j of {operand.name}[{','.join(free)}]"
    if step.options["how"] == "sum":
        return Lines(text, desk.join(len(row), lambda place: desk.factor(float(row[place]))))
    return Lines(text, "", "no key is allowed" if float(row.max()) == -inf else "")


def _choose(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    row, _ = _row(step, index, desk)
    largest = float(row.max())
    ties = int((row == largest).sum())
    note = f"the largest is {desk.show(largest)}" if largest != -inf else "no key is allowed"
    if ties > 1 and largest != -inf:
        note += f", {ties} times: the first is chosen"
    return Lines(f"[{named(operand, index)} is the largest of its row]", "", note)


def _draw(step: Step, index: Index, desk: Desk) -> Lines:
    uniform = step.operands[1].name
    axis = step.axes.index(step.options["over"])
    cell = (*index[:axis], *index[axis + 1 :])
    row, place = _row(step, index, desk)
    number = desk.show(desk.cell(uniform, cell))
    before, after = (desk.show(float(row[:end].sum())) for end in (place, place + 1))
    text = f"[{named(uniform, cell)} = {number} lies between {before} and {after}]"
    return Lines(text, "", "running sums of the shares before and with this key")


def _entmax(step: Step, index: Index, desk: Desk) -> Lines:
    operand, alpha = step.operands[0].name, step.options["alpha"]
    weight = desk.cell(step.name, index)
    score = desk.cell(operand, index)
    text = f"max(0, {alpha - 1:g} · {named(operand, index)} - t)^(1/{alpha - 1:g})"
    if weight == 0:
        return Lines(text, "0", "at or below the threshold t")
    threshold = (alpha - 1) * score - weight ** (alpha - 1)
    numbers = f"({alpha - 1:g}·{desk.factor(score)} - {desk.factor(threshold)})^(1/{alpha - 1:g})"
    return Lines(text, numbers, "t is such that the row sums to 1")


WORK_OF_SHARES: dict[str, Callable[[Step, Index, Desk], Lines]] = {
    "softmax": _softmax,
    "reduce": _reduce,
    "choose": _choose,
    "draw": _draw,
    "entmax": _entmax,
}
"""Rules of the operations that work along a row of scores."""
