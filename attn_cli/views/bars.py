"""Bars whose length is a share."""

from __future__ import annotations

from collections.abc import Sequence


def filled(shares: Sequence[float], signs: Sequence[str], width: int) -> list[str]:
    """Parts of a whole as runs of signs, together as long as the width."""
    ends, total = [0], 0.0
    for share in shares:
        total += share
        ends.append(round(total * width))
    return [sign * (end - begin) for sign, begin, end in zip(signs, ends, ends[1:], strict=False)]


def bar(part: float, width: int = 20) -> str:
    """A bar whose length is a part of the width, to an eighth of a sign."""
    eighths = round(part * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
