"""Pages on a terminal, by Rich: colours where there are any, never needed to read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from attn_cli.language import said
from attn_cli.views.bars import filled
from attn_cli.views.page import (
    Abreast,
    Bars,
    Block,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    LongTable,
    Part,
    Title,
)
from attn_cli.views.palette import Depth, Ground, Palette
from attn_cli.views.tables import Sized, heat_map, left_out, listing_table
from attn_cli.views.wrapping import breakable, unmarked

LINES_AT_ONCE = 1024

INDENT = 2
GUTTER = 1
"""Spaces between parts beside each other, at least."""

LEAST_BAR, LONGEST_BAR = 8, 40

PROSE_WIDTH = 38
"""Columns that prose asks for in a part; it is wrapped to those it gets."""


class Printer(NamedTuple):
    """Prints pages: where, for which ground, with parts side by side or not, in ASCII or not."""

    console: Console
    ground: Ground = "unknown"
    beside: bool = True
    ascii_only: bool = False

    def print(self, blocks: Iterable[Block]) -> None:
        """Print a page, a blank line before each part."""
        some: list[Block] = []
        begun = False
        for block in blocks:
            if not isinstance(block, LongTable):
                some.append(block)
                continue
            self._draw(some, begun)
            some, begun = [], True
            for lines in batched(block.lines(), LINES_AT_ONCE):
                self.console.file.write("\n".join(lines) + "\n")
        self._draw(some, begun)

    def _draw(self, blocks: list[Block], begun: bool) -> None:
        if blocks:
            drawn = Drawn(blocks, self.ground, self.beside, self.ascii_only, begun)
            self.console.print(drawn, soft_wrap=True)


def batched(lines: Iterator[str], count: int) -> Iterator[list[str]]:
    """Lines, several at a time."""
    while batch := [*islice(lines, count)]:
        yield batch


def page_text(blocks: Iterable[Block], width: int) -> str:
    """A page as plain text of a width."""
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False, _environ={})
    console.print(Drawn(blocks), soft_wrap=True)
    return file.getvalue().rstrip("\n")


def palette_of(console: Console, ground: Ground, ascii_only: bool = False) -> Palette:
    """The colours of a console on a ground."""
    depths: dict[str | None, Depth] = {
        "windows": "standard",
        "standard": "standard",
        "256": "256",
        "truecolor": "truecolor",
    }
    depth = "none" if console.no_color else depths.get(console.color_system, "none")
    return Palette(ground, depth, ascii_only)


class Drawn:
    """A page that Rich draws as wide as there is room; no line ends in spaces."""

    def __init__(
        self,
        blocks: Iterable[Block],
        ground: Ground = "unknown",
        beside: bool = True,
        ascii_only: bool = False,
        begun: bool = False,
    ) -> None:
        self._begun = begun
        self._blocks = blocks
        self._ground = ground
        self._beside = beside
        self._ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Draw block after block, so that a long page begins at once."""
        palette = palette_of(console, self._ground, self._ascii_only)
        width = options.max_width
        first = not self._begun
        for block in self._blocks:
            opens = isinstance(block, (Heading, Abreast)) or (
                isinstance(block, Lines) and block.apart
            )
            if opens and not first:
                yield Segment.line()
            first = False
            for drawn in _drawn(block, width, palette, self._beside):
                wide = options.update(width=max(width, drawn.width), no_wrap=True)
                for line in console.render_lines(drawn.shown, wide, pad=False):
                    yield from _without_end(line)
                    yield Segment.line()


def _without_end(line: list[Segment]) -> list[Segment]:
    """A line without the spaces at its end, those on a tint excepted."""
    kept = [one for one in line if one.text]
    while kept:
        last = kept[-1]
        if last.style is not None and (last.style.bgcolor or last.style.underline):
            break
        text = last.text.rstrip(" ")
        if text:
            kept[-1] = Segment(text, last.style, last.control)
            break
        kept.pop()
    return kept


def _drawn(block: Block, width: int, palette: Palette, beside: bool) -> list[Sized]:
    if isinstance(block, Abreast):
        return _abreast(block, width if beside else 0, width, palette)
    if isinstance(block, Title):
        return _prose(_title(block, width, palette))
    if isinstance(block, Heading):
        return _prose(_heading(block, width, palette))
    if isinstance(block, Lines):
        return _prose(_lines(block, width, palette))
    if isinstance(block, Listing):
        return _listing(block, width, palette)
    if isinstance(block, LongTable):
        return [Sized(Text(line), cell_len(line)) for line in block.lines()]
    if isinstance(block, Bars):
        return _prose(_bars(block, width, palette))
    return _grids(block, width if beside else 0, width, palette)


def _prose(lines: list[Text]) -> list[Sized]:
    return [Sized(line, cell_len(line.plain)) for line in lines]


def _lines(block: Lines, width: int, palette: Palette) -> list[Text]:
    style = palette.style("quiet") if block.quiet else ""
    indent = INDENT if block.indented else 0
    return [part for line in block.lines for part in wrapped(line, style, indent, width)]


def wrapped(line: str, style: str, indent: int, width: int) -> list[Text]:
    """A line in as many as a width asks for."""
    room = max(width - indent, 1)
    if cell_len(line) <= room:
        return [Text(" " * indent + line, style)]
    parts = Text(breakable(line)).wrap(Console(file=io.StringIO(), width=room), room)
    return [Text(" " * indent + unmarked(part.plain.rstrip()), style) for part in parts]


def _apart(left: Text, right: str, width: int, palette: Palette) -> list[Text]:
    """Two texts at the two ends of a line, or on two lines where they don't fit."""
    quiet = palette.style("quiet")
    room = width - cell_len(left.plain) - cell_len(right)
    if right and room >= 2:
        return [Text.assemble(left, " " * room, (right, quiet))]
    fits = cell_len(left.plain) <= width
    lines = [left] if fits else wrapped(left.plain, str(left.style), 0, width)
    return [*lines, *wrapped(right, quiet, INDENT, width)] if right else lines


def _title(title: Title, width: int, palette: Palette) -> list[Text]:
    left = Text(title.left, "bold")
    right = "   ".join(filter(None, (title.formula, title.source)))
    if cell_len(title.left) + cell_len(right) + 2 <= width:
        return _apart(left, right, width, palette)
    parts = [part for part in (title.formula, title.source) if part]
    quiet = palette.style("quiet")
    return [
        *_apart(left, "", width, palette),
        *(line for part in parts for line in wrapped(part, quiet, INDENT, width)),
    ]


def _heading(heading: Heading, width: int, palette: Palette) -> list[Text]:
    number = f"{heading.number} " if heading.number else ""
    left = Text(number + heading.text, palette.strong(heading.kind))
    right = heading.right
    if heading.brief and cell_len(left.plain) + cell_len(right) + 2 > width:
        right = ""
    quiet = palette.style("quiet")
    rest = width - cell_len(right) - 2 * bool(right)
    if heading.about and cell_len(left.plain) + 2 + cell_len(heading.about) <= rest:
        left = Text.assemble(left, ("  " + heading.about, quiet))
        return _apart(left, right, width, palette)
    below = wrapped(heading.about, quiet, INDENT, width) if heading.about else []
    return [*_apart(left, right, width, palette), *below]


def _listing(listing: Listing, width: int, palette: Palette) -> list[Sized]:
    table = listing_table(listing, width, palette)
    caption = _prose(wrapped(listing.caption, "bold", 0, width)) if listing.caption else []
    if table is None:
        return [*caption, *_prose(_as_records(listing, width, palette))]
    gone = left_out(listing, width)
    note = said("left out at this width: {names}", names=", ".join(gone)) if gone else ""
    under = _prose(wrapped(note, palette.style("quiet"), 0, width)) if note else []
    return [*caption, table, *under]


def _bars(block: Bars, width: int, palette: Palette) -> list[Text]:
    """Bars with a label before and a number behind, then what their parts are."""
    label = max(cell_len(bar.label) for bar in block.bars)
    behind = max(cell_len(bar.text) for bar in block.bars)
    notes = max(cell_len(bar.note) for bar in block.bars)
    room = width - label - behind - 2
    long = min(max(room - (notes + 2 if notes else 0), LEAST_BAR), LONGEST_BAR)
    styles = [palette.style(kind) for kind in block.kinds]
    quiet = palette.style("quiet")
    lines = []
    for bar in block.bars:
        line = Text(bar.label.rjust(label) + " ")
        for run, style in zip(filled(bar.shares, block.signs, long), styles, strict=True):
            line.append(run, style)
        line.append(" " + bar.text.rjust(behind))
        noted = bool(bar.note) and cell_len(line.plain) + 2 + cell_len(bar.note) <= width
        lines.append(line.append(f"  {bar.note}", quiet) if noted else line)
    legend = Text(" " * (label + 1))
    for sign, name, style in zip(block.signs, block.names, styles, strict=True):
        legend.append(sign, style).append(f" {name}  ", quiet)
    fits = cell_len(legend.plain.rstrip()) <= width
    return [*lines, *([legend] if fits else wrapped(legend.plain.strip(), quiet, 0, width))]


def _as_records(listing: Listing, width: int, palette: Palette) -> list[Text]:
    """Rows one under another, a line for each of their columns: for very little room."""
    lines = []
    for row in (*listing.rows, *([listing.total] if listing.total else [])):
        lines += wrapped(row[0], "bold", 0, width)
        for name, text in zip(listing.columns[1:], row[1:], strict=True):
            lines += (
                wrapped(f"{name}: {text}" if name.strip() else text, "", INDENT, width)
                if text.strip()
                else []
            )
    return lines


def _grid(grid: Grid, width: int, palette: Palette) -> list[Sized]:
    table = heat_map(grid, palette)
    caption = wrapped(grid.caption, palette.strong(grid.kind), 0, width) if grid.caption else []
    note = wrapped(grid.note, palette.style("quiet"), 0, width) if grid.note else []
    return [*_prose(caption), table, *_prose(note)]


def _grids(block: Grids, room: int, width: int, palette: Palette) -> list[Sized]:
    parts: tuple[Part, ...] = tuple((Grids((grid,)),) for grid in block.grids)
    if len(parts) > 1:
        return _abreast(Abreast(parts), room, width, palette, apart=block.apart)
    return [drawn for grid in block.grids for drawn in _grid(grid, width, palette)]


def _abreast(
    block: Abreast, room: int, width: int, palette: Palette, *, apart: bool = True
) -> list[Sized]:
    """Parts in rows: as many beside each other as fit, what is left of the room shared out."""
    rows: list[list[Part]] = [[]]
    widths: list[list[int]] = [[]]
    for part in block.parts:
        needed = _asked(part, width, palette)
        if rows[-1] and sum(widths[-1]) + needed + GUTTER * len(rows[-1]) > room:
            rows.append([])
            widths.append([])
        rows[-1].append(part)
        widths[-1].append(needed)
    drawn: list[Sized] = []
    for parts, asked in zip(rows, widths, strict=True):
        if drawn and apart:
            drawn.append(Sized(Text(), 0))
        drawn += _side_by_side(parts, asked, width, palette)
    return drawn


def _side_by_side(parts: list[Part], asked: list[int], width: int, palette: Palette) -> list[Sized]:
    if len(parts) == 1:
        return [one for block in parts[0] for one in _drawn(block, width, palette, True)]
    share = max(width - sum(asked) - GUTTER * (len(parts) - 1), 0) // len(parts)
    given = [needed + share for needed in asked]
    table = Table.grid(padding=0)
    cells = []
    for place, (part, own) in enumerate(zip(parts, given, strict=True)):
        last = place == len(parts) - 1
        table.add_column(width=own + (0 if last else GUTTER), no_wrap=True)
        cells.append(Group(*(d.shown for block in part for d in _drawn(block, own, palette, True))))
    table.add_row(*cells)
    return [Sized(table, sum(given) + GUTTER * (len(parts) - 1))]


def _asked(part: Part, width: int, palette: Palette) -> int:
    """The columns that a part asks for: those of its tables, and some for prose."""
    needed = 0
    for block in part:
        if isinstance(block, Grids):
            tables = [heat_map(grid, palette).width for grid in block.grids]
            captions = [min(cell_len(grid.caption), PROSE_WIDTH) for grid in block.grids]
            needed = max(needed, *tables, *captions)
        elif isinstance(block, Listing):
            table = listing_table(block, width, palette)
            needed = max(needed, table.width if table else width)
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
