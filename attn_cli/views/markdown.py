"""Pages as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from attn_cli.views.curves import curve_lines
from attn_cli.views.page import (
    Bars,
    Block,
    Curves,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    LongTable,
    Raster,
    Title,
    in_order,
)
from attn_cli.views.palette import Palette
from attn_cli.views.rasters import UNFOLDED, raster_lines

TEXT_WIDTH = 80
"""Columns of what stays text: drawings of curves."""

SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"})


def markdown_page(blocks: Iterable[Block]) -> str:
    """Write a page as Markdown tables; formulas between dollar signs."""
    return "\n\n".join(part for block in in_order(blocks) for part in _block(block)) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Title):
        about = " — ".join(_plain(part) for part in (block.formula, block.source) if part)
        return [f"# {_plain(block.left)}", *([about] if about else [])]
    if isinstance(block, Heading):
        parts = [f"## {block.number} {_plain(block.text)}".replace("##  ", "## ")]
        if block.latex:
            parts.append(f"$${block.latex}$$")
        return parts + [_plain(part) for part in (block.about, block.right) if part]
    if isinstance(block, Lines) and block.kind in ("drawing", "command"):
        return ["\n".join(["```text", *block.lines, "```"])]
    if isinstance(block, Lines):
        return ["  \n".join(_plain(line) for line in block.lines)] if block.lines else []
    if isinstance(block, LongTable):
        return ["\n".join(["```text", *block.lines(), "```"])]
    if isinstance(block, Raster):
        return _raster(block)
    if isinstance(block, Curves):
        return [_as_text(curve_lines(block, TEXT_WIDTH, Palette()))]
    if isinstance(block, Bars):
        return [_bars(block)]
    if isinstance(block, Listing):
        return _listing(block)
    assert isinstance(block, Grids)
    return [part for grid in block.grids for part in _grid(grid)]


def _grid(grid: Grid) -> list[str]:
    rule = "|---|" + "---:|" * len(grid.columns)
    rows = [_row([label, *(cell.text for cell in cells)]) for label, cells in grid.rows]
    table = "\n".join([_row(["", *grid.columns]), rule, *rows])
    return [part for part in (_plain(grid.caption), table, _plain(grid.told)) if part]


def _raster(raster: Raster) -> list[str]:
    lines = raster_lines(raster._replace(caption="", note=""), UNFOLDED, Palette())
    return [part for part in (_plain(raster.caption), _as_text(lines), _plain(raster.note)) if part]


def _as_text(lines: Iterable[Text]) -> str:
    return "\n".join(["```text", *(line.plain.rstrip() for line in lines), "```"])


def _listing(listing: Listing) -> list[str]:
    ends = ["---:" if name in listing.right else "---" for name in listing.columns]
    rows = [_row(row) for row in listing.rows]
    sums = [text.strip() for text in listing.total]
    total = [_row([f"**{_plain(text)}**" if text else "" for text in sums], plain=False)]
    table = [_row(listing.columns), f"|{'|'.join(ends)}|", *rows, *(total if listing.total else [])]
    return [part for part in (_plain(listing.caption), "\n".join(table)) if part]


def _bars(block: Bars) -> str:
    rows = [[bar.label, *block.amounts(bar), bar.note] for bar in block.bars]
    head = ["", *block.names, ""]
    rule = "|---|" + "---:|" * len(block.names) + "---|"
    return "\n".join([_row(head), rule, *map(_row, rows)])


def _row(texts: Sequence[str], *, plain: bool = True) -> str:
    return "| " + " | ".join(_plain(text.strip()) if plain else text for text in texts) + " |"


def _plain(text: str) -> str:
    return text.translate(SPECIAL)
