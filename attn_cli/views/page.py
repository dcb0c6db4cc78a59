"""A page: what a person is shown, before it is known where (terminal, HTML, LaTeX ...)."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """One number of a table as text; level shades it, where there is a level."""

    text: str
    level: float | None = None


class Grid(NamedTuple):
    """A table of numbers with named rows and columns.

    kind, rows_are, columns_are: what holds the numbers, rows and columns, for colour.
    note: how much of the array this is, where it is not all. gap: spaces between columns.
    wide_labels: names of rows are as long as they are, and not folded. corner: what rows are.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    signed: bool = False
    kind: str = ""
    rows_are: str = ""
    columns_are: str = ""
    note: str = ""
    gap: int = 2
    wide_labels: bool = False
    corner: str = ""


class Title(NamedTuple):
    """The head of a page."""

    left: str
    formula: str
    source: str


class Heading(NamedTuple):
    """The head of a step, or of a closing part: what, and at its right how much."""

    number: str
    text: str
    name: str = ""
    right: str = ""
    latex: str = ""
    kind: str = ""


class Lines(NamedTuple):
    """Lines of prose; quiet ones are said beside the point, those apart after a blank line."""

    lines: tuple[str, ...]
    quiet: bool = False
    indented: bool = True
    apart: bool = False


class Grids(NamedTuple):
    """Tables that belong together, beside each other where there is room.

    apart: a blank line between those below each other.
    """

    grids: tuple[Grid, ...]
    apart: bool = False


Block = Title | Heading | Lines | Grids


class Signs(NamedTuple):
    """Signs inside tables, where their width matters."""

    infinity: str = "∞"
    masked: str = "·"
    allowed: str = "■"
    gap: str = "…"
    apart: tuple[str, str] = ("+", "-")
    shades: tuple[str, str, str, str, str] = ("·", "░", "▒", "▓", "█")


ASCII_SIGNS = Signs(
    infinity="inf", masked=".", allowed="#", gap="...", shades=(".", ":", "+", "%", "#")
)


class Display(NamedTuple):
    """How much is shown and how: the display options.

    width: columns of text. everything: no row or column is left out.
    """

    width: int = 80
    precision: int = 4
    everything: bool = False
    head: int | None = None
    batch_index: int = 0
    only: str | None = None
    start: str | None = None
    signs: Signs = Signs()
