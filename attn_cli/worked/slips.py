"""Slips of a single entry: a sign, digits exchanged, cut instead of rounded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from attn_cli.faults.fault import Array
from attn_cli.worked.entries import Entry


class Place(NamedTuple):
    """An entry with what is due there, and in the whole step."""

    entry: Entry
    due: float
    step: Array
    at: tuple[int, ...]

    @property
    def written(self) -> float:
        """The number that is written."""
        assert self.entry.value is not None
        return self.entry.value

    def is_written(self, number: float) -> bool:
        """Whether a number reads as this entry does."""
        return bool(abs(number - self.written) <= self.entry.half + 1e-9)


class Slip(NamedTuple):
    """One way to get a single number wrong."""

    says: str
    happened: Callable[[Place], bool]


def _cut(place: Place) -> bool:
    unit = 2 * place.entry.half
    return unit > 0 and abs(np.trunc(place.due / unit) * unit - place.written) <= 1e-9


def _exchanged(place: Place) -> bool:
    """Two neighbouring digits the other way round."""
    if place.entry.decimals is None or not np.isfinite(place.due):
        return False
    scale, decimals = (100, -2) if place.entry.percent else (1, 0)
    decimals = max(place.entry.decimals + decimals, 0)
    due = f"{scale * place.due:.{decimals}f}"
    text = f"{scale * place.written:.{decimals}f}"
    signs = [at for at, sign in enumerate(due) if sign != "."]
    return any(
        due[first] != due[second]
        and due[:first] + due[second] + due[first + 1 : second] + due[first] + due[second + 1 :]
        == text
        for first, second in pairwise(signs)
    )


def _transposed(place: Place) -> bool:
    rows, columns = place.at[-2:]
    there = rows < place.step.shape[-1] and columns < place.step.shape[-2] and rows != columns
    return there and place.is_written(float(place.step[(*place.at[:-2], columns, rows)]))


def _beside(place: Place) -> bool:
    """The number of a place beside it, in its row or its column."""
    row = place.step[place.at[:-1]]
    column = place.step[place.at[:-2]][:, place.at[-1]]
    near = [
        float(line[at + by])
        for line, at in ((row, place.at[-1]), (column, place.at[-2]))
        for by in (-1, 1)
        if 0 <= at + by < len(line)
    ]
    return any(map(place.is_written, near))


SLIPS = (
    Slip("The sign is the other way round.", lambda place: place.is_written(-place.due)),
    Slip("It is cut off, not rounded.", _cut),
    Slip("Two digits are exchanged.", _exchanged),
    Slip(
        "The point has slipped by a place.",
        lambda place: place.is_written(10 * place.due) or place.is_written(place.due / 10),
    ),
    Slip("It stands where row and column are exchanged.", _transposed),
    Slip("It belongs in the place beside it.", _beside),
)
"""Tried in this order; the first counts."""


FEWEST_DIGITS = 2
"""Digits from which on a number is told from others: a single one fits almost anything."""


def slip_of(place: Place) -> Slip | None:
    """What probably happened to an entry; None where nothing that is known."""
    told = place.entry.digits
    if not np.isfinite(place.written) or not place.written or place.written == place.due:
        return None
    if told < FEWEST_DIGITS and not place.is_written(-place.due):
        return None
    return next((slip for slip in SLIPS if slip.happened(place)), None)
