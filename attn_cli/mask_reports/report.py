"""Puts everything about a mask together: counts, pictures, comparisons, names it has elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attn_cli.data.libraries import LIBRARIES, QUESTIONS
from attn_cli.mask_reports.empty_rows import empty_rows
from attn_cli.mask_reports.grid import Field, table_of
from attn_cli.mask_reports.names import called_elsewhere
from attn_cli.mask_reports.words import kept_text, looks_like, sizes_text, tiles_text
from attn_cli.masks import Mask
from attn_cli.readings.coverage import Coverage, cover
from attn_cli.results.mask import Convention, Difference, FormShown, MaskReport, Picture, Place
from attn_cli.results.trace import Trace

Array = np.ndarray[Any, Any]

RASTER = 64
"""Cells of a picture in each direction, at most."""

PLACES_SHOWN = 4
Advance = Callable[[int, int], None]


class Places(NamedTuple):
    """Which batch rows and heads are pictured: one of them, the first few, or every one."""

    batch: int | None = None
    head: int | None = None
    every: bool = False

    def takes(self, place: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Whether a place is asked for; an axis that the mask is the same along has one."""
        wanted = (self.batch, self.head)
        return all(
            want is None or size == 1 or at == want
            for want, size, at in zip(wanted, shape, place, strict=False)
        )


EVERYWHERE = Places()


def mask_report(
    mask: Mask,
    field: Field,
    trace: Trace,
    *,
    other: Mask | None = None,
    tile: int | None = None,
    form: FormShown | None = None,
    recognise: bool = False,
    places: Places = EVERYWHERE,
    advance: Advance = lambda done, total: None,
) -> MaskReport:
    """Count, compare and name a mask.

    trace: its steps; facts are added to it. other: a mask to compare with. form: as a library
    takes it. recognise: look for a mask of ours that keeps the same pairs, for a given table.
    """
    n, m = field.n, field.m
    side = -(-max(n, m) // RASTER)
    coverage = cover(
        mask, n, m, batch=field.batch, heads=field.heads, tile=tile, side=side, advance=advance
    )
    empty = _empty(coverage.keys, field)
    pairs = coverage.keys.size * m
    apart = _apart(mask, other, field, side) if other is not None else None
    tiles = [tiles_text(coverage.tiles)] if coverage.tiles else []
    facts = (sizes_text(field), kept_text(coverage.pairs, pairs, empty), *tiles, *trace.facts)
    questions = _questions(mask, field, bool(empty))
    return MaskReport(
        name=mask.name,
        says=mask.says,
        n=n,
        m=m,
        kept=coverage.pairs,
        pairs=pairs,
        keys=coverage.keys,
        empty=empty,
        pictures=_pictures(mask, other, coverage, apart, side, field, places),
        places=int(np.prod((apart or [coverage])[0].keys.shape[:2])),
        placed=field.placed,
        tiles=coverage.tiles,
        difference=_difference(other, apart, coverage) if other and apart else None,
        form=form,
        looks_like=looks_like(table_of(mask, field)) if recognise and field.small(mask) else (),
        called=called_elsewhere(mask.reach, n, m) if mask.reach else (),
        questions=tuple(QUESTIONS[attribute] for attribute in questions),
        conventions=_conventions(questions),
        trace=trace._replace(facts=facts),
    )


def _empty(keys: Array, field: Field) -> tuple[str, ...]:
    """Queries without a key; batch rows and heads are named where there are several."""
    sizes = dict(zip("bhn", keys.shape, strict=True))
    axes = tuple(axis for axis, size in sizes.items() if size > 1 or axis == "n")
    return empty_rows((keys == 0).reshape([sizes[axis] for axis in axes]), axes, field.labels)


def _apart(mask: Mask, other: Mask, field: Field, side: int) -> tuple[Coverage, Coverage]:
    """Pairs that this mask alone keeps, and those of the other alone."""
    axes = mask.varies | other.varies
    here, there = (
        cover(
            one._replace(varies=axes),
            field.n,
            field.m,
            batch=field.batch,
            heads=field.heads,
            side=side,
        )
        for one in (mask & ~other, ~mask & other)
    )
    return here, there


def _pictures(
    mask: Mask,
    other: Mask | None,
    coverage: Coverage,
    apart: tuple[Coverage, Coverage] | None,
    side: int,
    field: Field,
    wanted: Places,
) -> tuple[Picture, ...]:
    codes = _codes(mask, other, field)
    drawn, there = (coverage, None) if apart is None else apart
    shape = drawn.keys.shape
    places = [place for place in np.ndindex(*shape[:2]) if wanted.takes(place, shape)]
    return tuple(
        Picture(
            place=_place(shape, b, h),
            keys=coverage.keys[_within(coverage.keys, b, h)],
            counts=drawn.raster[b, h],
            others=None if there is None else there.raster[b, h],
            areas=drawn.areas,
            side=side,
            codes=None if codes is None else codes[_within(codes, b, h)],
        )
        for b, h in (places if wanted.every else places[:PLACES_SHOWN])
    )


def _codes(mask: Mask, other: Mask | None, field: Field) -> Array | None:
    """The whole table, where it is small; beside another mask who keeps what."""
    if other is None:
        return table_of(mask, field).astype(np.int8) if field.small(mask) else None
    if not field.small(mask & other):
        return None
    here, there = table_of(mask, field), table_of(other, field)
    return np.where(here, np.where(there, 1, 2), np.where(there, 3, 0)).astype(np.int8)


def _within(array: Array, b: int, h: int) -> tuple[int, int]:
    """A place in an array that may be the same for all batch rows or heads."""
    return min(b, array.shape[0] - 1), min(h, array.shape[1] - 1)


def _place(shape: tuple[int, ...], b: int, h: int) -> Place:
    named = (("b", b, shape[0]), ("h", h, shape[1]))
    return tuple((axis, at) for axis, at, size in named if size > 1)


def _difference(other: Mask, apart: tuple[Coverage, Coverage], coverage: Coverage) -> Difference:
    """Counted over every batch row and head along which either mask differs."""
    here, there = (one.pairs for one in apart)
    repeats = apart[0].keys.size // coverage.keys.size
    return Difference(other.name, coverage.pairs * repeats - here, here, there)


def _questions(mask: Mask, field: Field, empty: bool) -> list[str]:
    """What libraries answer in different ways, of what is at stake here."""
    found = ["causal"] if field.placed and field.n != field.m else []
    if mask.reach is not None and mask.reach.low is not None:
        found.append("window")
    return [*found, *(["empty"] if empty else [])]


def _conventions(questions: list[str]) -> tuple[Convention, ...]:
    if not questions:
        return ()
    return tuple(
        Convention(library.name, tuple(getattr(library, name) for name in questions))
        for library in LIBRARIES
    )
