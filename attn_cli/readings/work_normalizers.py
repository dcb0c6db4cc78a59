"""Worked arithmetic of normalizers: how a weight comes of the scores of its row."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf
from typing import Any

from attn_cli.program import Step
from attn_cli.readings.arithmetic import (
    MORE_DIGITS,
    Arithmetic,
    as_written,
    exactly,
    factor,
    put_in,
)
from attn_cli.readings.work_context import Index, Lines, WorkContext, named, own_cell


def _softmax(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    axis = step.axes.index(step.options["over"])
    row = context.row(operand, index, axis)
    free = (*map(str, index[:axis]), "j", *map(str, index[axis + 1 :]))
    text = f"e^{named(operand, index)} / Σ over j of e^{operand}[{','.join(free)}]"
    largest = float(row.max())
    weight = context.cell(step.name, index)
    if largest == -inf and weight:
        alike = round(1 / weight)
        return Lines(text, exactly(f"1 / {alike}", 1 / alike), "scores beyond the type count alike")
    if largest == -inf:
        return Lines(text, exactly("0", 0.0), "no key is allowed, so the row is 0")
    kept = (row != -inf).nonzero()[0]
    shift = largest if abs(largest) > LARGE_EXPONENT else 0.0
    own_place = int((kept < index[axis]).sum())
    terms = context.total(
        len(kept), lambda place: _power(float(row[kept[place]]), shift), own_place
    )
    if len(step.operands) > 1:
        sink = context.cell(step.operands[1].name, own_cell(step, 1, index, context))
        text = text.replace("Σ", "(e^sink + Σ") + ")"
        terms = put_in("{} + {}", lambda one, rest: one + rest, _power(sink, shift), terms)
    score = float(row[index[axis]])
    own = exactly("0", 0.0) if score == -inf else _power(score, shift)
    notes = ["masked keys add e^-∞ = 0"] if len(kept) < len(row) else []
    notes.append(f"computed with the largest, {context.show(largest)}, taken off every exponent")
    return Lines(
        text, put_in("{} / ({})", lambda one, total: one / total, own, terms), "; ".join(notes)
    )


LARGE_EXPONENT = 20.0
"""Scores beyond this stand on a line with the largest taken off: no calculator takes e^800."""


def _power(score: float, shift: float) -> Arithmetic:
    if not shift:
        return put_in("e^{}", exp, factor(score))
    return put_in("e^({} - {})", lambda x, y: exp(x - y), factor(score), factor(shift))


def _row(step: Step, index: Index, context: WorkContext) -> tuple[Any, int]:
    """The row of the first operand that a number comes from, and its place in it."""
    axis = step.axes.index(step.options["over"])
    return context.row(step.operands[0].name, index, axis), index[axis]


def _reduce(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0]
    axis = operand.axes.index(step.options["over"])
    after = index[axis + 1 :] if len(step.axes) == len(operand.axes) else index[axis:]
    row = context.row(operand.name, (*index[:axis], 0, *after), axis)
    free = (*map(str, index[:axis]), "j", *map(str, after))
    text = f"{step.options['how']} over j of {operand.name}[{','.join(free)}]"
    if step.options["how"] == "sum":
        return Lines(text, context.total(len(row), lambda place: factor(float(row[place]))))
    return Lines(text, note="no key is allowed" if float(row.max()) == -inf else "")


def _argmax_one_hot(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    row, _ = _row(step, index, context)
    largest = float(row.max())
    ties = int((row == largest).sum())
    note = f"the largest is {context.show(largest)}" if largest != -inf else "no key is allowed"
    if ties > 1 and largest != -inf:
        note += f", {ties} times: the first is chosen"
    return Lines(f"[{named(operand, index)} is the largest of its row]", note=note)


def _draw(step: Step, index: Index, context: WorkContext) -> Lines:
    uniform = step.operands[1].name
    axis = step.axes.index(step.options["over"])
    cell = (*index[:axis], *index[axis + 1 :])
    row, place = _row(step, index, context)
    drawn = context.cell(uniform, cell)
    ends = [float(row[:end].sum(dtype="float64")) for end in (place, place + 1)]
    for more in range(MORE_DIGITS + 1):
        number, before, after = (context.show(x, more) for x in (drawn, *ends))
        lies = as_written(before) <= as_written(number) < as_written(after)
        if lies == (ends[0] <= drawn < ends[1]):
            break
    text = f"[{named(uniform, cell)} = {number} lies between {before} and {after}]"
    return Lines(text, note="running sums of the shares before and with this key")


def _entmax(step: Step, index: Index, context: WorkContext) -> Lines:
    operand, alpha = step.operands[0].name, step.options["alpha"]
    weight = context.cell(step.name, index)
    score = context.cell(operand, index)
    power = float(f"{alpha - 1:g}")
    text = f"max(0, {power:g} · {named(operand, index)} - t)^(1/{power:g})"
    if weight == 0:
        return Lines(text, exactly("0", 0.0), "at or below the threshold t")
    threshold = (alpha - 1) * score - weight ** (alpha - 1)
    numbers = put_in(
        f"({power:g}·{{}} - {{}})^(1/{power:g})",
        lambda x, t: (power * x - t) ** (1 / power),
        factor(score),
        factor(threshold),
    )
    return Lines(text, numbers, "t is such that the row sums to 1")


WORK_OF_SHARES: dict[str, Callable[[Step, Index, WorkContext], Lines]] = {
    "softmax": _softmax,
    "reduce": _reduce,
    "argmax_one_hot": _argmax_one_hot,
    "draw": _draw,
    "entmax": _entmax,
}
"""Rules of the operations that work along a row of scores."""
