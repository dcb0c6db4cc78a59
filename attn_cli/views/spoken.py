"""A page for a screen reader: numbers with the names of their rows and columns, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attn_cli.language import named, said
from attn_cli.units import flops_text
from attn_cli.views.page import (
    Abreast,
    Bars,
    Block,
    Cell,
    Curves,
    Grid,
    Grids,
    Lines,
    Listing,
    Raster,
    Signs,
    in_order,
)

WEIGHTS = "{row} gives {cells}."
NUMBERS = "{row}: {cells}."
ALLOWED = "{row} may attend {names}."
NOTHING = "{row} may attend nothing."
MASKED = "Masked: {names}."
BOTH = "both {names}"
HERE = "only the mask {names}"
THERE = "only the other {names}"
NEITHER = "neither"
LEFT_OUT = "Rows are left out here."
PICTURE = "A picture stands here: {note}. ‹everything› gives every number."

BARS = str.maketrans("", "", "█▉▊▋▌▍▎▏")


def spoken_page(blocks: Iterable[Block], signs: Signs) -> list[Block]:
    """A page whose tables of numbers are sentences, one for each row; signs: those it uses."""
    return [part for block in in_order(blocks) for part in _spoken(block, signs)]


def _spoken(block: Block, signs: Signs) -> Iterator[Block]:
    assert not isinstance(block, Abreast)
    if isinstance(block, Grids):
        for grid in block.grids:
            yield _lines(_sentences(grid, signs))
    elif isinstance(block, Raster):
        yield _lines([said(PICTURE, note="; ".join(filter(None, (block.caption, block.note))))])
    elif isinstance(block, Bars):
        yield _lines(_bars(block))
    elif isinstance(block, Curves):
        yield _lines(_curves(block))
    elif isinstance(block, Listing):
        yield _without_bars(block)
    else:
        yield block


def _lines(texts: Iterable[str]) -> Lines:
    return Lines(tuple(texts), indented=False)


def _sentences(grid: Grid, signs: Signs) -> Iterator[str]:
    if grid.reads == "picture":
        yield said(PICTURE, note="; ".join(filter(None, (grid.caption, grid.note))))
        return
    if grid.caption:
        yield f"{grid.caption}:"
    columns = _told_apart(grid.columns, signs)
    rows = _told_apart([name for name, _ in grid.rows], signs)
    for row, (_, cells) in zip(rows, grid.rows, strict=True):
        if row == signs.gap:
            yield said(LEFT_OUT)
        else:
            yield _sentence(row, [*zip(columns, cells, strict=True)], grid, signs)
    if grid.note:
        yield grid.note


def _told_apart(names: Sequence[str], signs: Signs) -> list[str]:
    """Names, those that come twice with their number: the (4)."""
    if signs.gap in names:
        return [*names]
    return [
        f"{name} ({place})" if name and names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _sentence(row: str, cells: list[tuple[str, Cell]], grid: Grid, signs: Signs) -> str:
    """A row: its numbers, each after the name of its column; those left out are a gap."""

    def where(*texts: str) -> str:
        return ", ".join(n for n, cell in cells if n == signs.gap or cell.text.strip() in texts)

    if grid.reads == "allowed":
        kept = where(signs.allowed)
        if not kept.replace(signs.gap, "").strip(", "):
            return said(NOTHING, row=row)
        return said(ALLOWED, row=row, names=kept)
    if grid.reads == "compared":
        both, here, there = (where(sign) for sign in (signs.allowed, *signs.apart))
        told = [said(BOTH, names=both)] if both else []
        told += [said(HERE, names=here)] if here else []
        told += [said(THERE, names=there)] if there else []
        return said(NUMBERS, row=row, cells=said("; ").join(told) or said(NEITHER))
    masked = [name for name, cell in cells if cell.text == signs.masked]
    unit = f" {said('percent')}" if grid.reads == "percent" else ""
    numbers = ", ".join(
        name if name == signs.gap else f"{name} {cell.text.strip()}{unit}"
        for name, cell in cells
        if cell.text != signs.masked
    )
    hidden = [said(MASKED, names=", ".join(masked))] if masked else []
    if not numbers:
        return named(row, " ".join(hidden))
    if grid.kind == "weight":
        return " ".join((said(WEIGHTS, row=row, cells=numbers), *hidden))
    return " ".join((said(NUMBERS, row=row, cells=numbers), *hidden))


def _bars(block: Bars) -> Iterator[str]:
    for bar in block.bars:
        parts = [
            f"{name} {amount.replace('%', said('percent'))}"
            for name, amount in zip(block.names, block.amounts(bar), strict=True)
        ]
        note = f" ({bar.note.removeprefix('◂ ')})" if bar.note else ""
        label = " ".join(bar.label.split())
        yield said(NUMBERS, row=label, cells=f"{', '.join(parts)}{note}")


def _curves(block: Curves) -> Iterator[str]:
    """Where each curve begins and ends, and what is marked."""
    across = block.across.partition(",")[0]
    for curve in block.curves:
        (first, low), (last, high) = curve.points[0], curve.points[-1]
        begins = f"{flops_text(int(low))} at {across} = {first:,.0f}"
        ends = f"{flops_text(int(high))} at {across} = {last:,.0f}"
        yield said(NUMBERS, row=curve.name, cells=f"{begins}, {ends}")
    yield from (f"{meaning}." for _, meaning in block.marks)


def _without_bars(listing: Listing) -> Listing:
    """A list whose amounts are told, not drawn."""
    rows = tuple(tuple(text.translate(BARS).strip() for text in row) for row in listing.rows)
    return listing._replace(rows=rows)
