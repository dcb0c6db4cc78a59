"""Ways to attend side by side: weights, how widely they spread, outputs, cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.evaluated import Evaluated
from attn_cli.api.looking import Progress
from attn_cli.language import said
from attn_cli.program import Program, Step
from attn_cli.readings.cost import flops
from attn_cli.readings.counted_pairs import count_of
from attn_cli.readings.traced import Numbers
from attn_cli.results.comparison import Way
from attn_cli.transforms.blocks import each_block

Array = np.ndarray[Any, Any]


class Run(NamedTuple):
    """A program that was computed, and what it is called.

    numbers: in blocks, weights are those of some queries; entropies: of every row of weights.
    """

    name: str
    mode: str
    normalizer: str
    mask: str
    heads: str
    formula: str
    looks: tuple[str, str] | None
    numbers: Numbers
    entropies: Array


def way(run: Run, first: Array | None, place: Mapping[str, int]) -> Way:
    """Put one way together; first: the output it is held against; place: the batch row and head.

    Raises ValueError where the outputs have other shapes.
    """
    numbers, program = run.numbers, run.numbers.program
    output = numbers.arrays["output"]
    change = None
    if first is not None:
        if first.shape != output.shape:
            raise ValueError(f"{run.name}: outputs of {output.shape} and {first.shape}")
        change = float(np.abs(output - first).max())
    count = count_of(program, numbers.keys)
    looks = run.looks or ("n", "m")
    shown = hidden = queries = None
    sums: tuple[float, ...] = ()
    mixing = mixed_by(run.looks, program)
    if mixing is not None:
        at = tuple(place.get(axis, 0) for axis in mixing.axes[:-2])
        shown = _turned(numbers.arrays[mixing.name], mixing, looks)[at]
        queries = numbers.queries if mixing.name in numbers.by_rows else None
        sums = tuple(shown.sum(axis=-1).tolist())
        masked = program.last("masked")
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
        queries=queries,
        rows=program.sizes[looks[0]] if mixing is not None else 0,
        looks=looks,
        hidden=hidden,
        sums=sums,
        entropy=_mean(run.entropies, shown),
        keys=_mean(np.exp(run.entropies), shown),
        change=change,
        flops=sum(int(flops(step, count)) for step in program),
    )


def mixed_by(looks: tuple[str, str] | None, program: Program) -> Step | None:
    """The weights that values are mixed by, of a way that has some."""
    return program.last("weights") if looks is not None else None


def entropies(run: Evaluated, looks: tuple[str, str] | None, progress: Progress) -> Array:
    """−Σ p ln p of every row of weights; block by block where they were not kept."""
    request, numbers = run.request, run.numbers
    mixing = mixed_by(looks, request.program)
    if mixing is None or looks is None:
        return np.zeros(0)

    def of(arrays: Mapping[str, Array]) -> Array:
        return _entropies(_turned(arrays[mixing.name], mixing, looks))

    if run.whole:
        return of(numbers.arrays)
    part = request.program.needed_for([mixing.name])
    with progress(said("rows of weights")) as advance:
        found = each_block(part, request.arrays, of, after=request.after, advance=advance)
    return np.concatenate(found)


def _turned(weights: Array, mixing: Step, looks: tuple[str, str]) -> Array:
    """Weights with a row for each that looks."""
    return weights if mixing.axes[-2:] == looks else weights.swapaxes(-1, -2)


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
