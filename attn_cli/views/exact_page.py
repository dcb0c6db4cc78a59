"""The page of exact numbers: each array as it is, and rounded beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from attn_cli.language import said
from attn_cli.results.exact import ExactReport, ExactStep
from attn_cli.results.trace import SCHEMA
from attn_cli.views.advice import advice_lines
from attn_cli.views.compute_page import BETWEEN
from attn_cli.views.document import described, plain_value
from attn_cli.views.labels import cell_name, names_of
from attn_cli.views.numbers import DECIMALS, fixed, table
from attn_cli.views.page import (
    Abreast,
    Block,
    Cell,
    Display,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    Part,
    Title,
)
from attn_cli.views.steps import AXIS_KINDS, AXIS_WORDS, KINDS

LEAST = 5e-324
"""The smallest float above 0."""

NARROW, FEW_LINES = 9, 24
"""Signs of a number up to which numbers stand in a table; lines of a list that are shown."""


class Matrix(NamedTuple):
    """One matrix of a step: its place on the axes before its own, and its numbers in three ways."""

    place: tuple[int, ...]
    caption: str
    rows: Sequence[str]
    columns: Sequence[str]
    texts: Any
    latex: Any
    decimals: Any


def exact_page(report: ExactReport, display: Display, command: str | None) -> list[Block]:
    """Everything a person is shown of an exact run, or one step of it.

    command: what was typed, where it is told what to type next.
    """
    numbers = _numbered(report)
    if display.only is not None:
        step = report.step(display.only)
        return [*_step(step, numbers.get(display.only, ""), report, display)]
    given = tuple(_given(one, report, display) for one in report.steps if one.step.given)
    parts: list[Part] = [
        _step(one, numbers[one.step.name], report, display)
        for one in report.steps
        if not one.step.given
    ]
    blocks: list[Block] = [
        Title(report.title, report.formula, report.source),
        Lines((BETWEEN.join(report.facts),), quiet=True, indented=False),
        Abreast(given),
        Abreast(tuple(parts)),
    ]
    if command is not None:
        options = (f"‹show_work {report.steps[-1].step.name}[0,0]›", "‹precision 10›")
        more = options if not report.letters else (options[0], f"‹at› {report.letters[0]}=1")
        blocks += [Lines((), apart=True), *advice_lines(command, more, ("attn explain softmax",))]
    return blocks


def exact_work_page(
    report: ExactReport,
    name: str,
    index: tuple[int, ...],
    lines: Sequence[str],
    precision: int | None,
) -> list[Block]:
    """One number from its formula to its exact result, and rounded."""
    one = report.step(name)
    cell = cell_name(one.step, index, report.labels)
    told = [f"= {line}" for line in lines]
    number = one.decimals[index]
    if number is not None:
        decimals = DECIMALS if precision is None else precision
        told.append(f"≈ {_rounded(number, decimals, one.texts[index])}")
    heading = Heading("", cell, name=cell, right=one.step.meaning)
    return [heading, Lines(tuple(told))]


def _rounded(number: float, precision: int, text: str) -> str:
    """An exact number rounded; one that is too small for a float is not 0 for that."""
    if number == 0 and text != "0":
        number = -LEAST if text.startswith("-") else LEAST
    return fixed(number, precision)


def _numbered(report: ExactReport) -> dict[str, str]:
    computed = [one.step for one in report.steps if not one.step.given]
    return {step.name: str(number) for number, step in enumerate(computed, 1)}


def _given(one: ExactStep, report: ExactReport, display: Display) -> Part:
    step = one.step
    heading = Heading("", step.symbol, kind=KINDS.get(step.name, ""), about=step.meaning)
    return (heading, *_tables(one, report, display))


def _step(one: ExactStep, number: str, report: ExactReport, display: Display) -> Part:
    step = one.step
    formula = (step.formula or step.symbol).removesuffix(", over the keys")
    heading = Heading(
        number,
        f"{step.name} = {formula}",
        name=step.name,
        latex=step.latex,
        kind=KINDS.get(step.name, ""),
        about=step.meaning,
    )
    return (heading, *_tables(one, report, display))


def _tables(one: ExactStep, report: ExactReport, display: Display) -> list[Grids | Listing | Lines]:
    """A table of each matrix where its numbers are short; else a list of them."""
    matrices = _matrices(one, report)
    if max((len(text) for text in one.texts.flat), default=0) <= NARROW:
        grids = [grid for matrix in matrices for grid in _grids(one, matrix, display)]
        return [Grids(tuple(grids))]
    return _list(one, matrices, report, display)


def _matrices(one: ExactStep, report: ExactReport) -> list[Matrix]:
    step, parts = one.step, (one.texts, one.latex, one.decimals)
    axes, shape = step.axes, one.texts.shape
    if len(shape) < 2:
        axes, shape = ("1",) * (2 - len(axes)) + axes, (1,) * (2 - len(shape)) + shape
        parts = tuple(part.reshape(shape) for part in parts)
    found = []
    for place in product(*(range(size) for size in shape[:-2])):
        named = zip(axes[:-2], place, strict=True)
        caption = ", ".join(f"{AXIS_WORDS[axis]} {at}" for axis, at in named if axis in AXIS_WORDS)
        rows, columns = (
            [names_of(axis, size, step, report.labels)[at] for at in range(size)]
            for axis, size in zip(axes[-2:], shape[-2:], strict=True)
        )
        found.append(Matrix(place, caption, rows, columns, *(part[place] for part in parts)))
    return found


def _grids(one: ExactStep, matrix: Matrix, display: Display) -> list[Grid]:
    """The numbers as they are; beside them rounded ones where some are no whole numbers."""
    exact = [
        [Cell(text, latex=latex) for text, latex in zip(*both, strict=True)]
        for both in zip(matrix.texts, matrix.latex, strict=True)
    ]
    alone = [_grid(one, matrix, matrix.caption, exact)]
    numbers = [[*row] for row in matrix.decimals]
    if any(number is None for row in numbers for number in row):
        return alone
    if all(text.lstrip("-").isdigit() or "∞" in text for text in matrix.texts.flat):
        return alone
    largest = max(abs(number) for row in numbers for number in row)
    precision = DECIMALS if display.precision is None else display.precision
    texts = table(numbers, precision, largest)
    rounded = [[Cell(text) for text in row] for row in texts]
    caption = matrix.caption or said("exactly")
    return [_grid(one, matrix, caption, exact), _grid(one, matrix, "≈", rounded)]


def _grid(one: ExactStep, matrix: Matrix, caption: str, cells: list[list[Cell]]) -> Grid:
    texts = [len(cell.text) for row in cells for cell in row]
    width = max([*texts, *map(len, matrix.columns)])
    rows, columns = one.step.axes[-2:] if len(one.step.axes) > 1 else ("1", one.step.axes[-1:])
    return Grid(
        caption=caption,
        columns=tuple(matrix.columns),
        rows=tuple((name, tuple(row)) for name, row in zip(matrix.rows, cells, strict=True)),
        kind=KINDS.get(one.step.name, ""),
        rows_are=AXIS_KINDS.get(str(rows), ""),
        columns_are=AXIS_KINDS.get(str(columns), ""),
        widths=(width,) * len(matrix.columns),
    )


def _list(
    one: ExactStep, matrices: Sequence[Matrix], report: ExactReport, display: Display
) -> list[Grids | Listing | Lines]:
    """Each number on a line of its own: its cell, as it is, rounded."""
    precision = DECIMALS if display.precision is None else display.precision
    rows, latex = [], []
    for matrix in matrices:
        for at in product(*map(range, matrix.texts.shape)):
            index = (*matrix.place, *at)[-len(one.step.axes) :]
            number = matrix.decimals[at]
            rounded = "" if number is None else _rounded(number, precision, matrix.texts[at])
            rows.append((cell_name(one.step, index, report.labels), matrix.texts[at], rounded))
            latex.append(("", matrix.latex[at], ""))
    shown = len(rows) if display.everything or display.only else FEW_LINES
    columns = [said("number"), said("exactly"), "≈"]
    kept = 3 if any(row[2] for row in rows) else 2
    listed = Listing(
        tuple(columns[:kept]),
        tuple(row[:kept] for row in rows[:shown]),
        right=("≈",),
        wrap=(columns[1],),
        latex=tuple(row[:kept] for row in latex[:shown]),
    )
    if len(rows) <= shown:
        return [listed]
    more = said("… {count} more numbers; ‹everything› shows them", count=len(rows) - shown)
    return [listed, Lines((more,), quiet=True)]


def exact_document(report: ExactReport, only: str | None) -> dict[str, Any]:
    """The document attn.trace/1: values in SymPy's syntax, decimals beside them."""
    steps = [one for one in report.steps if only in (None, one.step.name)]
    return {
        "schema": SCHEMA,
        "command": report.command,
        "mode": report.mode,
        "exact": True,
        "letters": list(report.letters),
        "seed": report.seed,
        "notices": list(report.notices),
        "steps": [
            {
                **described(one.step),
                "values": _as_strings(one.step.values.tolist()),
                "decimals": plain_value(one.decimals.tolist()),
            }
            for one in steps
        ],
    }


def _as_strings(values: Any) -> Any:
    return [_as_strings(value) for value in values] if isinstance(values, list) else str(values)
