"""What there is to say of a mask, as plain data: every view of it is made from this."""

from __future__ import annotations

from typing import Any, NamedTuple

from attn_cli.results.trace import Trace

Place = tuple[tuple[str, int], ...]
"""Batch row and head, by axis; empty where the mask is the same for all."""


class Picture(NamedTuple):
    """A mask at one place.

    keys: how many keys each query keeps. counts, areas: kept pairs and pairs in each cell of a
    raster whose cells are `side` queries by `side` keys; beside another mask counts are pairs
    that this one alone keeps, others those of the other alone. codes: the whole table, where it is
    small: 0 dropped, 1 kept; beside another mask 1 kept by both, 2 by this alone, 3 by the other.
    """

    place: Place
    keys: Any
    counts: Any
    others: Any | None
    areas: Any
    side: int
    codes: Any | None


class Difference(NamedTuple):
    """A mask beside another: how many pairs both keep, and each alone."""

    other: str
    both: int
    here: int
    there: int


class Tiles(NamedTuple):
    """Squares of `size` queries and keys: how many there are, keep anything, keep everything.

    cells: the pairs inside those that keep anything, which a block-sparse kernel computes.
    rows: the queries that have such a tile.
    """

    size: int
    all: int
    kept: int
    full: int
    cells: int
    rows: int


class FormShown(NamedTuple):
    """The mask as a library takes it: its axes, and its values (b, h, n, m) where they are few."""

    name: str
    says: str
    dtype: str
    shape: tuple[int, ...]
    letters: str
    values: Any | None


class Convention(NamedTuple):
    """How one library deals with what is at stake in this mask."""

    library: str
    answers: tuple[str, ...]


class MaskReport(NamedTuple):
    """Everything about one mask.

    kept, pairs: of all batch rows and heads along which it differs; keys: of each query,
    (b, h, n). empty: queries without a key. places: how many pictures there are in
    all. placed: whether it depends on where queries stand.
    called: names that others have for it. questions: what the conventions answer.
    trace: its steps, with facts, notices and labels.
    """

    name: str
    says: str
    n: int
    m: int
    kept: int
    pairs: int
    keys: Any
    empty: tuple[str, ...]
    pictures: tuple[Picture, ...]
    places: int
    placed: bool
    tiles: Tiles | None
    difference: Difference | None
    form: FormShown | None
    looks_like: tuple[str, ...]
    called: tuple[str, ...]
    questions: tuple[str, ...]
    conventions: tuple[Convention, ...]
    trace: Trace
