"""Numbers as people read them: rounded for display only, never ambiguous."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan

LARGE = 1e6


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
    if abs(number) >= LARGE or float(fixed) == 0:
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


def column(numbers: Iterable[float], precision: int, powers: bool) -> list[str]:
    """A column of numbers, padded so that their decimal points stand in line."""
    texts = [scientific(n, precision) if powers else short(n, precision) for n in numbers]
    plain = [text.partition(".") for text in texts if _has_point_place(text)]
    before = max((len(whole) for whole, _, _ in plain), default=0)
    after = max((len(point + rest) for _, point, rest in plain), default=0)
    width = max([before + after, *map(len, texts)])
    return [_placed(text, after).rjust(width) for text in texts]


def needs_powers(largest: float, precision: int) -> bool:
    """Whether a table reads better in powers of ten: its largest number is huge or tiny."""
    smallest = 10.0 ** -max(precision - 1, 1)
    return isfinite(largest) and largest > 0 and not smallest <= largest < LARGE


def _has_point_place(text: str) -> bool:
    return text.lstrip("-")[:1].isdigit() and "e" not in text


def _placed(text: str, after: int) -> str:
    if not _has_point_place(text):
        return text
    whole, point, rest = text.partition(".")
    return whole + (point + rest).ljust(after)
