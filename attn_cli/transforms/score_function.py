"""The score function: the gradient of what is drawn, by draws alone (REINFORCE, Williams 1992).

A draw has no slope, but the chance of it has: (reward - baseline) · d ln p(key) points, on average,
where the mean reward grows. It is right on average and noisy, which `spreads` measures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate, evaluate_steps
from attn_cli.transforms.gradient import gradient

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

KEPT = 0.9
"""How much of a running mean of rewards is kept at each step."""

MOST_PASSES = 4_096
"""Keys that may be drawn, of all pairs and heads: each takes a backward pass to measure."""


class Drawn:
    """A loss: the part of pairs that were not drawn. The reward is 1 for a pair that is.

    baseline: whether the mean reward so far is taken off each; its place is that of a pair.
    """

    def __init__(self, pairs: Sequence[Pair], stream: np.random.Generator, *, baseline: bool):
        self.pairs, self._stream, self._baseline = pairs, stream, baseline
        self.means: list[Array | float] = [0.0] * len(pairs)

    def __call__(self, made: Array) -> tuple[float, Array]:
        """Draw a key for every query of a pair, by its shares."""
        change = np.zeros_like(made)
        hits = []
        for place, (query, key) in enumerate(self.pairs):
            row = made[..., query, :]
            drawn = _drawn(row, self._stream)
            hit = (drawn == key).astype(made.dtype)
            chance = np.take_along_axis(row, drawn[..., None], -1)[..., 0]
            count = hit.size * len(self.pairs)
            slope = -(hit - self.means[place]) / (chance * count)
            own = change[..., query, :]
            taken = np.take_along_axis(own, drawn[..., None], -1) + slope[..., None]
            np.put_along_axis(own, drawn[..., None], taken, -1)
            if self._baseline:
                self.means[place] = KEPT * self.means[place] + (1 - KEPT) * hit
            hits.append(hit)
        return float(1 - np.mean(hits)), change


def _drawn(row: Array, stream: np.random.Generator) -> Array:
    """The place at which the running sum of shares passes a random number."""
    passed = np.add.accumulate(row, axis=-1) > stream.random(row.shape[:-1])[..., None]
    last = row.shape[-1] - 1 - np.asarray(np.flip(row > 0, -1)).argmax(axis=-1)
    return np.where(passed.any(axis=-1), np.asarray(passed).argmax(axis=-1), last)


class Spreads(NamedTuple):
    """How noisy one draw of a gradient is.

    norm: of the exact gradient of the mean reward. plain, steady: the root of the mean square
    distance of a draw from it, without and with a baseline, relative to the norm.
    """

    norm: float
    plain: float
    steady: float


def spreads(
    program: Program, given: Mapping[str, Array], wanted: Collection[str], pairs: Sequence[Pair]
) -> Spreads | None:
    """Sum over all that may be drawn, so nothing is drawn; None where that is too much.

    A pair and a head draw one key each, apart from the others: what they are off by adds up.
    """
    made = gradient(program, wanted)
    arrays = evaluate(program, given)
    shares = arrays[program.output.name]
    frame = Frame.of(program.sizes)
    names = [step.name for step in made.found.values() if step is not None]
    rows = [(at, *pair) for pair in pairs for at in np.ndindex(*shares.shape[:-2])]
    keys = shares.shape[-1]
    if len(rows) * keys > MOST_PASSES:
        return None

    def towards(at: tuple[int, ...]) -> Array:
        change = np.zeros_like(shares)
        change[at] = 1
        values = evaluate_steps(made.backward, {**arrays, made.given.name: change}, frame)
        return np.concatenate([values[name].ravel() for name in names])

    whole: Array | float = 0.0
    plain = steady = 0.0
    for lead, query, key in rows:
        ways = np.stack([towards((*lead, query, other)) for other in range(keys)])
        row = shares[(*lead, query)]
        pull = -ways[key] / len(rows)
        whole = whole + pull
        plain += _variance(row, key, 0.0, ways, len(rows)) - float((pull**2).sum())
        steady += _variance(row, key, row[key], ways, len(rows)) - float((pull**2).sum())
    size = _norm(np.asarray(whole))
    relative = [float(np.sqrt(max(one, 0.0))) / (size or 1.0) for one in (plain, steady)]
    return Spreads(size, *relative)


def _variance(row: Array, key: int, mean: float, ways: Array, count: int) -> float:
    """The mean square of the estimate: each key by its share, which its slope is divided by."""
    there = row > 0
    slopes = (np.arange(len(row)) == key)[there] - mean
    squares = (ways[there] ** 2).sum(axis=1)
    return float((squares * slopes**2 / row[there]).sum()) / count**2


def _norm(numbers: Array) -> float:
    return float(np.sqrt((numbers**2).sum()))
