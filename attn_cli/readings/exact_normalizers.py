"""The exact reading of normalizers: from the scores of a row to its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attn_cli.errors import ImpossibleError
from attn_cli.program import Step
from attn_cli.readings.subprogram import Array, Frame, Rule, aligned

Row = list[Any]


def _by_rows(array: Array, axis: int, function: Callable[[Row], Row]) -> Array:
    """A function of each row along an axis."""
    moved = np.moveaxis(array, axis, -1)
    found = np.empty(moved.shape, dtype=object)
    for place in np.ndindex(*moved.shape[:-1]):
        found[place] = function([*moved[place]])
    return np.moveaxis(found, -1, axis)


def _softmax(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, *sink = operands
    axis = step.axes.index(step.options["over"])
    if not sink:
        return _by_rows(x, axis, _shares)
    more = np.broadcast_to(
        aligned(sink[0], step.operands[1].axes, step.axes),
        (*x.shape[:axis], 1, *x.shape[axis + 1 :]),
    )
    both = np.concatenate([x, more], axis=axis)
    return np.delete(_by_rows(both, axis, _shares), -1, axis=axis)


def _shares(row: Row) -> Row:
    """e^x of each, divided by their sum; 0 throughout where every one is −∞."""
    powers = [sp.exp(x) for x in row]
    total = sp.Add(*powers)
    return powers if total == 0 else [power / total for power in powers]


def _reduce(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    axis = step.operands[0].axes.index(step.options["over"])
    join = sp.Add if step.options["how"] == "sum" else sp.Max
    kept = _by_rows(x, axis, lambda row: [join(*row)] * len(row)).take([0], axis=axis)
    return kept if len(step.axes) == x.ndim else np.squeeze(kept, axis)


def _argmax_one_hot(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    shares = step.operands[0].operation == "softmax"
    axis = step.axes.index(step.options["over"])
    return _by_rows(operands[0], axis, lambda row: _first_largest(row, shares=shares))


def _first_largest(row: Row, *, shares: bool) -> Row:
    best = 0
    for place, number in enumerate(row):
        if number > row[best]:
            best = place
    empty = row[best] == -sp.oo or (shares and row[best] == 0)
    return [sp.Integer(place == best and not empty) for place in range(len(row))]


def _entmax(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    alpha = step.options["alpha"]
    if alpha not in EXACT_ALPHAS:
        raise ImpossibleError(
            f"exact numbers: {step.name} has an exact form for alpha 2 (sparsemax) and 1.5 alone."
        )
    axis = step.axes.index(step.options["over"])
    return _by_rows(operands[0], axis, EXACT_ALPHAS[alpha])


def _sparsemax(row: Row) -> Row:
    """Martins 2016, algorithm 1."""
    ordered = _from_largest(row)
    if not ordered:
        return [sp.Integer(0)] * len(row)
    threshold = ordered[0] - 1
    for count in range(1, len(ordered) + 1):
        total = sp.Add(*ordered[:count])
        if 1 + count * ordered[count - 1] > total:
            threshold = (total - 1) / count
    return [x - threshold if x > threshold else sp.Integer(0) for x in row]


def _entmax15(row: Row) -> Row:
    """Peters 2019, algorithm 2."""
    halves = [x / 2 for x in row]
    ordered = _from_largest(halves)
    if not ordered:
        return [sp.Integer(0)] * len(row)
    threshold = ordered[0] - 1
    for count in range(1, len(ordered) + 1):
        mean = sp.Add(*ordered[:count]) / count
        spread = sp.Add(*((x - mean) ** 2 for x in ordered[:count]))
        if spread > 1:
            break
        found = mean - sp.sqrt((1 - spread) / count)
        if found <= ordered[count - 1]:
            threshold = found
    return [sp.expand((x - threshold) ** 2) if x > threshold else sp.Integer(0) for x in halves]


def _from_largest(row: Row) -> Row:
    """The numbers of a row that are not −∞, from the largest down."""
    ordered: Row = []
    for x in row:
        if x != -sp.oo:
            ordered.insert(sum(bool(other >= x) for other in ordered), x)
    return ordered


EXACT_ALPHAS: dict[float, Callable[[Row], Row]] = {2.0: _sparsemax, 1.5: _entmax15}

SHARES: dict[str, Rule] = {
    "softmax": _softmax,
    "reduce": _reduce,
    "argmax_one_hot": _argmax_one_hot,
    "entmax": _entmax,
}
"""Rules of the operations that work along a row of scores."""
