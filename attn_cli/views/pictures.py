"""A long matrix of weights as a picture: each cell the mean of a square of pairs."""

from __future__ import annotations

from math import sqrt

from attn_cli.language import said
from attn_cli.views.grids import ROWS_SHOWN, Matrix
from attn_cli.views.page import Cell, Display, Grid

CELLS = 32
"""Cells of a picture in each direction, at most."""

SCALE = (
    "a cell is the mean of {side} × {side} pairs, shaded by its root; the strongest is {largest} %"
)

CELL_WIDTH = 2
"""Signs of a cell side by side: it is then about as wide as it is high."""


def is_long(matrix: Matrix, display: Display) -> bool:
    """Whether a matrix is shown as a picture: too many rows for a table, and all of them held."""
    whole = len(matrix.positions) == matrix.total_rows
    return whole and not display.everything and matrix.total_rows > ROWS_SHOWN


def picture_of(matrix: Matrix, display: Display, abreast: int) -> Grid:
    """Means of squares, from nothing to the largest mean; `abreast` pictures share the width."""
    values = matrix.values
    rows, columns = values.shape
    label = len(str(matrix.row_names[rows - 1]))
    room = max(display.width // max(abreast, 1) - label - 2, CELL_WIDTH)
    side = max(-(-rows // CELLS), -(-columns // min(room // CELL_WIDTH, CELLS)))
    means = [
        [float(values[i : i + side, j : j + side].mean()) for j in range(0, columns, side)]
        for i in range(0, rows, side)
    ]
    largest = max(max(row) for row in means)
    told = said(SCALE, side=side, largest=f"{100 * largest:.2g}")
    return Grid(
        caption=matrix.caption,
        columns=("",) * len(means[0]),
        rows=tuple(
            (
                f"{matrix.row_names[place * side]} ",
                tuple(_cell(mean, largest, display) for mean in row),
            )
            for place, row in enumerate(means)
        ),
        rows_are=matrix.rows_are,
        note=told,
        gap=0,
        picture=True,
    )


def _cell(mean: float, largest: float, display: Display) -> Cell:
    """A shade where there are no colours: the sign says how near a mean is to the largest."""
    level = sqrt(mean / largest) if largest > 0 and mean > 0 else 0.0
    nothing, *some = display.signs.shades
    sign = some[min(int(level * len(some)), len(some) - 1)] if level else nothing
    return Cell(sign * CELL_WIDTH, level)
