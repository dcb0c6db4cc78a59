"""Which mask of ours a table of booleans is: candidates from what the table shows, then proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.masks import Mask
from attn_cli.readings.coverage import blocks
from attn_cli.readings.subprogram import Array

LONGEST, WORK = 4096, 2**24
"""Sizes of blocks, steps and strides that are tried; fewer where rows are long."""


Make = Callable[[int], Mask]
"""Makes a mask for an offset of its queries."""


class Known(NamedTuple):
    """The name of a mask of ours, and how its queries are aligned; empty where n = m.

    usual: its queries are aligned at the top left or the bottom right.
    """

    name: str
    aligned: str
    usual: bool


class Candidate(NamedTuple):
    """A mask by the offset of its queries, and the offset at which it may be the table."""

    make: Make
    offset: int = 0
    placed: bool = True

    @property
    def mask(self) -> Mask:
        return self.make(self.offset)

    def known(self, n: int, m: int) -> Known:
        """Say the alignment in words where it is one of the two that people use."""
        if n == m or not self.placed or self.offset not in (0, m - n):
            return Known(self.mask.name, "", self.offset in (0, m - n))
        if self.offset == 0:
            return Known(self.make(0).name, "top-left", True)
        return Known(self.make(0).name, f"bottom-right, offset={self.offset}", True)


def recognised(table: Array) -> Known | None:
    """Find a mask that keeps exactly the same pairs; simple ones first.

    table: booleans (b, h, n, m), True = may attend. None where nothing explains it.
    """
    heads, n, m = table.shape[1:]
    if (table == table[:1, :1]).all():
        first = table[0, 0]
        if first.all() or not first.any():
            return None
        return next((one.known(n, m) for one in _alone(first) if _equal(one.mask, first)), None)
    if heads == 1 or (table == table[:, :1]).all():
        return _padded(table[:, 0])
    return None


def _padded(tables: Array) -> Known | None:
    """Batch rows that differ by their padding alone."""
    n, m = tables.shape[1:]
    kept = [_last_key(table) for table in tables]
    padding = masks.lengths(kept)
    longest = tables[int(np.argmax(kept))]
    for one in (
        Candidate(partial(_always, padding), placed=False),
        *_with(_alone(longest), padding),
    ):
        if all(_equal(one.mask, table, b) for b, table in enumerate(tables)):
            return one.known(n, m)
    return None


def _with(candidates: Iterator[Candidate], padding: Mask) -> Iterator[Candidate]:
    for one in candidates:
        yield one._replace(make=_both(one.make, partial(_always, padding)))


def _both(one: Make, other: Make) -> Make:
    return lambda offset: one(offset) & other(offset)


def _always(mask: Mask, _: int) -> Mask:
    """A mask that no offset moves."""
    return mask


def _last_key(table: Array) -> int:
    """How many keys there are up to the last one that any query attends."""
    return int(np.flatnonzero(table.any(axis=0)).max(initial=-1)) + 1


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


def _alone(table: Array) -> Iterator[Candidate]:
    """Masks that a table may be, the simplest first; then each with padding."""
    m = table.shape[1]
    yield from _rules(table, m)
    kept = _last_key(table)
    if 0 < kept < m:
        padding = masks.lengths([kept])
        yield Candidate(partial(_always, padding), placed=False)
        yield from _with(_rules(table[:, :kept], m), padding)
    yield from _with_global_tokens(table)


def _rules(table: Array, m: int) -> Iterator[Candidate]:
    """Ranges of keys, then patterns, plain and causal, by the alignments there are."""
    yield from _ranges(table, m)
    for offset in dict.fromkeys((0, m - len(table))):
        for make in (*_patterns(table, m), *_documents(table, m)):
            yield Candidate(make, offset)
            yield Candidate(_both(masks.causal, make), offset)


def _ranges(table: Array, m: int) -> Iterator[Candidate]:
    """Keys from i + low to i + high, as the kept pairs show them."""
    n, seen = table.shape
    low, high = _extent(table)
    low_open, high_open = low <= -(n - 1), high >= seen - 1
    width = max(high - low + 1, 1)
    usual = dict.fromkeys((0, m - n))
    for offset in usual:
        if high == offset and low_open:
            yield Candidate(masks.causal, offset)
        elif high == offset:
            yield Candidate(_both(masks.causal, partial(masks.window, width)), offset)
    for offset in dict.fromkeys((*usual, high)):
        before, behind = offset - low, high - offset
        if low_open and not high_open and behind > 0:
            yield Candidate(partial(masks.right, behind), offset)
        if high_open and not low_open and before >= 0:
            yield Candidate(partial(masks.left, before), offset)
        if before >= 0 and behind >= 0 and not (low_open or high_open):
            if before == behind:
                yield Candidate(partial(masks.local_m, before), offset)
            sides = _both(partial(masks.left, before), partial(masks.right, behind))
            yield Candidate(sides, offset)
    yield Candidate(masks.causal, high)
    yield Candidate(partial(masks.window, width), high)
    run = int(np.argmin(table[0])) if not table[0].all() else seen
    for offset in usual:
        if 0 < run <= m:
            yield Candidate(partial(masks.prefix, run), offset)


def _extent(table: Array) -> tuple[int, int]:
    """The smallest and the largest key minus query among kept pairs."""
    rows = np.flatnonzero(table.any(axis=1))
    if not len(rows):
        return 1, 0
    firsts = table.argmax(axis=1)[rows]
    lasts = table.shape[1] - 1 - table[:, ::-1].argmax(axis=1)[rows]
    return int((firsts - rows).min()), int((lasts - rows).max())


def _patterns(table: Array, m: int) -> Iterator[Make]:
    yield masks.log_sparse
    for size in range(1, min(max(len(table), m), LONGEST, WORK // m) + 1):
        yield partial(masks.block, size)
        yield partial(masks.dilation, size)
        yield partial(masks.stride, size)
    first = table[0]
    if first.all() or not first[0]:
        return
    # the first token sees a corner of its image, whose rows begin as far apart as it is wide
    reach = int(np.argmin(first)) - 1
    later = np.flatnonzero(first[reach + 1 :])
    if len(later):
        yield partial(masks.neighbourhood, int(later[0]) + reach + 1, reach)


def _documents(table: Array, m: int) -> Iterator[Make]:
    """Queries whose first key is the same are of one document."""
    if not len(table) == table.shape[1] == m or not table.any(axis=1).all():
        return
    firsts = table.argmax(axis=1).tolist()
    numbers = {first: place for place, first in enumerate(dict.fromkeys(firsts))}
    if 1 < len(numbers) < m:
        yield partial(masks.documents, [numbers[first] for first in firsts])


def _with_global_tokens(table: Array) -> Iterator[Candidate]:
    """Tokens that all attend and that attend all, beside a rule for the rest."""
    n, m = table.shape
    by_all, to_all = (np.flatnonzero(table.all(axis=axis)).tolist() for axis in (0, 1))
    tokens = [token for token in by_all if token in to_all]
    if not 0 < len(tokens) < min(n, m):
        return
    shared = masks.global_tokens(tokens)
    yield Candidate(partial(_always, shared))
    rest = table.copy()
    rest[tokens, :] = False
    rest[:, tokens] = False
    if not rest.any():
        return
    low, high = _extent(rest)
    before, behind = max(-low, 0), max(high, 0)
    choices = [masks.causal() & masks.window(1 - low), masks.causal()] if high == 0 else []
    choices += [masks.local_m(high)] if -low == high else []
    for rule in (*choices, masks.left(before) & masks.right(behind)):
        yield Candidate(partial(_always, rule | shared))
