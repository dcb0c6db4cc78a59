"""What of a page can be drawn as a figure for slides: .png, or .pdf with its text as text.

matplotlib (an extra) draws; where parts stand is settled here, as on a screen.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from attn_cli.errors import AttnError
from attn_cli.views.figure_panels import LINE, Panel, folded, inches, panels_of
from attn_cli.views.page import Block, Grids, Heading, Lines, LongTable, Single, Title, in_order
from attn_cli.views.palette import GROUNDS, KINDS, Ground, Palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS_PER_INCH = 10.0
MARGIN, GAP, TITLE = 0.25, 0.35, 0.35
"""Inches around and between panels, and of the title."""

LEAST_WIDTH = 5.0
SIZE, TITLE_SIZE = 8, 12
"""Points of letters."""

DOTS_PER_INCH = 200

MOST_NUMBERS = 4000
"""Numbers in the tables of a figure, at most."""

CHINESE_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC"),
    *("Microsoft YaHei", "WenQuanYi Micro Hei", "SimHei"),
)


WORK_WIDTH = 3.0
"""Inches that a number worked out may take at least."""


class _Captioned(NamedTuple):
    """A panel, what it is, and what that means; kind: for colour. work: a number worked out."""

    panel: Panel
    caption: str
    about: str
    kind: str
    work: tuple[str, ...] = ()

    @property
    def above(self) -> float:
        """Inches of the lines above it."""
        return LINE * (1.2 * bool(self.caption) + bool(self.about))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height with everything that belongs to it."""
        wide, high = self.panel.whole
        lines = (wide, inches(self.caption, bold=True), inches(self.about))
        below = LINE * (len(self.work) + bool(self.work) / 2)
        return max(*lines, *map(inches, self.work)), self.above + high + below


class _Placed(NamedTuple):
    """Where the upper left corner of a panel with all that belongs to it is, in inches."""

    what: _Captioned
    left: float
    top: float


def refuse_missing_extra() -> None:
    """Raise AttnError where matplotlib is not installed, before anything is written."""
    if find_spec("matplotlib") is None:
        raise AttnError(
            ".png and .pdf need matplotlib: pip install matplotlib (the extra attn-cli[figures])."
        )


def figure(
    blocks: Iterable[Block], notes: list[str], suffix: str, ground: Ground, columns: int
) -> bytes:
    """Heat maps, masks, bars and curves of a page as one figure, `columns` of text wide.

    notes: what has to be known to read it right, below its title.

    Raises AttnError for a page without any, where matplotlib is not installed, and for letters
    that no font has.
    """
    refuse_missing_extra()
    import matplotlib

    shown = [*in_order(blocks)]
    _refuse_large(shown)
    found = [*_captioned(shown)]
    if not found:
        raise AttnError(
            "There is nothing to draw on this page: .png and .pdf hold heat maps, masks, bars and "
            "curves. Use .html, .svg or .tex for text and lists."
        )
    with matplotlib.rc_context(_settings(ground)), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        title, told = _head(shown)
        drawing = _drawn(found, title, [*told, *notes], columns / COLUMNS_PER_INCH, ground)
        written = _written(drawing, suffix)
    if any("missing from" in str(one.message) for one in warned):
        raise AttnError("No font here has all letters of this page: use .html, or install one.")
    return written


def _refuse_large(blocks: list[Single]) -> None:
    """Raise AttnError for more numbers than anyone reads in a figure."""
    grids = [grid for block in blocks if isinstance(block, Grids) for grid in block.grids]
    count = sum(len(cells) for grid in grids for _, cells in grid.rows)
    count += sum(block.numbers for block in blocks if isinstance(block, LongTable))
    if count > MOST_NUMBERS:
        raise AttnError(
            f"{count:,} numbers are too many for a figure (at most {MOST_NUMBERS:,}): leave "
            "‹everything› or ‹steps› out, or use .html."
        )


def _head(blocks: list[Single]) -> tuple[str, list[str]]:
    """The title of a page, and the lines below it: formula, source, and what is given.

    A page of one step has no title; what it says of its numbers stands at its end.
    """
    place = next((at for at, block in enumerate(blocks) if isinstance(block, Title)), None)
    if place is None:
        quiet = [block.lines for block in blocks if isinstance(block, Lines) and block.quiet]
        return "", [line for lines in quiet for line in lines]
    title, following = blocks[place], blocks[place + 1]
    assert isinstance(title, Title)
    given = following.lines if isinstance(following, Lines) and following.quiet else ()
    source = "   ".join(filter(None, (title.formula, title.source)))
    return title.left, [*filter(None, (source, *given))]


def _captioned(blocks: Iterable[Single]) -> Iterator[_Captioned]:
    """Every panel under the heading of its part."""
    heading = Heading("", "")
    shown = [*blocks]
    for block, after in zip(shown, [*shown[1:], None], strict=True):
        if isinstance(block, Heading):
            heading = block
        worked = after.lines if isinstance(after, Lines) and not after.quiet else ()
        for caption, panel in panels_of(block):
            above = " ".join(filter(None, (heading.number, heading.text)))
            named = ", ".join(filter(None, (above, caption)))
            wide = max(panel.whole[0], WORK_WIDTH)
            work = tuple(part for line in worked for part in folded(line, wide))
            yield _Captioned(panel, named, heading.about, heading.kind, work)


def _flow(found: list[_Captioned], top: float, room: float) -> tuple[list[_Placed], float, float]:
    """Panels beside each other as far as there is room; then the width and height of all."""
    placed: list[_Placed] = []
    left, low, right = MARGIN, top, 0.0
    for one in found:
        wide, high = one.size
        if left > MARGIN and left + wide + MARGIN > room:
            left, top = MARGIN, low + GAP
        placed.append(_Placed(one, left, top))
        right, low = max(right, left + wide), max(low, top + high)
        left += wide + GAP
    return placed, right + MARGIN, low + MARGIN


def _drawn(
    found: list[_Captioned], title: str, told: list[str], room: float, ground: Ground
) -> Figure:
    from matplotlib.figure import Figure

    palette = Palette(ground, "truecolor")
    _, width, _ = _flow(found, 0.0, room)
    width = max(width, LEAST_WIDTH, 2 * MARGIN + inches(title, bold=True) * TITLE_SIZE / SIZE)
    lines = [part for line in told for part in folded(line, width - 2 * MARGIN)]
    below = MARGIN + (TITLE if title else 0.0)
    top = below + LINE * len(lines) + GAP / 2
    placed, _, height = _flow(found, top, room)
    drawing = Figure(figsize=(width, height), facecolor=GROUNDS[ground][0])

    def write(left: float, top: float, text: str, **style: Any) -> None:
        drawing.text(left / width, 1 - top / height, text, va="top", **style)

    write(MARGIN, MARGIN, title, size=TITLE_SIZE, weight="bold")
    quiet = palette.style("quiet")
    for place, line in enumerate(lines):
        write(MARGIN, below + LINE * place, line, color=quiet)
    for one, left, above in placed:
        panel, caption, about, kind, work = one
        colour = palette.style(kind) or GROUNDS[ground][1]
        write(left, above, caption, weight="bold", color=colour)
        write(left, above + LINE, about, color=quiet)
        low = above + one.above + panel.above + panel.height
        box = (left + panel.before) / width, 1 - low / height
        axes = drawing.add_axes((*box, panel.width / width, panel.height / height))
        panel.draw(axes, palette)
        for place, line in enumerate(work):
            write(left, above + one.above + panel.whole[1] + LINE * (place + 0.5), line)
    return drawing


def _settings(ground: Ground) -> Any:
    ink, quiet = GROUNDS[ground][1], KINDS[ground]["quiet"]
    return {
        "font.family": _families(),
        "font.size": SIZE,
        "pdf.fonttype": 42,
        "text.color": ink,
        "text.parse_math": False,
        "axes.facecolor": "none",
        "axes.edgecolor": quiet,
        "axes.labelcolor": quiet,
        "xtick.color": quiet,
        "ytick.color": quiet,
    }


def _families() -> list[str]:
    """The font that comes with matplotlib, then those with Chinese letters that are here."""
    from matplotlib import font_manager

    here = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in CHINESE_FONTS if name in here)]


def _written(drawing: Figure, suffix: str) -> bytes:
    """The file, the same for the same page."""
    stream = io.BytesIO()
    if suffix == ".pdf":
        undated: dict[str, Any] = {"CreationDate": None}
        drawing.savefig(stream, format="pdf", metadata=undated)
    else:
        drawing.savefig(stream, format="png", dpi=DOTS_PER_INCH)
    return stream.getvalue()
