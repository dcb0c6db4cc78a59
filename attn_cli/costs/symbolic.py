"""A mechanism's program with letters for sizes, for the cost reading."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from attn_cli import masks
from attn_cli.masks.counts import causal_pairs, causal_rows, window_pairs, window_rows
from attn_cli.masks.mask import Reach
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.program import Program, Size, Sizes, quotient
from attn_cli.readings.count import Count
from attn_cli.readings.formulas import letter, positive
from attn_cli.results.mask import Tiles
from attn_cli.spelling import choice


class Shape(NamedTuple):
    """What is asked of a cost report; a size is an integer, a name that stays open, or None.

    d is the width of all heads together; a size that is None takes its usual value: m = n,
    d_v = d, one head, as many key heads as heads, d_model = d, no batch, one layer. p is the
    number of pairs that a mask keeps, where it was counted, rows that of queries with any, and
    along the axes beside n and m that both are summed over. said: the mask in words. path: how many
    layers the farthest two positions are apart, where the mask's own graph was searched.
    tiles: those that are computed whole, and kept the pairs that are kept in them. idle: what is
    told of masks that change nothing beside others. letters: those of sizes that go by another
    than their field. choices: what a mechanism is asked beside heads and masks.
    """

    n: int | str | None = None
    m: int | str | None = None
    d: int | str | None = None
    d_v: int | str | None = None
    h: int | str | None = None
    h_kv: int | str | None = None
    d_head: int | str | None = None
    d_model: int | str | None = None
    d_c: int | str | None = None
    b: int | str | None = None
    L: int | str | None = None
    w: int | str | None = None
    p: int | None = None
    rows: int | None = None
    along: frozenset[str] = frozenset()
    said: str = ""
    path: str | None = None
    tiles: Tiles | None = None
    kept: int | None = None
    idle: tuple[str, ...] = ()
    causal: bool = False
    offset: int | None = None
    bottom_right: bool = False
    choices: Choices = Choices()
    projections: bool = True
    cross: bool = False
    letters: Mapping[str, str] = MappingProxyType({})

    def name(self, field: str) -> str:
        """The letter of a size: the standard one, or the name that was given."""
        given = getattr(self, field)
        return given if isinstance(given, str) else self.letters.get(field, field)

    def numbers(self) -> dict[str, int | None]:
        """Every letter in use, with its number where it has one."""
        given = {field: getattr(self, field) for field in LETTERS}
        used = {field: size for field, size in given.items() if size is not None}
        always: dict[str, Any] = {"n": self.n, "d": self.d} | used
        return {
            self.name(field): size if isinstance(size, int) else None
            for field, size in always.items()
        }

    def known(self) -> dict[str, int]:
        """The letters that have a number."""
        return {name: size for name, size in self.numbers().items() if size is not None}


LETTERS = ("n", "m", "d", "d_v", "h", "h_kv", "d_head", "d_model", "d_c", "b", "L", "w", "p")


def settled(mechanism: Mechanism, shape: Shape) -> Shape:
    """A shape with a mechanism's own letters and, where nobody says how many, its heads."""
    heads = mechanism.heads if shape.h is None and shape.h_kv is None else shape.h
    return shape._replace(letters=mechanism.lengths, h=heads)


class Costed(NamedTuple):
    """A program with letters for sizes, and what of it is counted.

    bounds: which letters are at most which others.
    """

    program: Program
    counted: Count
    layers: Size
    batch: Size
    bounds: tuple[tuple[str, str], ...]


BOUNDS = (("w", "n"), ("w", "m"), ("n", "m"), ("d_head", "d"), ("h", "d"), ("h_kv", "h"))
"""A window is within a sequence, what is new within all keys; heads share a width."""


def symbolic_program(mechanism: Mechanism, shape: Shape, *, numbers: bool = False) -> Costed:
    """Write a mechanism down for sizes that are letters, or with `numbers` for the integers.

    Raises ShapeError where heads do not share a width equally.
    """
    shape = settled(mechanism, shape)

    def size(field: str, otherwise: Size) -> Size:
        given = getattr(shape, field)
        if given is None:
            return otherwise
        whole = numbers or (shape.choices.block_size is not None and field in "nm")
        return given if whole and isinstance(given, int) else letter(shape.name(field))

    n = size("n", letter(shape.name("n")))
    m = size("m", n)
    width = size("d", letter("d"))
    heads = size("h", 1)
    kv_heads = size("h_kv", heads)
    head_width = size("d_head", quotient(width, heads))
    value_width = quotient(size("d_v", head_width * heads), heads)
    model = size("d_model", width)
    cached = shape.m is not None and not shape.cross and m != n
    offset = _offset(shape, n, m, cached)
    mask = None
    if shape.causal or shape.w is not None or shape.p is not None:
        causal = shape.causal and shape.w is None and shape.p is None
        mask = masks.Mask("given", "", _all, reach=Reach(None, 0) if causal else None)
    whole = mechanism.asks and not shape.projections and shape.h is None
    choices = shape.choices._replace(
        heads=None if whole else heads, kv_heads=None if whole else kv_heads, mask=mask
    )
    sizes = Sizes()
    batch = size("b", 1)
    if shape.b is not None:
        sizes.bind("b", batch, "‹batch›")
    given = _given(mechanism, shape, cached)
    layout = mechanism.layout(given, choices, sizes)
    needed = {axis for axes in layout.axes.values() for axis in axes}
    for axis, bound in (
        (mechanism.axis("n"), n),
        ("m_new" if cached else "m", n if cached else m),
        ("m_past", m - n if cached else None),
        ("d", head_width),
        ("d_v", value_width),
        ("d_model", model),
        ("d_context", model),
        ("d_out", model if shape.projections else None),
        ("d_c", size("d_c", None) if "d_c" in needed else None),
    ):
        if bound is not None:
            sizes.bind(axis, bound, choice(axis))
    layout.fill(sizes)
    program = mechanism.program(sizes, layout, choices)
    above = partial(positive, numbers=shape.known())
    count = Count(sizes)
    span = None if choices.local_p is None else 2 * choices.local_p + 1
    window = size("w", n) if shape.w is not None else span
    if shape.p is not None:
        count = Count(sizes, size("p", 0), shape.rows, shape.along)
    elif span is not None and not shape.causal and shape.w is None:
        keys = shape.n if shape.m is None else shape.m
        count = Count(sizes, n * (min(span, keys) if isinstance(keys, int) else span), n)
    elif window is not None:
        if span is not None and isinstance(shape.w, int):
            window = min(span, shape.w)
        rows = window_rows(n, m, offset, window, above)
        count = Count(sizes, window_pairs(n, m, offset, window, above), rows)
    elif shape.causal:
        pairs = causal_pairs(n, m, offset, above)
        count = Count(sizes, pairs, causal_rows(n, offset, above))
    bounds = tuple(
        (shape.name(less), shape.name(more))
        for less, more in BOUNDS
        if not (shape.cross and (less, more) == ("n", "m"))
    )
    return Costed(program, count, size("L", 1), batch, bounds)


def _all(i: Any, j: Any, b: int, h: int) -> bool:
    return True


def _offset(shape: Shape, n: Size, m: Size, cached: bool) -> Size:
    if shape.offset is not None:
        return shape.offset
    return m - n if cached or shape.bottom_right else 0


def _given(mechanism: Mechanism, shape: Shape, cached: bool) -> dict[str, tuple[Size, ...]]:
    """Which arrays there are, as layouts want them: only how many axes each has matters."""
    rows = (1, 1, 1) if shape.b is not None else (1, 1)
    given = (
        {"x": rows}
        if shape.projections or not mechanism.asks
        else dict.fromkeys(("q", "k", "v"), rows)
    )
    if shape.cross and shape.projections:
        given["context"] = rows
    if cached:
        split = shape.projections or shape.h is not None or not mechanism.asks
        given |= dict.fromkeys(mechanism.cache, (1, *rows) if split else rows)
    return given
