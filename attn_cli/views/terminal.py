"""Pages on a terminal, by Rich: colours where there are any, never needed to read."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from attn_cli.views.layout import drawn
from attn_cli.views.page import Abreast, Block, Heading, Lines, LongTable
from attn_cli.views.palette import Depth, Ground, Palette

LINES_AT_ONCE = 1024


class Printer(NamedTuple):
    """Prints pages: where, for which ground, with parts side by side or not, in ASCII or not."""

    console: Console
    ground: Ground = "unknown"
    beside: bool = True
    ascii_only: bool = False

    def print(self, blocks: Iterable[Block]) -> None:
        """Print a page, a blank line before each part; our own signs in ASCII where need be."""
        if self.ascii_only:
            from attn_cli.views.ascii import ascii_page

            blocks = ascii_page(blocks)
        some: list[Block] = []
        begun = False
        for block in blocks:
            if not isinstance(block, LongTable):
                some.append(block)
                continue
            self._draw(some, begun)
            some, begun = [], True
            for lines in batched(block.lines(), LINES_AT_ONCE):
                self.console.file.write("\n".join(lines) + "\n")
        self._draw(some, begun)

    def _draw(self, blocks: list[Block], begun: bool) -> None:
        if blocks:
            page = Drawn(blocks, self.ground, self.beside, self.ascii_only, begun)
            self.console.print(page, soft_wrap=True)


def batched(lines: Iterator[str], count: int) -> Iterator[list[str]]:
    """Lines, several at a time."""
    while batch := [*islice(lines, count)]:
        yield batch


def page_text(blocks: Iterable[Block], width: int) -> str:
    """A page as plain text of a width."""
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False, _environ={})
    console.print(Drawn(blocks), soft_wrap=True)
    return file.getvalue().rstrip("\n")


def palette_of(console: Console, ground: Ground, ascii_only: bool = False) -> Palette:
    """The colours of a console on a ground."""
    depths: dict[str | None, Depth] = {
        "windows": "standard",
        "standard": "standard",
        "256": "256",
        "truecolor": "truecolor",
    }
    depth = "none" if console.no_color else depths.get(console.color_system, "none")
    return Palette(ground, depth, ascii_only)


class Drawn:
    """A page that Rich draws as wide as there is room; no line ends in spaces."""

    def __init__(
        self,
        blocks: Iterable[Block],
        ground: Ground = "unknown",
        beside: bool = True,
        ascii_only: bool = False,
        begun: bool = False,
    ) -> None:
        self._begun = begun
        self._blocks = blocks
        self._ground = ground
        self._beside = beside
        self._ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Draw block after block, so that a long page begins at once."""
        palette = palette_of(console, self._ground, self._ascii_only)
        width = options.max_width
        first = not self._begun
        for block in self._blocks:
            opens = isinstance(block, (Heading, Abreast)) or (
                isinstance(block, Lines) and block.apart
            )
            if opens and not first:
                yield Segment.line()
            first = False
            for part in drawn(block, width, palette, self._beside):
                wide = options.update(width=max(width, part.width), no_wrap=True)
                for line in console.render_lines(part.shown, wide, pad=False):
                    yield from _without_end(line)
                    yield Segment.line()


def _without_end(line: list[Segment]) -> list[Segment]:
    """A line without the spaces at its end, those on a tint excepted."""
    kept = [one for one in line if one.text]
    while kept:
        last = kept[-1]
        if last.style is not None and (last.style.bgcolor or last.style.underline):
            break
        text = last.text.rstrip(" ")
        if text:
            kept[-1] = Segment(text, last.style, last.control)
            break
        kept.pop()
    return kept
