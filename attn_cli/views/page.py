"""A page: what a person is shown, before it is known where (terminal, HTML, LaTeX ...)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple


class Cell(NamedTuple):
    """One number of a table as text.

    level: from -1 to 1, tints it. marked: the number that is worked out below the table. latex: as
    LaTeX has it, where that is another.
    """

    text: str
    level: float | None = None
    marked: bool = False
    latex: str = ""


class Grid(NamedTuple):
    """A table of numbers with named rows and columns.

    kind, rows_are, columns_are: what holds the numbers, rows and columns, for colour.
    note: how much of the array this is, where it is not all. gap: spaces before each number.
    widths: of the columns, without the gap; of all texts where none are given. reads: how cells are
    read aloud: percent, allowed or compared for signs of pairs, picture where columns have no
    names. legend: what signs mean, for those who see them.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    kind: str = ""
    rows_are: str = ""
    columns_are: str = ""
    note: str = ""
    gap: int = 1
    widths: tuple[int, ...] = ()
    reads: str = ""
    legend: str = ""

    @property
    def told(self) -> str:
        """What stands below the table."""
        return "; ".join(filter(None, (self.note, self.legend)))


class Raster(NamedTuple):
    """A picture of very many numbers as levels from 0 to 1, two rows to a line of text.

    names: of every row. legend: what some levels mean. coarse: the same in cells twice as long on
    each side, for where there are no colours.
    """

    levels: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    rows_are: str = ""
    caption: str = ""
    legend: tuple[tuple[float, str], ...] = ()
    note: str = ""
    coarse: "Raster | None" = None


class Listing(NamedTuple):
    """Words and amounts in rows under their columns, the first of which names the row.

    right: columns whose texts end in line. spare: columns to leave out first, in order, where the
    width does not hold all. wrap: columns of prose, which may take several lines. total: a last
    row, bold. strong: the names of rows that stand out. kinds: what columns hold, for colour.
    latex: texts as LaTeX has them, in the same places; empty where they are words.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    wrap: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    caption: str = ""
    latex: tuple[tuple[str, ...], ...] = ()


def listing(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    wrap: Sequence[str] = (),
    total: Sequence[str] = (),
    strong: Sequence[str] = (),
    kinds: Sequence[tuple[str, str]] = (),
) -> Listing:
    """A list from any sequences; the keywords are those of Listing."""
    return Listing(
        tuple(columns),
        tuple(map(tuple, rows)),
        right=tuple(right),
        spare=tuple(spare),
        wrap=tuple(wrap),
        total=tuple(total),
        strong=tuple(strong),
        kinds=tuple(kinds),
    )


class Title(NamedTuple):
    """The head of a page."""

    left: str
    formula: str
    source: str


class Heading(NamedTuple):
    """The head of a step, or of a closing part: what, and at its right how much.

    about: what it means, beside it or below. brief: what stands at the right is left out where the
    line has no room for it.
    """

    number: str
    text: str
    name: str = ""
    right: str = ""
    latex: str = ""
    kind: str = ""
    brief: bool = False
    about: str = ""


LineKind = Literal["prose", "verbatim", "drawing", "command"]


class Lines(NamedTuple):
    """Lines of prose; quiet ones are said beside the point, those apart after a blank line.

    kind: verbatim lines are the same in every language; so is a drawing, whose columns matter too,
    and a command, or several with three spaces between them, none of which is broken.
    """

    lines: tuple[str, ...]
    quiet: bool = False
    indented: bool = True
    apart: bool = False
    kind: LineKind = "prose"


class Grids(NamedTuple):
    """Tables that belong together, beside each other where there is room.

    apart: a blank line between those below each other.
    """

    grids: tuple[Grid, ...]
    apart: bool = False


class Bar(NamedTuple):
    """One line of a chart: parts of a whole, each as a share of 1, with what is told beside."""

    label: str
    shares: tuple[float, ...]
    text: str
    note: str = ""


class Bars(NamedTuple):
    """A chart of bars; kinds and names are those of their parts.

    With several parts bars are as long as each other; with one its length is an amount, told by
    the bar's text.
    """

    bars: tuple[Bar, ...]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    signs: tuple[str, ...] = ("▒", "█")

    def amounts(self, bar: Bar) -> tuple[str, ...]:
        """How much each part is, in words."""
        if len(self.names) == 1:
            return (bar.text,)
        return tuple(f"{100 * share:.0f} %" for share in bar.shares)


class Curve(NamedTuple):
    """One curve of a drawing: points from left to right, all above 0."""

    name: str
    points: tuple[tuple[float, float], ...]
    kind: str


class Curves(NamedTuple):
    """Curves on logarithmic axes, which across and up name. marks: upright lines, explained."""

    curves: tuple[Curve, ...]
    across: str
    up: str
    marks: tuple[tuple[float, str], ...] = ()


class LongTable(ABC):
    """A table of very many numbers, whose lines are made while they are printed."""

    @property
    @abstractmethod
    def numbers(self) -> int:
        """How many numbers there are."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many lines there will be."""

    @abstractmethod
    def lines(self) -> Iterator[str]:
        """Every line, aligned."""


Single = Title | Heading | Lines | Grids | Raster | Listing | Bars | Curves | LongTable

Part = tuple[Single, ...]
"""Blocks that belong together."""


class Abreast(NamedTuple):
    """Parts that stand beside each other where there is room, in their order."""

    parts: tuple[Part, ...]


Block = Single | Abreast


def in_order(blocks: Iterable[Block]) -> Iterator[Single]:
    """Every block of a page, parts one after another."""
    for block in blocks:
        if isinstance(block, Abreast):
            yield from (inner for part in block.parts for inner in part)
        else:
            yield block


class Signs(NamedTuple):
    """Signs inside tables, where their width matters."""

    infinity: str = "∞"
    masked: str = "·"
    allowed: str = "■"
    gap: str = "…"
    apart: tuple[str, str] = ("+", "-")


ASCII_SIGNS = Signs(infinity="inf", masked=".", allowed="#", gap="...")


class Display(NamedTuple):
    """How much is shown and how: the display options.

    width: columns of text. precision: decimals, None for as many as a table needs. everything: no
    row or column is left out. steps: every table of every step. percent: weights in per cent.
    """

    width: int = 80
    precision: int | None = None
    everything: bool = False
    head: int | None = None
    batch_index: int = 0
    only: str | None = None
    start: str | None = None
    steps: bool = False
    percent: bool = False
    signs: Signs = Signs()
