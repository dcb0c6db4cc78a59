"""The Jacobian of one step with respect to another: a backward pass for each of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate_steps
from attn_cli.transforms.gradient import gradient

Array = np.ndarray[Any, Any]


def jacobian(
    program: Program,
    arrays: Mapping[str, Array],
    of: str,
    to: str,
    places: Collection[tuple[int, ...]],
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Array | None:
    """How each of some numbers of a step changes with every number of an earlier one.

    arrays: those of every step up to `of`. places: the numbers of `of` that are asked for. Returns
    one row for each, in the shape of `to`; None where `to` does not reach `of`.
    """
    made = gradient(program.up_to(of), [to])
    found = made.found[to]
    if found is None:
        return None
    frame = Frame.of(program.sizes)
    change = np.zeros_like(arrays[of])
    rows = np.empty((len(places), *arrays[to].shape), change.dtype)
    for row, place in enumerate(places):
        change[place] = 1
        given = {**arrays, made.given.name: change}
        rows[row] = evaluate_steps(made.backward, given, frame)[found.name]
        change[place] = 0
        advance(row + 1, len(places))
    return rows
