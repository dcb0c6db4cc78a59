"""Where a mask stands: sizes, batch rows, heads, the place of its queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.errors import ImpossibleError
from attn_cli.masks import Mask
from attn_cli.masks.placed import Offset
from attn_cli.readings.coverage import blocks

Array = np.ndarray[Any, Any]

SMALL_PAIRS = 2**22
"""Pairs up to which a whole table is kept, of all batch rows and heads together."""


MOST_PAIRS = 2**36
"""Pairs that are looked at, at most: a minute's work."""


def refuse_many_pairs(n: int, m: int, places: int = 1) -> None:
    """Raise ImpossibleError where looking at each pair would take too long."""
    if n * m * places > MOST_PAIRS:
        raise ImpossibleError(
            f"{n * m * places:,} pairs are too many to look at one by one; up to 2^36 are.\n"
            "attn complexity has formulas for ‹causal› and ‹window› at any size."
        )


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


def table_of(mask: Mask, field: Field) -> Array:
    """Every pair, (b, h, n, m)."""
    batch, heads = field.leads(mask)
    table = np.empty((batch, heads, field.n, field.m), bool)
    for b, h in np.ndindex(batch, heads):
        for start, allowed in blocks(mask, field.n, field.m, b, h):
            table[b, h, start : start + len(allowed)] = allowed
    return table
