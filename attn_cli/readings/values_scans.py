"""The value reading of what runs along a sequence: sums, and states that each place changes."""

from __future__ import annotations

import numpy as np

from attn_cli.program import Step
from attn_cli.readings.subprogram import Array, Frame, Rule, spread


def _cumsum(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    return np.add.accumulate(x, axis=step.axes.index(step.options["over"]))


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


def _of(step: Step, parts: list[Array], role: str) -> Array | None:
    """An operand by its role, where there is one."""
    place = step.options["roles"].get(role)
    return None if place is None else parts[place]


def _at(numbers: Array, t: int) -> Array:
    """The numbers of a place; those that are the same everywhere stand once."""
    return numbers[t if len(numbers) > 1 else 0]


RUNNING: dict[str, Rule] = {"cumsum": _cumsum, "scan": _scan}
"""Rules of the operations that run along a sequence."""
