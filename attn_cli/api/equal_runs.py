"""A run beside another mechanism that has to give the same numbers."""

from __future__ import annotations

from math import floor, log10
from typing import Any

import numpy as np

from attn_cli import mechanisms
from attn_cli.api.requests import Request
from attn_cli.program import Program
from attn_cli.readings.cost import bytes_of_all
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.transforms import rows
from attn_cli.views.numbers import scientific

Array = np.ndarray[Any, Any]


MOST = 2**28
"""Bytes of all steps up to which another way to the same numbers is computed beside a run."""

TOO_LARGE = "too large to be held against it here"


def twin_facts(request: Request, numbers: Numbers) -> tuple[str, ...]:
    """Run the mechanism's twin, if it has one, and say how far the outputs are apart."""
    if "output" not in request.program or request.narrow:
        return ()
    other_steps = _in_usual_steps(request, numbers)
    twin = request.mechanism.twin
    if twin is None or numbers.alone:
        return other_steps
    arrays = twin.arrays(request.arrays, {"d": request.program.sizes["d"]})
    program = _program(twin.name, request, arrays)
    apart = TOO_LARGE
    if _small(program, arrays):
        apart = outputs_apart(evaluate(program, arrays)["output"], numbers.arrays["output"])
    return (*other_steps, f"equals {twin.name} attention with {twin.how}: {apart}")


def _small(program: Program, arrays: dict[str, Array]) -> bool:
    return bool(bytes_of_all(program, next(iter(arrays.values())).dtype.itemsize) <= MOST)


FEWEST_PLACES, MOST_PLACES = 8, 1000
"""Outputs of the same numbers in other steps may differ by so many units in the last place.

A smaller difference than the first is chance: another processor would have another one.
"""


def outputs_apart(one: Array, other: Array) -> str:
    """How far two outputs are apart, and whether that is more than rounding.

    Rounding differs from one processor to another, so it is told by a power of ten above it.
    """
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return "some numbers are lost, so the outputs can't be held against each other"
    apart = float(np.abs(one - other).max())
    last_place = float(np.finfo(other.dtype).eps) * max(1.0, float(np.abs(other).max()))
    if apart > MOST_PLACES * last_place:
        return (
            f"the outputs differ by {scientific(apart, 2)}, MORE THAN ROUNDING: please report it "
            "with the command"
        )
    above = 10.0 ** (floor(log10(max(apart, FEWEST_PLACES * last_place))) + 1)
    return f"the outputs differ by less than {scientific(above, 1)}"


def _in_usual_steps(request: Request, numbers: Numbers) -> tuple[str, ...]:
    """The same run as products of matrices and one softmax, where it was computed otherwise."""
    choices = request.choices
    if not choices.by_element and choices.block_size is None:
        return ()
    usual = choices._replace(by_element=False, block_size=None)
    program = _program(request.mechanism.name, request._replace(choices=usual), request.arrays)
    apart = TOO_LARGE
    if numbers.alone or _small(program, request.arrays):
        found = output_of(program, request.arrays, numbers.queries if numbers.alone else None)
        apart = outputs_apart(found, numbers.arrays["output"])
    if choices.by_element:
        how = "one query, number by number; products of matrices give the same numbers"
        return (f"{how}: {apart}",)
    keys = "1 key" if choices.block_size == 1 else f"{choices.block_size} keys"
    return (
        f"online softmax over {keys} at a time; softmax over all keys at once gives the same "
        f"numbers: {apart}",
    )


def output_of(
    program: Program, arrays: dict[str, Array], queries: tuple[int, ...] | None = None
) -> Array:
    """The output of a program: of all queries, or of some without computing the others."""
    parts = rows.split(program)
    if queries is None or parts is None:
        return evaluate(program, arrays)["output"]
    once = rows.evaluate_once(program, parts, arrays)
    return rows.evaluate_rows(program, parts, once, np.array(queries))["output"]


def _program(name: str, request: Request, arrays: dict[str, np.ndarray]) -> Program:
    shapes = {name: array.shape for name, array in arrays.items()}
    return mechanisms.named(name).for_shapes(shapes, request.choices)
