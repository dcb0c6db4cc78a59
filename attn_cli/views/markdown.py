"""Pages as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from attn_cli.views.page import Block, Grid, Grids, Heading, Lines, Title

SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"})


def markdown_page(blocks: Iterable[Block]) -> str:
    """Write a page as Markdown tables; formulas between dollar signs."""
    return "\n\n".join(part for block in blocks for part in _block(block)) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Title):
        about = " — ".join(_plain(part) for part in (block.formula, block.source) if part)
        return [f"# {_plain(block.left)}", *([about] if about else [])]
    if isinstance(block, Heading):
        parts = [f"## {block.number} {_plain(block.text)}".replace("##  ", "## ")]
        if block.latex:
            parts.append(f"$${block.latex}$$")
        return parts + ([_plain(block.right)] if block.right else [])
    if isinstance(block, Lines):
        return ["  \n".join(_plain(line) for line in block.lines)] if block.lines else []
    assert isinstance(block, Grids)
    return [part for grid in block.grids for part in _grid(grid)]


def _grid(grid: Grid) -> list[str]:
    head = f"| {_plain(grid.corner)} | " + " | ".join(_plain(name) for name in grid.columns) + " |"
    rule = "|---|" + "---:|" * len(grid.columns)
    rows = [
        f"| {_plain(label)} | " + " | ".join(_plain(cell.text.strip()) for cell in cells) + " |"
        for label, cells in grid.rows
    ]
    table = "\n".join([head, rule, *rows])
    return [part for part in (_plain(grid.caption), table, _plain(grid.note)) if part]


def _plain(text: str) -> str:
    return text.translate(SPECIAL)
