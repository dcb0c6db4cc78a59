"""From the derivatives of a Jacobian to the tables that are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attn_cli.api.cells import names_along
from attn_cli.api.facts import facts
from attn_cli.api.gradient_report import stopped
from attn_cli.api.looking import Look
from attn_cli.api.notices import notices
from attn_cli.api.requests import Request
from attn_cli.language import said
from attn_cli.program import Step
from attn_cli.readings.traced import Numbers
from attn_cli.results.jacobian import Derivatives, JacobianReport, Side
from attn_cli.transforms.gradient import Gradient as Written
from attn_cli.views.steps import AXIS_KINDS

Array = np.ndarray[Any, Any]

SEQUENCES = ("n", "m", "m_new", "T")
"""Axes along which positions stand: a map has a row or a column for each."""

SOURCE = 'Graves 2020, lecture "Attention and memory in deep learning"'


def report_of(
    request: Request,
    arrays: Mapping[str, Array],
    of: Side,
    to: Side,
    values: Array,
    look: Look,
    made: Written,
) -> JacobianReport:
    """Put the map, the weights beside it and a row of softmax together."""
    free = _free(of, request), _free(to, request)
    tables = _of_softmax(request, arrays, of, to, values, free)
    if len(tables) < 2:
        tables.append(_map(request, of, to, values, free))
    weights, correlation = _weights(request, arrays, look, of), None
    if weights is not None and _is_map_of(tables[-1], weights, free):
        correlation = _correlation(tables[-1].values, weights.values)
        tables.append(weights)
    return JacobianReport(
        of=_written(of, request),
        to=_written(to, request),
        title=said("How {of} changes with {to}", of=of.name, to=to.name),
        formula=f"J = ∂ {_written(of, request)} / ∂ {_written(to, request)}",
        source=SOURCE,
        facts=facts(request),
        notices=(*notices(request, Numbers(request.program, arrays)), *stopped(made)),
        seed=request.seed if request.drawn else None,
        axes=free,
        values=values,
        tables=tuple(tables),
        correlation=correlation,
        by_scores=_through_scores(to, request),
    )


def _through_scores(to: Side, request: Request) -> bool:
    """Whether scores depend on a step, so that the output does through them."""
    reached = {to.name}
    for step in request.program:
        if any(operand.name in reached for operand in step.operands):
            reached.add(step.name)
    return any(request.program.role(request.program[name]) == "scores" for name in reached)


def _free(side: Side, request: Request) -> tuple[str, ...]:
    """The axes of a step of which every position is there."""
    axes = request.program[side.name].axes
    return tuple(axis for axis, at in zip(axes, side.at, strict=True) if at is None)


def _written(side: Side, request: Request) -> str:
    """A step with the positions that are asked for, as they are typed."""
    if all(at is None for at in side.at):
        return side.name
    axes = request.program[side.name].axes
    places = [
        "" if at is None else names_along(request, axis, side.name)[at]
        for axis, at in zip(axes, side.at, strict=True)
    ]
    return f"{side.name}[{','.join(places)}]"


def _kept(axes: Sequence[str]) -> int:
    """Which axis of a side a map has positions of."""
    return next((axes.index(axis) for axis in SEQUENCES if axis in axes), 0)


def _map(
    request: Request, of: Side, to: Side, values: Array, free: tuple[tuple[str, ...], ...]
) -> Derivatives:
    """Derivatives where each side has one axis at most; else the norm of each block of them."""
    rows, columns = (_side_names(request, *pair) for pair in zip((of, to), free, strict=True))
    kinds = [AXIS_KINDS.get(axes[_kept(axes)], "") if axes else "" for axes in free]
    if max(map(len, free)) <= 1:
        table = values.reshape(len(rows), len(columns))
        about = said("the derivatives themselves, with their signs")
    else:
        one, other = free
        stay = [_kept(axes) + start for axes, start in ((one, 0), (other, len(one))) if axes]
        gone = tuple(axis for axis in range(values.ndim) if axis not in stay)
        table = np.sqrt(np.square(values, dtype=np.float64).sum(axis=gone))
        table = table.reshape(len(rows), len(columns))
        about = said("how much each changes with each: the norm of a block of derivatives")
    caption = f"∂ {_written(of, request)} / ∂ {_written(to, request)}"
    return Derivatives("map", caption, about, table, rows, columns, kinds[0], kinds[1])


def _side_names(request: Request, side: Side, axes: tuple[str, ...]) -> tuple[str, ...]:
    # a single number is named by the caption
    return names_along(request, axes[_kept(axes)], side.name) if axes else ("",)


def _weights(
    request: Request, arrays: Mapping[str, Array], look: Look, of: Side
) -> Derivatives | None:
    """The explicit weights, of one head or the mean of all; None where `of` does not use any."""
    step, names = request.program.last("weights"), [step.name for step in request.program]
    if step is None or step.axes[-2:] != ("n", "m"):
        return None
    if names.index(of.name) <= names.index(step.name):
        return None
    values = arrays[step.name]
    if "b" in step.axes:
        values = np.take(values, look.batch_index or 0, axis=step.axes.index("b"))
    about = said("how much of each value is taken")
    if "h" in step.axes and look.head is not None:
        values = values[look.head]
    elif "h" in step.axes:
        values, about = values.mean(axis=0), said("the mean of all heads")
    rows, columns = (names_along(request, axis, step.name) for axis in ("n", "m"))
    return Derivatives(
        "weights", step.name, about, values, rows, columns, "query", "key", share=True
    )


def _is_map_of(table: Derivatives, weights: Derivatives, free: Sequence[Sequence[str]]) -> bool:
    """Whether a map has a row for each query and a column for each row that is looked at."""
    rows, columns = (axes[_kept(axes)] if axes else "" for axes in free)
    same = table.values.shape == weights.values.shape
    return same and rows == "n" and columns in SEQUENCES


def _correlation(one: Array, other: Array) -> float | None:
    """Pearson's correlation of all pairs; None where one of them does not vary."""
    first, second = one.ravel() - one.mean(), other.ravel() - other.mean()
    lengths = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / lengths if lengths > 0 else None


def _of_softmax(
    request: Request,
    arrays: Mapping[str, Array],
    of: Side,
    to: Side,
    values: Array,
    free: tuple[tuple[str, ...], ...],
) -> list[Derivatives]:
    """For softmax of the other step, one row of shares p and its own diag(p) - p pᵀ."""
    step = request.program[of.name]
    one, other = free
    if step.operation != "softmax" or step.operands[0].name != to.name or one != other:
        return []
    if one[-2:] != ("n", "m") and one != ("m",):
        return []
    at = [_strongest(arrays[of.name], of, axis) for axis in one[:-1]]
    names = names_along(request, "m", of.name)
    whole = iter(at)
    fixed = [next(whole) if p is None and axis != "m" else p for p, axis in _of(step, of)]
    shares = arrays[of.name][tuple(slice(None) if p is None else p for p in fixed)]
    query = names_along(request, "n", of.name)[_query(step, fixed)]
    where = f", {said('head')} {fixed[step.axes.index('h')]}" if "h" in step.axes else ""
    query += where
    if shares.size == arrays[of.name].size:
        told = said("the shares p of {query}", query=query)
    else:
        told = said("the shares p of {query}, the most even of all", query=query)
    row = Derivatives(
        "p", "p", told, shares.reshape(1, -1), (query,), names, "query", "key", share=True
    )
    if one == ("m",):
        return [row]
    about = said("its own derivatives: a share that is 0 or 1 does not change")
    place: tuple[Any, ...] = (*at, slice(None))
    table = values[(*place, *place)]
    return [row, Derivatives("row", "diag(p) - p pᵀ", about, table, names, names, "key", "key")]


def _of(step: Step, side: Side) -> list[tuple[int | None, str]]:
    return list(zip(side.at, step.axes, strict=True))


def _query(step: Step, fixed: Sequence[int | None]) -> int:
    return fixed[step.axes.index("n")] or 0


def _strongest(shares: Array, side: Side, axis: str) -> int:
    """The first head or batch row; of the queries the one whose shares are the most even."""
    if axis != "n":
        return 0
    place = tuple(0 if at is None else at for at in side.at[:-2])
    return int((shares[place] ** 2).sum(axis=-1).argmin())
