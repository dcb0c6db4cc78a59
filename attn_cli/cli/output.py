"""Pages to the terminal and to files, for every command."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attn_cli.api.shown import Frame, Shown
from attn_cli.arrays.writing import write_bytes
from attn_cli.cli import streams
from attn_cli.language import said
from attn_cli.views.page import ASCII_SIGNS, Block, LongTable, Signs, in_order
from attn_cli.views.visible import escaped_json

if TYPE_CHECKING:
    from rich.console import Console

    from attn_cli.views.terminal import Printer

LAST_LATIN = "\u024f"


def show(shown: Shown, view: SimpleNamespace, *, advice: bool = True) -> None:
    """Print a result's page to standard output, in ASCII where it has to be or is wanted.

    view: the display options. advice: whether the page ends with what to type next.
    """
    from attn_cli.cli.typed import typed
    from attn_cli.views.visible import visible_page

    printer = printer_of(view)
    signs = ASCII_SIGNS if printer.ascii_only else Signs()
    frame = Frame(printer.console.width, signs, typed() if advice else None)
    blocks: list[Block] = visible_page(shown.blocks(frame))
    if view.plain:
        from attn_cli.views.spoken import spoken_page

        blocks = spoken_page(blocks, signs)
    long = [block for block in in_order(blocks) if isinstance(block, LongTable)]
    if long:
        numbers = f"{sum(table.numbers for table in long):,}"
        lines = f"{sum(table.count for table in long):,}"
        told = said(
            "{numbers} numbers follow, in about {lines} lines.", numbers=numbers, lines=lines
        )
        streams.note(told)
    if getattr(view, "step", False) and sys.stdin.isatty() and sys.stdout.isatty():
        from attn_cli.cli.stepping import walk

        walk(blocks, printer)
    else:
        printer.print(blocks)


def printer_of(view: SimpleNamespace) -> Printer:
    """What prints pages as the display options and the terminal have it."""
    from attn_cli.cli.ground import ground
    from attn_cli.views.terminal import Printer

    plain = view.plain
    console = page_console(plain=plain, markup=False)
    return Printer(
        console,
        ground(view.theme, coloured=console.color_system is not None),
        beside=not plain,
        ascii_only=plain or not streams.shows_unicode(sys.stdout),
    )


def page_console(*, plain: bool, **more: Any) -> Console:
    """A console for pages; plain: without colours. more: as Rich has it."""
    from rich.console import Console

    class Page(Console):
        """A console that leaves it to the caller what a reader that left means."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "the reader left")

    colours: dict[str, Any] = {"no_color": True, "color_system": None} if plain else {}
    return Page(highlight=False, emoji=False, **colours, **more)


def export(shown: Shown, view: SimpleNamespace) -> None:
    """Write a result's page to a file, and say so."""
    path = view.export
    suffix = path.suffix.lower()
    written = shown.exported(
        suffix, theme="dark" if view.theme == "dark" else "light", width=view.width
    )
    write_bytes(path, written, force=view.force)
    streams.report(f"Exported {path}")
    if suffix == ".tex" and max(written.decode()) > LAST_LATIN:
        streams.note(said("it has letters that pdflatex lacks; use lualatex or xelatex."))


def print_json(document: Mapping[str, Any]) -> None:
    """Print one strict JSON document, in signs that standard output can show."""
    import json

    ascii_only = not streams.shows_unicode(sys.stdout)
    print(escaped_json(json.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=1)))
