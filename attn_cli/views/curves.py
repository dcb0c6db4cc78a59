"""Curves in lines of text: uniplot (an extra) draws them, their axes are named here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from attn_cli.errors import AttnError
from attn_cli.views.axes import across_ticks, along, range_of, up_ticks
from attn_cli.views.page import Curves
from attn_cli.views.palette import Palette
from attn_cli.views.prose import INDENT, wrapped

HEIGHT = 14
LEAST, MOST = 16, 72
"""Columns between the frames of a drawing."""

SIGNS, ASCII_SIGNS = "█▒", "#:"
FRAME, ASCII_FRAME = "┌─┐│└┘", "+-+|++"
MARK, ASCII_MARK = "│", "|"


class _Frame(NamedTuple):
    """What a drawing is made of: signs of the curves, of its frame, and of a mark."""

    signs: str
    frame: str
    mark: str


def refuse_missing_extra() -> None:
    """Raise AttnError where uniplot is not installed, before anything is written."""
    if find_spec("uniplot") is None:
        raise AttnError("‹plot› needs uniplot: pip install uniplot (the extra attn-cli[plot]).")


def curve_lines(block: Curves, width: int, palette: Palette) -> list[Text]:
    """The drawing between its axes, then which curve is which and what is marked.

    Raises AttnError where uniplot is not installed.
    """
    refuse_missing_extra()
    made = (
        _Frame(ASCII_SIGNS, ASCII_FRAME, ASCII_MARK)
        if palette.ascii_only
        else _Frame(SIGNS, FRAME, MARK)
    )
    quiet = palette.style("quiet")
    up = dict(_rows(block))
    label = max(map(cell_len, up.values()))
    columns = min(max(width - label - 3, LEAST), MOST)
    styles = dict(zip(made.signs, (palette.style(c.kind) for c in block.curves), strict=False))
    left, across, right, side, below_left, below_right = tuple(made.frame)
    edge = " " * label
    lines = [*wrapped(block.up, quiet, label + 1, width)]
    lines.append(Text(f"{edge} {left}{across * columns}{right}", quiet))
    for row, drawn in enumerate(_drawn(block, columns, made)):
        line = Text(f"{up.get(row, ''):>{label}} {side}", quiet)
        for sign in drawn:
            line.append(sign, styles.get(sign, quiet))
        lines.append(line.append(side, quiet))
    lines.append(Text(f"{edge} {below_left}{across * columns}{below_right}", quiet))
    lines.append(Text(edge + "  " + _below(block, columns), quiet))
    lines += wrapped(block.across, quiet, label + 2, width)
    for sign, curve in zip(made.signs, block.curves, strict=False):
        lines.append(
            Text.assemble(" " * INDENT, (sign, palette.style(curve.kind)), f" {curve.name}")
        )
    for _, meaning in block.marks:
        lines += wrapped(f"{made.mark} {meaning}", quiet, INDENT, width)
    return lines


def _drawn(block: Curves, columns: int, made: _Frame) -> list[str]:
    """Every line of the drawing without its frame."""
    from uniplot import plot_to_string

    (x_min, x_max), (y_min, y_max) = range_of(block)
    text = plot_to_string(
        xs=[[x for x, _ in curve.points] for curve in block.curves],
        ys=[[y for _, y in curve.points] for curve in block.curves],
        x_as_log=True,
        y_as_log=True,
        x_min=x_min,
        x_max=x_max,
        y_min=y_min,
        y_max=y_max,
        lines=True,
        color=False,
        character_set="ascii",
        force_ascii_characters=[*made.signs],
        x_labels=False,
        y_labels=False,
        x_gridlines=[x for x, _ in block.marks],
        y_gridlines=[],
        width=columns,
        height=HEIGHT,
    )
    rows = [line[1:-1] for line in text.splitlines()[1:-1]]
    return [row.replace(MARK, made.mark) for row in rows]


def _rows(block: Curves) -> list[tuple[int, str]]:
    """The lines that have a number before them."""
    _, up = range_of(block)
    return [
        (HEIGHT - 1 - min(int(along(number, up) * HEIGHT), HEIGHT - 1), text)
        for number, text in up_ticks(block)
    ]


def _below(block: Curves, columns: int) -> str:
    """Sizes below the drawing, as many as there is room for, each under its place."""
    line = " " * columns
    ticks, (across, _) = across_ticks(block), range_of(block)
    for number, text in (ticks[-1], *ticks[:-1]):
        at = min(int(along(number, across) * columns), columns - 1)
        start = max(min(at - (len(text) - 1) // 2, columns - len(text)), 0)
        end = start + len(text)
        if not line[max(start - 2, 0) : end + 2].strip():
            line = line[:start] + text + line[end:]
    return line.rstrip()
