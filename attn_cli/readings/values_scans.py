"""The value reading of what runs along a sequence: sums, and states that each place changes."""

from __future__ import annotations

import numpy as np

from attn_cli.program import Step
from attn_cli.readings.subprogram import Array, Frame, Rule, spread


def _cumsum(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    axis = step.axes.index(step.options["over"])
    if step.options["backward"]:
        return np.flip(np.add.accumulate(np.flip(x, axis), axis=axis), axis)
    return np.add.accumulate(x, axis=axis)


def _scan(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axes = frame.sizes.atoms(step.axes)
    shape = frame.sizes.shape(axes)
    along = axes.index(step.options["over"])
    parts = [np.moveaxis(part, along, 0) for part in spread(step, operands, frame.sizes)]
    gates, rates = (_of(step, parts, role) for role in ("gate", "rate"))
    made = np.empty((shape[along], *shape[:along], *shape[along + 1 :]), operands[0].dtype)
    state = np.zeros(made.shape[1:], made.dtype)
    for t in range(len(made)):
        key, value = parts[0][t], parts[1][t]
        if gates is not None:
            state = np.multiply(state, _at(gates, t))
        if step.options["erases"]:
            read = np.matmul(np.swapaxes(key, -1, -2), state)
            value = np.subtract(value, read)
        if rates is not None:
            value = np.multiply(value, _at(rates, t))
        state = np.add(state, np.multiply(key, value))
        made[t] = state
    return np.moveaxis(made, 0, along).reshape(frame.sizes.shape(step.axes))


def _earlier(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x = np.moveaxis(operands[0], step.axes.index(step.options["over"]), 0)
    moved = np.concatenate([np.zeros_like(x[:1]), x[:-1]])
    return np.moveaxis(moved, 0, step.axes.index(step.options["over"]))


def _scan_back(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axes = frame.sizes.atoms(step.axes)
    along = axes.index(step.options["over"])
    x, keys, *_ = parts = [np.moveaxis(p, along, 0) for p in spread(step, operands, frame.sizes)]
    gates, rates = (_of(step, parts, role) for role in ("gate", "rate"))
    made = np.empty_like(x)
    later = np.zeros_like(x[0])
    for t in reversed(range(len(made))):
        made[t] = later = x[t] + later
        if step.options["erases"]:
            read = np.matmul(np.swapaxes(keys[t], -1, -2), later)
            written = np.multiply(keys[t], read)
            later = later - (written if rates is None else np.multiply(written, _at(rates, t)))
        if gates is not None:
            later = np.multiply(later, _at(gates, t))
    return np.moveaxis(made, 0, along).reshape(frame.sizes.shape(step.axes))


def _of(step: Step, parts: list[Array], role: str) -> Array | None:
    """An operand by its role, where there is one."""
    place = step.options["roles"].get(role)
    return None if place is None else parts[place]


def _at(numbers: Array, t: int) -> Array:
    """The numbers of a place; those that are the same everywhere stand once."""
    return numbers[t if len(numbers) > 1 else 0]


RUNNING: dict[str, Rule] = {
    "cumsum": _cumsum,
    "scan": _scan,
    "earlier": _earlier,
    "scan_back": _scan_back,
}
"""Rules of the operations that run along a sequence."""
