"""Exercises to be worked out by hand: what each level has, and the sheet as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from attn_cli.faults.fault import Array
from attn_cli.language import said
from attn_cli.views.numbers import short


class Level(NamedTuple):
    """How much there is to an exercise.

    choices: of the run. given: shapes of arrays that are given, where not the usual ones. low,
    high: the whole numbers that inputs are drawn from.
    """

    says: str
    choices: Mapping[str, Any]
    given: Mapping[str, tuple[int, ...]] = {}
    low: int = -1
    high: int = 2


LEVELS = (
    Level(
        "dot products, softmax and the weighted sum, of two words",
        {"mode": "dot", "n": 2, "m": 2, "d": 2},
        low=0,
    ),
    Level(
        "scores scaled by √d; more keys than queries",
        {"mode": "scaled", "n": 2, "m": 3, "d": 4},
    ),
    Level("a causal mask", {"mode": "scaled", "n": 3, "m": 3, "d": 4, "causal": True}),
    Level("queries, keys and values projected from rows X", {"mode": "scaled"}, {"x": (3, 2)}),
)
"""From 1 on."""

DECIMALS = 2
BLANK = "___"


class SheetStep(NamedTuple):
    """One matrix of a sheet; heads: one table for each, where there are several.

    filled: whether its numbers are given. work: one of them worked out, for the solution.
    """

    heading: str
    meaning: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Array
    filled: bool
    work: str = ""


class Sheet(NamedTuple):
    """What stands on an exercise and on its solution."""

    title: str
    formula: str
    choices: str
    steps: tuple[SheetStep, ...]


def whole_numbers(shape: Sequence[int], level: Level, stream: np.random.Generator) -> Array:
    """Small whole numbers, that can be multiplied in the head."""
    return stream.integers(level.low, level.high, size=tuple(shape), endpoint=True).astype(float)


def teaches(array: Array) -> bool:
    """Whether no row is 0 throughout, and no two are alike."""
    rows = array.reshape(-1, array.shape[-1])
    return bool(rows.any(axis=-1).all()) and len(np.unique(rows, axis=0)) == len(rows)


def mixes(weights: Array) -> bool:
    """Whether no weight reads as nothing, and rows are not all alike."""
    kept = weights[weights > 0]
    rows = weights.reshape(-1, weights.shape[-1])
    return bool((kept >= LEAST).all()) and len(np.unique(rows.round(2), axis=0)) > 1


LEAST = 0.02
"""The smallest weight of an exercise."""


def as_markdown(sheet: Sheet, *, solved: bool) -> str:
    """The sheet, with blanks or solved."""
    return "\n".join(_lines(sheet, solved=solved)) + "\n"


def _lines(sheet: Sheet, *, solved: bool) -> Iterator[str]:
    yield f"<!-- attn {sheet.choices} -->"
    title = said("Solution: {title}", title=sheet.title) if solved else sheet.title
    yield from (f"# {title}", "", sheet.formula, "")
    if not solved:
        told = said(
            "Fill in every ___ with {count} decimals; go on with the numbers that you wrote. "
            "`attn check --answers FILE` marks it.",
            count=DECIMALS,
        )
        yield from (told, "")
    for step in sheet.steps:
        yield from (f"## {step.heading}", "")
        if step.meaning:
            yield from (step.meaning, "")
        yield from _tables(step, blank=not solved and not step.filled)
        if solved and step.work:
            yield from (step.work.replace("[", r"\[").replace("]", r"\]"), "")


def _tables(step: SheetStep, *, blank: bool) -> Iterator[str]:
    if step.values.ndim == 2:
        yield from _table(step, step.values, blank=blank)
        return
    for head, values in enumerate(step.values):
        yield from (f"head {head}:", "")
        yield from _table(step, values, blank=blank)


def _table(step: SheetStep, values: Array, *, blank: bool) -> Iterator[str]:
    yield f"| | {' | '.join(step.columns)} |"
    yield "|---|" + "---:|" * len(step.columns)
    for name, row in zip(step.rows, _texts(values), strict=True):
        cells = [BLANK] * len(row) if blank else row
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _texts(values: Array) -> list[list[str]]:
    """Numbers rounded alike; whole ones alone have no decimals."""
    finite = values[np.isfinite(values)]
    decimals = 0 if (finite == np.round(finite)).all() else DECIMALS
    return [[_text(float(one), decimals) for one in row] for row in values]


def _text(number: float, decimals: int) -> str:
    if not np.isfinite(number):
        return short(number)
    return f"{round(number, decimals) + 0.0:.{decimals}f}"
