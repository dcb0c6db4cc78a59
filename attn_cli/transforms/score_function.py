"""The score function: the gradient of what is drawn, by draws alone (REINFORCE, Williams 1992).

A draw has no slope, but the chance of it has: (reward - baseline) · d ln p(key) points, on average,
where the mean reward grows. It is right on average and noisy, which `spreads` measures.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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

DRAWS = 400


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


class Spread(NamedTuple):
    """How noisy an estimate of a gradient is.

    apart: of its mean over many draws from the exact gradient; spread: the root of the mean square
    distance of a draw from it. Both relative to the norm of the exact one.
    """

    apart: float
    spread: float


def spreads(
    program: Program,
    given: Mapping[str, Array],
    wanted: Collection[str],
    pairs: Sequence[Pair],
    seed: int,
) -> tuple[float, Spread, Spread]:
    """The norm of the exact gradient of the mean reward, and draws without and with a baseline."""
    made = gradient(program, wanted)
    arrays = evaluate(program, given)
    shares = arrays[program.output.name]
    frame = Frame.of(program.sizes)
    names = [step.name for step in made.found.values() if step is not None]

    def towards(change: Array) -> Array:
        values = evaluate_steps(made.backward, {**arrays, made.given.name: change}, frame)
        return np.concatenate([values[name].ravel() for name in names])

    exact = np.zeros_like(shares)
    for query, key in pairs:
        exact[..., query, key] -= 1 / (shares[..., query, key].size * len(pairs))
    whole = towards(exact)
    plain, steady = (Drawn(pairs, np.random.default_rng(seed), baseline=False) for _ in range(2))
    steady.means = [shares[..., query, key] for query, key in pairs]
    noisy, calmer = (_spread(towards, whole, shares, loss) for loss in (plain, steady))
    return _norm(whole), noisy, calmer


def _spread(towards: Callable[[Array], Array], exact: Array, shares: Array, loss: Drawn) -> Spread:
    found = np.stack([towards(loss(shares)[1]) for _ in range(DRAWS)])
    size = _norm(exact) or 1.0
    distances = np.sqrt(((found - exact) ** 2).sum(axis=1).mean())
    return Spread(_norm(found.mean(axis=0) - exact) / size, float(distances) / size)


def _norm(numbers: Array) -> float:
    return float(np.sqrt((numbers**2).sum()))
