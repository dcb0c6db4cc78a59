"""Names queries that may attend no key: those of a mask, and those of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attn_cli.language import said

Array = np.ndarray[Any, Any]

ROWS_NAMED = 8


def empty_rows(
    empty: Array, axes: tuple[str, ...], labels: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Name the rows where `empty` is True, the first few; how many more stands last.

    axes: those of `empty`: n, and b and h where batch rows and heads differ.
    """
    rows = np.argwhere(empty)
    words = labels.get("n")
    named = []
    for row in rows[:ROWS_NAMED]:
        at = dict(zip(axes, (int(i) for i in row), strict=True))
        text = words[at["n"]] if words else f"q{at['n']}"
        text += said(" in head {at}", at=at["h"]) if "h" in at else ""
        named.append(text + (said(" of batch row {at}", at=at["b"]) if "b" in at else ""))
    if len(rows) > ROWS_NAMED:
        named.append(said("and {count} more rows", count=len(rows) - ROWS_NAMED))
    return tuple(named)


def in_a_sentence(named: tuple[str, ...]) -> str:
    """Names with commas; how many more are left out stands behind without one."""
    if len(named) <= ROWS_NAMED:
        return ", ".join(named)
    return f"{', '.join(named[:-1])} {named[-1]}"
