"""Sparse patterns: blocks, strides, single tokens, documents, images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from operator import or_

from attn_cli.masks.mask import Mask, Positions, Span
from attn_cli.masks.placed import Offset, called, looked_up, placed

NONE = -1
"""The document of a position that has none."""


def block(size: int, offset: Offset = 0) -> Mask:
    """Queries and keys are cut into blocks; each sees its own (Liu 2018, section 4.2.4)."""
    return placed(
        called("block", (size,), offset),
        lambda p: f"query i may attend the keys in the block of {size} that {p} is in",
        lambda p, j: p // size == j // size,
        offset,
        lambda first, last: Span(first // size * size, last // size * size + size - 1),
        lambda first, last: Span(last // size * size, first // size * size + size - 1),
    )


def dilation(step: int, offset: Offset = 0) -> Mask:
    """Keys at distances that `step` divides (Beltagy 2020, section 3.1)."""
    return placed(
        called("dilation", (step,), offset),
        lambda p: f"query i may attend every {_ordinal(step)} key, counted from {p} both ways",
        lambda p, j: (p - j) % step == 0,
        offset,
    )


def stride(length: int, offset: Offset = 0) -> Mask:
    """The last `length` keys, and every `length`-th before (Child 2019, section 4.3, strided).

    The paper gives the two parts to different heads; this is both together.
    """
    return placed(
        called("stride", (length,), offset),
        lambda p: (
            f"query i may attend the {length} keys up to {p}, and every {_ordinal(length)} "
            "key before"
        ),
        lambda p, j: (j <= p) & ((p - j < length) | ((p - j) % length == 0)),
        offset,
        lambda first, last: Span(None, last),
        lambda first, last: Span(last - length + 1, first),
    )


def log_sparse(offset: Offset = 0) -> Mask:
    """A query's own key, and those 1, 2, 4, 8 … before it (Li 2019, section 4.2)."""
    return placed(
        called("log-sparse", (), offset),
        lambda p: f"query i may attend key {p} and those 1, 2, 4, 8 … before it",
        lambda p, j: (j <= p) & ((p - j) & (p - j - 1) == 0),
        offset,
        lambda first, last: Span(None, last),
    )


def global_tokens(tokens: Sequence[int], offset: Offset = 0) -> Mask:
    """These tokens see every key, and every query sees them (Beltagy 2020, section 3.1)."""
    chosen = tuple(dict.fromkeys(tokens))
    named = ", ".join(map(str, chosen))
    says = (
        f"tokens {named} attend every key, and every query attends them"
        if len(chosen) > 1
        else f"token {named} attends every key, and every query attends it"
    )
    return placed(
        called("global", chosen, offset),
        lambda p: says,
        lambda p, j: reduce(or_, (p == t for t in chosen)) | reduce(or_, (j == t for t in chosen)),
        offset,
    )


def documents(ids: Sequence[int], offset: Offset = 0) -> Mask:
    """Several documents in one sequence; ids[j] is that of token j (Krell 2021, packing).

    A query sees the keys of its own document.
    """
    table = tuple(ids)

    def document(position: int) -> int:
        return table[position] if 0 <= position < len(table) else NONE

    def spans(first: int, last: int) -> Span:
        own = {document(position) for position in range(first, last + 1)}
        if NONE in own:
            return Span()
        held = [position for position, one in enumerate(table) if one in own]
        return Span(held[0], held[-1])

    return placed(
        called("documents", table, offset),
        lambda p: f"query i may attend the keys of the document that {p} is in",
        lambda p, j: looked_up(document, p) == looked_up(document, j),
        offset,
        spans,
    )


def random_blocks(size: int, count: int, seed: int, keys: int, offset: Offset = 0) -> Mask:
    """Each block of queries sees `count` random blocks of keys (Zaheer 2020, section 2).

    keys: how many keys there are; the last block may be shorter.
    """
    blocks = -(-keys // size)

    from random import Random

    @cache
    def drawn(query_block: int) -> list[int]:
        return Random(f"{seed}:{query_block}").sample(range(blocks), count)

    def chosen(place: int, query_blocks: Positions) -> Positions:
        return looked_up(lambda query_block: drawn(query_block)[place], query_blocks)

    return placed(
        called("random", (size, count, seed), offset),
        lambda p: (
            f"query i may attend {count} of {blocks} blocks of {size} keys, drawn for the block "
            f"of {size} that {p} is in"
        ),
        lambda p, j: reduce(or_, (chosen(k, p // size) == j // size for k in range(count))),
        offset,
    )


def neighbourhood(width: int, reach: int, offset: Offset = 0) -> Mask:
    """Tokens are an image, row by row: keys at most `reach` rows and columns away.

    Ramachandran 2019, section 2.2; nothing is wrapped or moved at the borders.
    """
    return placed(
        called("neighbourhood", (width, reach), offset),
        lambda p: (
            f"query i may attend keys at most {reach} away from {p} by row and by column, in an "
            f"image {width} wide"
        ),
        lambda p, j: (
            (abs(p // width - j // width) <= reach) & (abs(p % width - j % width) <= reach)
        ),
        offset,
        lambda first, last: Span(
            (first // width - reach) * width, (last // width + reach + 1) * width - 1
        ),
    )


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else ending}"
