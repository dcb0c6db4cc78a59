"""Pages as HTML: headings, paragraphs and real tables, which a screen reader can walk."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from attn_cli.views.curves_svg import svg_of
from attn_cli.views.page import (
    Abreast,
    Bars,
    Block,
    Cell,
    Curves,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    LongTable,
    Raster,
    Title,
)
from attn_cli.views.palette import KINDS, Ground
from attn_cli.views.png import png

STYLE = """
.attn { @light@ font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; }
@media (prefers-color-scheme: dark) { .attn { @dark@ } }
.attn h2 { font-size: 1.3em; margin: 0 0 .3rem; }
.attn h3 { font-size: 1em; margin: 1rem 0 0; }
.attn .abreast { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.attn section { min-width: 0; max-width: 100%; }
.attn .tables { overflow-x: auto; }
.attn table { border-collapse: collapse; margin: .3rem 1.2rem .8rem 0; display: inline-table;
  vertical-align: top; font: 13px/1.5 ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }
.attn caption { text-align: left; font-weight: 600; }
.attn th, .attn td { padding: .05rem .5em; text-align: right; white-space: pre; }
.attn th { font-weight: 400; color: var(--quiet); text-align: right; }
.attn .list thead th { border-bottom: 1px solid currentColor; }
.attn .list tfoot * { font-weight: 700; }
.attn .text, .attn .list th[scope=row] { text-align: left; white-space: pre-wrap; }
.attn .list th[scope=row]:not([class]), .attn .list th.strong { color: inherit; }
.attn .list .strong, .attn .list tr.strong * { font-weight: 700; }
.attn .marked { font-weight: 700; text-decoration: underline; }
.attn p { margin: .1rem 0; overflow-wrap: anywhere; }
.attn .quiet { color: var(--quiet); }
.attn figure { margin: .3rem 0; }
.attn .raster { image-rendering: pixelated; max-width: 100%; border: 1px solid var(--quiet); }
.attn svg.curves { width: 100%; max-width: 44rem; font: 12px ui-monospace, Menlo, monospace; }
.attn .sample { display: inline-block; width: .9em; height: .9em; border: 1px solid var(--quiet); }
.attn .bars { min-width: 14rem; white-space: nowrap; }
.attn .bar { display: inline-block; height: .9em; min-width: 1px; background: currentColor; }
.attn p .bar { width: .9em; }
.attn .query { color: var(--query); }
.attn .key { color: var(--key); }
.attn .value { color: var(--value); }
.attn .weight { color: var(--weight); }
.attn .input { color: var(--input); }
"""

PAGE = """<!DOCTYPE html>
<html lang="@language@">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>@title@</title>
<style>
body { background: #ffffff; color: #202124; margin: 1rem; }
@media (prefers-color-scheme: dark) { body { background: #1e1e1e; color: #dee0e4; } }
</style>
</head>
<body>
<main>
@body@
</main>
</body>
</html>
"""


def html_page(blocks: Iterable[Block], title: str, language: str = "en") -> str:
    """Write a page as a document of its own, for dark and light alike."""
    head = PAGE.replace("@title@", escape(title)).replace("@language@", language)
    return head.replace("@body@", html_fragment(blocks))


def _style() -> str:
    """The style with the colours of both grounds."""
    grounds: tuple[Ground, ...] = ("dark", "light")
    told = STYLE
    for ground in grounds:
        named = " ".join(f"--{kind}: {colour};" for kind, colour in KINDS[ground].items())
        told = told.replace(f"@{ground}@", named)
    return told


def html_fragment(blocks: Iterable[Block]) -> str:
    """Write a page as a part of a document, with its own style."""
    body = "\n".join(map(_block, blocks))
    return f'<style>{_style()}</style>\n<div class="attn">\n{body}\n</div>'


def _block(block: Block) -> str:
    if isinstance(block, Abreast):
        parts = ("".join(map(_block, part)) for part in block.parts)
        return f'<div class="abreast">{"".join(f"<section>{p}</section>" for p in parts)}</div>'
    if isinstance(block, Title):
        about = " · ".join(escape(part) for part in (block.formula, block.source) if part)
        return f"<h2>{escape(block.left)}</h2>" + (f"<p>{about}</p>" if about else "")
    if isinstance(block, Heading):
        text = " ".join(part for part in (block.number, block.text) if part)
        beside = " · ".join(escape(part) for part in (block.about, block.right) if part)
        kind = f' class="{block.kind}"' if block.kind else ""
        return f"<h3{kind}>{escape(text)}</h3>" + (
            f'<p class="quiet">{beside}</p>' if beside else ""
        )
    if isinstance(block, Lines):
        if block.kind == "command":
            return "".join(f"<p><code>{escape(line)}</code></p>" for line in block.lines)
        if block.kind == "drawing":
            return f'<div class="tables"><pre>{escape(chr(10).join(block.lines))}</pre></div>'
        kind = ' class="quiet"' if block.quiet else ""
        return f"<p{kind}>{'<br>'.join(map(escape, block.lines))}</p>" if block.lines else ""
    if isinstance(block, LongTable):
        return f'<div class="tables"><pre>{escape(chr(10).join(block.lines()))}</pre></div>'
    if isinstance(block, Bars):
        return _bars(block)
    if isinstance(block, Listing):
        return _listing(block)
    if isinstance(block, Raster):
        return _raster(block)
    if isinstance(block, Curves):
        return svg_of(block)
    assert isinstance(block, Grids)
    return f'<div class="tables">{"".join(map(_table, block.grids))}</div>'


def _table(grid: Grid) -> str:
    caption = f"<caption>{escape(grid.caption)}</caption>" if grid.caption else ""
    kind = f' class="{grid.columns_are}"' if grid.columns_are else ""
    heads = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name in grid.columns)
    rows = "".join(_row(label, cells, grid) for label, cells in grid.rows)
    note = f'<p class="quiet">{escape(grid.told)}</p>' if grid.told else ""
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    return f"<table>{caption}{head}<tbody>{rows}</tbody></table>{note}"


PIXELS = 6
"""Pixels along each side of a level of a picture."""


def _raster(raster: Raster) -> str:
    """A picture that lets the ground through, under its caption; a sample of each level below."""
    rows, columns = len(raster.levels), len(raster.levels[0])
    about = ". ".join(filter(None, (raster.caption, raster.note)))
    source = base64.b64encode(png(raster.levels, WEIGHT_COLOUR)).decode("ascii")
    picture = (
        f'<img class="raster" alt="{escape(about)}" width="{columns * PIXELS}" '
        f'height="{rows * PIXELS}" src="data:image/png;base64,{source}">'
    )
    samples = " ".join(
        f'<span class="sample" style="background: rgba({WEIGHT}, {level:.2f})"></span>'
        f" {escape(meaning)}"
        for level, meaning in raster.legend
    )
    caption = f"<figcaption>{escape(raster.caption)}</figcaption>" if raster.caption else ""
    notes = "".join(
        f'<p class="quiet">{text}</p>' for text in (samples, escape(raster.note)) if text
    )
    return f'<figure class="tables">{caption}{picture}</figure>{notes}'


def _bars(block: Bars) -> str:
    """A table whose cells hold bars: the numbers are read out where bars are not seen."""
    rows = []
    for bar in block.bars:
        parts = "".join(
            f'<span class="bar {kind}" style="width: {100 * share:.1f}%" '
            f'title="{escape(name)} {amount}"></span>'
            for share, kind, name, amount in zip(
                bar.shares, block.kinds, block.names, block.amounts(bar), strict=True
            )
        )
        rows.append(
            f'<tr><th scope="row">{escape(bar.label)}</th><td class="bars">{parts}</td>'
            f'<td>{escape(bar.text)}</td><td class="text">{escape(bar.note)}</td></tr>'
        )
    names = ", ".join(
        f'<span class="bar {kind}"></span> {escape(name)}'
        for kind, name in zip(block.kinds, block.names, strict=True)
    )
    table = f'<table class="list">{"".join(rows)}</table>'
    return f'<div class="tables">{table}</div><p class="quiet">{names}</p>'


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
    table = f'<table class="list">{caption}{head}<tbody>{body}</tbody>{foot}</table>'
    return f'<div class="tables">{table}</div>'


def _listed(listing: Listing, row: tuple[str, ...]) -> str:
    first, *others = row
    cells = "".join(
        f"<td{_end(listing, at)}>{escape(text)}</td>" for at, text in enumerate(others, 1)
    )
    strong = ' class="strong"' if first in listing.strong else ""
    held = dict(listing.kinds).get(listing.columns[0])
    kind = f' class="{held}"' if held else ""
    return f'<tr{strong}><th scope="row"{kind}>{escape(first)}</th>{cells}</tr>'


def _end(listing: Listing, at: int) -> str:
    name = listing.columns[at]
    words = [dict(listing.kinds).get(name, ""), "" if name in listing.right else "text"]
    return f' class="{" ".join(filter(None, words))}"' if any(words) else ""


def _row(label: str, cells: tuple[Cell, ...], grid: Grid) -> str:
    inside = "".join(_cell(cell) for cell in cells)
    kind = f' class="{grid.rows_are}"' if grid.rows_are else ""
    return f'<tr><th scope="row"{kind}>{escape(label)}</th>{inside}</tr>'


def _cell(cell: Cell) -> str:
    style = f' style="background: {_tint(cell.level)}"' if cell.level is not None else ""
    style += ' class="marked"' if cell.marked else ""
    return f"<td{style}>{escape(cell.text.strip())}</td>"


WEIGHT_COLOUR = (56, 132, 255)
WEIGHT, BELOW = ", ".join(map(str, WEIGHT_COLOUR)), "230, 120, 40"
"""Tints of what is above and below 0, as red, green and blue."""


def _tint(level: float) -> str:
    """A tint that reads on light and dark ground, since it lets both through."""
    colour = BELOW if level < 0 else WEIGHT
    return f"rgba({colour}, {0.6 * min(abs(level), 1.0):.2f})"
