"""Tables of numbers that follow from positions alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A rule that gives a number for each place.

    number(maths, *positions): the number; positions are integers or integer arrays that
    broadcast, one for each axis, and maths has sin and cos for them. formula, latex: the rule
    as written. put_in(*positions): the rule with its numbers put in. price: floating-point
    operations for each entry, comparisons of positions being none.
    """

    formula: str
    latex: str
    number: Callable[..., Any]
    put_in: Callable[..., str]
    price: int
