"""A long matrix of weights as a picture: each level the mean of a square of pairs."""

from __future__ import annotations

from math import sqrt

from rich.cells import cell_len, set_cell_size

from attn_cli.language import said
from attn_cli.views.grids import LABEL_WIDTH, ROWS_SHOWN, Matrix
from attn_cli.views.page import Display, Raster

LEVELS = 64
"""Rows and columns of a picture, at most."""

SCALE = (
    "a cell is the mean of {side} × {side} pairs, shown by its root; the strongest is {largest} %"
)
ONE_BY_ONE = "every pair, shown by the root of its weight; the strongest is {largest} %"


def is_long(matrix: Matrix, display: Display) -> bool:
    """Whether a matrix is shown as a picture: too many rows for a table, and all of them held."""
    whole = len(matrix.positions) == matrix.total_rows
    return whole and not display.everything and matrix.total_rows > ROWS_SHOWN


def picture_of(matrix: Matrix, display: Display, abreast: int) -> Raster:
    """Means of squares, from nothing to the largest mean; `abreast` pictures share the width."""
    values = matrix.values
    rows, columns = values.shape
    names = [_name(matrix.row_names[row], display.signs.gap) for row in range(rows)]
    room = max(display.width // max(abreast, 1) - max(map(cell_len, names)) - 2, 1)
    side = max(-(-rows // LEVELS), -(-columns // min(room, LEVELS)))
    means = [
        [float(values[i : i + side, j : j + side].mean()) for j in range(0, columns, side)]
        for i in range(0, rows, side)
    ]
    largest = max(max(row) for row in means)
    told = said(SCALE, side=side, largest=f"{100 * largest:.3g}")
    if side == 1:
        told = said(ONE_BY_ONE, largest=f"{100 * largest:.3g}")
    return Raster(
        caption=matrix.caption,
        levels=tuple(tuple(_level(mean, largest) for mean in row) for row in means),
        names=tuple(names[::side]),
        rows_are=matrix.rows_are,
        note=told,
    )


def _name(name: str, gap: str) -> str:
    """A name of a row, its end left out where it is long: rows of a picture are one line each."""
    if cell_len(name) <= LABEL_WIDTH:
        return name
    return set_cell_size(name, LABEL_WIDTH - len(gap)) + gap


def _level(mean: float, largest: float) -> float:
    return sqrt(mean / largest) if largest > 0 and mean > 0 else 0.0
