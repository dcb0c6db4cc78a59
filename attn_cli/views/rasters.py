"""Pictures of very many numbers in lines of text: half blocks in two colours, or shades."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

from attn_cli.language import said
from attn_cli.views.page import Raster
from attn_cli.views.palette import Palette
from attn_cli.views.prose import INDENT, wrapped
from attn_cli.views.tints import colour_of

NONE, SOME, EVERY = "·", "░▒▓", "█"
UNFOLDED = 10_000
"""A width in which no line is folded."""

WIDE = 2
"""Signs of a level that has a line for itself: it is then about as wide as it is high."""

TWO_ROWS = "two rows of cells to a line"

UPPER, LOWER = "▀", "▄"
ASCII_NONE, ASCII_SOME, ASCII_EVERY = ".", ":+%", "#"


def raster_width(raster: Raster) -> int:
    """Columns of text: the names of rows, a space, and a sign or two for each level."""
    columns = len(raster.levels[0])
    if raster.coarse is not None:
        columns = max(columns, WIDE * len(raster.coarse.levels[0]))
    return max(map(cell_len, raster.names)) + 1 + columns


def raster_lines(raster: Raster, width: int, palette: Palette) -> list[Text]:
    """Two rows of levels in each line, or a row of signs two wide; then what levels mean.

    Two rows share a line where each half of a sign has its own colour, or is nothing or all.
    """
    coloured = bool(colour_of(1, palette))
    halves = coloured or (is_exact(raster) and not palette.ascii_only)
    shown = raster if halves or raster.coarse is None else raster.coarse
    quiet = palette.style("quiet")
    lines = wrapped(shown.caption, "bold", 0, width) if shown.caption else []
    lines += _halves(shown, palette) if halves else _signs(shown, palette)
    if shown.legend:
        lines += _legend(shown, width, palette)
    notes = [shown.note, said(TWO_ROWS) if halves else ""]
    return [*lines, *wrapped("; ".join(filter(None, notes)), quiet, INDENT, width)]


def is_exact(raster: Raster) -> bool:
    """Whether each level is nothing or all."""
    return all(level in (0, 1) for row in raster.levels for level in row)


def _halves(raster: Raster, palette: Palette) -> list[Text]:
    lines = []
    for name, (upper, lower) in zip(raster.names[::2], in_pairs(raster), strict=True):
        line = _named(name, raster, palette)
        for above, below in zip_longest(upper, lower):
            line.append(*_half(above, below, palette))
        lines.append(line)
    return lines


def _signs(raster: Raster, palette: Palette) -> list[Text]:
    lines = []
    for name, row in zip(raster.names, raster.levels, strict=True):
        line = _named(name, raster, palette)
        for level in row:
            sign = shade(level, ascii_only=palette.ascii_only)
            style = palette.style("quiet") if sign in (NONE, ASCII_NONE) else ""
            line.append(sign * WIDE, style)
        lines.append(line)
    return lines


def _named(name: str, raster: Raster, palette: Palette) -> Text:
    label = max(map(cell_len, raster.names))
    style = palette.style(raster.rows_are or "quiet")
    return Text().append(name + " " * (label - cell_len(name) + 1), style)


Row = tuple[float, ...]


def in_pairs(raster: Raster) -> Iterator[tuple[Row, Row]]:
    """Rows two by two; the last may be alone."""
    rows = raster.levels
    return zip_longest(rows[::2], rows[1::2], fillvalue=())


def shade(level: float, *, ascii_only: bool = False) -> str:
    """A sign for a level: nothing, up to a third, up to two thirds, more, all."""
    none, some, every = (ASCII_NONE, ASCII_SOME, ASCII_EVERY) if ascii_only else (NONE, SOME, EVERY)
    if level in (0, 1):
        return every if level else none
    return some[min(int(level * len(some)), len(some) - 1)]


def _half(above: float, below: float | None, palette: Palette) -> tuple[str, str]:
    """The sign and style of two levels above each other."""
    below = below or 0
    upper, lower = colour_of(above, palette), colour_of(below, palette)
    if upper and lower:
        return UPPER, f"{upper} on {lower}"
    if upper or lower:
        return (UPPER, upper) if upper else (LOWER, lower)
    sign = {(1, 1): EVERY, (1, 0): UPPER, (0, 1): LOWER}.get((int(above), int(below)), NONE)
    return sign, palette.style("quiet") if sign == NONE else ""


def _legend(raster: Raster, width: int, palette: Palette) -> list[Text]:
    """A sample of each level with what it means."""
    quiet = palette.style("quiet")
    legend = Text(" " * INDENT)
    for level, meaning in raster.legend:
        colour = colour_of(level, palette)
        sign = EVERY if colour else shade(level, ascii_only=palette.ascii_only)
        legend.append(sign, colour or quiet).append(f" {meaning}  ", quiet)
    legend.rstrip()
    if cell_len(legend.plain) <= width:
        return [legend]
    return wrapped(legend.plain.strip(), quiet, INDENT, width)
