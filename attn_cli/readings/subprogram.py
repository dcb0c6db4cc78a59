"""The part of a program that is computed at once, and how arrays of named axes meet in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attn_cli.program import ONE, Axes, Sizes, Step

Array = np.ndarray[Any, Any]


class Frame(NamedTuple):
    """The part of a program that is computed at once: axis sizes, which queries and which keys."""

    sizes: Sizes
    queries: Array
    keys: range

    @classmethod
    def of(cls, sizes: Sizes, queries: Array | None = None, keys: range | None = None) -> Frame:
        """The whole program, or these positions of its queries and keys."""
        if keys is None:
            keys = range(int(sizes.get("m", 0)))
        else:
            sizes = sizes.resized("m", len(keys))
        if queries is None:
            return cls(sizes, np.arange(sizes.get("n", 0)), keys)
        return cls(sizes.resized("n", len(queries)), queries, keys)


Rule = Callable[[Step, list[Array], Frame, Array | None], Array]


def aligned(array: Array, axes: Axes, target: Axes) -> Array:
    """View an array so that it broadcasts against the target's axes, by name."""
    named = [(axis, size) for axis, size in zip(axes, array.shape, strict=True) if axis != ONE]
    array = array.reshape([size for _, size in named])
    own = [axis for axis, _ in named]
    order = sorted(range(len(own)), key=lambda i: target.index(own[i]))
    shape = iter([array.shape[i] for i in order])
    return array.transpose(order).reshape([next(shape) if a in own else 1 for a in target])


def spread(step: Step, operands: list[Array], sizes: Sizes) -> list[Array]:
    """View operands so that they broadcast against the step's axes.

    Axes laid out together are taken apart where needed: a key head meets its run of query heads.
    """
    if all(set(o.axes) <= {*step.axes, ONE} for o in step.operands):
        pairs = zip(operands, step.operands, strict=True)
        return [aligned(array, operand.axes, step.axes) for array, operand in pairs]
    target = sizes.atoms(step.axes)
    found = []
    for array, operand in zip(operands, step.operands, strict=True):
        own = sizes.atoms(operand.axes)
        found.append(aligned(array.reshape(sizes.shape(own)), own, target))
    return found
