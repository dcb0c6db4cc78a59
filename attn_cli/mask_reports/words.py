"""What is said of a mask: sizes and alignment, how much it keeps, what a table looks like."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.mask_reports.empty_rows import in_a_sentence
from attn_cli.mask_reports.grid import Field
from attn_cli.mask_reports.matching import Known, recognised
from attn_cli.results.mask import Tiles

Array = np.ndarray[Any, Any]


def sizes_text(field: Field) -> str:
    """Queries, keys, and how the one are aligned with the other."""
    n, m = field.n, field.m
    text = f"{n:,} quer{'y' if n == 1 else 'ies'}, {m:,} key{'' if m == 1 else 's'}"
    if field.heads > 1:
        text = f"{field.heads} heads, {text}"
    if field.batch > 1:
        text = f"{field.batch} batch rows, {text}"
    if not field.placed:
        return text
    if isinstance(field.offset, tuple):
        return f"{text}, offset {', '.join(map(str, field.offset))} by batch row"
    if n == m:
        same = "top-left and bottom-right alignment are the same"
        return f"{text}; {same}" if not field.offset else f"{text}, offset {field.offset}"
    if field.offset == 0:
        return f"{text}, aligned top-left (bottom-right is offset {m - n})"
    if field.offset == m - n:
        return f"{text}, aligned bottom-right (offset m - n = {m - n})"
    return f"{text}, offset {field.offset} (top-left is 0, bottom-right {m - n})"


def kept_text(kept: int, pairs: int, empty: tuple[str, ...]) -> str:
    """How many pairs are kept, and which queries have none."""
    rows = f"no key for {in_a_sentence(empty)}" if empty else "no empty row"
    return f"{kept:,} of {pairs:,} pairs kept ({share_text(kept, pairs)}), {rows}"


def share_text(part: int, whole: int) -> str:
    """A part in per cent; 0 and 100 only where it is nothing and all."""
    percent = 100 * part / whole
    if part in (0, whole):
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if 0.1 <= percent <= 99.9 else f"{percent:.3g} %"


def tiles_text(tiles: Tiles) -> str:
    """How many tiles a block-sparse kernel computes."""
    return (
        f"tiles of {tiles.size}×{tiles.size}: {tiles.kept:,} of {tiles.all:,} keep a pair "
        f"({share_text(tiles.kept, tiles.all)}), {tiles.full:,} of them every pair"
    )


def looks_like(table: Array) -> tuple[str, ...]:
    """What a given table is, and whether its opposite is better known."""
    if table.all():
        return ("It keeps every pair: no mask at all.",)
    if not table.any():
        return ("It keeps no pair.",)
    own, opposite = recognised(table), recognised(~table)
    lines = [
        f"It equals {_named(own)}."
        if own is not None
        else "No mask of ours, nor causal or padding with one, explains it exactly."
    ]
    if opposite is not None and opposite.usual and (own is None or not own.usual):
        lines.append(
            f"Its opposite equals {_named(opposite)}: does its True mean 'may not attend'?"
        )
    return tuple(lines)


def _named(known: Known) -> str:
    return f"{known.name}, aligned {known.aligned}" if known.aligned else known.name
