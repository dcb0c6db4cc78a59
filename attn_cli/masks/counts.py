"""How many pairs a mask keeps, in closed form: exact at any size, with letters too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Size = Any
"""An integer, or a letter that stands for one."""

Triangle = Callable[[Size], Size]
"""1 + 2 + … + t, and 0 for t ≤ 0."""


def integer_triangle(top: int) -> int:
    """Add up the whole numbers from 1 to top."""
    return top * (top + 1) // 2 if top > 0 else 0


def causal_pairs(n: Size, m: Size, offset: Size, triangle: Triangle = integer_triangle) -> Size:
    """Count the pairs with j ≤ i + offset.

    Query i keeps i + offset + 1 keys, but none less than 0 and none more than m: the sum over i
    of what is above 0, less what is above m.
    """
    above_zero = triangle(n + offset) - triangle(offset)
    above_all = triangle(n + offset - m) - triangle(offset - m)
    return above_zero - above_all


def window_pairs(
    n: Size, m: Size, offset: Size, window: Size, triangle: Triangle = integer_triangle
) -> Size:
    """Count the pairs with i + offset − window < j ≤ i + offset: one causal count less another."""
    wide = causal_pairs(n, m, offset, triangle)
    return wide - causal_pairs(n, m, offset - window, triangle)
