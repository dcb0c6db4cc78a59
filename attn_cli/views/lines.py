"""Text as wide as it is meant to be: Rich neither wraps nor aligns it again.

Rich would measure each cell of a table twice over, which took half the time of a small page.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.text import Text


class Line:
    """A line, or several, laid out already."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """The text as it is."""
        if self._text.spans:
            yield from self._text.render(console, end="\n")
            return
        style = self._text.style
        yield Segment(self._text.plain, console.get_style(style) if style else None)
        yield Segment.line()


class Run:
    """Pieces of one line, each with its style."""

    def __init__(self, *pieces: tuple[str, str]) -> None:
        self._pieces = pieces

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """The pieces as they are."""
        for text, style in self._pieces:
            yield Segment(text, console.get_style(style) if style else None)
