"""Which mask of ours a table of booleans is: candidates from what the table shows, then proof."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.masks import Board, Mask
from attn_cli.readings.coverage import blocks
from attn_cli.readings.values import Array

LONGEST = 4096
"""Sizes of blocks, steps and strides that are tried."""


class Known(NamedTuple):
    """A mask of ours, its name, and how its queries are aligned; empty where it doesn't matter."""

    mask: Mask
    name: str
    aligned: str


def recognised(table: Array) -> Known | None:
    """Find a mask that keeps exactly the same pairs; simple ones first.

    table: booleans (b, h, n, m), True = may attend. None where nothing explains it.
    """
    heads, n, m = table.shape[1:]
    if (table == table[:1, :1]).all():
        first = table[0, 0]
        if first.all() or not first.any():
            return None
        for mask in _alone(first):
            if _equal(mask, first):
                return _known(mask, n, m)
        return None
    if heads == 1 or (table == table[:, :1]).all():
        return _padded(table[:, 0])
    return None


def _padded(tables: Array) -> Known | None:
    """Batch rows that differ by their padding alone."""
    n, m = tables.shape[1:]
    kept = [int(np.flatnonzero(table.any(axis=0)).max(initial=-1)) + 1 for table in tables]
    padding = masks.lengths(kept)
    for rule in (None, *_alone(tables[int(np.argmax(kept))])):
        mask = padding if rule is None else rule & padding
        if all(_equal(mask, table, b) for b, table in enumerate(tables)):
            return _known(mask, n, m)
    return None


def _known(mask: Mask, n: int, m: int) -> Known:
    """Say the alignment in words where n ≠ m, and leave its offset out of the name."""
    offset = f"offset={m - n}"
    if n == m or mask.name.startswith(("lengths", "global")):
        return Known(mask, mask.name, "")
    if offset not in mask.name:
        return Known(mask, mask.name, "" if "offset" in mask.name else "top-left")
    name = mask.name.replace(f"({offset})", "").replace(f", {offset}", "")
    return Known(mask, name, f"bottom-right, {offset}")


def _equal(mask: Mask, table: Array, b: int = 0) -> bool:
    """Whether a mask is a table; two of its rows are looked at before all others."""
    n, m = table.shape
    keys = np.arange(m, dtype=np.int32)[None, :]
    for i in {n - 1, n // 2}:
        row = mask.allows(np.array([[i]], np.int32), keys, b, 0)
        if not (np.broadcast_to(row, (1, m))[0] == table[i]).all():
            return False
    return all(
        (allowed == table[start : start + len(allowed)]).all()
        for start, allowed in blocks(mask, n, m, b)
    )


def _alone(table: Array) -> Iterator[Mask]:
    """Masks that a table may be, the simplest first; then each with padding."""
    m = table.shape[1]
    yield from _rules(table, m)
    kept = int(np.flatnonzero(table.any(axis=0)).max(initial=-1)) + 1
    if 0 < kept < m:
        padding = masks.lengths([kept])
        yield padding
        for rule in _rules(table[:, :kept], m):
            yield rule & padding
    yield from _with_global_tokens(table)


def _rules(table: Array, m: int) -> Iterator[Mask]:
    """Ranges of keys, then patterns, plain and causal, by the alignments there are."""
    n = len(table)
    yield from _ranges(table, m)
    for offset in dict.fromkeys((0, m - n)):
        causal = masks.causal(offset)
        for mask in _patterns(table, Board(n, m, offset)):
            yield mask
            yield causal & mask
    for mask in _documents(table, m):
        yield mask
        yield masks.causal() & mask


def _ranges(table: Array, m: int) -> Iterator[Mask]:
    """Keys from i + low to i + high, as the kept pairs show them."""
    n, seen = table.shape
    low, high = _extent(table)
    low_open, high_open = low <= -(n - 1), high >= seen - 1
    offsets = dict.fromkeys((0, m - n, high))
    for offset in offsets:
        causal = masks.causal(offset)
        if high == offset and offset in (0, m - n):
            yield causal if low_open else causal & masks.window(high - low + 1, offset)
    for offset in offsets:
        if low_open and not high_open and high > offset:
            yield masks.right(high - offset, offset)
        if high_open and not low_open and low <= offset:
            yield masks.left(offset - low, offset)
        if low <= offset <= high and not (low_open or high_open):
            if high - offset == offset - low:
                yield masks.local_m(high - offset, offset)
            yield masks.left(offset - low, offset) & masks.right(high - offset, offset)
    yield masks.causal(high)
    yield masks.window(max(high - low + 1, 1), high)
    first = table[0]
    run = int(np.argmin(first)) if not first.all() else len(first)
    for offset in dict.fromkeys((0, m - n)):
        if 0 < run <= m:
            yield masks.prefix(run, offset)


def _extent(table: Array) -> tuple[int, int]:
    """The smallest and the largest key minus query among kept pairs."""
    kept = table.any(axis=1)
    rows = np.flatnonzero(kept)
    if not len(rows):
        return 1, 0
    first, last = table.argmax(axis=1), table.shape[1] - 1 - table[:, ::-1].argmax(axis=1)
    return int((first - np.arange(len(table)))[rows].min()), int(
        (last - np.arange(len(table)))[rows].max()
    )


def _patterns(table: Array, board: Board) -> Iterator[Mask]:
    yield masks.log_sparse(board.offset)
    for size in range(1, min(max(len(table), board.m), LONGEST) + 1):
        yield masks.block(size, board.offset)
        yield masks.dilation(size, board.offset)
        yield masks.stride(size, board.offset)
    yield from _images(table, board)


def _documents(table: Array, m: int) -> Iterator[Mask]:
    """Queries whose first key is the same are of one document."""
    if not len(table) == table.shape[1] == m or not table.any(axis=1).all():
        return
    firsts = table.argmax(axis=1)
    numbers = {int(first): place for place, first in enumerate(dict.fromkeys(firsts.tolist()))}
    if 1 < len(numbers) < m:
        yield masks.documents([numbers[int(first)] for first in firsts])


def _images(table: Array, board: Board) -> Iterator[Mask]:
    """The first token sees a corner of its image; its rows begin as far apart as it is wide."""
    first = table[0]
    if first.all() or not first[0]:
        return
    reach = int(np.argmin(first)) - 1
    later = np.flatnonzero(first[reach + 1 :])
    if len(later):
        yield masks.neighbourhood(int(later[0]) + reach + 1, reach, board.offset)


def _with_global_tokens(table: Array) -> Iterator[Mask]:
    """Tokens that all attend and that attend all, beside a rule for the rest."""
    n, m = table.shape
    by_all, to_all = (np.flatnonzero(table.all(axis=axis)).tolist() for axis in (0, 1))
    tokens = [token for token in by_all if token in to_all]
    if not 0 < len(tokens) < min(n, m):
        return
    rest = table.copy()
    rest[tokens, :] = False
    rest[:, tokens] = False
    shared = masks.global_tokens(sorted(tokens))
    yield shared
    if rest.any():
        low, high = _extent(rest)
        choices = [masks.causal() & masks.window(1 - low)] if high == 0 else []
        choices += [masks.causal()] if high == 0 else []
        choices += [masks.local_m(high)] if -low == high else []
        choices.append(reduce(and_, (masks.left(max(-low, 0)), masks.right(max(high, 0)))))
        for rule in choices:
            yield rule | shared
