"""The value reading of normalizers: from the scores of a row to its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.program import Step
from attn_cli.readings.entmax import entmax
from attn_cli.readings.subprogram import Array, Frame, Rule, aligned


def _softmax(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, *sink = operands
    axis = step.axes.index(step.options["over"])
    if sink:
        return _softmax_with_sink(step, x, aligned(sink[0], step.operands[1].axes, step.axes))
    largest = x.max(axis=axis, keepdims=True)
    largest[largest == -np.inf] = 0
    shares = np.subtract(x, largest, out=out)
    np.exp(shares, out=shares)
    total = shares.sum(axis=axis, keepdims=True, dtype=_wide(x))
    total[total == 0] = 1
    return np.divide(shares, total, out=shares, casting="same_kind")


def _softmax_with_sink(step: Step, x: Array, sink: Array) -> Array:
    """The sink is one more score, whose share is not kept; an empty row is 0."""
    axis = step.axes.index(step.options["over"])
    largest = np.maximum(x.max(axis=axis, keepdims=True), sink)
    largest[largest == -np.inf] = 0
    powers = np.exp(np.subtract(x, largest))
    sums = powers.sum(axis=axis, keepdims=True, dtype=_wide(x))
    total = np.add(sums, np.exp(np.subtract(sink, largest)))
    total[total == 0] = 1
    return np.divide(powers, total).astype(x.dtype, copy=False)


def _wide(x: Array) -> np.dtype[Any]:
    """A type for sums: float16 ends at 65504."""
    return np.result_type(x.dtype, np.float32)


def _reduce(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    axis = step.operands[0].axes.index(step.options["over"])
    kept = len(step.axes) == x.ndim
    if step.options["how"] == "sum":
        total = x.sum(axis=axis, keepdims=kept, dtype=_wide(x))
        return total if kept else total.astype(x.dtype, copy=False)
    return x.max(axis=axis, keepdims=kept)


def _argmax_one_hot(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis = step.axes.index(step.options["over"])
    (x,) = operands
    largest = x.max(axis=axis, keepdims=True)
    first = np.expand_dims(np.asarray(x).argmax(axis=axis), axis)
    chosen = np.zeros_like(x)
    np.put_along_axis(chosen, first, 1, axis=axis)
    chosen[np.broadcast_to(np.isnan(largest), x.shape)] = np.nan
    chosen[np.broadcast_to((largest == -np.inf) | (largest == 0) & _is_shares(step), x.shape)] = 0
    return chosen


def _is_shares(step: Step) -> bool:
    """Whether what is chosen from are shares, of which an empty row has none above 0."""
    return step.operands[0].operation == "softmax"


def _draw(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis = step.axes.index(step.options["over"])
    shares, uniform = operands
    number = np.expand_dims(uniform, axis)
    # float16 stops growing after some thousand shares
    passed = np.add.accumulate(shares, axis=axis, dtype=np.float64) > number
    some = np.asarray(shares > 0)
    # rounding may leave the sum a little below 1, and the last key is drawn then
    last = shares.shape[axis] - 1 - np.flip(some, axis).argmax(axis=axis)
    place = np.where(passed.any(axis=axis), np.asarray(passed).argmax(axis=axis), last)
    drawn = np.zeros_like(shares)
    np.put_along_axis(drawn, np.expand_dims(place, axis), 1, axis=axis)
    drawn[np.broadcast_to(~some.any(axis=axis, keepdims=True), drawn.shape)] = 0
    drawn[np.broadcast_to(np.isnan(shares).any(axis=axis, keepdims=True), drawn.shape)] = np.nan
    return drawn


def _entmax(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis = step.axes.index(step.options["over"])
    rows = np.moveaxis(operands[0], axis, -1)
    return np.ascontiguousarray(np.moveaxis(entmax(rows, step.options["alpha"]), -1, axis))


SHARES: dict[str, Rule] = {
    "softmax": _softmax,
    "reduce": _reduce,
    "argmax_one_hot": _argmax_one_hot,
    "draw": _draw,
    "entmax": _entmax,
}
"""Rules of the operations that work along a row of scores."""
