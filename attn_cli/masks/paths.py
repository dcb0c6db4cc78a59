"""How many layers it takes until the farthest two positions have met, from a mask's own graph."""

from __future__ import annotations

from attn_cli.masks.mask import Mask

SEARCHED = 128
"""Positions that are searched; half of them are searched too, to see how paths grow."""

NEVER = "none"
"""The path where some positions never meet, however many layers there are."""


def path_order(mask: Mask, n: int) -> str:
    """The longest path among n positions as an order of n: O(1), O(log n), O(n / r), O(n) or none.

    A mask that is one range of keys tells by its reach; others are searched among the first
    positions.
    """
    if mask.reach is not None:
        low, high = mask.reach
        if low is None or high is None:
            return "O(1)"
        reach = max(-low, high)
        return f"O(n / {reach})" if reach > 0 else NEVER
    whole, half = (longest_path(mask, size) for size in (min(n, SEARCHED), min(n, SEARCHED) // 2))
    if whole is None or half is None:
        return NEVER
    if whole <= max(half, 2):
        return "O(1)"
    return "O(log n)" if whole <= half + 2 else "O(n)"


def longest_path(mask: Mask, n: int) -> int | None:
    """The most layers between two of the first n positions, in the direction that is shorter.

    None where two positions never meet. Batch row 0 and head 0 stand for all.
    """
    sees = [[j for j in range(n) if mask.allows(i, j, 0, 0)] for i in range(n)]
    apart = [_layers(sees, start) for start in range(n)]
    longest = 0
    for i in range(n):
        for j in range(i):
            both = [apart[a][b] for a, b in ((i, j), (j, i)) if b in apart[a]]
            if not both:
                return None
            longest = max(longest, min(both))
    return longest


def _layers(sees: list[list[int]], start: int) -> dict[int, int]:
    """After how many layers a position has seen each other one, breadth first."""
    found = {start: 0}
    front = [start]
    while front:
        reached = []
        for i in front:
            for j in sees[i]:
                if j not in found:
                    found[j] = found[i] + 1
                    reached.append(j)
        front = reached
    return found
