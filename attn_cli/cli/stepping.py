"""A page part by part, forth and back, a key for each."""

from __future__ import annotations

import typer

from attn_cli.cli import streams
from attn_cli.views.page import Abreast, Block, Heading
from attn_cli.views.terminal import Printer

BACK = ("b", "B", "p", "P", "\x7f", "\x08", "\x1b[D", "\x1b[A")
END = ("q", "Q", "\x1b", "\x04")


def walk(blocks: list[Block], printer: Printer) -> None:
    """Show one part after another, each when a key is pressed; b goes back, q ends it."""
    parts = parts_of(blocks)
    at = 0
    while at < len(parts):
        printer.print(parts[at])
        if at == len(parts) - 1:
            return
        printer.console.print()
        streams.say(f"— part {at + 1} of {len(parts)} · any key: next, b: back, q: end —")
        try:
            pressed = typer.getchar()
        except EOFError:
            return
        if pressed in END:
            return
        at = max(at - 1, 0) if pressed in BACK else at + 1


def parts_of(blocks: list[Block]) -> list[list[Block]]:
    """A page cut before every heading, and before parts that stand abreast."""
    starts = [
        place
        for place, block in enumerate(blocks)
        if place and isinstance(block, (Heading, Abreast))
    ]
    ends = [*starts, len(blocks)]
    return [blocks[begin:end] for begin, end in zip([0, *starts], ends, strict=True)]
