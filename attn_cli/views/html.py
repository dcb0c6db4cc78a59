"""Pages as HTML: headings, paragraphs and real tables, which a screen reader can walk."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from attn_cli.views.page import (
    Bars,
    Block,
    Cell,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    Title,
    in_order,
)

STYLE = """
.attn { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; }
.attn table { border-collapse: collapse; margin: .3rem 1.2rem .8rem 0; display: inline-table;
  vertical-align: top; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
.attn caption { text-align: left; font-weight: 600; }
.attn th, .attn td { padding: 0 .5em; text-align: right; white-space: pre; }
.attn th { font-weight: 400; opacity: .75; }
.attn h3 { font-size: 1em; margin: 1rem 0 0; }
.attn p { margin: .1rem 0; }
.attn .quiet { opacity: .75; }
"""


def html_fragment(blocks: Iterable[Block]) -> str:
    """Write a page as a part of a document, with its own style."""
    body = "\n".join(_block(block) for block in in_order(blocks))
    return f'<style>{STYLE}</style>\n<div class="attn">\n{body}\n</div>'


def _block(block: Block) -> str:
    if isinstance(block, Title):
        about = " · ".join(escape(part) for part in (block.formula, block.source) if part)
        return f"<h2>{escape(block.left)}</h2>" + (f"<p>{about}</p>" if about else "")
    if isinstance(block, Heading):
        text = " ".join(part for part in (block.number, block.text) if part)
        beside = " · ".join(escape(part) for part in (block.about, block.right) if part)
        return f"<h3>{escape(text)}</h3>" + (f'<p class="quiet">{beside}</p>' if beside else "")
    if isinstance(block, Lines):
        kind = ' class="quiet"' if block.quiet else ""
        return f"<p{kind}>{'<br>'.join(map(escape, block.lines))}</p>" if block.lines else ""
    if isinstance(block, Bars):
        return _bars(block)
    if isinstance(block, Listing):
        return _listing(block)
    assert isinstance(block, Grids)
    return "".join(map(_table, block.grids))


def _table(grid: Grid) -> str:
    caption = f"<caption>{escape(grid.caption)}</caption>" if grid.caption else ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in grid.columns)
    rows = "".join(_row(label, cells, grid) for label, cells in grid.rows)
    note = f'<p class="quiet">{escape(grid.note)}</p>' if grid.note else ""
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    return f"<table>{caption}{head}<tbody>{rows}</tbody></table>{note}"


def _bars(block: Bars) -> str:
    """A table whose cells hold bars: the numbers are read out where bars are not seen."""
    rows = []
    for bar in block.bars:
        parts = "".join(
            f'<span class="bar {kind}" style="width: {100 * share:.1f}%" '
            f'title="{escape(name)} {100 * share:.0f} %"></span>'
            for share, kind, name in zip(bar.shares, block.kinds, block.names, strict=True)
        )
        rows.append(
            f'<tr><th scope="row">{escape(bar.label)}</th><td class="bars">{parts}</td>'
            f'<td>{escape(bar.text)}</td><td class="text">{escape(bar.note)}</td></tr>'
        )
    names = ", ".join(
        f'<span class="bar {kind}"></span> {escape(name)}'
        for kind, name in zip(block.kinds, block.names, strict=True)
    )
    return f'<table class="list">{"".join(rows)}</table><p class="quiet">{names}</p>'


def _listing(listing: Listing) -> str:
    caption = f"<caption>{escape(listing.caption)}</caption>" if listing.caption else ""
    heads = "".join(
        f'<th scope="col"{_end(listing, at)}>{escape(name)}</th>'
        for at, name in enumerate(listing.columns)
    )
    head = (
        f"<thead><tr>{heads}</tr></thead>" if any(name.strip() for name in listing.columns) else ""
    )
    body = "".join(_listed(listing, row) for row in listing.rows)
    foot = f"<tfoot>{_listed(listing, listing.total)}</tfoot>" if listing.total else ""
    return f'<table class="list">{caption}{head}<tbody>{body}</tbody>{foot}</table>'


def _listed(listing: Listing, row: tuple[str, ...]) -> str:
    first, *others = row
    cells = "".join(
        f"<td{_end(listing, at)}>{escape(text)}</td>" for at, text in enumerate(others, 1)
    )
    return f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'


def _end(listing: Listing, at: int) -> str:
    return "" if listing.columns[at] in listing.right else ' class="text"'


def _row(label: str, cells: tuple[Cell, ...], grid: Grid) -> str:
    inside = "".join(_cell(cell, grid) for cell in cells)
    return f'<tr><th scope="row">{escape(label)}</th>{inside}</tr>'


def _cell(cell: Cell, grid: Grid) -> str:
    style = f' style="background: {_tint(cell.level, grid)}"' if cell.level is not None else ""
    return f"<td{style}>{escape(cell.text.strip())}</td>"


WEIGHT, BELOW = "56, 132, 255", "230, 120, 40"
"""Tints of what is above and below 0, as red, green and blue."""


def _tint(level: float, grid: Grid) -> str:
    """A tint that reads on light and dark ground, since it lets both through."""
    colour = BELOW if level < 0 else WEIGHT
    return f"rgba({colour}, {0.6 * min(abs(level), 1.0):.2f})"
