"""Panels of a figure: tables as heat maps, pictures, bars and curves, each on axes of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from attn_cli.views.axes import across_ticks, late, range_of, up_ticks
from attn_cli.views.page import Bars, Block, Curves, Grid, Grids, Raster
from attn_cli.views.palette import Palette
from attn_cli.views.tints import colour_of, tint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTER, BOLD, LINE = 0.066, 0.076, 0.19
"""Inches of a letter, of a bold one, and of a line of text."""

LONGEST_PICTURE, LEAST_NOTE = 4.0, 3.0
BAR_WIDTH, CURVES_SIZE = 4.0, (6.0, 3.4)
LABELS = 16
"""Names beside a picture, at most."""

LONGEST_NAME = 24

DASHES = ("-", "--", ":")


class Panel(NamedTuple):
    """Something on axes of its own.

    width, height: of the axes, in inches; before, above, below: what its names take. draw: puts
    it on axes in the colours of a palette.
    """

    width: float
    height: float
    draw: Callable[[Axes, Palette], None]
    before: float = 0.0
    above: float = 0.0
    below: float = 0.0
    behind: float = 0.0

    @property
    def whole(self) -> tuple[float, float]:
        """Width and height with its names."""
        return self.before + self.width + self.behind, self.above + self.height + self.below


def panels_of(block: Block) -> Iterator[tuple[str, Panel]]:
    """Every panel of a block, with its own caption; none for text and lists."""
    if isinstance(block, Grids):
        for grid in block.grids:
            yield grid.caption, _heat_map(grid, turned=any(map(_is_turned, block.grids)))
    elif isinstance(block, Raster):
        yield block.caption, _picture(block)
    elif isinstance(block, Bars):
        yield "", _bars(block)
    elif isinstance(block, Curves):
        yield "", _curves(block)


def inches(text: str, *, bold: bool = False) -> float:
    """About as wide as a text is."""
    return cell_len(text) * (BOLD if bold else LETTER)


def shortened(name: str) -> str:
    """A name without its end where it is very long."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def folded(text: str, width: float) -> list[str]:
    """A text in lines about as wide."""
    return textwrap.wrap(text, max(int(width / LETTER), 20))


def _widest(names: Iterable[str]) -> float:
    return max(map(inches, names), default=0.0) + LETTER


def _cell_width(grid: Grid) -> float:
    texts = [cell.text.strip() for _, cells in grid.rows for cell in cells]
    return max(_widest(texts) + 2 * LETTER, LINE * 1.5)


def _is_turned(grid: Grid) -> bool:
    """Whether names of columns are longer than these are wide: then those of all maps turn."""
    return _widest(map(shortened, grid.columns)) > _cell_width(grid)


def _heat_map(grid: Grid, *, turned: bool) -> Panel:
    cell = _cell_width(grid)
    longest = _widest(map(shortened, grid.columns))
    above = longest if turned else LINE * any(grid.columns)
    width = max(cell * len(grid.columns), LEAST_NOTE)
    return Panel(
        cell * len(grid.columns),
        LINE * 1.35 * len(grid.rows),
        partial(_draw_heat_map, grid, turned),
        before=_widest(shortened(name) for name, _ in grid.rows),
        above=above,
        below=LINE * len(folded(grid.told, width)) if grid.told else 0.0,
    )


def _draw_heat_map(grid: Grid, turned: bool, axes: Axes, palette: Palette) -> None:
    """A rectangle for each tinted cell, its number on it."""
    from matplotlib.patches import Rectangle

    rows, columns = len(grid.rows), len(grid.columns)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    for i, (_, cells) in enumerate(grid.rows):
        for j, cell in enumerate(cells):
            style = tint(cell.level, palette) if cell.level is not None else ""
            ink, _, ground = style.removeprefix("bold ").partition(" on ")
            if ground:
                axes.add_patch(Rectangle((j, i), 1, 1, facecolor=ground, edgecolor="none"))
            text = axes.text(
                j + 0.5, i + 0.52, cell.text.strip(), ha="center", va="center_baseline"
            )
            if ink:
                text.set_color(ink)
            if cell.marked:
                text.set_fontweight("bold")
    axes.set_xticks([j + 0.5 for j in range(columns)], [*map(shortened, grid.columns)])
    axes.set_yticks([i + 0.5 for i in range(rows)], [shortened(name) for name, _ in grid.rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False, pad=2)
    axes.tick_params("x", rotation=90 if turned else 0)
    _coloured(axes, grid.rows_are, grid.columns_are, palette)
    axes.spines[:].set_visible(False)
    if grid.told:
        told = "\n".join(folded(grid.told, max(axes_width(axes), LEAST_NOTE)))
        axes.text(0, rows + 0.2, told, va="top", color=palette.style("quiet"))


def axes_width(axes: Axes) -> float:
    """Inches across the axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return float(axes.get_position().width * figure.get_figwidth())


def _coloured(axes: Axes, rows_are: str, columns_are: str, palette: Palette) -> None:
    if palette.style(columns_are):
        axes.tick_params("x", labelcolor=palette.style(columns_are))
    if palette.style(rows_are):
        axes.tick_params("y", labelcolor=palette.style(rows_are))


def _picture(raster: Raster) -> Panel:
    rows, columns = len(raster.levels), len(raster.levels[0])
    side = LONGEST_PICTURE / max(rows, columns)
    width = max(side * columns, LEAST_NOTE)
    note = folded(raster.note, width)
    return Panel(
        side * columns,
        side * rows,
        partial(_draw_picture, raster, note, side * rows),
        before=_widest(raster.names),
        below=LINE * (len(note) + 1.2 * bool(raster.legend)) + LETTER,
        behind=width - side * columns,
    )


def _draw_picture(
    raster: Raster, note: list[str], height: float, axes: Axes, palette: Palette
) -> None:
    """An image of all levels, so that a large one is small; what levels mean is told below."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    axes.imshow(
        [[to_rgba(colour_of(level, palette) or "none") for level in row] for row in raster.levels],
        interpolation="nearest",
        aspect="auto",
    )
    rows = len(raster.levels)
    step = -(-rows // max(min(LABELS, int(height / LINE)), 1))
    axes.set_yticks(range(0, rows, step), raster.names[::step])
    axes.set_xticks([])
    axes.tick_params(length=0, pad=3)
    _coloured(axes, raster.rows_are, "", palette)
    if note:
        axes.set_xlabel("\n".join(note), loc="left", labelpad=4)
        axes.xaxis.label.set_horizontalalignment("left")
        axes.xaxis.label.set_x(0)
    if raster.legend:
        samples = [
            Patch(
                facecolor=colour_of(level, palette) or "none",
                edgecolor=palette.style("quiet"),
                label=meaning,
            )
            for level, meaning in raster.legend
        ]
        axes.legend(
            handles=samples,
            loc="upper left",
            bbox_to_anchor=(0, -(LINE * len(note) + LETTER) / height),
            ncols=len(samples),
            frameon=False,
            borderaxespad=0,
            handlelength=1,
            columnspacing=1,
        )


def _bars(block: Bars) -> Panel:
    return Panel(
        BAR_WIDTH,
        LINE * 1.4 * len(block.bars),
        partial(_draw_bars, block),
        before=_widest(bar.label for bar in block.bars),
        below=LINE * 1.6 * (len(block.names) // _columns(block)),
        behind=_widest(f"{bar.text}   {bar.note}" for bar in block.bars),
    )


def _columns(block: Bars) -> int:
    """How many names stand beside each other below the bars: all where they fit, else one."""
    fits = _widest(["     ".join(block.names)]) <= BAR_WIDTH
    return len(block.names) if fits else 1


def _draw_bars(block: Bars, axes: Axes, palette: Palette) -> None:
    """Parts of each bar one after another, its number and note behind it."""
    starts = [0.0] * len(block.bars)
    places = range(len(block.bars))
    for at, (kind, name) in enumerate(zip(block.kinds, block.names, strict=True)):
        shares = [bar.shares[at] for bar in block.bars]
        axes.barh(places, shares, left=starts, color=palette.style(kind), label=name, height=0.8)
        starts = [start + share for start, share in zip(starts, shares, strict=True)]
    for place, bar in enumerate(block.bars):
        axes.text(1.02, place, f"{bar.text}  {bar.note}".rstrip(), va="center")
    axes.set(xlim=(0, 1), ylim=(len(block.bars) - 0.5, -0.5))
    axes.set_yticks(places, [bar.label for bar in block.bars])
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), ncols=_columns(block), frameon=False)


def _curves(block: Curves) -> Panel:
    before = _widest(text for _, text in up_ticks(block)) + LINE
    width, height = CURVES_SIZE
    draw = partial(_draw_curves, block)
    return Panel(width, height, draw, before=before, below=LINE * 2.2, behind=LINE)


def _draw_curves(block: Curves, axes: Axes, palette: Palette) -> None:
    """Curves that differ by colour and dash on logarithmic axes; marks as upright lines."""
    (left, right), (low, high) = range_of(block)
    for curve, dash in zip(block.curves, DASHES, strict=False):
        across, up = zip(*curve.points, strict=True)
        axes.plot(across, up, dash, color=palette.style(curve.kind), label=curve.name)
    for at, meaning in block.marks:
        axes.axvline(at, color=palette.style("quiet"), linestyle=":", linewidth=1)
        axes.annotate(
            meaning,
            (at, 0.04),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if late(at, (left, right)) else 4, 0),
            textcoords="offset points",
            ha="right" if late(at, (left, right)) else "left",
        )
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(low, high))
    axes.set(xlabel=block.across, ylabel=block.up)
    sizes = across_ticks(block)
    step = -(-len(sizes) // 6)
    kept = sizes[::-1][::step]
    axes.set_xticks(*map(list, zip(*kept, strict=True)))
    axes.set_yticks(*map(list, zip(*up_ticks(block), strict=True)))
    axes.minorticks_off()
    axes.legend(frameon=False)
