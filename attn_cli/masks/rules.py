"""Masks that keep a range of keys for each query; and tables that are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attn_cli.masks.mask import Mask, Span
from attn_cli.masks.placed import Offset, called, listed, placed, within


def causal(offset: Offset = 0) -> Mask:
    """Key j may be seen by query i when j ≤ i + offset (Vaswani 2017, section 3.2.3).

    offset: 0 lines the first query up with the first key (top-left); m − n lines the last
    ones up (bottom-right); a cache of p keys is p. One number, or one for each batch row.
    """
    return within(called("causal", (), offset), None, 0, offset)


def window(width: int, offset: Offset = 0) -> Mask:
    """Query i sees the last `width` keys, its own included: i + offset − width < j ≤ i + offset.

    Beltagy 2020, section 3.1, looking back only. Hugging Face's sliding_window counts so;
    FlashAttention's window_size lets one more through.
    """
    return within(called("window", (width,), offset), 1 - width, 0, offset)


def left(count: int, offset: Offset = 0) -> Mask:
    """At most `count` keys before a query's own: j ≥ i + offset − count."""
    return within(called("left", (count,), offset), -count, None, offset)


def right(count: int, offset: Offset = 0) -> Mask:
    """At most `count` keys after a query's own: j ≤ i + offset + count."""
    return within(called("right", (count,), offset), None, count, offset)


def local_m(reach: int, offset: Offset = 0) -> Mask:
    """Keys at most `reach` away on either side (Luong 2015, section 3.2, local-m)."""
    return within(called("local-m", (reach,), offset), -reach, reach, offset)


def prefix(count: int, offset: Offset = 0) -> Mask:
    """The first `count` keys for every query, and causal beyond (Raffel 2020, section 3.2.1)."""
    return placed(
        called("prefix", (count,), offset),
        lambda p: f"query i may attend the first {count} keys, and keys 0 … {p}",
        lambda p, j: (j <= p) | (j < count),
        offset,
        lambda first, last: Span(None, max(last, count - 1)),
        lambda first, last: Span(None, max(first, count - 1)),
    )


def lengths(kept: Sequence[int]) -> Mask:
    """Batch row b has kept[b] real keys; the rest are padding."""
    counts = tuple(kept)
    several = len(counts) > 1
    return Mask(
        f"lengths({listed(counts)})",
        f"query i may attend the first {', '.join(map(str, counts))} keys"
        f"{', by batch row' if several else ''} (the rest is padding)",
        lambda i, j, b, h: j < counts[b if several else 0],
        frozenset("b") if several else frozenset(),
        spans=lambda first, last: Span(0, max(counts) - 1),
        covers=lambda first, last: Span(None, min(counts) - 1),
    )


def given(values: Any, name: str) -> Mask:
    """A table of booleans of 4 axes (batch, heads, n, m); an axis of size 1 fits any size."""
    batches, heads, queries, keys = values.shape

    def allows(i: Any, j: Any, b: int, h: int) -> Any:
        table = values[b if batches > 1 else 0, h if heads > 1 else 0]
        return table[i if queries > 1 else i * 0, j if keys > 1 else j * 0]

    varies = frozenset(axis for axis, size in (("b", batches), ("h", heads)) if size > 1)
    return Mask(
        name, "query i may attend the keys that are True in the table given", allows, varies
    )
