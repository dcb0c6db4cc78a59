"""Ways to attend side by side: weights, how widely they spread, outputs, cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.cost import flops
from attn_cli.readings.counted_pairs import count_of, kept_keys
from attn_cli.readings.traced import Numbers
from attn_cli.results.comparison import Way

Array = np.ndarray[Any, Any]


class Run(NamedTuple):
    """A program that was computed, and what it is called."""

    name: str
    mode: str
    normalizer: str
    mask: str
    heads: str
    formula: str
    looks: tuple[str, str] | None
    program: Program
    arrays: Mapping[str, Array]


def way(run: Run, first: Run | None, place: Mapping[str, int]) -> Way:
    """Put one way together; first: the run it is held against; place: the batch row and head.

    Raises ValueError where the outputs have other shapes.
    """
    program = run.program
    output = run.arrays["output"]
    change = None
    if first is not None:
        other = first.arrays["output"]
        if other.shape != output.shape:
            raise ValueError(f"{run.name}: outputs of {output.shape} and {other.shape}")
        change = float(np.abs(output - other).max())
    count = count_of(program, kept_keys(program))
    looks = run.looks or ("n", "m")
    shown = hidden = None
    sums: tuple[float, ...] = ()
    entropies = np.zeros(0)
    mixing = program.last("weights")
    if run.looks is not None and mixing is not None:
        axes, weights = mixing.axes, run.arrays[mixing.name]
        if axes[-2:] != looks:
            weights = weights.swapaxes(-1, -2)
        at = tuple(place.get(axis, 0) for axis in axes[:-2])
        shown, entropies = weights[at], _entropies(weights)
        sums = tuple(shown.sum(axis=-1).tolist())
        masked = program.last("masked")
        numbers = Numbers(program, run.arrays)
        out = None if masked is None else numbers.dropped(masked)
        hidden = None if out is None else out[at]
    return Way(
        name=run.name,
        mode=run.mode,
        normalizer=run.normalizer,
        mask=run.mask,
        heads=run.heads,
        formula=run.formula,
        weights=shown,
        looks=looks,
        hidden=hidden,
        sums=sums,
        entropy=_mean(entropies, shown),
        keys=_mean(np.exp(entropies), shown),
        change=change,
        flops=sum(int(flops(step, count)) for step in program),
    )


def _mean(numbers: Array, weights: Array | None) -> float | None:
    """The mean of all queries with a key, 0 where none has; None where there are no weights."""
    if weights is None:
        return None
    return float(numbers.mean()) if numbers.size else 0.0


def _entropies(weights: Array) -> Array:
    """−Σ p ln p of every row that has a weight, p being its parts of their sum."""
    rows = weights.reshape(-1, weights.shape[-1]).astype(np.float64)
    if np.isnan(rows).any():
        return np.array([np.nan])
    rows = rows[rows.sum(axis=1) > 0]
    parts = rows / rows.sum(axis=1, keepdims=True)
    logs = np.log(np.where(parts > 0, parts, 1))
    return np.asarray(-(parts * logs).sum(axis=1))
