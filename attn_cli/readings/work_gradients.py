"""Worked arithmetic of what gradients are made of beside other operations."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, tanh

from attn_cli.program import Step
from attn_cli.readings.arithmetic import exactly, factor, number, put_in
from attn_cli.readings.work_context import Index, Lines, WorkContext, named

SLOPES: dict[str, tuple[str, Callable[[float], float]]] = {
    "tanh'": ("1 - tanh({})²", lambda x: 1 - tanh(x) ** 2),
    "relu'": ("[{} > 0]", lambda x: float(x > 0)),
    "sigmoid'": ("1 / (2 + e^({}) + e^(-({})))", lambda x: 1 / (2 + exp(x) + exp(-x))),
    "elu+1'": ("min(1, e^({}))", lambda x: min(1.0, exp(min(x, 0.0)))),
}
"""How steep a function is: with the number put in, and as a rule."""


def _scatter(step: Step, index: Index, context: WorkContext) -> Lines:
    x, places = step.operands
    return Lines(f"sum of {x.name} where {places.name} is {index[0]}")


def _power(step: Step, index: Index, context: WorkContext) -> Lines:
    operand, exponent = step.operands[0].name, float(f"{step.options['exponent']:g}")
    x = context.cell(operand, index)
    text = f"{named(operand, index)}^{exponent:g}"
    if x <= 0:
        return Lines(text, exactly("0", 0.0), "0 stays 0")
    return Lines(text, put_in(f"{{}}^{exponent:g}", lambda x: x**exponent, factor(x)))


def _place(step: Step, index: Index, context: WorkContext) -> Lines:
    axis, within = step.axes.index(step.options["over"]), step.options["within"]
    operand = step.operands[0].name
    if not within.start <= index[axis] < within.stop:
        return Lines("0", note="outside of the slice")
    moved = (*index[:axis], index[axis] - within.start, *index[axis + 1 :])
    return Lines(named(operand, moved), note="the same number in its place")


def _earlier(step: Step, index: Index, context: WorkContext) -> Lines:
    axis = step.axes.index(step.options["over"])
    if index[axis] == 0:
        return Lines("0", note="nothing stands before the first place")
    before = (*index[:axis], index[axis] - 1, *index[axis + 1 :])
    return Lines(named(step.operands[0].name, before), note="the number one place before")


def _scan_back(step: Step, index: Index, context: WorkContext) -> Lines:
    """What comes from later places is told as what is left of the sum."""
    axis = step.axes.index(step.options["over"])
    x = context.cell(step.operands[0].name, index)
    text = named(step.operands[0].name, index)
    if index[axis] + 1 == context.sizes[step.options["over"]]:
        return Lines(text, number(x), "no place is later")
    after = (*index[:axis], index[axis] + 1, *index[axis + 1 :])
    later = context.cell(step.name, index) - x
    whole = put_in("{} + {}", lambda one, other: one + other, number(x), factor(later))
    return Lines(f"{text} + what goes on from {named(step.name, after)}", whole)


WORK_OF_GRADIENTS: dict[str, Callable[[Step, Index, WorkContext], Lines]] = {
    "scatter": _scatter,
    "power": _power,
    "place": _place,
    "earlier": _earlier,
    "scan_back": _scan_back,
}
