"""Arrays into tables that fit: numbers are never cut; what is left out is said."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from rich.cells import cell_len

from attn_cli.views.numbers import percent, table
from attn_cli.views.page import Cell, Display, Grid, Signs

ROWS_SHOWN = 12
LABEL_WIDTH = 12
"""Columns of a row's name; longer ones are folded."""

GAP = 1
NAME_WIDTH, NAME_LINES = 3, 4
"""Columns that the name of a column is given at least, and lines at most."""

MOST_COUNTED = 8
"""Columns of a name with a number, which stands in one line: k2999."""

FOOT = "sum"
DOTTED = ("share", "percent", "veiled")
"""Looks in which a masked cell is a dot."""


SIGNED = ("compared", "boolean", "allowed")
"""Looks of values that are no numbers."""


READS = ("percent", "allowed", "compared")
"""Looks that say how a number or a sign is read aloud."""


class Matrix(NamedTuple):
    """One matrix of a step, and how it reads.

    positions: which rows of the whole the values are; total_rows: how many there are.
    largest: the largest number of the step, to which tints are relative.
    hidden tells the masked cells. sums: one number for each row, shown at its end; sums_are:
    what they are; foot: one sum for each column, shown below it. marked: the worked cell.
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
    marked: tuple[int, int] | None = None


class Shown(NamedTuple):
    """Rows and columns of a matrix that a table shows, by number; None is a gap between some."""

    rows: list[int]
    columns: list[int | None]


def grids_of(matrix: Matrix, display: Display) -> list[Grid]:
    """Lay a matrix out in one table, or with everything shown in as many as the width needs."""
    rows = _rows_shown(matrix, display)
    total = matrix.values.shape[1]
    ends = [FOOT] if matrix.foot is not None else []
    labels = [*(matrix.row_names[i] for i in rows), *ends]
    longest = max((cell_len(label) for label in labels), default=0)
    label_width = max(min(longest, LABEL_WIDTH), len(display.signs.gap))
    room = max(display.width - label_width, 1)
    candidates = list(range(total))
    if not display.everything and total > 2 * room:
        candidates = [*range(room), *range(total - room, total)]
    cells = _cells(matrix, rows, candidates, display)
    sums = _sums(matrix, rows, display)
    width = _width(matrix, cells, candidates)
    last = max(map(cell_len, [matrix.sums_are, *sums])) if sums else 0
    fitting = max((room - (last + GAP if sums else 0)) // (width + GAP), 1)
    if display.everything:
        bands: list[list[int | None]] = [
            [*range(at, min(at + fitting, total))] for at in range(0, max(total, 1), fitting)
        ]
    else:
        bands = [_fitting(total, fitting, matrix.marked and matrix.marked[1])]
    grids = []
    for band in bands:
        ends = sums if band is bands[-1] else []
        grid = _grid(matrix, Shown(rows, band), cells, ends, display)
        widths = (*(width for _ in band), *((last,) if ends else ()))
        if len(band) == total:
            names = [matrix.column_names[j] for j in range(total)]
            other = label_width + sum(last + GAP for _ in widths[total:])
            widths = (*_unfolded(names, width, display.width, other), *widths[total:])
        grids.append(grid._replace(widths=widths))
    return grids


def _rows_shown(matrix: Matrix, display: Display) -> list[int]:
    count = len(matrix.positions)
    if display.everything or count <= ROWS_SHOWN:
        return list(range(count))
    last = ROWS_SHOWN // 4
    rows = [*range(ROWS_SHOWN - last - 1), *range(count - last, count)]
    own = matrix.marked[0] if matrix.marked else 0
    return rows if own in rows else sorted({*rows, own} - {rows[-last - 1]})


def _width(matrix: Matrix, cells: dict[int, list[Cell]], columns: Sequence[int]) -> int:
    """One width for all columns: that of the widest number; longer names are folded to it."""
    numbers = max((cell_len(cell.text) for row in cells.values() for cell in row), default=1)
    named = [matrix.column_names[j] for j in columns]
    names = max(map(cell_len, named), default=1)
    counted = max((cell_len(name) for name in named if name[-1:].isdigit()), default=1)
    return max(numbers, min(names, NAME_WIDTH), min(counted, MOST_COUNTED), -(-names // NAME_LINES))


def _unfolded(names: Sequence[str], width: int, page: int, other: int) -> list[int]:
    """The widths of columns with their names in one line, where a page has room for that.

    A table that can stand beside another of its kind as it is stays so. other: what else stands
    in a row.
    """
    folded = [width for _ in names]
    whole = [max(width, cell_len(name)) for name in names]
    half = (page - GAP) // 2

    def taken(widths: Sequence[int]) -> int:
        return other + sum(widths) + GAP * len(widths)

    return whole if taken(whole) <= (half if taken(folded) <= half else page) else folded


def _sums(matrix: Matrix, rows: Sequence[int], display: Display) -> list[str]:
    if matrix.sums is None:
        return []
    sums = [[float(matrix.sums[i])] for i in rows]
    largest = max((abs(number) for (number,) in sums), default=0)
    return [text for (text,) in table(sums, display.precision, largest)]


def _cells(
    matrix: Matrix, rows: Sequence[int], columns: Sequence[int], display: Display
) -> dict[int, list[Cell]]:
    """The cells of every column, by its number; a last one is the sum below it."""
    values = [[matrix.values[i, j].item() for j in columns] for i in rows]
    texts = _texts(values, matrix, display)
    made: dict[int, list[Cell]] = {}
    for at, j in enumerate(columns):
        made[j] = []
        for place, i in enumerate(rows):
            hidden = matrix.hidden is not None and bool(matrix.hidden[i, j])
            dotted = hidden and matrix.look in DOTTED
            made[j].append(
                Cell(
                    display.signs.masked if dotted else texts[place][at],
                    None if hidden else _level(values[place][at], matrix),
                    matrix.marked == (i, j),
                )
            )
    if matrix.foot is not None:
        feet = [[float(matrix.foot[j])] for j in columns]
        largest = max((abs(number) for (number,) in feet), default=0)
        for j, (text,) in zip(columns, table(feet, display.precision, largest), strict=True):
            made[j].append(Cell(text))
    return made


def _texts(values: list[list[Any]], matrix: Matrix, display: Display) -> list[list[str]]:
    if matrix.look in SIGNED:
        return [[str(sign_of(v, matrix.look, display.signs)) for v in row] for row in values]
    numbers = [[float(value) for value in row] for row in values]
    if matrix.look == "percent":
        texts = [[percent(number) for number in row] for row in numbers]
    else:
        texts = table(numbers, display.precision, matrix.largest)
    infinity = display.signs.infinity
    return [[text.replace("∞", infinity) for text in row] for row in texts]


def sign_of(value: Any, look: str, signs: Signs) -> str | None:
    """The sign or word of a value that is no number; None where it is one."""
    if look == "compared":
        return (signs.masked, signs.allowed, *signs.apart)[value]
    if look == "boolean":
        return str(value)
    if look == "allowed":
        return signs.allowed if value else signs.masked
    return None


def _level(value: Any, matrix: Matrix) -> float | None:
    tinted = matrix.look in ("share", "percent", "signed", "veiled")
    if tinted and isfinite(value) and matrix.largest > 0:
        return float(value) / matrix.largest
    return None


def _fitting(total: int, fitting: int, own: int | None) -> list[int | None]:
    """All columns if they fit; else the first and last ones, with a gap (None) between.

    own: one that is shown in any case, since its number is worked out below.
    """
    if total <= fitting:
        return list(range(total))
    kept = max(fitting - 1, 1)
    last = kept // 3
    first = kept - last
    if own is None or own < first or own >= total - last:
        return [*range(first), None, *range(total - last, total)]
    first = max(first - 2, 0)
    after = [None] if own + 1 < total - last else []
    return [
        *range(first),
        *([None] if own > first else []),
        own,
        *after,
        *range(total - last, total),
    ]


def _grid(
    matrix: Matrix, shown: Shown, cells: dict[int, list[Cell]], sums: list[str], display: Display
) -> Grid:
    gap = display.signs.gap
    names = tuple(gap if j is None else matrix.column_names[j] for j in shown.columns)
    ends = (matrix.sums_are,) if sums else ()
    lines: list[tuple[str, tuple[Cell, ...]]] = []
    previous = -1
    for place, i in enumerate(shown.rows):
        position = matrix.positions[i]
        if position != previous + 1:
            lines.append((gap, tuple(Cell(gap) for _ in (*shown.columns, *ends))))
        previous = position
        row = [Cell(gap) if j is None else cells[j][place] for j in shown.columns]
        row += [Cell(sums[place])] if sums else []
        lines.append((matrix.row_names[i], tuple(row)))
    if matrix.foot is not None:
        row = [Cell(gap) if j is None else cells[j][-1] for j in shown.columns]
        lines.append((FOOT, tuple(row)))
    return Grid(
        caption=_band_caption(matrix, shown, display),
        columns=(*names, *ends),
        rows=tuple(lines),
        kind=matrix.kind,
        rows_are=matrix.rows_are,
        columns_are=matrix.columns_are,
        note=_note(matrix, shown, display),
        gap=GAP,
        reads=matrix.look if matrix.look in READS else "",
    )


def _band_caption(matrix: Matrix, shown: Shown, display: Display) -> str:
    total = matrix.values.shape[1]
    if not display.everything or len(shown.columns) == total:
        return matrix.caption
    band = f"columns {shown.columns[0]} to {shown.columns[-1]} of {total:,}"
    return f"{matrix.caption}, {band}" if matrix.caption else band


def _note(matrix: Matrix, shown: Shown, display: Display) -> str:
    columns = [j for j in shown.columns if j is not None]
    total = matrix.values.shape[1]
    parts = []
    if len(shown.rows) < matrix.total_rows:
        parts.append(f"{len(shown.rows)} of {matrix.total_rows:,} rows")
    if len(columns) < total and not display.everything:
        parts.append(f"{len(columns)} of {total:,} columns")
    return f"shown: {' and '.join(parts)}" if parts else ""
