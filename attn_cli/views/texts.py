"""Tables of words and amounts: columns that don't fit are left out, and the line below says so."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from attn_cli.views.page import Cell, Grid

GAP = 2
MARGIN = 2


def text_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    caption: str = "",
) -> Grid:
    """Lay rows out under their columns; the first column names the row.

    right: columns whose texts end in line. spare: columns to leave out first, in order, where
    the width does not hold all; names of rows are folded where that is not enough.
    """
    shown = list(range(len(columns)))
    widths = [
        max(cell_len(text) for text in (columns[j], *(row[j] for row in rows))) for j in shown
    ]
    left_out = []

    def fits() -> bool:
        return sum(widths[j] + GAP for j in shown) + MARGIN - GAP <= width

    for name in spare:
        if fits():
            break
        if name not in columns:
            continue
        shown.remove(list(columns).index(name))
        left_out.append(name)
    body = [j for j in shown if j]
    return Grid(
        caption=caption,
        columns=tuple(_placed(columns[j], widths[j], columns[j] in right) for j in body),
        rows=tuple(
            (
                row[0],
                tuple(Cell(_placed(row[j], widths[j], columns[j] in right)) for j in body),
            )
            for row in rows
        ),
        note=f"left out at this width: {', '.join(left_out)}" if left_out else "",
        gap=GAP,
        wide_labels=fits(),
        corner=columns[0],
    )


def _placed(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def bar(part: float, width: int = 20) -> str:
    """A bar whose length is a part of the width, to an eighth of a sign."""
    eighths = round(part * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
