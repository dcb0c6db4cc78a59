"""A mask as a table where it fits, as a picture of shades where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from attn_cli.language import said
from attn_cli.results.mask import MaskReport, Picture
from attn_cli.results.trace import Trace
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.labels import Numbered
from attn_cli.views.page import Block, Cell, Display, Grid, Grids, Lines

CELLS = 40
"""Cells of a picture in each direction, at most."""

CELL_WIDTH = 2
"""Signs of a cell side by side: it is then about as wide as it is high."""

PLACES = {"b": "batch row", "h": "head"}


class _Raster(NamedTuple):
    """A picture's cells after as many were put together as the width needs."""

    counts: list[list[int]]
    others: list[list[int]] | None
    areas: list[list[int]]
    side: int
    cell_width: int


def picture_blocks(report: MaskReport, display: Display) -> list[Block]:
    """All pictures of a mask, and what their signs mean."""
    tables = [_table(picture, report, display) for picture in report.pictures]
    if all(table is not None for table in tables):
        grids = [grid for table in tables if table is not None for grid in table]
        return [Grids(tuple(grids), apart=True), Lines((_legend(report, display),), quiet=True)]
    rasters = [_raster(picture, display) for picture in report.pictures]
    grids = [
        _shaded(picture, raster, display)
        for picture, raster in zip(report.pictures, rasters, strict=True)
    ]
    lines = _shades_legend(rasters[0], report, display)
    return [Grids(tuple(grids), apart=True), Lines(lines, quiet=True)]


def _legend(report: MaskReport, display: Display) -> str:
    signs = display.signs
    if report.difference is None:
        return said("{yes} may attend, {no} may not", yes=signs.allowed, no=signs.masked)
    both, here, there = signs.allowed, *signs.apart
    return f"{both} both, {signs.masked} neither, {here} only the mask, {there} only the other"


def _table(picture: Picture, report: MaskReport, display: Display) -> list[Grid] | None:
    """Every pair with the names of its query and key; None where columns would be left out."""
    if picture.codes is None:
        return None
    compared = report.difference is not None
    matrix = Matrix(
        caption=caption(picture),
        values=picture.codes,
        positions=range(report.n),
        total_rows=report.n,
        row_names=names("n", report.n, report.trace),
        column_names=names("m", report.m, report.trace),
        look="compared" if compared else "allowed",
        kind="",
        rows_are="query",
        columns_are="key",
        largest=1,
        sums=None if compared else picture.keys.tolist(),
        sums_are="keys",
    )
    grids = grids_of(matrix, display)
    return None if any(grid.note for grid in grids) else grids


def names(axis: str, size: int, trace: Trace) -> Sequence[str]:
    """Words of a sentence, or q0 and k0."""
    return trace.labels.get(axis) or Numbered("q" if axis == "n" else "k", size)


def caption(picture: Picture) -> str:
    """Which batch row and head a picture is of."""
    return ", ".join(f"{PLACES[axis]} {at}" for axis, at in picture.place)


def _raster(picture: Picture, display: Display) -> _Raster:
    rows, columns = picture.counts.shape
    label = len(f"q{rows * picture.side}")
    room = max(display.width - label - 4, CELL_WIDTH)
    together = max(-(-rows // CELLS), -(-columns // min(room // CELL_WIDTH, CELLS)))
    exact = picture.side == 1 and columns <= room
    width = 1 if exact and together > 1 else CELL_WIDTH
    together = 1 if exact else together
    others = picture.others
    return _Raster(
        _merged(picture.counts.tolist(), together),
        None if others is None else _merged(others.tolist(), together),
        _merged(picture.areas.tolist(), together),
        picture.side * together,
        width,
    )


def _merged(cells: list[list[int]], together: int) -> list[list[int]]:
    """Sums of squares of cells."""
    rows = [cells[at : at + together] for at in range(0, len(cells), together)]
    return [
        [
            sum(sum(row[at : at + together]) for row in band)
            for at in range(0, len(band[0]), together)
        ]
        for band in rows
    ]


def _shaded(picture: Picture, raster: _Raster, display: Display) -> Grid:
    """One sign for each cell; signs alone, as a background would hide a full block."""
    signs = _signs(raster, display)
    return Grid(
        caption=caption(picture),
        columns=("",) * len(signs[0]),
        rows=tuple(
            (
                f"q{place * raster.side}  ",
                tuple(Cell(sign * raster.cell_width) for sign in row),
            )
            for place, row in enumerate(signs)
        ),
        rows_are="query",
        columns_are="key",
        gap=0,
    )


def _signs(raster: _Raster, display: Display) -> list[list[str]]:
    if raster.others is None:
        return [
            [_shade(kept / area, display) for kept, area in zip(row, areas, strict=True)]
            for row, areas in zip(raster.counts, raster.areas, strict=True)
        ]
    same, here, there = display.signs.masked, *display.signs.apart
    marks = {(False, False): same, (True, False): here, (False, True): there, (True, True): "x"}
    return [
        [marks[ours > 0, theirs > 0] for ours, theirs in zip(row, others, strict=True)]
        for row, others in zip(raster.counts, raster.others, strict=True)
    ]


def _shade(share: float, display: Display) -> str:
    """None, up to a third, up to two thirds, more, all."""
    none, *some, every = display.signs.shades
    if share in (0, 1):
        return every if share else none
    return some[min(int(share * len(some)), len(some) - 1)]


def _shades_legend(raster: _Raster, report: MaskReport, display: Display) -> tuple[str, ...]:
    none, some, more, most, every = display.signs.shades
    where = f"keys k0 to k{report.m - 1:,} from left to right"
    if raster.side > 1:
        ends = report.n % raster.side or report.m % raster.side
        last = ", fewer at the end" if ends else ""
        where = f"{where}; a cell is {raster.side:,} × {raster.side:,} pairs{last}"
    if raster.others is not None:
        same, here, there = display.signs.masked, *display.signs.apart
        cells = "" if raster.side == 1 else ", x of each"
        return (where, f"{here} kept by the mask alone, {there} by the other{cells}, {same} alike")
    if raster.side == 1:
        return (f"{where}; {every} kept, {none} not",)
    shades = f"{some} under a third, {more} under two thirds, {most} more, {every} all"
    return (where, f"average kept: {none} none, {shades}")
