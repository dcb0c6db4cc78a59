"""What a person has to know to read the numbers of a run right."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.api.requests import Request
from attn_cli.errors import listed
from attn_cli.language import said
from attn_cli.mask_reports.empty_rows import empty_rows, in_a_sentence
from attn_cli.program import ONE, Axes, Step
from attn_cli.readings.counted_pairs import mask_of
from attn_cli.readings.masked_infinity import telling
from attn_cli.readings.traced import Numbers
from attn_cli.views.numbers import short

Array = np.ndarray[Any, Any]


def notices(request: Request, numbers: Numbers, *, finite: bool = False) -> tuple[str, ...]:
    """What a person has to know to read the numbers right.

    finite: all are known to be finite, even those beyond a float type.
    """
    found = []
    if request.unused:
        found.append(said("‹input›: not used: {names}.", names=listed(request.unused)))
    found += [said(hint) for hint in request.hints]
    found += _idle(request)
    found += [] if finite else _not_finite(request, numbers)
    empty = _empty_rows(request, numbers)
    if empty:
        found.append(empty)
    return tuple(found)


def _idle(request: Request) -> tuple[str, ...]:
    if not request.chosen.parts:
        return ()
    from attn_cli.mask_reports.grid import Field
    from attn_cli.mask_reports.without_effect import idle_parts

    sizes = request.program.sizes
    n, m, batch, heads = sizes["n"], sizes["m"], sizes.get("b", 1), sizes.get("h", 1)
    return idle_parts(request.chosen.parts, Field(n, m, batch, heads))


def _empty_rows(request: Request, numbers: Numbers) -> str:
    """Names the queries with nothing to attend to; head and batch row only where these differ."""
    found = _without_keys(request, numbers)
    if found is None:
        return ""
    empty, axes = found
    for axis in ("h", "b"):
        if axis in axes:
            place = axes.index(axis)
            if (empty.all(axis=place) == empty.any(axis=place)).all():
                empty = np.asarray(empty.all(axis=place))
                axes = (*axes[:place], *axes[place + 1 :])
    if numbers.alone and numbers.queries is not None:
        every = np.zeros((*empty.shape[:-1], request.program.sizes["n"]), bool)
        every[..., numbers.queries[0]] = empty[..., 0]
        empty = every
    named = empty_rows(empty, axes, request.labels)
    if not named:
        return ""
    return said(
        "No key is allowed for {rows}: weights 0 and output 0, as in torch SDPA and ONNX.",
        rows=in_a_sentence(named),
    )


def _without_keys(request: Request, numbers: Numbers) -> tuple[Array, Axes] | None:
    """Which queries may attend no key, and the axes of the answer; None where it can't be told."""
    step = telling(request.program)
    if step is not None and numbers.empty is not None:
        return numbers.empty, step.axes[:-1]
    allowed = mask_of(request.program)
    if numbers.keys is not None and (step is None or numbers.partial):
        assert allowed is not None, "keys are counted where a mask decides them"
        return _unseen(numbers.keys > 0, allowed.axes[:-1])
    if step is None or numbers.partial or not {"n", "m"} <= {*step.axes}:
        return None
    out = numbers.dropped(step)
    return None if out is None else (np.asarray(out.all(axis=-1)), step.axes[:-1])


def _unseen(sees: Array, axes: Axes) -> tuple[Array, Axes]:
    """Queries that see no key, without the axes of size one along which they are alike."""
    kept = [place for place, axis in enumerate(axes) if axis != ONE]
    shape = [sees.shape[place] for place in kept]
    return ~sees.reshape(shape), tuple(axes[place] for place in kept)


def _not_finite(request: Request, numbers: Numbers) -> list[str]:
    """NaN and infinity, told where they first come from."""
    found = []
    harmless = bool(np.isfinite(numbers.arrays[request.program.output.name]).all())
    for step in request.program.inputs:
        if step.name in request.drawn:
            continue
        array = request.arrays[step.name]
        count = int(np.isnan(array).sum())
        infinite = int(np.isinf(array).sum()) if step.name != "bias" else 0
        if count or infinite:
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            what = "NaN" if np.isnan(array[place]) else said("infinity")
            cell = f"{step.name}[{','.join(map(str, place))}]"
            text = "{cell} is {what}: every number it takes part in is lost."
            if harmless:
                text = "{cell} is {what}: its scores are lost, and the mask keeps them out."
            found.append(said(text, cell=cell, what=what))
    if found:
        value = request.arrays.get("v")
        if value is not None and not np.isfinite(value).all() and _masks(request) and not harmless:
            found.append(said("A weight of 0 does not keep it out: 0 times it is NaN."))
        return found
    for step in request.program:
        array = numbers.look(step)
        if array.dtype.kind != "f" or step.name == "bias" or not _lost(step, array, numbers):
            continue
        largest = short(float(np.finfo(array.dtype).max))
        instead = (
            said("Give smaller numbers.")
            if array.dtype.itemsize == 8
            else said("Try ‹dtype float64›.")
        )
        beyond = said(
            "{name} holds numbers beyond {dtype}, whose largest is {largest}.",
            name=step.name,
            dtype=array.dtype,
            largest=largest,
        )
        return [f"{beyond} {instead}"]
    return []


def _masks(request: Request) -> bool:
    return any(step.operation in ("mask", "within") for step in request.program)


def _lost(step: Step, array: Array, numbers: Numbers) -> bool:
    """Whether numbers are beyond their type; a −∞ that a mask or a bias means is not."""
    lost = ~np.isfinite(array)
    if not lost.any():
        return False
    out = numbers.dropped(step)
    return bool(lost.any() if out is None else (lost & ~out).any())
