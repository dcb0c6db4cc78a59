"""Pictures of very many numbers in lines of text: half blocks in two colours, or shades."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

from attn_cli.views.page import Raster
from attn_cli.views.palette import Palette
from attn_cli.views.prose import INDENT, wrapped
from attn_cli.views.tints import colour_of

NONE, SOME, EVERY = "·", "░▒▓", "█"
UNFOLDED = 10_000
"""A width in which no line is folded."""

UPPER, LOWER = "▀", "▄"
ASCII_NONE, ASCII_SOME, ASCII_EVERY = ".", ":+%", "#"


def raster_width(raster: Raster) -> int:
    """Columns of text: the names of rows, a space, and a sign for each level."""
    return max(map(cell_len, raster.names)) + 1 + len(raster.levels[0])


def raster_lines(raster: Raster, width: int, palette: Palette) -> list[Text]:
    """Two rows of levels in each line, under the caption; then what levels mean."""
    label = max(map(cell_len, raster.names))
    style = palette.style(raster.rows_are or "quiet")
    quiet = palette.style("quiet")
    lines = wrapped(raster.caption, "bold", 0, width) if raster.caption else []
    for name, (upper, lower) in zip(raster.names[::2], in_pairs(raster), strict=True):
        line = Text().append(name + " " * (label - cell_len(name) + 1), style)
        for above, below in zip_longest(upper, lower):
            line.append(*_sign(above, below, palette))
        lines.append(line)
    if raster.legend:
        lines += _legend(raster, width, palette)
    return [*lines, *(wrapped(raster.note, quiet, INDENT, width) if raster.note else [])]


Row = tuple[float, ...]


def in_pairs(raster: Raster) -> Iterator[tuple[Row, Row]]:
    """Rows two by two; the last may be alone."""
    rows = raster.levels
    return zip_longest(rows[::2], rows[1::2], fillvalue=())


def shade(above: float, below: float | None, *, ascii_only: bool = False) -> str:
    """A sign for two levels above each other, or one: halves where each is nothing or all."""
    levels = [above] if below is None else [above, below]
    if not ascii_only and levels in ([1, 0], [0, 1]):
        return UPPER if above else LOWER
    none, some, every = (ASCII_NONE, ASCII_SOME, ASCII_EVERY) if ascii_only else (NONE, SOME, EVERY)
    mean = sum(levels) / len(levels)
    if mean in (0, 1):
        return every if mean else none
    return some[min(int(mean * len(some)), len(some) - 1)]


def _sign(above: float, below: float | None, palette: Palette) -> tuple[str, str]:
    """The sign and style of two levels above each other."""
    upper, lower = colour_of(above, palette), colour_of(below or 0, palette)
    if upper and lower:
        return UPPER, f"{upper} on {lower}"
    if upper or lower:
        return (UPPER, upper) if upper else (LOWER, lower)
    sign = shade(above, below, ascii_only=palette.ascii_only)
    return sign, palette.style("quiet") if sign in (NONE, ASCII_NONE) else ""


def _legend(raster: Raster, width: int, palette: Palette) -> list[Text]:
    """A sample of each level with what it means."""
    quiet = palette.style("quiet")
    legend = Text(" " * INDENT)
    for level, meaning in raster.legend:
        colour = colour_of(level, palette)
        sign = EVERY if colour else shade(level, None, ascii_only=palette.ascii_only)
        legend.append(sign, colour or quiet).append(f" {meaning}  ", quiet)
    legend.rstrip()
    if cell_len(legend.plain) <= width:
        return [legend]
    return wrapped(legend.plain.strip(), quiet, INDENT, width)
