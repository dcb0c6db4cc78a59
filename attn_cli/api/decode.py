"""A decode step: the last row alone, with the keys and values of all rows before in a cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.api.equal_runs import output_of, outputs_apart
from attn_cli.api.given import Arrays
from attn_cli.api.requests import Request, in_bfloat16, request_of
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.masks import Mask
from attn_cli.masks.placed import Offset
from attn_cli.program import Program, Step
from attn_cli.readings.cost import flops
from attn_cli.readings.counted_pairs import count_of, kept_keys
from attn_cli.spec import Spec
from attn_cli.transforms import rows

Array = np.ndarray[Any, Any]


def wanted_request(spec: Spec, arrays: Arrays, sources: Sources) -> Request:
    """A request as compute runs it: in bfloat16, or the last row alone, where that is chosen."""
    if spec.dtype == "bfloat16":
        return in_bfloat16(spec, arrays, sources)
    if spec.decode:
        return last_row(request_of(spec.but(causal=True), arrays, sources))
    return request_of(spec, arrays, sources)


def last_row(whole: Request) -> Request:
    """The step that a decoder takes for the last row, after a run over all rows before it.

    Raises AttnError where rows are no sequence that goes on.
    """
    _refuse_no_sequence(whole)
    program = whole.program
    count = int(program.sizes["n"])
    arrays = {name: _last(program[name], array) for name, array in whole.arrays.items()}
    made = _before_queries(whole)
    cache = whole.mechanism.kept_steps(program)
    arrays |= {name: made[step.name][..., :-1, :] for name, step in cache.items()}
    choices = whole.choices._replace(
        mask=_for_last(whole.choices.mask, count), offset=_last_place(whole, count)
    )
    shapes = {name: array.shape for name, array in arrays.items()}
    step = whole.mechanism.for_shapes(shapes, choices)
    return whole._replace(
        choices=choices,
        program=step,
        arrays={one.name: np.ascontiguousarray(arrays[one.name]) for one in step.inputs},
        random=tuple(name for name in whole.random if name not in cache),
        labels=_labels(whole, step),
        chosen=whole.chosen._replace(mask=choices.mask, offset=choices.offset, parts=()),
        whole=whole,
        again=tuple(cache) if {*whole.arrays} <= {*whole.drawn} else (),
    )


def _refuse_no_sequence(whole: Request) -> None:
    sizes = whole.program.sizes
    if "m_past" in sizes:
        raise AttnError("‹decode› makes the cache itself: leave ‹past_k› and ‹past_v› out.")
    if "context" in whole.arrays or sizes["n"] != sizes["m"]:
        raise AttnError("‹decode› is for rows that attend each other: as many queries as keys.")
    if sizes["n"] < 2:
        raise AttnError("‹decode› needs at least two rows: those before the last are the cache.")


def _before_queries(whole: Request) -> dict[str, Array]:
    """Every step that comes before a query meets a key, keys and values among them."""
    parts = rows.split(whole.program)
    assert parts is not None, "queries of what can be decoded do not depend on each other"
    return rows.evaluate_once(whole.program, parts, whole.arrays)


def _last_place(whole: Request, count: int) -> Offset:
    """Where the last query stands, the others standing where they did."""
    offset = whole.choices.offset
    if isinstance(offset, tuple):
        return tuple(one + count - 1 for one in offset)
    return offset + count - 1


def _last(step: Step, array: Array) -> Array:
    """The last row of what has one for each position of the sequence: keys and values have."""
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
    count = step.sizes["m"]
    words = whole.labels.get("n") or tuple(f"k{j}" for j in range(count))
    query = words[-1:] if "n" in whole.labels else (f"q{count - 1}",)
    return {"n": query, "m": words, "m_past": words[:-1], "m_new": words[-1:]}


def saved_by_cache(request: Request, output: Array) -> tuple[str, ...]:
    """That a decode step is the last row of its whole run, and what the cache saves."""
    whole = request.whole
    if whole is None:
        return ()
    count = whole.program.sizes["n"]
    apart = outputs_apart(output_of(whole.program, whole.arrays, (count - 1,)), output)
    every, one = (_flops(run) for run in (whole, request))
    again = _flops(whole, made_once=True) - _flops(request, made_once=True)
    held = (request.arrays.get(name) for name in request.mechanism.cache)
    kept = sum(array.size for array in held if array is not None)
    spared = f"{again:,} more, for keys and values of the rows before" if again else "no more here"
    return (
        f"decode step: row {count - 1} alone, with a cache of {kept:,} numbers from the "
        f"{count - 1} rows before",
        f"equals the last row of the whole causal run: {apart}",
        f"{one:,} FLOPs; without the cache {spared}; the whole run takes {every:,}",
    )


def _flops(run: Request, *, made_once: bool = False) -> int:
    """Operations of all steps; made_once: of those alone that come before any query is met."""
    count = count_of(run.program, kept_keys(run.program))
    counted = (step for step in run.program if not (made_once and "n" in step.axes))
    return sum(int(flops(step, count)) for step in counted)
