"""The value reading of what gradients are made of beside other operations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attn_cli.program import Step
from attn_cli.readings.subprogram import Array, Frame, Rule, aligned


def _scatter(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, places = operands
    own = step.operands[1].axes
    sums = np.zeros(frame.sizes.shape(step.axes), x.dtype)
    np.add.at(sums, places, aligned(x, step.operands[0].axes, (*own, *step.axes[1:])))
    return sums


def _power(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    above = np.asarray(x > 0)
    return np.where(above, np.power(np.where(above, x, 1), step.options["exponent"]), 0)


def _place(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis, within = step.axes.index(step.options["over"]), step.options["within"]
    whole = np.zeros(frame.sizes.shape(step.axes), operands[0].dtype)
    whole[(slice(None),) * axis + (slice(within.start, within.stop),)] = operands[0]
    return whole


def _tanh_slope(x: Array) -> Array:
    """1 / cosh², of which e^|x| leaves digits near ±1 that 1 - tanh² loses."""
    power = np.exp(-2 * np.abs(x))
    return np.divide(4 * power, np.square(np.add(power, x.dtype.type(1))))


def _sigmoid_slope(x: Array) -> Array:
    power = np.exp(-np.abs(x))
    return np.divide(power, np.square(np.add(power, x.dtype.type(1))))


SLOPES: dict[str, Callable[[Array], Array]] = {
    "tanh'": _tanh_slope,
    "relu'": lambda x: np.asarray(x > 0).astype(x.dtype),
    "sigmoid'": _sigmoid_slope,
    "elu+1'": lambda x: np.where(x > 0, x.dtype.type(1), np.exp(-np.abs(x))),
}
"""How steep a function of one number is."""

TURNED: dict[str, Rule] = {"scatter": _scatter, "power": _power, "place": _place}
