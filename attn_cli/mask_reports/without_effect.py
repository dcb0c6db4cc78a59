"""Masks that change nothing beside others: an option that does nothing has to be told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from attn_cli.errors import brief
from attn_cli.language import said
from attn_cli.mask_reports.grid import Field, table_of
from attn_cli.masks import Mask

WIDENING = ("global", "prefix", "random")
"""Masks by which people mean to add pairs to others."""

NOTHING = "{name} changes nothing here: the rest drops the same pairs."
JOINED = "{name} is combined with and: only pairs that it keeps are left."
ADVICE = "To add its pairs to the others, combine by | in ‹mask›."


def idle_parts(parts: Sequence[Mask], field: Field) -> tuple[str, ...]:
    """Tell masks that drop nothing which the others keep; causal beside a window is custom.

    What is too large to keep whole is not looked at.
    """
    if len(parts) < 2:
        return ()
    joined = reduce(and_, parts)
    if not field.small(joined):
        return ()
    axes = frozenset(axis for part in parts for axis in part.varies)
    whole = table_of(joined, field)
    found = []
    for place, part in enumerate(parts):
        rest = reduce(and_, [*parts[:place], *parts[place + 1 :]])._replace(varies=axes)
        name, widens = brief(part.name), _kind(part) in WIDENING
        if _kind(part) != "causal" and (table_of(rest, field) == whole).all():
            hint = f" {said(ADVICE)}" if widens else ""
            found.append(said(NOTHING, name=name) + hint)
        elif widens and _kind(part) != "prefix":
            found.append(f"{said(JOINED, name=name)} {said(ADVICE)}")
    return tuple(found)


def _kind(mask: Mask) -> str:
    """The name of a mask of the catalogue that stands alone; empty for joined ones."""
    return "" if mask.joined else mask.name.partition("(")[0]
