"""A topic on the terminal: its text by Rich, and what its examples give in between."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text
from rich.theme import Theme

from attn_cli.api.explain import Page
from attn_cli.cli import streams
from attn_cli.cli.output import page_console, show
from attn_cli.views.ascii import in_ascii
from attn_cli.views.wrapping import breakable, unmarked


def show_topic(page: Page, view: SimpleNamespace) -> None:
    """Print a topic piece by piece."""
    plain = view.plain
    ascii_only = plain or not streams.shows_unicode(sys.stdout)
    console = page_console(plain=plain, theme=Theme({"markdown.code": "cyan"}))
    title = in_ascii(page.title) if ascii_only else page.title
    console.print(Text(title, "bold"))
    for piece in page.pieces:
        console.print()
        if piece.text:
            _print_text(piece.text.strip(), console, ascii_only=ascii_only)
        if piece.line:
            console.print(Text(f"$ {piece.line}", "dim"), soft_wrap=True)
            sys.stdout.flush()
        if piece.result is not None:
            for notice in piece.result.notices:
                streams.note(notice)
            show(piece.result, view, advice=False)
    if page.station:
        console.print()
        told = in_ascii(page.station) if ascii_only else page.station
        console.print(Text(told, "dim"), soft_wrap=True)


COMMANDS = re.compile(r"\n*((?:^- `[^`\n]+`\n?)+)", re.M)
"""Lists of commands, which are never broken: what is copied can be pasted."""


def _print_text(text: str, console: Console, *, ascii_only: bool) -> None:
    """Print Markdown, commands of a list in one line each."""
    for at, part in enumerate(COMMANDS.split(text)):
        if at % 2 == 0 and part.strip():
            _print_markdown(part.strip(), console, ascii_only=ascii_only)
        elif at % 2:
            print()
            for line in part.splitlines():
                command = in_ascii(line[3:-1]) if ascii_only else line[3:-1]
                bullet = "*" if ascii_only else "•"
                console.print(Text.assemble(f" {bullet} ", (command, "cyan")), soft_wrap=True)


def _print_markdown(text: str, console: Console, *, ascii_only: bool) -> None:
    """Print Markdown without the spaces that fill its lines up."""
    text = in_ascii(text) if ascii_only else text
    with console.capture() as captured:
        console.print(Markdown(breakable(text), hyperlinks=False))
    shown = unmarked(captured.get()).rstrip()
    shown = shown.replace("•", "*") if ascii_only else shown
    print("\n".join(line.rstrip() for line in shown.splitlines()))
