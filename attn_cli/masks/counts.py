"""How many pairs a mask keeps, in closed form: exact at any size, with letters too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Size = Any
"""An integer, or a letter that stands for one."""

Positive = Callable[[Size], Size]
"""The size itself where it is above 0, else 0."""


def causal_pairs(n: Size, m: Size, offset: Size, positive: Positive) -> Size:
    """Count the pairs with j ≤ i + offset.

    Query i keeps i + offset + 1 keys, but none less than 0 and none more than m: the sum over i
    of what is above 0, less what is above m.
    """
    above_zero = _triangle(n + offset, positive) - _triangle(offset, positive)
    above_all = _triangle(n + offset - m, positive) - _triangle(offset - m, positive)
    return above_zero - above_all


def window_pairs(n: Size, m: Size, offset: Size, window: Size, positive: Positive) -> Size:
    """Count the pairs with i + offset − window < j ≤ i + offset: one causal count less another."""
    wide = causal_pairs(n, m, offset, positive)
    return wide - causal_pairs(n, m, offset - window, positive)


def causal_rows(n: Size, offset: Size, positive: Positive) -> Size:
    """Count the queries that keep a key: those with i + offset ≥ 0."""
    return positive(n + offset) - positive(offset)


def window_rows(n: Size, m: Size, offset: Size, window: Size, positive: Positive) -> Size:
    """Count the queries whose window reaches a key: those with 0 ≤ i + offset < m + window − 1."""
    return causal_rows(n, offset, positive) - causal_rows(n, offset - m - window + 1, positive)


def _triangle(top: Size, positive: Positive) -> Size:
    """1 + 2 + … + top, and 0 where top is not positive."""
    above = positive(top)
    twice = above * (above + 1)
    return twice // 2 if isinstance(twice, int) else twice / 2
