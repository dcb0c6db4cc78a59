"""Tables as Rich draws them: heat maps as one surface, lists under a rule with a bold total.

Widths are given to Rich, since measuring them again would take most of a page's time, and a
table is never given less than its numbers need: it goes over the edge before it cuts one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rich.box import Box
from rich.cells import cell_len, chop_cells
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from attn_cli.views.grids import LABEL_WIDTH
from attn_cli.views.lines import Line, Run
from attn_cli.views.page import Grid, Listing
from attn_cli.views.palette import Palette
from attn_cli.views.tints import tint

LEAST_PROSE = 16
"""Columns that prose in a list is given at least."""

BETWEEN = 2
"""Spaces between the columns of a list."""

RULE = "    \n    \n ── \n    \n    \n    \n    \n    \n"
HEAD = Box(RULE)
PLAIN_HEAD = Box(RULE.replace("─", "-"), ascii=True)
"""A rule under the heads of columns, and nothing else."""


class Sized(NamedTuple):
    """Something that Rich draws, with the width that it takes."""

    shown: RenderableType
    width: int


class Widths(NamedTuple):
    """The columns that a heat map gives to names of rows, and to each column of numbers."""

    label: int
    columns: tuple[int, ...]
    gap: int

    @property
    def whole(self) -> int:
        """Columns of the table."""
        return self.label + sum(width + self.gap for width in self.columns)


def heat_widths(grid: Grid) -> Widths:
    """All columns of one width, that of the widest number; names above are folded to it."""
    label = min(max((cell_len(name) for name, _ in grid.rows), default=0), LABEL_WIDTH)
    widest = max((cell_len(cell.text) for _, cells in grid.rows for cell in cells), default=1)
    return Widths(label, grid.widths or (widest,) * len(grid.columns), grid.gap)


def heat_map(grid: Grid, palette: Palette) -> Sized:
    """The numbers of a grid, the gap inside the tinted cell."""
    measured = heat_widths(grid)
    label_width, widths = measured.label, measured.columns
    named = any(grid.columns)
    table = Table(
        box=None,
        padding=0,
        show_header=named,
        show_edge=False,
        pad_edge=False,
        header_style="",
    )
    if label_width:
        # Rich gives a column of no width one
        table.add_column(width=label_width, no_wrap=True)
    style = palette.style(grid.columns_are or "quiet")
    for name, width in zip(grid.columns, widths, strict=True):
        head = Text("\n".join(folded(name, width)), style)
        table.add_column(head, width=width + grid.gap, justify="right", vertical="bottom")
    label_style = palette.style(grid.rows_are or "quiet")
    for name, cells in grid.rows:
        cells_shown: list[Line | Run] = []
        if label_width:
            cells_shown.append(Line(Text("\n".join(folded(name, label_width)), label_style)))
        for cell, width in zip(cells, widths, strict=True):
            style = tint(cell.level, palette) if cell.level is not None else ""
            style = f"{style} bold underline" if cell.marked else style
            space = " " * (width + grid.gap - cell_len(cell.text))
            if cell.marked:
                cells_shown.append(Run((space, style.replace("underline", "")), (cell.text, style)))
            else:
                cells_shown.append(Run((space + cell.text, style)))
        table.add_row(*cells_shown)
    return Sized(table, measured.whole)


class Fit(NamedTuple):
    """The columns of a list that a width has room for, the width of each, and those left out."""

    shown: list[int]
    widths: list[int]
    left_out: tuple[str, ...]

    @property
    def whole(self) -> int:
        """Columns of the table."""
        return _needed(self.widths, self.shown)


def fitted(listing: Listing, room: int) -> Fit | None:
    """How a list fits; None where it does not even without its spare columns."""
    widths = [_width(listing, at) for at in range(len(listing.columns))]
    shown = _shown_columns(listing, widths, room)
    _narrow(listing, widths, shown, room)
    gone = tuple(name for at, name in enumerate(listing.columns) if at not in shown)
    fit = Fit(shown, widths, gone)
    return fit if fit.whole <= room else None


def listing_table(listing: Listing, fit: Fit, palette: Palette) -> Sized:
    """A list with the columns that fit."""
    shown, widths = fit.shown, fit.widths
    table = Table(
        box=PLAIN_HEAD if palette.ascii_only else HEAD,
        padding=(0, BETWEEN - 1, 0, 0),
        show_edge=False,
        pad_edge=False,
        show_header=any(name.strip() for name in listing.columns),
        show_footer=bool(listing.total),
        border_style=palette.style("quiet"),
        header_style="",
    )
    kinds = dict(listing.kinds)
    for at in shown:
        name = listing.columns[at]
        table.add_column(
            Text(name, palette.style("quiet")),
            Text(listing.total[at], "bold") if listing.total else "",
            width=widths[at],
            justify="right" if name in listing.right else "left",
            style=palette.style(kinds.get(name, "")),
            no_wrap=name not in listing.wrap,
        )
    for row in listing.rows:
        style = "bold" if row[0] in listing.strong else ""
        table.add_row(*(_cell(listing, row, at, widths[at]) for at in shown), style=style)
    return Sized(table, fit.whole)


def _narrow(listing: Listing, widths: list[int], shown: Sequence[int], room: int) -> None:
    """Give columns of prose less where they are too wide together, then the names of rows."""
    over = _needed(widths, shown) - room
    prose = [at for at in shown if listing.columns[at] in listing.wrap]
    while over > 0 and any(widths[at] > LEAST_PROSE for at in prose):
        # what names the row comes last
        wide = [at for at in prose if at and widths[at] > LEAST_PROSE] or [0]
        widths[max(wide, key=lambda at: widths[at])] -= 1
        over -= 1
    if over > 0:
        widths[0] = max(min(LABEL_WIDTH, widths[0]), widths[0] - over)


def _cell(listing: Listing, row: Sequence[str], at: int, width: int) -> Text | Line:
    name = listing.columns[at]
    if name in listing.wrap:
        return Text(row[at])
    lines = folded(row[at], width)
    if name in listing.right:
        lines = [" " * (width - cell_len(line)) + line for line in lines]
    return Line(Text("\n".join(lines)))


def _shown_columns(listing: Listing, widths: Sequence[int], room: int) -> list[int]:
    """The columns that fit, spare ones left out in their order until all others do."""
    shown = list(range(len(listing.columns)))
    for name in listing.spare:
        if _needed(widths, shown) <= room:
            break
        if name in listing.columns:
            shown.remove(listing.columns.index(name))
    return shown


def _width(listing: Listing, at: int) -> int:
    total = (listing.total[at],) if listing.total else ()
    texts = (listing.columns[at], *total, *(row[at] for row in listing.rows))
    return max(map(cell_len, texts))


def _needed(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[at] for at in shown) + BETWEEN * max(len(shown) - 1, 0)


def folded(text: str, width: int) -> list[str]:
    """A text in lines of a width, nothing of it left out."""
    if cell_len(text) <= width:
        return [text]
    *whole, last = chop_cells(text, max(width, 1))
    return [*whole, last + " " * (width - cell_len(last))]
