"""Which masks are asked for, read before any size is known."""

from __future__ import annotations

import re
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

from attn_cli import masks
from attn_cli.errors import AttnError
from attn_cli.masks import Board, Expression, Kind, Mask
from attn_cli.masks.catalogue import FARTHEST
from attn_cli.masks.placed import Offset
from attn_cli.spec import Spec
from attn_cli.spelling import choice

SHORTHANDS = (
    "causal",
    "window",
    "left",
    "right",
    "lengths",
    "prefix",
    "block",
    "dilation",
    "stride",
    "global_tokens",
    "documents",
)
"""Choices that are a mask of the catalogue, in the order in which they are combined."""

NUMBERS = re.compile(r"\s*-?\d{1,15}\s*(,\s*-?\d{1,15}\s*)*", re.ASCII)


class Shorthand(NamedTuple):
    """A mask asked for by an option of its own."""

    option: str
    kind: Kind
    numbers: tuple[int, ...]


class MaskChoices(NamedTuple):
    """All that is asked for: masks by choices of their own, an expression, or an array.

    table: what is given as ‹mask›, where it is an array; axes: how its axes are named.
    """

    shorthands: tuple[Shorthand, ...]
    expression: Expression | None
    table: Any
    offset: int | None
    align: str | None
    axes: str | None = None

    @property
    def any(self) -> bool:
        """Whether there is a mask at all."""
        return bool(self.shorthands or self.expression or self.table is not None)

    @property
    def placed(self) -> bool:
        """Whether any mask depends on where queries stand."""
        calls = self.expression.calls() if self.expression else ()
        return any(s.kind.placed for s in self.shorthands) or any(
            call.kind.placed and call.offset is None for call in calls
        )

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The numbers of --lengths."""
        return next((s.numbers for s in self.shorthands if s.kind.name == "lengths"), None)

    @property
    def keys(self) -> tuple[str, int] | None:
        """How many keys there have to be, and what says so: each needs a document."""
        named = [(s.option, s.kind, s.numbers) for s in self.shorthands]
        if self.expression:
            named += [(self.expression.option, c.kind, c.numbers) for c in self.expression.calls()]
        return next(((o, len(n)) for o, kind, n in named if kind.name == "documents"), None)

    def with_local_m(self, reach: int) -> MaskChoices:
        """The same, and keys at most `reach` away (Luong 2015, local-m)."""
        kind = masks.MASKS.find("local-m")
        assert kind is not None
        more = Shorthand("‹local_d›", kind, kind.filled((reach,)))
        return self._replace(shorthands=(*self.shorthands, more))

    def masks_on(self, board: Board) -> list[Mask]:
        """Every mask on a board, those of options first.

        Raises AttnError for numbers that the board has no room for.
        """
        found = []
        for option, kind, numbers in self.shorthands:
            try:
                found.append(kind.build(board, *numbers))
            except AttnError as error:
                raise AttnError(f"{option}: {error}") from None
        return [*found, *([self.expression.on(board)] if self.expression else [])]

    def combined(self, board: Board, *given: Mask | None) -> tuple[Mask | None, tuple[Mask, ...]]:
        """All masks on a board as one, given ones among them, and what it is made of."""
        parts = (*self.masks_on(board), *(mask for mask in given if mask is not None))
        return (reduce(and_, parts) if parts else None), parts

    def place(self, n: int, m: int, usual: Offset = 0) -> Offset:
        """The offset of the queries: as given, by alignment, else the usual one."""
        if self.offset is not None:
            return self.offset
        if self.align is None:
            return usual
        if self.align == "top-left":
            return 0
        counts = self.lengths
        if counts is None:
            return m - n
        return tuple(count - n for count in counts) if len(counts) > 1 else counts[0] - n


def mask_choices(spec: Spec, table: Any = None) -> MaskChoices:
    """Read every choice about masks; `refuse_placement` comes when all that it may place is known.

    Raises AttnError for numbers and expressions that can't be read.
    """
    said = spec.said()
    if spec.mask_axes is not None and table is None:
        raise AttnError(f"‹mask_axes {spec.mask_axes}› is for ‹mask› as an array: none is given.")
    return MaskChoices(
        tuple(_shorthand(name, said[name]) for name in SHORTHANDS if name in said),
        masks.read(spec.mask, "‹mask›") if spec.mask is not None else None,
        table,
        spec.offset,
        spec.align,
        spec.mask_axes,
    )


def _shorthand(name: str, given: str | bool) -> Shorthand:
    kind_name = name.removesuffix("_tokens")
    kind, option = masks.MASKS.find(kind_name), choice(name)
    assert kind is not None
    if given is True:
        return Shorthand(option, kind, ())
    if not NUMBERS.fullmatch(str(given)):
        what = "a list of whole numbers like 5,3" if kind.many else "a whole number"
        raise AttnError(f"{option}: {str(given)[:40]!r} is not {what}.")
    try:
        return Shorthand(option, kind, kind.filled(tuple(map(int, str(given).split(",")))))
    except AttnError as error:
        raise AttnError(f"{option}: {error}") from None


def refuse_placement(found: MaskChoices, *, moves: bool = False) -> None:
    """Raise AttnError where nothing is placed, or twice; moves: something beside masks is."""
    if not (moves or found.placed) and (found.offset is not None or found.align is not None):
        raise AttnError(
            "‹offset› and ‹align› place the queries for masks such as ‹causal›: add one."
        )
    if found.offset is not None and found.align is not None:
        raise AttnError("‹offset› and ‹align› both place the queries: give one.")
    if found.offset is not None and abs(found.offset) > FARTHEST:
        raise AttnError(f"‹offset {found.offset}› is beyond every array.")
