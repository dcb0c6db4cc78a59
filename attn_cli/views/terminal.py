"""Pages on a terminal, by Rich: colours where there are any, never needed to read.

Tables are laid out here, line by line, since their widths are known before: a page is one
text, and no cell can be cut.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import zip_longest

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from attn_cli.views.page import Block, Grid, Grids, Heading, Lines, Title
from attn_cli.views.shades import shade
from attn_cli.views.wrapping import breakable, unmarked

STYLES = {"query": "cyan", "key": "yellow", "value": "green", "weight": "magenta", "input": "blue"}
INDENT = 2
BESIDE = 3
LABEL_WIDTH = 12
SUMS = ("sum", "keys")
"""Columns that are no keys."""


def print_page(blocks: Iterable[Block], console: Console, *, beside: bool = True) -> None:
    """Print a page, a blank line before each part; tables side by side where wanted and fitting."""
    console.print(_page(blocks, console, beside), soft_wrap=True)


def page_text(blocks: Iterable[Block], width: int) -> Text:
    """A page as one text of a width."""
    text = _page(blocks, Console(file=io.StringIO(), width=width), beside=True)
    text.no_wrap, text.overflow = True, "ignore"
    return text


def _page(blocks: Iterable[Block], console: Console, beside: bool) -> Text:
    lines: list[Text] = []
    for block in blocks:
        apart = isinstance(block, Heading) or (isinstance(block, Lines) and block.apart)
        if apart and lines:
            lines.append(Text())
        lines += _lines(block, console, beside)
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


def _lines(block: Block, console: Console, beside: bool) -> list[Text]:
    if isinstance(block, Title):
        return _title(block, console)
    if isinstance(block, Heading):
        return _heading(block, console)
    if isinstance(block, Lines):
        style = "dim" if block.quiet else ""
        indent = INDENT if block.indented else 0
        return [part for line in block.lines for part in _wrapped(line, style, indent, console)]
    return _grids(block, console, beside)


def _wrapped(line: str, style: str, indent: int, console: Console) -> list[Text]:
    width = max(console.width - indent, 1)
    if cell_len(line) <= width:
        return [Text(" " * indent + line, style)]
    parts = Text(breakable(line)).wrap(console, width)
    return [Text(" " * indent + unmarked(part.plain), style) for part in parts]


def _apart(left: Text, right: str, console: Console) -> list[Text]:
    """Two texts at the two ends of a line, or on two lines where they don't fit."""
    room = console.width - cell_len(left.plain) - cell_len(right)
    if right and room >= 2:
        return [Text.assemble(left, " " * room, (right, "dim"))]
    lines = (
        [left] if cell_len(left.plain) <= console.width else [*left.wrap(console, console.width)]
    )
    return [*lines, *_wrapped(right, "dim", INDENT, console)] if right else lines


def _title(title: Title, console: Console) -> list[Text]:
    left, right = Text(title.left, "bold"), "   ".join(filter(None, (title.formula, title.source)))
    if cell_len(title.left) + cell_len(right) + 2 <= console.width:
        return _apart(left, right, console)
    parts = filter(None, (title.formula, title.source))
    return [
        *_apart(left, "", console),
        *(line for part in parts for line in _wrapped(part, "dim", INDENT, console)),
    ]


def _heading(heading: Heading, console: Console) -> list[Text]:
    style = f"bold {STYLES.get(heading.kind, '')}".strip()
    number = f"{heading.number} " if heading.number else ""
    return _apart(Text(number + heading.text, style), heading.right, console)


def _grids(block: Grids, console: Console, beside: bool) -> list[Text]:
    """Tables beside each other as long as the line has room."""
    width = console.width if beside else 0
    rows: list[list[list[Text]]] = [[]]
    used = INDENT
    for grid in block.grids:
        drawn = _grid(grid, console)
        needed = _width(drawn)
        if rows[-1] and used + needed > width:
            rows.append([])
            used = INDENT
        rows[-1].append(drawn)
        used += needed + BESIDE
    lines: list[Text] = []
    for row in rows:
        if lines and block.apart:
            lines.append(Text())
        lines += _side_by_side(row) if row else []
    return lines


def _width(lines: list[Text]) -> int:
    return max(cell_len(line.plain) for line in lines)


def _side_by_side(parts: list[list[Text]]) -> list[Text]:
    widths = [_width(part) for part in parts]
    joined = []
    for line in zip_longest(*parts):
        text = Text(" " * INDENT)
        for place, part in enumerate(line):
            if part is not None:
                start = INDENT + sum(widths[:place]) + BESIDE * place
                text.append(" " * (start - cell_len(text.plain)))
                text.append_text(part)
        joined.append(text)
    return joined


def _grid(grid: Grid, console: Console) -> list[Text]:
    names = (grid.corner, *grid.columns, *(label for label, _ in grid.rows))
    fold = max(map(cell_len, names)) if grid.wide_labels else LABEL_WIDTH
    label_width = min(max(cell_len(t) for t in (grid.corner, *(r[0] for r in grid.rows))), fold)
    widths = [max(cell_len(row[j].text) for _, row in grid.rows) for j in range(len(grid.columns))]
    widths = [
        max(width, min(cell_len(name), fold))
        for width, name in zip(widths, grid.columns, strict=True)
    ]
    lines = _wide(grid.caption, STYLES.get(grid.kind, "bold"), console)
    lines += _header(grid, label_width, widths)
    label_style = STYLES.get(grid.rows_are, "dim")
    for label, cells in grid.rows:
        first, *rest = _folded(label, label_width)
        line = Text.assemble((_padded(first, label_width), label_style))
        for cell, width in zip(cells, widths, strict=True):
            style = shade(cell.level, grid.signed) if cell.level is not None else ""
            line.append(" " * grid.gap)
            line.append(" " * (width - cell_len(cell.text)) + cell.text, style)
        lines += [line, *(Text(part, label_style) for part in rest)]
    return [*lines, *_wide(grid.note, "dim italic", console)]


def _wide(line: str, style: str, console: Console) -> list[Text]:
    """A line above or below a table, in as many lines as the terminal needs."""
    if cell_len(line) <= console.width - INDENT:
        return [Text(line, style)] if line else []
    return [*Text(line, style).wrap(console, max(console.width - INDENT, 1))]


def _header(grid: Grid, label_width: int, widths: list[int]) -> list[Text]:
    if not (grid.corner or any(grid.columns)):
        return []
    names = [_folded(name, width) for name, width in zip(grid.columns, widths, strict=True)]
    lines = []
    for level in range(max(map(len, names))):
        corner = grid.corner if level == 0 else ""
        line = Text.assemble((_padded(corner, label_width), "dim"))
        for name, width, whole in zip(names, widths, grid.columns, strict=True):
            part = name[level] if level < len(name) else ""
            style = "dim" if whole in SUMS else STYLES.get(grid.columns_are, "dim")
            line.append(" " * (grid.gap + width - cell_len(part)))
            line.append(part, style)
        lines.append(line)
    return lines


def _folded(text: str, width: int) -> list[str]:
    return [text] if cell_len(text) <= width else chop_cells(text, width)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
