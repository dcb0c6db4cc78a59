"""Pages to the terminal and to files, for every command."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attn_cli.api.shown import Frame, Shown
from attn_cli.arrays.writing import write_text
from attn_cli.cli import streams
from attn_cli.language import said
from attn_cli.views.page import ASCII_SIGNS, Block, Heading, Signs
from attn_cli.views.visible import escaped_json

LAST_LATIN = "\u024f"


def show(shown: Shown, *, plain: bool, stepwise: bool = False) -> None:
    """Print a result's page to standard output, in ASCII where it has to be or is wanted."""
    from rich.console import Console

    from attn_cli.views.ascii import ascii_page
    from attn_cli.views.terminal import print_page
    from attn_cli.views.visible import visible_page

    ascii_only = plain or not streams.shows_unicode(sys.stdout)
    colours: dict[str, Any] = {"no_color": True, "color_system": None} if plain else {}

    class Page(Console):
        """A console that leaves it to the caller what a reader that left means."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "the reader left")

    console = Page(highlight=False, markup=False, emoji=False, **colours)
    signs = ASCII_SIGNS if ascii_only else Signs()
    blocks: list[Block] = visible_page(shown.page(Frame(console.width, signs, advice=True)))
    if ascii_only:
        blocks = ascii_page(blocks)
    if stepwise and sys.stdin.isatty() and sys.stdout.isatty():
        reveal(blocks, console)
    else:
        print_page(blocks, console, beside=not plain)


def reveal(blocks: list[Block], console: Any) -> None:
    """Show one part after another, each when a key is pressed; q ends it."""
    import typer

    from attn_cli.views.terminal import print_page

    starts = [place for place, block in enumerate(blocks) if place and isinstance(block, Heading)]
    for begin, end in zip([0, *starts], [*starts, len(blocks)], strict=True):
        print_page(blocks[begin:end], console)
        if end == len(blocks):
            return
        console.print()
        streams.say("— any key: next step, q: end —")
        try:
            pressed = typer.getchar()
        except EOFError:
            return
        if pressed in ("q", "Q", "\x1b"):
            return


def export(shown: Shown, path: Path, *, force: bool) -> None:
    """Write a result's page to a file, and say so."""
    suffix = path.suffix.lower()
    text = shown.exported(suffix)
    write_text(path, [text], force=force)
    streams.say(f"Exported {path}")
    if suffix == ".tex" and not text.isascii() and max(text) > LAST_LATIN:
        streams.note(said("it has letters that pdflatex lacks; use lualatex or xelatex."))


def print_json(document: Mapping[str, Any]) -> None:
    """Print one strict JSON document, in signs that standard output can show."""
    ascii_only = not streams.shows_unicode(sys.stdout)
    print(escaped_json(json.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=1)))
