"""A page in the language that is spoken: its titles, prose, heads of tables; names of data stay."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from attn_cli.language import foreign, told
from attn_cli.views.page import (
    Abreast,
    Bars,
    Block,
    Curves,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    Raster,
    Single,
    Title,
)


def translated_page(blocks: Iterable[Block]) -> list[Block]:
    """The same page in another language than English, where that is spoken."""
    if not foreign():
        return [*blocks]
    return [_translated(block) for block in blocks]


def _translated(block: Block) -> Block:
    if isinstance(block, Abreast):
        return Abreast(tuple(tuple(map(_single, part)) for part in block.parts))
    return _single(block)


def _single(block: Single) -> Single:
    if isinstance(block, Title):
        return Title(told(block.left), told(block.formula), told(block.source))
    if isinstance(block, Heading):
        text, right, about = map(told, (block.text, block.right, block.about))
        return block._replace(text=text, right=right, about=about)
    if isinstance(block, Lines):
        if block.kind != "prose":
            return block
        return block._replace(lines=tuple(map(told, block.lines)))
    if isinstance(block, Listing):
        return _listing(block)
    if isinstance(block, Grids):
        return block._replace(grids=tuple(map(_grid, block.grids)))
    if isinstance(block, Raster):
        return _raster(block)
    if isinstance(block, Bars):
        bars = tuple(bar._replace(text=told(bar.text), note=told(bar.note)) for bar in block.bars)
        return block._replace(bars=bars, names=tuple(map(told, block.names)))
    if isinstance(block, Curves):
        curves = tuple(one._replace(name=told(one.name)) for one in block.curves)
        marks = tuple((at, told(text)) for at, text in block.marks)
        return Curves(curves, told(block.across), told(block.up), marks)
    return block


def _raster(block: Raster) -> Raster:
    return block._replace(
        caption=told(block.caption),
        legend=tuple((level, told(text)) for level, text in block.legend),
        note=told(block.note),
        coarse=block.coarse and _raster(block.coarse),
    )


def _grid(grid: Grid) -> Grid:
    return grid._replace(
        caption=_sentence(grid.caption), note=told(grid.note), legend=told(grid.legend)
    )


def _sentence(text: str) -> str:
    """A text of several words: a single one may be the name of a step or of a mode."""
    return told(text) if " " in text else text


AS_TYPED = ("step", "look at it", "query", "most")
"""Columns of names: of steps, of what is typed, of a reader's own words."""


def _listing(block: Listing) -> Listing:
    """Heads of columns, and cells of several words."""

    def heads(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(told, names))

    def cells(row: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            cell if name in AS_TYPED else _sentence(cell)
            for name, cell in zip_longest(block.columns, row, fillvalue="")
        )

    return block._replace(
        columns=heads(block.columns),
        rows=tuple(map(cells, block.rows)),
        right=heads(block.right),
        spare=heads(block.spare),
        wrap=heads(block.wrap),
        kinds=tuple((told(name), kind) for name, kind in block.kinds),
        total=heads(block.total),
        strong=cells(block.strong),
        caption=told(block.caption),
    )
