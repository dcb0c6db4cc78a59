"""Axes have names; a name has one size in a whole program.

An axis is written as in einops: `n` is a name, `(h d)` is several axes laid out as one,
`1` is an axis of size one that fits any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from attn_cli.errors import ShapeError, shape_text

Size = Any
"""An integer, or a symbol that can be multiplied (a formula's size)."""

Axes = tuple[str, ...]


class Places(NamedTuple):
    """Neighbouring places of an axis, from start to before stop; in a formula these are letters."""

    start: Size
    stop: Size

    @property
    def count(self) -> Size:
        """How many there are."""
        return self.stop - self.start

    @property
    def words(self) -> str:
        """The place alone, or from the first to the last: 3, 0 to 3."""
        return f"{self.start}" if self.count == 1 else f"{self.start} to {self.stop - 1}"


ONE = "1"

AXIS_WORDS: Mapping[str, str] = MappingProxyType(
    {
        ONE: "how many numbers there are",
        "b": "the batch size b",
        "h": "the number of heads h",
        "h_kv": "the number of key heads h_kv",
        "n": "the number of queries n",
        "m": "the number of keys m",
        "m_new": "the number of new keys m_new",
        "m_past": "the number of cached keys m_past",
        "d": "the width d of queries and keys",
        "d_k": "the width d_k of keys",
        "a": "the width a of the hidden layer",
        "a_p": "the width a_p of the layer that predicts a place",
        "d_pair": "the width of a query and a key together",
        "d_v": "the width d_v of values",
        "d_model": "the model width d_model",
        "d_context": "the width d_context of the context",
        "d_out": "the width d_out of the output",
        "d_half": "the pairs of d",
        "T": "the number of time steps T",
        "T_in": "the number of time steps T",
        "d_in": "the number of features d",
        "d_c": "the width d_c of latent rows",
        "d_r": "the width d_r of what position turns",
        "f": "the width f of the feed-forward layer",
        "entries": "the number of learned entries",
    }
)

HINTS: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"q", "k", "d"}),
        "Keys need one number for each number of a query. Is one of them transposed, or does a "
        "mode with a matrix of its own fit (‹mode general›)?",
    ),
    (frozenset({"k", "v", "m"}), "Every key needs its own value: as many rows in k as in v."),
    (
        frozenset({"state", "n"}),
        "Here query i reads the state after key i: there are as many queries as keys.",
    ),
    (frozenset({"past_k", "past_v", "m_past"}), "Every cached key needs its own cached value."),
    (frozenset({"v", "past_v", "d_v"}), "New values need the width of the cached ones."),
)
"""What to think of when two arrays disagree on an axis."""


@cache
def members(axis: str) -> Axes:
    """Split `(h d)` into its parts; a plain name is its own only part."""
    return tuple(axis[1:-1].split()) if axis.startswith("(") else (axis,)


def quotient(whole: Size, part: Size) -> Size:
    """Divide sizes: integers stay integers, symbols become a formula."""
    both = isinstance(whole, int) and isinstance(part, int)
    return whole // part if both else whole / part


class Sizes:
    """The size of every axis, each remembered with what fixed it.

    Raises ShapeError, naming both sources, when two disagree.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, Size] = {}
        self._sources: dict[str, str] = {}
        self._parts: dict[str, Axes] = {}

    def __contains__(self, axis: str) -> bool:
        if axis in self._sizes or axis == ONE:
            return True
        return all(part in self._sizes for part in members(axis))

    def __getitem__(self, axis: str) -> Size:
        size = self._sizes.get(axis)
        if size is not None:
            return size
        return 1 if axis == ONE else prod(self._sizes[part] for part in members(axis))

    def get(self, axis: str, otherwise: Size) -> Size:
        """The size of an axis, or another where it has none."""
        known = axis in self
        return self[axis] if known else otherwise

    def shape(self, axes: Axes) -> tuple[Size, ...]:
        """Sizes of several axes, in order."""
        return tuple([self[axis] for axis in axes])

    def resized(self, axis: str, size: Size) -> Sizes:
        """The same sizes but for one axis."""
        other = Sizes()
        other._sizes = {**self._sizes, axis: size}
        other._sources = self._sources
        other._parts = self._parts
        return other

    def group(self, whole: str, parts: Axes) -> None:
        """Declare that axis `whole` is laid out as `parts`, the last one running fastest."""
        self._parts[whole] = parts

    def atoms(self, axes: Iterable[str]) -> Axes:
        """Spell axes out until none has parts; axes of size one vanish."""
        found: list[str] = []
        for axis in axes:
            for part in members(axis):
                if part in self._parts:
                    found.extend(self.atoms(self._parts[part]))
                elif part != ONE:
                    found.append(part)
        return tuple(found)

    def bind(self, axis: str, size: Size, source: str) -> None:
        """Fix the size of an axis, or check it against what is already fixed."""
        if axis in self:
            if self[axis] != size:
                raise self._disagreement(axis, size, source)
            return
        free = [part for part in members(axis) if part not in self._sizes]
        if len(free) != 1:
            raise ShapeError(f"{source}: the sizes of {' and '.join(free)} can't be told apart.")
        known = prod(self._sizes[part] for part in members(axis) if part in self._sizes)
        if isinstance(size, int) and isinstance(known, int) and size % known:
            raise self._indivisible(axis, size, source)
        self._sizes[free[0]] = quotient(size, known)
        self._sources[free[0]] = source

    def bind_all(self, array: str, axes: Axes, shape: tuple[int, ...]) -> None:
        """Bind every axis of one array."""
        for axis, size in zip(axes, shape, strict=True):
            self.bind(axis, size, f"{array} is {shape_text(shape)}")

    def source(self, axis: str) -> str:
        """What fixed an axis, in words."""
        return " and ".join(
            dict.fromkeys(self._sources.get(part, "an axis of one") for part in members(axis))
        )

    def _disagreement(self, axis: str, size: Size, source: str) -> ShapeError:
        name = "·".join(members(axis))
        words = AXIS_WORDS.get(axis, f"the width {name} of all heads together")
        message = (
            f"The arrays disagree on {words}: {self.source(axis)} ({name} = {self[axis]}), "
            f"{source} ({name} = {size})."
        )
        involved = {source.split()[0], self.source(axis).split()[0], axis}
        hint = next((text for names, text in HINTS if names <= involved), None)
        return ShapeError(f"{message}\n{hint}" if hint else message)

    def _indivisible(self, axis: str, size: Size, source: str) -> ShapeError:
        fixed = [part for part in members(axis) if part in self._sizes]
        known = prod(self._sizes[part] for part in fixed)
        fits = [str(count) for count in range(1, min(size, 256) + 1) if size % count == 0][:12]
        return ShapeError(
            f"{known} heads ({' and '.join(self._sources[part] for part in fixed)}) can't share "
            f"a width of {size} equally ({source}): {size} = {known} × {size // known} + "
            f"{size % known}.\nNumbers of heads that fit this width: {', '.join(fits)}."
        )
