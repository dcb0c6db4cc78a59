"""Two things timed in turn, so that a machine that slows down slows both.

Each is run once before it is timed: threads of the other may still wait for work, spinning.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def ratio(one: Callable[[], object], other: Callable[[], object], runs: int) -> tuple[float, ...]:
    """Medians of both in seconds, and the median of the ratios one/other of each pair."""
    pairs = [(_seconds(one), _seconds(other)) for _ in range(runs)]
    return (
        median(a for a, _ in pairs),
        median(b for _, b in pairs),
        median(a / b for a, b in pairs),
    )


def _seconds(work: Callable[[], object]) -> float:
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
