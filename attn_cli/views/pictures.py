"""A long matrix of weights as a picture: each level the mean of a square of pairs."""

from __future__ import annotations

from math import sqrt

from rich.cells import cell_len, set_cell_size

from attn_cli.language import said
from attn_cli.views.grids import LABEL_WIDTH, ROWS_SHOWN, Matrix
from attn_cli.views.page import Display, Raster

LEVELS = 64
"""Rows and columns of a picture, at most."""

SCALE = "a cell is the mean of {side} × {side} pairs"
ONE_BY_ONE = "a cell is one pair"
UNDER = "under {share} %"
STRONGEST = "{share} %, the strongest"

FEW_ROWS, CELL = 24, 4
"""Rows up to which a table is shown whole where it fits, and the columns that a cell takes."""


def is_long(matrix: Matrix, display: Display) -> bool:
    """Whether a matrix is shown as a picture: too many rows for a table, and all of them held."""
    whole = len(matrix.positions) == matrix.total_rows
    return whole and not display.everything and matrix.total_rows > ROWS_SHOWN


def is_handy(matrix: Matrix, display: Display) -> bool:
    """Whether a table of per cent has room for every row and column of it."""
    columns = matrix.values.shape[1]
    return matrix.total_rows <= FEW_ROWS and CELL * columns + LABEL_WIDTH <= display.width


def picture_of(matrix: Matrix, display: Display, abreast: int) -> Raster:
    """Means of squares, from nothing to the largest mean; `abreast` pictures share the width."""
    rows, columns = matrix.values.shape
    names = [_name(matrix.row_names[row], display.signs.gap) for row in range(rows)]
    room = max(display.width // max(abreast, 1) - max(map(cell_len, names)) - 2, 1)
    side = max(-(-rows // LEVELS), -(-columns // min(room, LEVELS)))
    coarse = _raster(matrix, names, max(2 * side, -(-2 * columns // room)))
    return _raster(matrix, names, side)._replace(coarse=coarse)


def _raster(matrix: Matrix, names: list[str], side: int) -> Raster:
    """Levels are roots, so that small weights are seen; the legend tells their weights."""
    values = matrix.values
    rows, columns = values.shape
    means = [
        [float(values[i : i + side, j : j + side].mean()) for j in range(0, columns, side)]
        for i in range(0, rows, side)
    ]
    largest = max(max(row) for row in means)
    third, two_thirds, whole = (f"{100 * largest * part:.3g}" for part in (1 / 9, 4 / 9, 1))
    return Raster(
        caption=matrix.caption,
        levels=tuple(tuple(_level(mean, largest) for mean in row) for row in means),
        names=tuple(names[::side]),
        rows_are=matrix.rows_are,
        legend=(
            (0.0, "0"),
            (1 / 6, said(UNDER, share=third)),
            (1 / 2, said(UNDER, share=two_thirds)),
            (5 / 6, said("more")),
            (1.0, said(STRONGEST, share=whole)),
        ),
        note=said(SCALE, side=side) if side > 1 else said(ONE_BY_ONE),
    )


def _name(name: str, gap: str) -> str:
    """A name of a row, its end left out where it is long: rows of a picture are one line each."""
    if cell_len(name) <= LABEL_WIDTH:
        return name
    return set_cell_size(name, LABEL_WIDTH - len(gap)) + gap


def _level(mean: float, largest: float) -> float:
    return sqrt(mean / largest) if largest > 0 and mean > 0 else 0.0
