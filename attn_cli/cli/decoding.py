"""A decode step: the last row alone, with the keys and values of all rows before in a cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli import mechanisms
from attn_cli.cli.gather import Request, name_labels
from attn_cli.errors import AttnError
from attn_cli.masks import Mask
from attn_cli.matrices.limits import refuse_above_memory
from attn_cli.program import Program, Sizes, Step
from attn_cli.readings.cost import flops
from attn_cli.readings.values import evaluate

Array = np.ndarray[Any, Any]

KEYS, VALUES = ("k_turned", "k_heads", "k"), ("v_heads", "v")
"""What a cache holds: the last of these steps that a run has, before it meets any query."""


def last_row(whole: Request) -> Request:
    """The step that a decoder takes for the last row, after a run over all rows before it.

    Raises AttnError where rows are no sequence that goes on.
    """
    _refuse_no_sequence(whole)
    program = whole.program
    count = int(program.sizes["n"])
    arrays = {name: _last(program[name], array) for name, array in whole.arrays.items()}
    made = evaluate(program, _affordable(whole))
    for name, steps in (("past_k", KEYS), ("past_v", VALUES)):
        kept = next((step for step in steps if step in program), None)
        if kept is not None:
            arrays[name] = made[kept][..., :-1, :]
    choices = whole.choices._replace(mask=_for_last(whole.choices.mask, count), offset=count - 1)
    sizes = Sizes()
    shapes = {name: array.shape for name, array in arrays.items()}
    layout = mechanisms.named(whole.mechanism.name).layout(shapes, choices, sizes)
    layout.bind(sizes, shapes)
    layout.fill(sizes)
    step = whole.mechanism.program(sizes, layout, choices)
    return whole._replace(
        choices=choices,
        program=step,
        arrays={one.name: arrays[one.name] for one in step.inputs},
        labels=_labels(whole, step),
        chosen=whole.chosen._replace(mask=choices.mask, offset=count - 1, parts=()),
        whole=whole,
    )


def _refuse_no_sequence(whole: Request) -> None:
    sizes = whole.program.sizes
    if "m_past" in sizes:
        raise AttnError("--decode makes the cache itself: leave --past-k and --past-v out.")
    if "context" in whole.arrays or sizes["n"] != sizes["m"]:
        raise AttnError("--decode is for rows that attend each other: as many queries as keys.")
    if sizes["n"] < 2:
        raise AttnError("--decode needs at least two rows: those before the last are the cache.")


def _affordable(whole: Request) -> dict[str, Array]:
    shapes = (whole.program.shape(step) for step in whole.program)
    count = sum(int(np.prod(shape, dtype=object)) for shape in shapes)
    itemsize = next(iter(whole.arrays.values())).dtype.itemsize
    refuse_above_memory(count * itemsize, "The run over all rows", "Ask for fewer rows.")
    return whole.arrays


def _last(step: Step, array: Array) -> Array:
    """The last row of what has one for each position of the sequence."""
    axis = "m" if step.name in ("k", "v") else "n"
    if axis not in step.axes:
        return array
    place = step.axes.index(axis)
    return array[(slice(None),) * place + (slice(-1, None),)]


def _for_last(mask: Mask | None, count: int) -> Mask | None:
    """The same mask, whose only query is the last of all."""
    if mask is None:
        return None
    allows = mask.allows
    return mask._replace(allows=lambda i, j, b, h: allows(i + count - 1, j, b, h))


def _labels(whole: Request, step: Program) -> dict[str, tuple[str, ...]]:
    words = whole.labels.get("n")
    if words is None:
        return name_labels({}, step)
    return {"n": words[-1:], "m": words, "m_past": words[:-1], "m_new": words[-1:]}


def saved_by_cache(request: Request, output: Array) -> tuple[str, ...]:
    """That a decode step is the last row of its whole run, and what the cache saves."""
    whole = request.whole
    if whole is None:
        return ()
    from attn_cli.views.numbers import scientific

    made = evaluate(whole.program, whole.arrays)["output"]
    apart = scientific(float(np.abs(made[..., -1:, :] - output).max()), 2)
    every, one = (
        sum(int(flops(step, run.program.sizes)) for step in run.program) for run in (whole, request)
    )
    kept = sum(request.arrays[name].size for name in ("past_k", "past_v") if name in request.arrays)
    count = whole.program.sizes["n"]
    return (
        f"decode step: row {count - 1} alone; keys and values of the {count - 1} before come from "
        f"a cache of {kept:,} numbers",
        f"equals the last row of the whole causal run: the outputs differ by at most {apart}",
        f"this step takes {one:,} FLOPs where the whole run takes {every:,}: the cache saves "
        f"{100 * (1 - one / every):.0f} %",
    )
