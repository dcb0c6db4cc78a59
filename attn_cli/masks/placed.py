"""Rules on a query's position: an offset places query i at position i + offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attn_cli.masks.mask import Mask, Positions, Reach, Span, Spans, anywhere, moved, nowhere

Offset = int | tuple[int, ...]
"""One number, or one for each batch row."""

Rule = Callable[[Positions, Positions], Any]
"""Whether a query at a position may attend a key."""


def called(name: str, numbers: Sequence[int], offset: Offset = 0) -> str:
    """Write a mask as an expression does: window(3, offset=2)."""
    parts = [str(number) for number in numbers]
    if offset:
        parts.append(f"offset={listed(offset) if isinstance(offset, tuple) else offset}")
    return f"{name}({', '.join(parts)})" if parts else name


def placed(
    name: str,
    says: Callable[[str], str],
    rule: Rule,
    offset: Offset,
    spans: Spans = anywhere,
    covers: Spans = nowhere,
) -> Mask:
    """A rule as a mask; says(letter) is the rule in words, for the letter of the position.

    spans, covers: the keys in reach of some, and of all positions from a first to a last.
    """
    if isinstance(offset, int):
        return Mask(
            name,
            says(moved("i", offset)),
            lambda i, j, b, h: rule(i + offset, j),
            spans=lambda first, last: spans(first + offset, last + offset),
            covers=lambda first, last: covers(first + offset, last + offset),
        )
    least, most = min(offset), max(offset)
    return Mask(
        name,
        f"{says('p')}, where p = {', '.join(moved('i', by) for by in offset)} by batch row",
        lambda i, j, b, h: rule(i + offset[b], j),
        frozenset("b"),
        spans=lambda first, last: spans(first + least, last + most),
        covers=lambda first, last: covers(first + least, last + most),
    )


def within(name: str, low: int | None, high: int | None, offset: Offset) -> Mask:
    """Keys from position + low to position + high; None is no bound."""

    def rule(p: Positions, j: Positions) -> Any:
        if low is None:
            return j <= p + high
        return (j >= p + low) & (j <= p + high) if high is not None else j >= p + low

    def spans(first: int, last: int) -> Span:
        return Span(_added(low, first), _added(high, last))

    def covers(first: int, last: int) -> Span:
        return Span(_added(low, last), _added(high, first))

    mask = placed(name, Reach(low, high).words, rule, offset, spans, covers)
    if not isinstance(offset, int):
        return mask
    reach = Reach(_added(low, offset), _added(high, offset))
    return mask._replace(says=reach.words(), reach=reach)


def looked_up(entry: Callable[[int], int], positions: Positions) -> Any:
    """What an entry of a table is at each position.

    An array takes a list of its own shape as another array.
    """
    if isinstance(positions, int):
        return entry(positions)
    return positions * 0 + _entries(entry, positions.tolist())


def listed(numbers: Sequence[int]) -> str:
    """Write numbers as people type them: 5,3."""
    return ",".join(map(str, numbers))


def _entries(entry: Callable[[int], int], positions: Any) -> Any:
    if isinstance(positions, list):
        return [_entries(entry, part) for part in positions]
    return entry(positions)


def _added(bound: int | None, offset: int) -> int | None:
    return None if bound is None else bound + offset
