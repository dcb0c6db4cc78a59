"""Arrays into tables that fit: numbers are never cut; what is left out is said."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from rich.cells import cell_len

from attn_cli.views.numbers import column, needs_powers
from attn_cli.views.page import Cell, Display, Grid

ROWS_SHOWN = 12
LABEL_WIDTH = 12
WIDE_GAP, NARROW_GAP = 2, 1
MARGIN = 2
FOOT = "sum"
DOTTED = ("share", "veiled")
"""Looks in which a masked cell is a dot."""


class Matrix(NamedTuple):
    """One matrix of a step, and how it reads.

    positions: which rows of the whole the values are; total_rows: how many there are.
    largest: the largest number of the step, to which shades are relative.
    hidden tells the masked cells. sums: one number for each row, shown at its end; sums_are:
    what they are; foot: one sum for each column, shown below it.
    """

    caption: str
    values: Any
    positions: Sequence[int]
    total_rows: int
    row_names: Sequence[str]
    column_names: Sequence[str]
    look: str
    kind: str
    rows_are: str
    columns_are: str
    largest: float
    hidden: Any = None
    sums: Sequence[float] | None = None
    sums_are: str = "sum"
    foot: Sequence[float] | None = None


def grids_of(matrix: Matrix, display: Display) -> list[Grid]:
    """Lay a matrix out in one table, or with everything shown in as many as the width needs."""
    rows = _rows_shown(matrix, display)
    total = matrix.values.shape[1]
    ends = [FOOT] if matrix.foot is not None else []
    names = [*(matrix.row_names[i] for i in rows), *ends]
    label_width = max(_label_width(names), len(display.signs.gap))
    sums = _sums(matrix, rows, display)
    room = max(display.width - MARGIN - label_width, 1)
    candidates = list(range(total))
    if not display.everything and total > 2 * room:
        candidates = [*range(room), *range(total - room, total)]
    made = _columns(matrix, rows, candidates, display)
    widths = {j: column.width for j, column in made.items()}
    for gap in (WIDE_GAP, NARROW_GAP):
        left = room - (sums.width + gap if sums else 0)
        if len(made) == total and sum(widths.values()) + gap * total <= left:
            break
    shown: list[list[int | None]]
    if display.everything:
        shown = _bands(widths, left, gap)
    else:
        shown = [_fitting(widths, left, gap, total, len(display.signs.gap))]
    return [
        _grid(matrix, rows, band, made, sums if band is shown[-1] else None, gap, display)
        for band in shown
    ]


class _Column(NamedTuple):
    width: int
    cells: list[Cell]


def _rows_shown(matrix: Matrix, display: Display) -> list[int]:
    count = len(matrix.positions)
    if display.everything or count <= ROWS_SHOWN:
        return list(range(count))
    last = ROWS_SHOWN // 4
    return [*range(ROWS_SHOWN - last - 1), *range(count - last, count)]


def _sums(matrix: Matrix, rows: Sequence[int], display: Display) -> _Column | None:
    if matrix.sums is None:
        return None
    texts = column([matrix.sums[i] for i in rows], display.precision, False)
    return _Column(max(len(matrix.sums_are), len(texts[0])), [Cell(text) for text in texts])


def _label_width(labels: Sequence[str]) -> int:
    return min(max((cell_len(label) for label in labels), default=0), LABEL_WIDTH)


def _columns(
    matrix: Matrix, rows: Sequence[int], candidates: Sequence[int], display: Display
) -> dict[int, _Column]:
    shown = {j: [matrix.values[i, j].item() for i in rows] for j in candidates}
    powers = needs_powers(matrix.largest, display.precision)
    made = {}
    for j, values in shown.items():
        texts = _texts(values, matrix.look, powers, display)
        hidden = [matrix.hidden is not None and bool(matrix.hidden[i, j]) for i in rows]
        width = max(_label_width([matrix.column_names[j]]), *(len(text) for text in texts))
        if matrix.look in DOTTED and any(hidden):
            texts = [
                display.signs.masked.rjust(len(text)) if masked else text
                for text, masked in zip(texts, hidden, strict=True)
            ]
        cells = [
            Cell(
                text.rjust(width),
                None if masked else _level(value, matrix.look, matrix.largest),
            )
            for text, value, masked in zip(texts, values, hidden, strict=True)
        ]
        made[j] = _Column(width, cells)
    return made


def _texts(values: list[Any], look: str, powers: bool, display: Display) -> list[str]:
    if look == "compared":
        marks = (display.signs.masked, display.signs.allowed, *display.signs.apart)
        return [marks[value] for value in values]
    if look == "boolean":
        return [str(value) for value in values]
    if look == "allowed":
        return [display.signs.allowed if value else display.signs.masked for value in values]
    texts = column([float(v) for v in values], display.precision, powers)
    if display.signs.infinity == "∞":
        return texts
    plain = [text.replace("∞", display.signs.infinity) for text in texts]
    return [text.rjust(max(map(len, plain))) for text in plain]


def _level(value: Any, look: str, largest: float) -> float | None:
    if look == "share":
        return float(value) if isfinite(value) else None
    if look in ("signed", "veiled") and isfinite(value) and largest > 0:
        return float(value) / largest
    return None


def _fitting(
    widths: dict[int, int], room: int, gap: int, total: int, ellipsis: int
) -> list[int | None]:
    """All columns if they fit; else the first and last ones, with a gap (None) between."""
    if len(widths) == total and sum(widths.values()) + gap * total <= room:
        return list(widths)
    room -= ellipsis + gap
    first: list[int | None] = []
    last: list[int | None] = []
    left, right = 0, total - 1
    while left <= right:
        take_left = len(first) <= 2 * len(last)
        room -= widths[left if take_left else right] + gap
        if room < 0 and first:
            break
        if take_left:
            first.append(left)
            left += 1
        else:
            last.insert(0, right)
            right -= 1
    return [*first, None, *last] if left <= right else [*first, *last]


def _bands(widths: dict[int, int], room: int, gap: int) -> list[list[int | None]]:
    """All columns, in as many tables as needed."""
    bands: list[list[int | None]] = [[]]
    free = room
    for j, width in widths.items():
        if free < width + gap and bands[-1]:
            bands.append([])
            free = room
        bands[-1].append(j)
        free -= width + gap
    return bands


def _grid(
    matrix: Matrix,
    rows: list[int],
    shown: list[int | None],
    made: dict[int, _Column],
    sums: _Column | None,
    space: int,
    display: Display,
) -> Grid:
    gap = display.signs.gap
    names = tuple(gap if j is None else matrix.column_names[j] for j in shown)
    ends = (matrix.sums_are,) if sums else ()
    lines: list[tuple[str, tuple[Cell, ...]]] = []
    previous = -1
    for place, i in enumerate(rows):
        position = matrix.positions[i]
        if position != previous + 1:
            lines.append((gap, tuple(Cell(gap) for _ in (*shown, *ends))))
        previous = position
        cells = [Cell(gap) if j is None else made[j].cells[place] for j in shown]
        cells += [sums.cells[place]] if sums else []
        lines.append((matrix.row_names[i], tuple(cells)))
    if matrix.foot is not None:
        feet = column([matrix.foot[j] for j in made], display.precision, False)
        under = dict(zip(made, (text.strip() for text in feet), strict=True))
        cells = [Cell(gap if j is None else under[j].rjust(made[j].width)) for j in shown]
        lines.append((FOOT, tuple(cells)))
    return Grid(
        caption=_band_caption(matrix, shown, display),
        columns=(*names, *ends),
        rows=tuple(lines),
        signed=matrix.look in ("signed", "veiled"),
        kind=matrix.kind,
        rows_are=matrix.rows_are,
        columns_are=matrix.columns_are,
        note=_note(matrix, rows, shown, display),
        gap=space,
    )


def _band_caption(matrix: Matrix, shown: list[int | None], display: Display) -> str:
    total = matrix.values.shape[1]
    if not display.everything or len(shown) == total:
        return matrix.caption
    band = f"columns {shown[0]} to {shown[-1]} of {total:,}"
    return f"{matrix.caption}, {band}" if matrix.caption else band


def _note(matrix: Matrix, rows: list[int], shown: list[int | None], display: Display) -> str:
    columns = [j for j in shown if j is not None]
    total = matrix.values.shape[1]
    parts = []
    if len(rows) < matrix.total_rows:
        parts.append(f"{len(rows)} of {matrix.total_rows:,} rows")
    if len(columns) < total and not display.everything:
        parts.append(f"{len(columns)} of {total:,} columns")
    return f"shown: {' and '.join(parts)}" if parts else ""
