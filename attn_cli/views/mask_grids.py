"""A mask as a table where it fits, as a picture where it does not."""

from collections.abc import Sequence
from typing import NamedTuple

from attn_cli.language import said
from attn_cli.results.mask import MaskReport, Picture
from attn_cli.results.trace import Trace
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.labels import Numbered
from attn_cli.views.page import Abreast, Block, Cell, Display, Grid, Grids, Raster

CELLS = 64
"""Cells of a picture in each direction, at most."""

WIDE, WIDE_CELLS = 2, 40
"""Signs of a cell that takes a line, as wide as it is high, where there are few enough."""

SHARES = ((0, "none"), (1 / 6, "under a third"), (1 / 2, "under two thirds"), (5 / 6, "more"))
"""Samples of shares that are kept, with what they mean."""

PLACES = {"b": "batch row", "h": "head"}


class _Cells(NamedTuple):
    """A picture's cells after as many were put together as the width needs.

    side: pairs along each side of one.
    """

    counts: list[list[int]]
    others: list[list[int]] | None
    areas: list[list[int]]
    side: int


def picture_blocks(report: MaskReport, display: Display) -> list[Block]:
    """All pictures of a mask, and what their signs mean."""
    tables = [_table(picture, report, display) for picture in report.pictures]
    if all(table is not None for table in tables):
        grids = [grid for table in tables if table is not None for grid in table]
        last = grids.pop()
        noted = last._replace(legend=_legend(report, display))
        return [Grids((*grids, noted), apart=True)]
    if report.difference is None:
        drawn = [(_raster(picture, report, display),) for picture in report.pictures]
        return [Abreast(tuple(drawn)) if len(drawn) > 1 else drawn[0][0]]
    cells = [_cells(picture, display) for picture in report.pictures]
    grids = [
        _compared(picture, one, report, display)
        for picture, one in zip(report.pictures, cells, strict=True)
    ]
    return [Grids(tuple(grids), apart=True)]


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
        sums_are=said("keys"),
    )
    grids = grids_of(matrix, display)
    return None if any(grid.note for grid in grids) else grids


def names(axis: str, size: int, trace: Trace) -> Sequence[str]:
    """Words of a sentence, or q0 and k0."""
    return trace.labels.get(axis) or Numbered("q" if axis == "n" else "k", size)


def caption(picture: Picture) -> str:
    """Which batch row and head a picture is of."""
    return ", ".join(f"{PLACES[axis]} {at}" for axis, at in picture.place)


def _cells(picture: Picture, display: Display) -> _Cells:
    """As many cells as there is room for, a sign for each."""
    rows, columns = picture.counts.shape
    label = len(f"q{rows * picture.side}")
    room = max(display.width - label - 2, 1)
    return _merged_cells(picture, max(-(-rows // CELLS), -(-columns // min(room, CELLS))))


def _merged_cells(picture: Picture, together: int) -> _Cells:
    others = picture.others
    return _Cells(
        _merged(picture.counts.tolist(), together),
        None if others is None else _merged(others.tolist(), together),
        _merged(picture.areas.tolist(), together),
        picture.side * together,
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


def _raster(picture: Picture, report: MaskReport, display: Display) -> Raster:
    """How many pairs of each cell are kept."""
    cells = _cells(picture, display)
    room = max(display.width - len(f"q{report.n}") - 2, 2)
    together = max(2 * cells.side // picture.side, -(-2 * picture.counts.shape[1] // room))
    coarse = _drawn(picture, report, _merged_cells(picture, together))
    return _drawn(picture, report, cells)._replace(coarse=coarse)


def _drawn(picture: Picture, report: MaskReport, cells: _Cells) -> Raster:
    one = cells.side == 1
    legend = ((1.0, "kept"), (0.0, "not")) if one else (*SHARES, (1.0, "all"))
    return Raster(
        levels=tuple(
            tuple(kept / area for kept, area in zip(row, areas, strict=True))
            for row, areas in zip(cells.counts, cells.areas, strict=True)
        ),
        names=tuple(f"q{place * cells.side}" for place in range(len(cells.counts))),
        rows_are="query",
        caption=caption(picture),
        legend=legend,
        note=_where(cells, report),
    )


def _where(cells: _Cells, report: MaskReport) -> str:
    where = f"keys k0 to k{report.m - 1:,} from left to right"
    if cells.side == 1:
        return where
    ends = report.n % cells.side or report.m % cells.side
    last = ", fewer at the end" if ends else ""
    return f"{where}; a cell is {cells.side:,} × {cells.side:,} pairs{last}"


def _compared(picture: Picture, cells: _Cells, report: MaskReport, display: Display) -> Grid:
    """Cells that are kept by one mask alone, the other alone, or either."""
    assert cells.others is not None
    same, here, there = display.signs.masked, *display.signs.apart
    marks = {(False, False): same, (True, False): here, (False, True): there, (True, True): "x"}
    signs = [
        [marks[ours > 0, theirs > 0] for ours, theirs in zip(row, others, strict=True)]
        for row, others in zip(cells.counts, cells.others, strict=True)
    ]
    few = max(len(signs), len(signs[0])) <= min(WIDE_CELLS, display.width // WIDE - WIDE)
    width = WIDE if few else 1
    return Grid(
        caption=caption(picture),
        columns=("",) * len(signs[0]),
        rows=tuple(
            (f"q{place * cells.side}  ", tuple(Cell(sign * width) for sign in row))
            for place, row in enumerate(signs)
        ),
        rows_are="query",
        columns_are="key",
        gap=0,
        reads="picture",
        note=_where(cells, report),
        legend=_marks(cells, display),
    )


def _marks(cells: _Cells, display: Display) -> str:
    same, here, there = display.signs.masked, *display.signs.apart
    each = "" if cells.side == 1 else ", x of each"
    return f"{here} kept by the mask alone, {there} by the other{each}, {same} alike"
