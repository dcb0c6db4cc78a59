"""Pages as files: what the terminal shows, as HTML, SVG, text, Markdown or LaTeX."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from html import escape

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from attn_cli.language import said
from attn_cli.views.latex import latex_page
from attn_cli.views.markdown import markdown_page
from attn_cli.views.page import Block, Lines
from attn_cli.views.terminal import Printer
from attn_cli.views.visible import visible, visible_page

WIDTH = 100
"""Columns of text in an exported page."""

Writer = Callable[[list[Block], str, Sequence[str]], str]

THEME = TerminalTheme(
    (255, 255, 255),
    (32, 33, 36),
    [
        (32, 33, 36),
        (176, 42, 55),
        (30, 120, 60),
        (150, 100, 0),
        (24, 90, 160),
        (140, 50, 140),
        (0, 115, 125),
        (90, 94, 100),
    ],
)

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
<rect fill="#ffffff" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>@title@</title>
<style>
{stylesheet}
body {{ color: {foreground}; background-color: {background}; }}
pre {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
</style>
</head>
<body>
<pre><code>{code}</code></pre>
</body>
</html>
"""


def _recorded(blocks: list[Block], notices: Sequence[str]) -> Console:
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    Printer(console, "light").print(_with_notices(blocks, notices))
    return console


def _with_notices(blocks: list[Block], notices: Sequence[str]) -> list[Block]:
    noted = [Lines((said("Note: {notice}", notice=notice),)) for notice in notices]
    whole: list[Block] = visible_page([*blocks, *noted])
    return whole


def _in_template(title: str) -> str:
    """A title as it stands in a template that is filled by name."""
    return escape(visible(title), quote=True).replace("{", "{{").replace("}", "}}")


def _svg(blocks: list[Block], title: str, notices: Sequence[str]) -> str:
    page = SVG.replace("@title@", _in_template(title))
    return _recorded(blocks, notices).export_svg(theme=THEME, code_format=page)


def _html(blocks: list[Block], title: str, notices: Sequence[str]) -> str:
    page = HTML.replace("@title@", _in_template(title))
    return _recorded(blocks, notices).export_html(theme=THEME, code_format=page)


def _text(blocks: list[Block], title: str, notices: Sequence[str]) -> str:
    text = _recorded(blocks, notices).export_text()
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _markdown(blocks: list[Block], title: str, notices: Sequence[str]) -> str:
    return markdown_page(_with_notices(blocks, notices))


def _latex(blocks: list[Block], title: str, notices: Sequence[str]) -> str:
    return latex_page(_with_notices(blocks, notices))


WRITERS: dict[str, Writer] = {
    ".html": _html,
    ".svg": _svg,
    ".txt": _text,
    ".md": _markdown,
    ".tex": _latex,
}
