"""What to look at in weights: where each query looks, and how widely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from attn_cli.results.trace import FocusRow

Array = np.ndarray[Any, Any]


def focus_rows(
    weights: Array,
    hidden: Array | None,
    axes: tuple[str, ...],
    queries: tuple[int, ...] | None,
    shown: Mapping[str, Sequence[int]],
) -> tuple[FocusRow, ...]:
    """One row for each query of weights (…, n, m), m last; hidden tells those a mask drops.

    shown: the positions on an axis that are looked at, where it is not all of them.
    spread is exp(−Σ p ln p) of the weights as parts of their sum: the number of keys that would
    share it equally.
    """
    rows = []
    lead = axes[:-2]
    looked_at = [
        shown.get(axis, range(size)) for axis, size in zip(axes, weights.shape[:-1], strict=False)
    ]
    for place in product(*looked_at):
        row = weights[place].astype(np.float64)
        query = queries[place[-1]] if queries is not None else place[-1]
        allowed = len(row) if hidden is None else int((~hidden[place]).sum())
        rows.append(_focus(row, tuple(zip(lead, place[:-1], strict=True)), query, allowed))
    return tuple(rows)


def _focus(row: Array, place: tuple[tuple[str, int], ...], query: int, allowed: int) -> FocusRow:
    positive = row[row > 0]
    if not len(positive) or np.isnan(row).any():
        return FocusRow(place, query, (), float(row.max()), 0.0, 0)
    top = row.max()
    part = positive / positive.sum()
    alike = np.flatnonzero(np.isclose(row, top, rtol=1e-6, atol=0))
    spread = float(np.exp(-(part * np.log(part)).sum()))
    share = float(top / positive.sum())
    return FocusRow(place, query, tuple(int(j) for j in alike), share, spread, allowed)
