"""Which −∞ in scores a mask means: an overflow makes −∞ too, and is no mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.subprogram import Array, aligned

READERS = frozenset(
    {"softmax", "argmax_one_hot", "entmax", "reduce", "subtract"},
)
"""Operations for which −∞ means a key that is left out."""

KEEPING = frozenset({"scale", "softcap", "subtract", "add", "multiply", "slice"})
"""Operations that leave a dropped entry where it is."""


Look = Callable[[Step], Array]
"""Looks up the array of an earlier step."""


def dropped(step: Step, look: Look) -> Array | None:
    """Which entries a mask, or a −∞ of a given bias, leaves out; None where nothing does."""
    if step.operation == "mask":
        own = ~aligned(look(step.operands[1]), step.operands[1].axes, step.axes)
        return _joined(own, dropped(step.operands[0], look))
    if step.operation == "reduce":
        inner = dropped(step.operands[0], look)
        axis = step.operands[0].axes.index(step.options["over"])
        kept = len(step.axes) == len(step.operands[0].axes)
        return None if inner is None else np.asarray(inner.all(axis=axis, keepdims=kept))
    if step.operation == "larger":
        one, other = (dropped(operand, look) for operand in step.operands)
        return None if one is None or other is None else one & other
    if step.operation not in KEEPING:
        return None
    before = dropped(step.operands[0], look)
    if step.operation == "slice" and before is not None:
        within, axis = step.options["within"], step.operands[0].axes.index(step.options["over"])
        if before.shape[axis] == 1:  # the same for all keys
            return before
        return before[(slice(None),) * axis + (slice(within.start, within.stop),)]
    if step.operation == "add" and step.operands[1].name == "bias":
        bias = step.operands[1]
        infinite = np.isneginf(look(bias))
        if infinite.any():
            return _joined(aligned(infinite, bias.axes, step.axes), before)
    return before


def _joined(one: Array, other: Array | None) -> Array:
    return one if other is None else one | other


def telling(program: Program) -> Step | None:
    """The last step that tells which keys are left: masked scores, or those with a given bias."""
    masked = [step for step in program if step.operation == "mask"]
    biased = [step for step in program if step.name == "biased" and step.operands[1].name == "bias"]
    return [*biased, *masked][-1] if masked or biased else None


def reasons(step: Step) -> set[Step]:
    """The steps by which `dropped` knows what is left out: booleans, and a bias that is given."""
    found = set()
    if step.operation == "mask" or (step.operation == "add" and step.operands[1].name == "bias"):
        found.add(step.operands[1])
    if step.operation == "mask" or step.operation in KEEPING:
        found |= reasons(step.operands[0])
    return found


def without_overflow(step: Step, operands: list[Array], look: Look) -> list[Array]:
    """The operands of a step that reads −∞ as a key left out: the lowest number for others.

    So a key whose score fell below all numbers stays allowed, and shares with others like it.
    """
    if step.operation not in READERS or operands[0].dtype.kind != "f":
        return operands
    x, *others = operands
    lost = np.isneginf(x)
    if not lost.any():
        return operands
    out = dropped(step.operands[0], look)
    if out is not None:
        lost &= ~np.broadcast_to(out, lost.shape)
    return [np.where(lost, np.finfo(x.dtype).min, x), *others] if lost.any() else operands
