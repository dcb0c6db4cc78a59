"""What is seen in somebody's numbers without trying any fault: sums, NaN, where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.cells import names_along
from attn_cli.api.requests import Request
from attn_cli.faults.evaluation import apart
from attn_cli.language import said
from attn_cli.results.diagnosis import Compared
from attn_cli.views.numbers import short

Array = np.ndarray[Any, Any]

CLOSE = 1e-2
"""How far sums may be from 1, of weights that were rounded."""

MOST_NAMED = 6

PLACES = {"b": "batch rows", "h": "heads", "h_kv": "key heads", "n": "queries", "m": "keys"}
COLUMNS = "columns"
"""What stands along an axis, and along any other."""


def compared(name: str, theirs: Array, ours: Array, allowed: float, request: Request) -> Compared:
    """One step: how far it is apart, and where."""
    step = request.program[name]
    distance = apart(ours, theirs)
    beyond = distance > allowed
    at = tuple(int(place) for place in np.unravel_index(distance.argmax(), distance.shape))
    cell = ",".join(
        names_along(request, axis, name)[i] for axis, i in zip(step.axes, at, strict=True)
    )
    return Compared(
        name=name,
        shape=ours.shape,
        largest=float(distance.max(initial=0.0)),
        allowed=allowed,
        at=f"{name}[{cell}]",
        theirs=float(theirs[at]),
        ours=float(ours[at]),
        beyond=int(beyond.sum()),
        all=beyond.size,
        where=_where(beyond, step.axes, request, name) if beyond.any() else "",
    )


def _where(beyond: Array, axes: tuple[str, ...], request: Request, name: str) -> str:
    """Along each axis, where numbers differ."""
    parts = []
    for place, axis in enumerate(axes):
        others = tuple(at for at in range(len(axes)) if at != place)
        found = np.flatnonzero(beyond.any(axis=others))
        words, count = said(PLACES.get(axis, COLUMNS)), beyond.shape[place]
        if count == 1:
            continue
        if len(found) == count:
            parts.append(said("all {places}", places=words))
            continue
        names = names_along(request, axis, name)
        shown = ", ".join(names[i] for i in found[:MOST_NAMED])
        more = ", …" if len(found) > MOST_NAMED else ""
        told = said("of {count} {places} {some}", count=count, places=words, some=len(found))
        parts.append(f"{told} ({shown}{more})")
    return "; ".join(parts)


def observed(theirs: Mapping[str, Array], request: Request) -> tuple[str, ...]:
    """Lines about numbers that are none, sums of weights, and what is above a diagonal."""
    lines = []
    for name, array in theirs.items():
        lines += _not_numbers(name, array, request)
    weights = request.program.last("weights")
    if weights is not None and weights.name in theirs and weights.axes[-2:] == ("n", "m"):
        lines += _of_weights(weights.name, theirs[weights.name], request)
    return tuple(lines)


def _not_numbers(name: str, array: Array, request: Request) -> list[str]:
    count = int(np.isnan(array).sum())
    if count == array.size:
        return [said("Every number of {name} is NaN.", name=name)]
    if count:
        rows = np.isnan(array).any(axis=-1)
        why = said("every key is masked, or something overflows.")
        if not all(np.isfinite(one).all() for one in request.arrays.values()):
            why = said("an input holds NaN or infinity.")
        told = said(
            "{count} numbers of {name} are NaN, in {rows} of {all} rows: {why}",
            why=why,
            count=f"{count:,}",
            name=name,
            rows=f"{int(rows.sum()):,}",
            all=f"{rows.size:,}",
        )
        return [told]
    if not array.any():
        return [said("Every number of {name} is 0.", name=name)]
    if np.isinf(array).any():
        return [said("Some numbers of {name} are infinite.", name=name)]
    return []


def _sums_to_one(request: Request) -> bool:
    """Whether rows of the weights that were meant sum to 1."""
    choices = request.choices
    return choices.normalizer.name not in ("sigmoid", "softmax-sink") and choices.local_p is None


def _of_weights(name: str, weights: Array, request: Request) -> list[str]:
    if not np.isfinite(weights).all() or (weights < 0).any():
        return []
    lines = []
    sums, columns = weights.sum(axis=-1), weights.sum(axis=-2)
    wrong = (np.abs(sums - 1) > CLOSE) & (np.abs(sums) > CLOSE) & _sums_to_one(request)
    if wrong.any() and (np.abs(columns - 1) <= CLOSE).all():
        lines.append(
            said(
                "Each column of {name} sums to 1, not each row: softmax over the queries, or "
                "weights on their side.",
                name=name,
            )
        )
    elif wrong.any():
        lines.append(
            said(
                "Rows of {name} sum to {low} … {high}, not to 1: something is masked, added or "
                "dropped after softmax.",
                name=name,
                low=short(float(sums.min()), 4),
                high=short(float(sums.max()), 4),
            )
        )
    count = weights.shape[-1]
    even = np.abs(weights - 1 / count).max(axis=-1) <= 1e-3 / count
    if count > 1 and even.any():
        lines.append(
            said(
                "{rows} of {all} rows of {name} are uniform.",
                rows=f"{int(even.sum()):,}",
                all=f"{even.size:,}",
                name=name,
            )
        )
    square = weights.shape[-2] == count
    above = float(np.triu(weights, 1).sum() / max(weights.sum(), 1e-300)) if square else 0.0
    if square and request.choices.mask is not None:
        lines.append(
            said("{share} % of the weight lies on later keys.", share=f"{100 * above:.1f}")
        )
    return lines
