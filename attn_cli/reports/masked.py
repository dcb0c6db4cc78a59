"""Puts everything about a mask together: counts, pictures, comparisons, names it has elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import numpy as np

from attn_cli.errors import brief
from attn_cli.libraries import LIBRARIES, called_elsewhere
from attn_cli.mask_report import Convention, Difference, MaskReport, Picture, Place, TileCount
from attn_cli.masks import Mask
from attn_cli.masks.placed import Offset
from attn_cli.readings.coverage import Coverage, blocks, cover
from attn_cli.readings.recognised import recognised
from attn_cli.trace import Trace

Array = np.ndarray[Any, Any]

SMALL_PAIRS = 2**22
"""Pairs up to which a whole table is kept, of all batch rows and heads together."""

RASTER = 64
"""Cells of a picture in each direction, at most."""

PLACES_SHOWN = 4
ROWS_NAMED = 8

WIDENING = ("global", "prefix", "random")
"""Masks by which people mean to add pairs to others."""

Advance = Callable[[int, int], None]


class Field(NamedTuple):
    """Where a mask stands, and what its rows are called.

    offset: query i is at position i + offset; placed: whether the mask depends on it.
    """

    n: int
    m: int
    batch: int = 1
    heads: int = 1
    offset: Offset = 0
    placed: bool = False
    labels: Mapping[str, tuple[str, ...]] = {}

    def leads(self, mask: Mask) -> tuple[int, int]:
        """How many batch rows and heads a mask differs along."""
        return (
            self.batch if "b" in mask.varies else 1,
            self.heads if "h" in mask.varies else 1,
        )

    def small(self, mask: Mask) -> bool:
        """Whether its whole table may be kept."""
        batch, heads = self.leads(mask)
        return batch * heads * self.n * self.m <= SMALL_PAIRS


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


def table_of(mask: Mask, field: Field) -> Array:
    """Every pair, (b, h, n, m)."""
    batch, heads = field.leads(mask)
    table = np.empty((batch, heads, field.n, field.m), bool)
    for b, h in np.ndindex(batch, heads):
        for start, allowed in blocks(mask, field.n, field.m, b, h):
            table[b, h, start : start + len(allowed)] = allowed
    return table


def mask_report(
    mask: Mask,
    field: Field,
    trace: Trace,
    *,
    other: Mask | None = None,
    tile: int | None = None,
    recognise: bool = False,
    places: Places = EVERYWHERE,
    advance: Advance = lambda done, total: None,
) -> MaskReport:
    """Count, compare and name a mask.

    trace: its steps; facts are added to it. other: a mask to compare with. recognise: look for
    a mask of ours that keeps the same pairs, for a table that was given.
    """
    n, m = field.n, field.m
    side = -(-max(n, m) // RASTER)
    coverage = cover(
        mask, n, m, batch=field.batch, heads=field.heads, tile=tile, side=side, advance=advance
    )
    empty = _empty(coverage, mask, field)
    tiles = coverage.tiles
    counted = TileCount(tiles.size, tiles.all, tiles.kept, tiles.full) if tiles else None
    pairs = coverage.keys.size * m
    named = called_elsewhere(mask.reach, n, m) if mask.reach else ()
    questions = _questions(mask, field, bool(empty))
    facts = (_sizes(field), _kept(coverage.pairs, pairs, empty), *_tiles(counted), *trace.facts)
    return MaskReport(
        name=mask.name,
        says=mask.says,
        n=n,
        m=m,
        kept=coverage.pairs,
        pairs=pairs,
        empty=empty,
        pictures=_pictures(mask, other, coverage, side, field, places),
        places=int(np.prod(coverage.keys.shape[:2])),
        tiles=counted,
        difference=_difference(mask, other, field) if other is not None else None,
        form=None,
        looks_like=_looks_like(mask, field) if recognise and field.small(mask) else (),
        called=named,
        questions=tuple(words for _, words in questions),
        conventions=_conventions([attribute for attribute, _ in questions]),
        trace=trace._replace(facts=facts),
    )


def idle_parts(parts: Sequence[Mask], field: Field) -> tuple[str, ...]:
    """Tell masks that drop nothing which the others keep; causal beside a window is custom.

    What is too large to keep whole is not looked at.
    """
    if len(parts) < 2 or not field.small(reduce(and_, parts)):
        return ()
    every = frozenset(axis for part in parts for axis in part.varies)
    whole = table_of(reduce(and_, parts), field)
    found = []
    for place, part in enumerate(parts):
        rest = reduce(and_, [*parts[:place], *parts[place + 1 :]])._replace(varies=every)
        if not part.name.startswith("causal") and (table_of(rest, field) == whole).all():
            widens = part.name.startswith(WIDENING)
            hint = " To let more pairs attend, combine by | in --mask." if widens else ""
            name = brief(part.name)
            found.append(f"{name} changes nothing here: the rest drops the same pairs.{hint}")
    return tuple(found)


def _pictures(
    mask: Mask,
    other: Mask | None,
    coverage: Coverage,
    side: int,
    field: Field,
    wanted: Places,
) -> tuple[Picture, ...]:
    codes = raster = None
    drawn = mask if other is None else (mask & ~other) | (~mask & other)
    if field.small(drawn):
        codes = table_of(mask, field).astype(np.int8)
        if other is not None:
            there = table_of(other, field)
            codes = np.where(codes, np.where(there, 1, 2), np.where(there, 3, 0)).astype(np.int8)
    if other is None:
        raster, keys = coverage.raster, coverage.keys
    else:
        apart = cover(drawn, field.n, field.m, batch=field.batch, heads=field.heads, side=side)
        raster, keys = apart.raster, apart.keys
    places = [place for place in np.ndindex(*keys.shape[:2]) if wanted.takes(place, keys.shape)]
    return tuple(
        Picture(
            place=_place(keys.shape, b, h),
            keys=coverage.keys[_within(coverage.keys, b, h)],
            counts=raster[b, h],
            areas=coverage.areas,
            side=side,
            codes=None if codes is None else codes[_within(codes, b, h)],
        )
        for b, h in (places if wanted.every else places[:PLACES_SHOWN])
    )


def _within(array: Array, b: int, h: int) -> tuple[int, int]:
    """A place in an array that may be the same for all batch rows or heads."""
    return min(b, array.shape[0] - 1), min(h, array.shape[1] - 1)


def _place(shape: tuple[int, ...], b: int, h: int) -> Place:
    named = (("b", b, shape[0]), ("h", h, shape[1]))
    return tuple((axis, at) for axis, at, size in named if size > 1)


def _difference(mask: Mask, other: Mask, field: Field) -> Difference:
    def kept(one: Mask) -> int:
        every = one._replace(varies=mask.varies | other.varies)
        return cover(every, field.n, field.m, batch=field.batch, heads=field.heads).pairs

    both = kept(mask & other)
    return Difference(other.name, both, kept(mask) - both, kept(other) - both)


def _looks_like(mask: Mask, field: Field) -> tuple[str, ...]:
    """What a given table is, and whether its opposite is better known."""
    table = table_of(mask, field)
    if table.all():
        return ("It keeps every pair: no mask at all.",)
    if not table.any():
        return ("It keeps no pair.",)
    found = recognised(table)
    if found is not None:
        aligned = f", aligned {found.aligned}" if found.aligned else ""
        return (f"It equals {found.name}{aligned}.",)
    lines = ["No mask of ours, nor causal or padding with one, explains it exactly."]
    opposite = recognised(~table)
    if opposite is not None:
        aligned = f", aligned {opposite.aligned}" if opposite.aligned else ""
        lines.append(
            f"Its opposite equals {opposite.name}{aligned}: does its True mean 'may not attend'?"
        )
    return tuple(lines)


def _sizes(field: Field) -> str:
    n, m = field.n, field.m
    text = f"{n:,} quer{'y' if n == 1 else 'ies'}, {m:,} key{'' if m == 1 else 's'}"
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


def _kept(kept: int, pairs: int, empty: tuple[str, ...]) -> str:
    rows = f"no key for {', '.join(empty)}" if empty else "no empty row"
    return f"{kept:,} of {pairs:,} pairs kept ({share_text(kept, pairs)}), {rows}"


def share_text(part: int, whole: int) -> str:
    """A part in per cent; 0 and 100 only where it is nothing and all."""
    percent = 100 * part / whole
    if part in (0, whole):
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if 0.1 <= percent <= 99.9 else f"{percent:.3g} %"


def _tiles(tiles: TileCount | None) -> tuple[str, ...]:
    if tiles is None:
        return ()
    return (
        f"tiles of {tiles.size}×{tiles.size}: {tiles.kept:,} of {tiles.all:,} keep a pair "
        f"({share_text(tiles.kept, tiles.all)}), {tiles.full:,} of them every pair",
    )


def _empty(coverage: Coverage, mask: Mask, field: Field) -> tuple[str, ...]:
    """Names of the queries without a key."""
    rows = np.argwhere(coverage.keys == 0)
    names = field.labels.get("n")
    found = []
    for b, h, i in rows[:ROWS_NAMED].tolist():
        text = names[i] if names else f"q{i}"
        text += f" in head {h}" if "h" in mask.varies else ""
        found.append(text + (f" of batch row {b}" if "b" in mask.varies else ""))
    more = len(rows) - ROWS_NAMED
    return (*found, *([f"{more:,} more"] if more > 0 else []))


def _questions(mask: Mask, field: Field, empty: bool) -> list[tuple[str, str]]:
    """What libraries answer in different ways, of what is at stake here."""
    found = [("causal", "causal, n ≠ m")] if field.placed and field.n != field.m else []
    if mask.reach is not None and mask.reach.low is not None:
        found.append(("window", "window of w keys"))
    return [*found, *([("empty", "row without a key")] if empty else [])]


def _conventions(attributes: list[str]) -> tuple[Convention, ...]:
    if not attributes:
        return ()
    return tuple(
        Convention(library.name, tuple(getattr(library, name) for name in attributes))
        for library in LIBRARIES
    )
