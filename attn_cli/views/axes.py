"""Ticks of logarithmic axes, in numbers as people write them."""

from __future__ import annotations

from math import ceil, floor, log10

from attn_cli.units import in_thousands
from attn_cli.views.page import Curves

Range = tuple[float, float]
Tick = tuple[float, str]
"""A number on an axis, and how it is written."""

UP_TICKS = 5


def range_of(block: Curves) -> tuple[Range, Range]:
    """The least and the largest number of both axes; an axis of one number is given some room."""
    points = [point for curve in block.curves for point in curve.points]
    x, y = ([point[axis] for point in points] for axis in (0, 1))
    return _roomy(min(x), max(x)), _roomy(min(y), max(y))


def _roomy(low: float, high: float) -> Range:
    return (low, high) if low < high else (low / 2, high * 2)


def up_ticks(block: Curves) -> list[Tick]:
    """Powers of ten, from below; the ends where there are fewer than two."""
    low, high = range_of(block)[1]
    first, last = ceil(log10(low)), floor(log10(high))
    step = max(ceil((last - first + 1) / UP_TICKS), 1)
    powers = [10.0**power for power in range(first, last + 1, step)]
    numbers = powers if len(powers) > 1 else [low, high]
    return [(number, _thousands(number)) for number in numbers]


MOST_ACROSS = 24


def across_ticks(block: Curves) -> list[Tick]:
    """Every number across at which there is a point; of many points 1, 3, 10, 30, … alone."""
    numbers = sorted({x for curve in block.curves for x, _ in curve.points})
    if len(numbers) > MOST_ACROSS:
        round_ones = [times * 10.0**power for power in range(12) for times in (1, 3)]
        numbers = [x for x in round_ones if numbers[0] <= x <= numbers[-1]] or numbers
    return [(x, f"{x:,.0f}") for x in numbers]


def along(number: float, axis: Range) -> float:
    """Where a number is on an axis, from 0 to 1."""
    low, high = axis
    return (log10(number) - log10(low)) / (log10(high) - log10(low))


def late(number: float, axis: Range) -> bool:
    """Whether a number stands in the second half of an axis, where words have room before it."""
    return along(number, axis) > 0.5


def _thousands(number: float) -> str:
    """A number in three digits with the sign of its thousands: 10 G."""
    size, sign = in_thousands(number)
    return f"{size:.3g} {sign}".strip()
