"""Blocks of a page laid out for a width: tables under their captions, parts side by side."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from attn_cli.language import said
from attn_cli.views.lines import Line
from attn_cli.views.page import (
    Abreast,
    Bars,
    Block,
    Curves,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    LongTable,
    Part,
    Raster,
    Title,
)
from attn_cli.views.palette import Palette
from attn_cli.views.prose import (
    INDENT,
    bar_lines,
    heading_lines,
    lines_of,
    records,
    title_lines,
    wrapped,
)
from attn_cli.views.rasters import raster_lines, raster_width
from attn_cli.views.tables import Sized, fitted, heat_map, heat_widths, listing_table

GUTTER = 1
"""Spaces between parts beside each other, at least."""

PROSE_WIDTH = 38
"""Columns that prose asks for in a part; it is wrapped to those it gets."""


def drawn(block: Block, width: int, palette: Palette, beside: bool) -> list[Sized]:
    """A block as Rich draws it, piece by piece; beside: parts side by side where there is room."""
    if isinstance(block, Abreast):
        return _abreast(block, width if beside else 0, width, palette)
    if isinstance(block, Title):
        return _prose(title_lines(block, width, palette))
    if isinstance(block, Heading):
        return _prose(heading_lines(block, width, palette))
    if isinstance(block, Lines):
        return _prose(lines_of(block, width, palette))
    if isinstance(block, Listing):
        return _listing(block, width, palette)
    if isinstance(block, LongTable):
        return [Sized(Text(line), cell_len(line)) for line in block.lines()]
    if isinstance(block, Bars):
        return _prose(bar_lines(block, width, palette))
    if isinstance(block, Curves):
        from attn_cli.views.curves import curve_lines

        return _prose(curve_lines(block, width, palette))
    if isinstance(block, Raster):
        return _prose(raster_lines(block, width, palette))
    return _grids(block, width if beside else 0, width, palette)


def _prose(lines: list[Text]) -> list[Sized]:
    return [Sized(Line(line), cell_len(line.plain)) for line in lines]


def _listing(listing: Listing, width: int, palette: Palette) -> list[Sized]:
    fit = fitted(listing, width)
    caption = _prose(wrapped(listing.caption, "bold", 0, width)) if listing.caption else []
    if fit is None:
        return [*caption, *_prose(records(listing, width, palette))]
    table = listing_table(listing, fit, palette)
    if not fit.left_out:
        return [*caption, table]
    note = said("left out at this width: {names}", names=", ".join(fit.left_out))
    return [*caption, table, *_prose(wrapped(note, palette.style("quiet"), 0, width))]


def _grid(grid: Grid, width: int, palette: Palette) -> list[Sized]:
    table = heat_map(grid, palette)
    caption = wrapped(grid.caption, palette.strong(grid.kind), 0, width) if grid.caption else []
    note = wrapped(grid.told, palette.style("quiet"), 0, width) if grid.told else []
    return [*_prose(caption), table, *_prose(note)]


def _grids(block: Grids, room: int, width: int, palette: Palette) -> list[Sized]:
    parts: tuple[Part, ...] = tuple((Grids((grid,)),) for grid in block.grids)
    if len(parts) > 1:
        return _abreast(Abreast(parts), room, width, palette, apart=block.apart)
    return [one for grid in block.grids for one in _grid(grid, width, palette)]


def _abreast(
    block: Abreast, room: int, width: int, palette: Palette, *, apart: bool = True
) -> list[Sized]:
    """Parts in rows: as many beside each other as fit, what is left of the room shared out."""
    rows: list[list[Part]] = [[]]
    widths: list[list[int]] = [[]]
    for part in block.parts:
        needed = _asked(part, width)
        if rows[-1] and sum(widths[-1]) + needed + GUTTER * len(rows[-1]) > room:
            rows.append([])
            widths.append([])
        rows[-1].append(part)
        widths[-1].append(needed)
    shown: list[Sized] = []
    for parts, asked in zip(rows, widths, strict=True):
        if shown and apart:
            shown.append(Sized(Text(), 0))
        shown += _side_by_side(parts, asked, width, palette)
    return shown


def _side_by_side(parts: list[Part], asked: list[int], width: int, palette: Palette) -> list[Sized]:
    if len(parts) == 1:
        return [one for block in parts[0] for one in drawn(block, width, palette, True)]
    share = max(width - sum(asked) - GUTTER * (len(parts) - 1), 0) // len(parts)
    given = [needed + share for needed in asked]
    table = Table.grid(padding=0)
    cells = []
    for place, (part, own) in enumerate(zip(parts, given, strict=True)):
        last = place == len(parts) - 1
        table.add_column(width=own + (0 if last else GUTTER), no_wrap=True)
        cells.append(Group(*(d.shown for block in part for d in drawn(block, own, palette, True))))
    table.add_row(*cells)
    return [Sized(table, sum(given) + GUTTER * (len(parts) - 1))]


def _asked(part: Part, width: int) -> int:
    """The columns that a part asks for: those of its tables, and some for prose."""
    needed = 0
    for block in part:
        if isinstance(block, Grids):
            tables = [heat_widths(grid).whole for grid in block.grids]
            captions = [min(cell_len(grid.caption), PROSE_WIDTH) for grid in block.grids]
            needed = max(needed, *tables, *captions)
        elif isinstance(block, Listing):
            fit = fitted(block, width)
            needed = max(needed, fit.whole if fit else width)
        elif isinstance(block, Raster):
            needed = max(needed, raster_width(block))
        elif isinstance(block, Bars):
            needed = max(needed, PROSE_WIDTH)
        elif isinstance(block, Heading):
            text = f"{block.number} {block.text}".strip()
            needed = max(needed, min(cell_len(text), PROSE_WIDTH))
        elif isinstance(block, Lines):
            indent = INDENT if block.indented else 0
            longest = max((indent + cell_len(line) for line in block.lines), default=0)
            needed = max(needed, min(longest, PROSE_WIDTH))
    return needed
