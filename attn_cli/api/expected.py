"""The numbers that a person has: read by step, in the shapes that are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attn_cli.api.cells import refuse_unknown
from attn_cli.api.requests import Request
from attn_cli.arrays import numeric
from attn_cli.arrays.arguments import MANY, path_and_name
from attn_cli.arrays.layouts import layout_of, turned
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, listed, shape_text
from attn_cli.program import Step

Array = np.ndarray[Any, Any]

OTHER_NAMES: Mapping[str, str] = {
    "attn_weights": "weights",
    "attention_weights": "weights",
    "attention_probs": "weights",
    "attn_output": "output",
    "attention_scores": "scores",
}
"""What libraries call steps."""

NOT_COMPARED = ("input", "allow", "within")
"""Operations whose steps are given, or booleans."""

FEWEST, MOST_DECIMALS = 4, 10
"""Numbers and decimals by which it is told that an array was rounded."""

NAMED = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<source>.+)", re.S)


def read_expected(
    given: Any, step: str | None, request: Request, sources: Sources
) -> dict[str, Array]:
    """Arrays by their steps, in the order of the program.

    given: one array, "NAME=ARRAY", several of them, or a mapping. step: which one a bare array is.
    Raises AttnError for a step that there is not, and for another shape.
    """
    found: dict[str, Array] = {}
    for name, source in _named(given, step or request.program.output.name):
        for own, array in _read(name, source, request, sources).items():
            if own in found:
                raise AttnError(f"‹expected›: {own} is given twice.")
            found[own] = _shaped(own, array, request)
    order = [one.name for one in request.program]
    return {name: found[name] for name in sorted(found, key=order.index)}


def rounded_to(arrays: Mapping[str, Array]) -> dict[str, int]:
    """The decimals that all numbers of an array end at, where they are few: they were rounded."""
    found = {}
    for name, array in arrays.items():
        numbers = array[np.isfinite(array)]
        if array.dtype != np.float64 or numbers.size < FEWEST or _even(array):
            continue
        for count in range(1, MOST_DECIMALS + 1):
            if (np.round(numbers, count) == numbers).all():
                whole = (np.round(numbers) == numbers).all()
                found.update({} if whole else {name: count})
                break
    return found


def _even(array: Array) -> bool:
    """Whether each row has one number beside 0: 0.5, 0.25 are exact then, as much as rounded."""
    rows = np.where(array == 0, np.nan, array)
    first = np.nanmax(np.where(np.isnan(rows), -np.inf, rows), axis=-1, keepdims=True)
    return bool((np.isnan(rows) | (rows == first)).all())


def _named(given: Any, step: str) -> Sequence[tuple[str, Any]]:
    """Each array with its step; an empty name stands for those that a file names itself."""
    if isinstance(given, Mapping):
        return [(str(name), one) for name, one in given.items()]
    if isinstance(given, str):
        given = [given]
    several = isinstance(given, list | tuple) and bool(given) and isinstance(given[0], str)
    if not several:
        return [(step, given)]
    pairs = []
    for text in given:
        match = NAMED.fullmatch(text)
        pairs.append((match["name"], match["source"]) if match else (step, text))
    return pairs


def _read(name: str, source: Any, request: Request, sources: Sources) -> dict[str, Array]:
    """One array, or from a file with several those that are steps of this run."""
    path, member = path_and_name(source) if isinstance(source, str) else (None, None)
    if path is not None and member is None and path.suffix.lower() in MANY and path.is_file():
        held = sources.many(source, "‹expected›")
        steps = {step.name for step in request.program if step.operation not in NOT_COMPARED}
        known = {one: OTHER_NAMES.get(one, one) for one in held}
        wanted = {
            one: own
            for one, own in known.items()
            if own in steps and (one == own or own not in held)
        }
        if len(held) > 1 and wanted:
            return {
                own: _floats(sources.one(f"{source}:{one}", "‹expected›"))
                for one, own in wanted.items()
            }
        if len(held) > 1:
            raise AttnError(
                f"‹expected›: {source} holds no step of this run, but {listed(held)}. Say which: "
                f"‹expected› {name}={source}:NAME."
            )
    return {OTHER_NAMES.get(name, name): _floats(sources.one(source, "‹expected›"))}


def _floats(array: Array) -> Array:
    return array if array.dtype.kind == "b" else numeric.as_floats(array, "‹expected›")


def _shaped(name: str, array: Array, request: Request) -> Array:
    """An array in the shape of its step; axes of size one may be there or not."""
    refuse_unknown(name, "‹expected›", request.program)
    step = request.program[name]
    if step.operation == "input":
        raise AttnError(f"‹expected›: {name} is given, not computed.")
    if array.dtype.kind == "b" or step.operation in NOT_COMPARED:
        raise AttnError(f"‹expected›: {name} holds True and False; give scores, weights or output.")
    if not array.size:
        raise AttnError(
            f"‹expected›: {name} is {shape_text(array.shape)}: there is no number in it."
        )
    shape = tuple(int(size) for size in request.program.shape(step))
    for one in _ways(array, step, request):
        if _without_ones(one.shape) == _without_ones(shape):
            return one.reshape(shape)
    raise AttnError(
        f"‹expected›: {name} is {shape_text(array.shape)}, and {shape_text(shape)} was "
        f"meant: ({', '.join(step.axes)}).{_averaged(array, step) or _hint(array.shape, shape)}"
    )


def _ways(array: Array, step: Step, request: Request) -> list[Array]:
    """The array as it lies, or with heads first as --layout says."""
    joined = _split(array, step, request)
    if joined is not None:
        return [joined]
    layout = request.spec.layout
    if layout is None or step.axes[-2:] == ("n", "m"):
        return [array]
    known = layout_of(layout)
    return [turned(array, known)] if array.ndim == known.axes else [array]


def _split(array: Array, step: Step, request: Request) -> Array | None:
    """Heads that stand side by side in each row, as libraries return them, with heads first."""
    sizes = tuple(int(size) for size in request.program.shape(step))
    if step.axes[-3:-1] != ("h", "n") or array.ndim < 2:
        return None
    heads, rows, width = sizes[-3:]
    if array.shape[-2:] != (rows, heads * width) or heads == 1:
        return None
    return array.reshape(*array.shape[:-1], heads, width).swapaxes(-3, -2)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _averaged(array: Array, step: Step) -> str:
    """What is said of weights without heads."""
    if "h" not in step.axes or array.shape[-1:] != array.shape[-2:-1] or array.ndim > 3:
        return ""
    return "\nAre they averaged over heads? torch gives each with average_attn_weights=False."


def _hint(shape: tuple[int, ...], meant: tuple[int, ...]) -> str:
    if sorted(_without_ones(shape)) == sorted(_without_ones(meant)):
        return "\nThe same sizes in another order: is it transposed, or is ‹layout› missing?"
    if np.prod(shape) == np.prod(meant):
        return "\nAs many numbers, laid out otherwise: are heads packed or split?"
    return "\nIs it another model's output, or another call's?"
