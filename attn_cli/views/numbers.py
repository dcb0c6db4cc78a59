"""Numbers as people read them: rounded for display only, never ambiguous."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, isnan, log10

LARGE, SMALL = 1e6, 1e-4
"""From the first on, and below the second, a number has its power of ten beside it."""

FEW, DECIMALS = 2, 4
"""Decimals of a table: usually, and at most where nobody asks for more; of a number that is worked
out: below a table, and alone."""

Texts = list[list[str]]


def short(number: float, precision: int = 4) -> str:
    """One number: 0.7071, 3, 1.5e-09, -∞, nan.

    A number that is not zero is never shown as zero.
    """
    if isnan(number):
        return "nan"
    if not isfinite(number):
        return "∞" if number > 0 else "-∞"
    if number == 0:
        return "0"
    fixed = f"{number:.{precision}f}"
    if abs(number) >= SMALL and float(fixed) == 0:
        fixed = f"{number:.{max(precision, 1) - 1 - floor(log10(abs(number)))}f}"
    elif abs(number) >= LARGE or float(fixed) == 0:
        return scientific(number, precision)
    return fixed.rstrip("0").rstrip(".") if "." in fixed else fixed


def scientific(number: float, precision: int = 4) -> str:
    """A number with its power of ten, short: 1.5e-9."""
    if not isfinite(number) or number == 0:
        return short(number, precision)
    mantissa, _, exponent = f"{number:.{max(precision - 1, 0)}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def table(numbers: Sequence[Sequence[float]], precision: int | None, largest: float) -> Texts:
    """The numbers of a table, all with as many decimals, so that points stand in line.

    precision: decimals; None for two, more where rows would read alike or the largest is small.
    largest: of all numbers, without sign. Whole numbers alone have no decimals; one that is not 0
    and would read as 0 is told as <.01.
    """
    if needs_powers(largest, precision):
        return [[in_powers(number, precision) for number in row] for row in numbers]
    if all(number.is_integer() or not isfinite(number) for row in numbers for number in row):
        return [[fixed(number, 0) for number in row] for row in numbers]
    if precision is not None:
        return [[fixed(number, precision) for number in row] for row in numbers]
    decimals = usual_decimals(largest)
    texts = [[fixed(number, decimals) for number in row] for row in numbers]
    while decimals < DECIMALS and _read_alike(texts, numbers):
        decimals += 1
        texts = [[fixed(number, decimals) for number in row] for row in numbers]
    return texts


def usual_decimals(largest: float) -> int:
    """Two decimals, or as many as give the largest number two digits."""
    decimals = FEW
    while decimals < DECIMALS and largest < 10 ** (1 - decimals):
        decimals += 1
    return decimals


def in_powers(number: float, precision: int | None) -> str:
    """A number of a table in powers of ten, of three digits where none are asked for."""
    return scientific(number, 3 if precision is None else precision)


def percent(share: float) -> str:
    """A share in whole per cent; 0 and 100 only where it is nothing and all."""
    if not isfinite(share):
        return short(share)
    part = 100 * share
    if 0 < part < 0.5:
        return "<1"
    if 99.5 <= part < 100:
        return ">99"
    return f"{part:.0f}"


def fixed(number: float, decimals: int) -> str:
    """A number with as many decimals; what is not 0 and would read as 0 is <.01."""
    if not isfinite(number):
        return short(number)
    text = f"{number:,.{decimals}f}"
    if number and float(text.replace(",", "")) == 0:
        least = f"{10**-decimals:.{decimals}f}".removeprefix("0")
        return f"<{least}" if number > 0 else f">-{least}"
    return text.removeprefix("-") if not number else text


def _read_alike(texts: Texts, numbers: Sequence[Sequence[float]]) -> bool:
    """Whether two rows that differ are written alike."""
    return len({*map(tuple, texts)}) < len({*map(tuple, numbers)})


def needs_powers(largest: float, precision: int | None) -> bool:
    """Whether a table reads better in powers of ten: its largest number is huge or tiny."""
    smallest = 10.0 ** -max((DECIMALS if precision is None else precision) - 1, 1)
    return isfinite(largest) and largest > 0 and not smallest <= largest < LARGE
