"""Pages as files: HTML, SVG, text, Markdown or LaTeX; their pictures as PNG or PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from functools import partial
from html import escape, unescape
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from attn_cli.language import ENGLISH, said
from attn_cli.views.html import html_page
from attn_cli.views.latex import latex_page
from attn_cli.views.markdown import markdown_page
from attn_cli.views.page import Block, Lines
from attn_cli.views.palette import GROUNDS, Ground
from attn_cli.views.terminal import Printer, page_text
from attn_cli.views.visible import visible, visible_page

WIDTH = 100
"""Columns of text in an exported page, where none are said."""


class Sheet(NamedTuple):
    """What a file needs beside the page.

    notices: what has to be known to read it right. ground: of an SVG; HTML has both. width:
    columns of text. language: of the page, en or zh. made_by: the choices it was made by, by which
    attn check reads it again; "" for none.
    """

    title: str
    notices: Sequence[str]
    ground: Ground = "light"
    width: int = WIDTH
    language: str = ENGLISH.name
    made_by: str = ""


Writer = Callable[[list[Block], Sheet], bytes]

SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" role="img" \
aria-label="@title@" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, \
"DejaVu Sans Mono", monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="@background@" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def _recorded(blocks: list[Block], sheet: Sheet) -> Console:
    console = Console(
        file=io.StringIO(),
        record=True,
        width=sheet.width,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    Printer(console, sheet.ground).print(_with_notices(blocks, sheet))
    return console


def _noted(sheet: Sheet) -> list[str]:
    return [said("Note: {notice}", notice=notice) for notice in sheet.notices]


def _with_notices(blocks: list[Block], sheet: Sheet) -> list[Block]:
    noted = [Lines((note,)) for note in _noted(sheet)]
    whole: list[Block] = visible_page([*blocks, *noted])
    return whole


def _in_template(title: str) -> str:
    """A title as it stands in a template that is filled by name."""
    return escape(visible(title), quote=True).replace("{", "{{").replace("}", "}}")


def _tone(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _svg(blocks: list[Block], sheet: Sheet) -> bytes:
    """A picture as wide as the longest line."""
    console = _recorded(blocks, sheet)
    lines = console.export_text(clear=False).splitlines()
    console.width = max(map(cell_len, lines), default=1)
    background, text = GROUNDS[sheet.ground]
    tones = [_tone(text)] * 8
    page = SVG.replace("@title@", _in_template(sheet.title))
    page = page.replace("@background@", background)
    theme = TerminalTheme(_tone(background), _tone(text), tones, tones)
    return WRITTEN.sub(
        _as_wide_as_cells, console.export_svg(theme=theme, code_format=page)
    ).encode()


WRITTEN = re.compile(r'textLength="(?P<length>[\d.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>')


def _as_wide_as_cells(match: re.Match[str]) -> str:
    """A run of text as wide as its cells: Rich gives a Chinese letter the width of one."""
    text = unescape(match["text"])
    if text.isascii():
        return match[0]
    length = float(match["length"]) * cell_len(text) / len(text)
    return f'textLength="{length:.1f}"{match["rest"]}>{match["text"]}</text>'


def _html(blocks: list[Block], sheet: Sheet) -> bytes:
    page = _with_notices(blocks, sheet)
    made = html_page(page, visible(sheet.title), sheet.language)
    return f"{made}{_comment(sheet)}".encode()


def _comment(sheet: Sheet) -> str:
    return f"<!-- attn {sheet.made_by} -->\n" if sheet.made_by else ""


def _text(blocks: list[Block], sheet: Sheet) -> bytes:
    return f"{page_text(_with_notices(blocks, sheet), sheet.width)}\n".encode()


def _markdown(blocks: list[Block], sheet: Sheet) -> bytes:
    return f"{markdown_page(_with_notices(blocks, sheet))}{_comment(sheet)}".encode()


def _latex(blocks: list[Block], sheet: Sheet) -> bytes:
    return latex_page(_with_notices(blocks, sheet)).encode()


def _figure(suffix: str, blocks: list[Block], sheet: Sheet) -> bytes:
    from attn_cli.views.figures import figure

    shown, noted = visible_page(blocks), visible_page(_noted(sheet))
    return figure(shown, noted, suffix, sheet.ground, sheet.width)


WRITERS: dict[str, Writer] = {
    ".html": _html,
    ".svg": _svg,
    ".txt": _text,
    ".md": _markdown,
    ".tex": _latex,
    ".png": partial(_figure, ".png"),
    ".pdf": partial(_figure, ".pdf"),
}
