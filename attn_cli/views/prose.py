"""What a page says beside its tables, in lines of a width: titles, headings, prose, bars."""

from __future__ import annotations

import io
from functools import cache

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from attn_cli.language import named
from attn_cli.views.bars import filled
from attn_cli.views.page import Bars, Heading, Lines, Listing, Title
from attn_cli.views.palette import Palette
from attn_cli.views.wrapping import breakable, unmarked

INDENT = 2
"""Spaces before prose that belongs to what stands above it."""

LEAST_BAR, LONGEST_BAR = 8, 40


def lines_of(block: Lines, width: int, palette: Palette) -> list[Text]:
    """Lines of prose."""
    style = palette.style("quiet") if block.quiet else ""
    indent = INDENT if block.indented else 0
    if block.kind == "drawing":
        return [Text(" " * indent + line, style) for line in block.lines]
    if block.kind == "command":
        packed = (part for line in block.lines for part in _packed(line, width - indent))
        return [Text(" " * indent + line, style) for line in packed]
    return [part for line in block.lines for part in wrapped(line, style, indent, width)]


APART = "   "
"""What stands between commands, or options, of one line."""


def _packed(line: str, room: int) -> list[str]:
    """Commands in as few lines as hold them, each whole: what is copied can be pasted."""
    first, *others = line.split(APART)
    lines = [first]
    for part in others:
        longer = lines[-1] + APART + part
        if cell_len(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


@cache
def _measuring() -> Console:
    """What Rich asks for to break lines; making one takes longer than breaking many."""
    return Console(file=io.StringIO())


def wrapped(line: str, style: str, indent: int, width: int) -> list[Text]:
    """A line in as many as a width asks for."""
    room = max(width - indent, 1)
    if cell_len(line) <= room:
        return [Text(" " * indent + line, style)]
    parts = Text(breakable(line)).wrap(_measuring(), room)
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


def title_lines(title: Title, width: int, palette: Palette) -> list[Text]:
    """The head of a page: formula and source at the right, or below."""
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


def heading_lines(heading: Heading, width: int, palette: Palette) -> list[Text]:
    """The head of a step, its meaning beside it or below."""
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


def bar_lines(block: Bars, width: int, palette: Palette) -> list[Text]:
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
    if cell_len(legend.plain.rstrip()) <= width:
        return [*lines, legend]
    for sign, name, style in zip(block.signs, block.names, styles, strict=True):
        told = wrapped(f"{sign} {name}", quiet, 0, width)
        told[0].stylize(style, 0, len(sign))
        lines += told
    return lines


def records(listing: Listing, width: int, palette: Palette) -> list[Text]:
    """Rows one under another, a line for each of their columns: for very little room."""
    lines = []
    for row in (*listing.rows, *([listing.total] if listing.total else [])):
        number = row[0][:1].isdigit() and listing.columns[0].strip()
        lines += wrapped(f"{number} {row[0]}" if number else row[0], "bold", 0, width)
        for name, text in zip(listing.columns[1:], row[1:], strict=True):
            lines += (
                wrapped(named(name, text) if name.strip() else text, "", INDENT, width)
                if text.strip()
                else []
            )
    return lines
