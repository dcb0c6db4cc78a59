"""Pages on a terminal, by Rich: colours where there are any, never needed to read."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from attn_cli.views.page import Block, Grid, Grids, Heading, Lines, Title
from attn_cli.views.shades import shade

STYLES = {"query": "cyan", "key": "yellow", "value": "green", "weight": "magenta", "input": "blue"}
INDENT = 2
BESIDE = 3


def print_page(blocks: Iterable[Block], console: Console, *, beside: bool = True) -> None:
    """Print a page, a blank line before each heading; tables beside each other if wanted."""
    for place, block in enumerate(blocks):
        if place and (isinstance(block, Heading) or isinstance(block, Lines) and block.apart):
            console.print()
        for part in renderables(block, console.width if beside else 0, console.width):
            console.print(part)


def renderables(block: Block, beside: int, width: int) -> list[RenderableType]:
    """What Rich prints for a block; tables stand side by side in a width of `beside`."""
    if isinstance(block, Title):
        return _title(block, width)
    if isinstance(block, Heading):
        return [_heading(block, width)]
    if isinstance(block, Lines):
        style = "dim" if block.quiet else ""
        lines = [Text(line, style) for line in block.lines]
        return [_indented(line) for line in lines] if block.indented else list(lines)
    return _beside(block, beside)


def _apart(left: Text, right: Text, width: int) -> Text:
    """Two texts at the two ends of a line, or on two lines where they don't fit."""
    room = width - cell_len(left.plain) - cell_len(right.plain)
    if not right.plain:
        return left
    return Text.assemble(left, " " * room if room >= 2 else "\n  ", right)


def _title(title: Title, width: int) -> list[RenderableType]:
    left = Text(title.left, "bold")
    right = Text(f"{title.formula}   {title.source}", "dim")
    if cell_len(left.plain) + cell_len(right.plain) + 2 <= width:
        return [_apart(left, right, width)]
    return [left, *(_indented(Text(part, "dim")) for part in (title.formula, title.source))]


def _heading(heading: Heading, width: int) -> Text:
    style = f"bold {STYLES.get(heading.kind, '')}".strip()
    number = f"{heading.number} " if heading.number else ""
    return _apart(Text(number + heading.text, style), Text(heading.right, "dim"), width)


def _beside(block: Grids, width: int) -> list[RenderableType]:
    """Tables beside each other as long as the line has room."""
    lines: list[list[tuple[RenderableType, int]]] = [[]]
    used = INDENT
    for grid in block.grids:
        drawn = _grid(grid)
        needs = drawn[1] + BESIDE
        if lines[-1] and used + drawn[1] > width:
            lines.append([])
            used = INDENT
        lines[-1].append(drawn)
        used += needs
    return [_indented(_row([part for part, _ in line])) for line in lines if line]


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, INDENT), expand=False)


def _row(parts: list[RenderableType]) -> RenderableType:
    if len(parts) == 1:
        return parts[0]
    row = Table.grid(padding=(0, BESIDE, 0, 0))
    row.add_row(*parts)
    return row


def _grid(grid: Grid) -> tuple[RenderableType, int]:
    table = Table(box=None, padding=(0, grid.gap, 0, 0), pad_edge=False, show_edge=False)
    label_width = min(max(cell_len(label) for label, _ in grid.rows), 12)
    label_style = STYLES.get(grid.rows_are, "dim")
    table.add_column("", min_width=label_width, max_width=12, style=label_style, overflow="fold")
    head_style = STYLES.get(grid.columns_are, "dim")
    widths = [label_width]
    for place, name in enumerate(grid.columns):
        width = max(len(row[place].text) for _, row in grid.rows)
        width = max(width, min(cell_len(name), 12))
        widths.append(width)
        style = "dim" if name == "sum" else head_style
        header = Text(name, style, overflow="fold")
        table.add_column(header, width=width, justify="right", overflow="fold")
    for label, cells in grid.rows:
        table.add_row(Text(label), *(_cell(cell.text, cell.level, grid.signed) for cell in cells))
    parts: list[RenderableType] = []
    total = sum(widths) + grid.gap * (len(widths) - 1)
    if grid.caption:
        parts.append(Text(grid.caption, STYLES.get(grid.kind, "bold")))
        total = max(total, cell_len(grid.caption))
    parts.append(table)
    if grid.note:
        parts.append(Text(grid.note, "dim italic"))
        total = max(total, cell_len(grid.note))
    return Group(*parts), total


def _cell(text: str, level: float | None, signed: bool) -> Text:
    return Text(text, shade(level, signed) if level is not None else "")
