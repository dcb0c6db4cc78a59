"""The cost reading: floating-point operations of every step, by arithmetic on axis sizes.

A multiply and an add are two. Moving numbers, comparing positions and choosing by a mask
are none. The same rules give integers for integer sizes and formulas for symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from attn_cli.program import Size, Sizes, Step

SOFTMAX_PER_ENTRY = 5
"""max, subtract, exp, sum, divide: one each for an entry, less two to start max and sum."""

SOFTCAP_PER_ENTRY = 3
"""divide, tanh, multiply."""


def flops(step: Step, sizes: Sizes) -> Size:
    """Floating-point operations of one step."""
    return RULES[step.operation](step, sizes)


def is_product(step: Step) -> bool:
    """Whether a step is a product of matrices; all else is counted apart."""
    return step.operation == "contract"


def _entries(step: Step, sizes: Sizes) -> Size:
    return prod(sizes[axis] for axis in sizes.atoms(step.axes))


def _none(step: Step, sizes: Sizes) -> Size:
    return 0


def _contract(step: Step, sizes: Sizes) -> Size:
    axes = dict.fromkeys(axis for reads in step.options["reads"] for axis in reads)
    return 2 * prod(sizes[axis] for axis in axes)


def _softcap(step: Step, sizes: Sizes) -> Size:
    return SOFTCAP_PER_ENTRY * _entries(step, sizes)


def _softmax(step: Step, sizes: Sizes) -> Size:
    entries = _entries(step, sizes)
    rows = prod(sizes[a] for a in sizes.atoms(step.axes) if a != step.options["over"])
    return SOFTMAX_PER_ENTRY * entries - 2 * rows


RULES: dict[str, Callable[[Step, Sizes], Size]] = {
    "input": _none,
    "allow": _none,
    "contract": _contract,
    "rearrange": _none,
    "append": _none,
    "scale": _entries,
    "softcap": _softcap,
    "add": _entries,
    "mask": _none,
    "softmax": _softmax,
}
