"""Arithmetic as it stands on a line: true when worked out from the digits that are printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from math import inf, nan
from typing import NamedTuple

Show = Callable[[float, int], str]
"""Writes a number with so many decimals; very large and very small ones as powers of ten."""

Write = Callable[[float], str]

MORE_DIGITS = 9
"""How many more decimals the numbers of a line may take, so that the line holds."""

SPECIAL = {"∞": inf, "-∞": -inf, "nan": nan}


class Arithmetic(NamedTuple):
    """An expression over numbers: how it is written, and what comes of the numbers as written."""

    write: Callable[[Write], str]
    compute: Callable[[Write], float]


def put_in(text: str, rule: Callable[..., float], *parts: Arithmetic) -> Arithmetic:
    """An expression: `text` with a place {} for each part, and the rule it stands for."""
    return Arithmetic(
        lambda write: text.format(*(part.write(write) for part in parts)),
        lambda write: rule(*(part.compute(write) for part in parts)),
    )


def number(x: float) -> Arithmetic:
    """A number standing alone."""
    return Arithmetic(lambda write: write(x), lambda write: as_written(write(x)))


def factor(x: float) -> Arithmetic:
    """A number inside a product, or behind a sign: a negative one in brackets."""

    def bracketed(write: Write) -> str:
        text = write(x)
        return f"({text})" if text.startswith("-") else text

    return Arithmetic(bracketed, lambda write: as_written(write(x)))


def exactly(text: str, value: float) -> Arithmetic:
    """An expression in whole numbers, which no rounding touches."""
    return Arithmetic(lambda write: text, lambda write: value)


def added(parts: Sequence[Arithmetic]) -> Arithmetic:
    """A sum."""
    return put_in(" + ".join("{}" for _ in parts), lambda *terms: sum(terms), *parts)


def long_sum(count: int, term: Callable[[int], Arithmetic], most: int, own: int = 0) -> Arithmetic:
    """A sum of `count` terms, those in its middle told by their number and sum where it is long.

    own: the place of a term that stands there in any case.
    """
    if count <= most:
        return added([term(place) for place in range(count)])
    first = max(most - 1, 2) - 1
    shown = [*range(first), count - 1]
    if own not in shown:
        shown = [*range(first - 1), own, count - 1]
    others = [place for place in range(count) if place not in shown]
    middle = sum(term(place).compute(repr) for place in others)
    told = put_in(f"… {len(others)} more, together {{}} …", lambda x: x, number(middle))
    *begin, last = map(term, shown)
    return added([*begin, told, last])


def as_written(text: str) -> float:
    """The number that a text stands for."""
    return SPECIAL[text] if text in SPECIAL else float(text)


def holding(arithmetic: Arithmetic, result: float, show: Show, precision: int) -> tuple[str, bool]:
    """Write an expression with the fewest digits from which its result follows.

    Returns the text, and whether the result does follow, to half a unit of its last digit.
    """
    printed = show(result, precision)
    half = half_unit(printed, precision)
    for more in range(MORE_DIGITS + 1):
        write = partial(_with, show, precision + more)
        text = arithmetic.write(write)
        if _follows(arithmetic, write, as_written(printed), half, text):
            return text, True
    text = arithmetic.write(partial(_with, show, precision))
    return text, any(sign in text for sign in SPECIAL)


def _with(show: Show, decimals: int, x: float) -> str:
    return show(x, decimals)


def half_unit(text: str, precision: int) -> float:
    """Half of what the last digit of a written number stands for."""
    if "e" in text:
        return 0.5 * 10.0 ** (int(text.partition("e")[2]) - max(precision - 1, 0))
    return 0.5 * 10.0 ** -max(precision, len(text.partition(".")[2]))


NOISE = 1e-13
"""How far, in parts of a number, arithmetic in floats may be off."""

LONG = re.compile(r"\d[\d.]{12,}")


def _follows(arithmetic: Arithmetic, write: Write, printed: float, half: float, text: str) -> bool:
    try:
        found = arithmetic.compute(write)
    except (OverflowError, ZeroDivisionError):
        return False
    if isinstance(found, complex):
        return False
    if half > NOISE * abs(printed):
        return abs(found - printed) <= half * (1 + NOISE)
    # more digits than floats can vouch for: short numbers alone are exact
    return found == printed and not LONG.search(text) and not LONG.search(repr(printed))
