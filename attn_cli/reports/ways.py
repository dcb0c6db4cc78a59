"""Ways to attend side by side: weights, how widely they spread, outputs, cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.compare_report import Way
from attn_cli.program import Program
from attn_cli.readings.cost import flops

Array = np.ndarray[Any, Any]


class Run(NamedTuple):
    """A program that was computed, and what it is called."""

    name: str
    mode: str
    normalizer: str
    mask: str
    heads: str
    formula: str
    program: Program
    arrays: Mapping[str, Array]


def way(run: Run, first: Run | None, place: Mapping[str, int]) -> Way:
    """Put one way together; first: the run it is held against; place: the batch row and head.

    Raises ValueError where the outputs have other shapes.
    """
    program = run.program
    axes = program["weights"].axes
    at = tuple(place.get(axis, 0) for axis in axes[:-2])
    weights = run.arrays["weights"]
    entropies = _entropies(weights)
    output = run.arrays["output"]
    change = None
    if first is not None:
        other = first.arrays["output"]
        if other.shape != output.shape:
            raise ValueError(f"{run.name}: outputs of {output.shape} and {other.shape}")
        change = float(np.abs(output - other).max())
    shown = weights[at]
    masked = run.arrays.get("masked")
    return Way(
        name=run.name,
        mode=run.mode,
        normalizer=run.normalizer,
        mask=run.mask,
        heads=run.heads,
        formula=run.formula,
        weights=shown,
        hidden=None if masked is None else masked[at] == -np.inf,
        sums=tuple(shown.sum(axis=-1).tolist()),
        entropy=float(entropies.mean()) if entropies.size else 0.0,
        keys=float(np.exp(entropies).mean()) if entropies.size else 0.0,
        change=change,
        flops=sum(int(flops(step, program.sizes)) for step in program),
    )


def _entropies(weights: Array) -> Array:
    """−Σ p ln p of every row that has a weight, p being its parts of their sum."""
    rows = weights.reshape(-1, weights.shape[-1]).astype(np.float64)
    if np.isnan(rows).any():
        return np.array([np.nan])
    rows = rows[rows.sum(axis=1) > 0]
    parts = rows / rows.sum(axis=1, keepdims=True)
    logs = np.log(np.where(parts > 0, parts, 1))
    return np.asarray(-(parts * logs).sum(axis=1))
