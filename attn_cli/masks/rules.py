"""The masks there are, each a function that returns a predicate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attn_cli.masks.mask import Mask


def causal(offset: int | Sequence[int] = 0) -> Mask:
    """Key j may be seen by query i when j ≤ i + offset (Vaswani 2017, section 3.2.3).

    offset: 0 lines the first query up with the first key (top-left); m − n lines the last
    ones up (bottom-right); a cache of p keys is p. One number, or one for each batch row.
    """
    if isinstance(offset, int):
        reach = _moved("i", offset)
        return Mask(
            f"causal(offset={offset})" if offset else "causal",
            f"query i may attend keys 0 … {reach}",
            lambda i, j, b, h: j <= i + offset,
        )
    offsets = tuple(offset)
    return Mask(
        f"causal(offset={','.join(map(str, offsets))})",
        f"query i may attend keys 0 … i + offset, offset {_listed(offsets)} by batch row",
        lambda i, j, b, h: j <= i + offsets[b],
        frozenset("b"),
    )


def window(width: int, offset: int = 0) -> Mask:
    """Query i sees the last `width` keys, its own included: i + offset − width < j ≤ i + offset.

    Hugging Face's sliding_window counts so; FlashAttention's window_size lets one more through.
    """
    own = _moved("i", offset)
    return Mask(
        f"window({width})",
        f"query i may attend the {width} keys up to {own}",
        lambda i, j, b, h: (j <= i + offset) & (j > i + offset - width),
    )


def lengths(kept: Sequence[int]) -> Mask:
    """Batch row b has kept[b] real keys; the rest are padding."""
    counts = tuple(kept)
    return Mask(
        f"lengths({','.join(map(str, counts))})",
        f"the first {_listed(counts)} keys are real, by batch row; the rest is padding"
        if len(counts) > 1
        else f"keys from k{counts[0]} on are padding",
        lambda i, j, b, h: j < counts[b if len(counts) > 1 else 0],
        frozenset("b") if len(counts) > 1 else frozenset(),
    )


def given(values: Any, name: str) -> Mask:
    """A table of booleans of 4 axes (batch, heads, n, m); an axis of size 1 fits any size."""
    batches, heads, queries, keys = values.shape

    def allows(i: Any, j: Any, b: int, h: int) -> Any:
        table = values[b if batches > 1 else 0, h if heads > 1 else 0]
        return table[i if queries > 1 else i * 0, j if keys > 1 else j * 0]

    varies = frozenset(axis for axis, size in (("b", batches), ("h", heads)) if size > 1)
    return Mask(name, "the pairs that are True in the table given", allows, varies)


def _moved(letter: str, by: int) -> str:
    return f"{letter} + {by}" if by > 0 else f"{letter} - {-by}" if by < 0 else letter


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
