"""Central differences: what a gradient is measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.values import evaluate

Array = np.ndarray[Any, Any]

STEP = 1e-6
"""How far each number is moved, relative to its size where that is above 1."""


def central_differences(
    program: Program,
    given: Mapping[str, Array],
    name: str,
    change: Array,
    advance: Callable[[], None] = lambda: None,
) -> Array:
    """How much the sum of output ⊙ change changes with each number of one array, measured.

    Every number is moved by a little to both sides, in float64: two runs for each.
    """
    wide = {
        key: array.astype(np.float64) for key, array in given.items() if array.dtype.kind == "f"
    }
    arrays = {**given, **wide}
    moved = arrays[name].copy()
    found = np.empty(moved.shape)
    output = program.output.name
    for place in np.ndindex(*moved.shape):
        own = float(arrays[name][place])
        size = STEP * max(abs(own), 1.0)
        sums = []
        for number in (own + size, own - size):
            moved[place] = number
            made = evaluate(program, {**arrays, name: moved})[output]
            sums.append(float(np.multiply(made, change).sum()))
        moved[place] = own
        found[place] = (sums[0] - sums[1]) / (2 * size)
        advance()
    return found
