"""Runs into which faults are injected: between them every choice that a fault needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import attn_cli as attn
from attn_cli.faults import FAULTS, Setting
from attn_cli.faults.evaluation import Numbers, beyond, bounds, computed, farthest

Array = np.ndarray[Any, Any]


def normal(seed: int, *shape: int) -> Array:
    """Random numbers of a seed of their own."""
    return np.random.default_rng(seed).standard_normal(shape)


def three(n: int, m: int, d: int, dv: int, *lead: int) -> dict[str, Array]:
    """Queries, keys and values."""
    return {
        "q": normal(1, *lead, n, d),
        "k": normal(2, *lead, m, d),
        "v": normal(3, *lead, m, dv),
    }


EMPTY = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]], dtype=bool)
CACHE = {"past_k": normal(4, 3, 6), "past_v": normal(5, 3, 6)}

CASES: dict[str, dict[str, Any]] = {
    "plain": three(6, 6, 4, 4),
    "all sizes differ": three(4, 7, 3, 5),
    "dot": {**three(5, 6, 4, 3), "mode": "dot"},
    "causal": {**three(6, 6, 8, 8), "causal": True, "heads": 2},
    "causal, bottom-right": {**three(3, 7, 4, 5), "causal": True, "align": "bottom-right"},
    "causal, top-left": {**three(3, 7, 4, 5), "causal": True},
    "square values": three(4, 5, 3, 5),
    "causal with a cache": {**three(4, 4, 6, 6), **CACHE, "causal": True},
    "window": {**three(8, 8, 4, 3), "window": 3},
    "lengths": {**three(4, 6, 4, 3, 2), "lengths": (3, 5)},
    "rows without a key": {**three(3, 4, 5, 2), "mask": EMPTY},
    "softcap and temperature": {
        **three(5, 5, 4, 3),
        "softcap": 1.5,
        "temperature": 2.0,
        "causal": True,
    },
    "bias": {**three(5, 5, 4, 4), "bias": normal(6, 5, 5)},
    "additive mask": {
        **three(3, 4, 5, 2),
        "bias": np.array([[0, -np.inf, 0, 0], [0, 0, 0, -np.inf], [-np.inf, 0, 0, 0]]),
    },
    "alibi, six heads": {**three(5, 5, 12, 12), "heads": 6, "bias": "alibi"},
    "t5": {
        **three(6, 6, 4, 4),
        "heads": 2,
        "bias": "t5(8, 6)",
        "param": {"bias_table": normal(7, 8, 2)},
    },
    "given scale": {**three(5, 6, 4, 3), "scale": 0.3},
    "prefix": {**three(6, 6, 4, 3), "mask": "prefix(3)"},
    "lengths before the keys": {**three(4, 6, 4, 3, 2), "mask": "~lengths(1, 2)"},
    "clipped distances": {
        **three(6, 6, 4, 4),
        "heads": 2,
        "bias": "relative(2)",
        "param": {"bias_table": normal(7, 5, 2)},
    },
    "rope": {**three(5, 5, 8, 8), "heads": 2, "rope": "half-split"},
    "rope with a cache": {**three(3, 3, 6, 6), **CACHE, "rope": "half-split", "causal": True},
    "grouped heads": {
        "q": normal(1, 2, 4, 5, 3),
        "k": normal(2, 2, 2, 6, 3),
        "v": normal(3, 2, 2, 6, 4),
    },
    "projected": {
        "x": normal(1, 5, 8),
        "w_q": normal(2, 8, 8) / 2,
        "w_k": normal(3, 8, 8) / 2,
        "w_v": normal(4, 8, 8) / 2,
        "w_o": normal(5, 8, 8) / 2,
        "heads": 2,
    },
    "projected with biases": {
        "x": normal(1, 5, 6),
        **{f"w_{one}": normal(at, 6, 6) / 2 for at, one in enumerate("qkvo", 2)},
        **{f"b_{one}": normal(at, 6) for at, one in enumerate("qkvo", 6)},
        "heads": 2,
        "causal": True,
    },
    "sink": {
        **three(5, 5, 3, 3),
        "normalizer": "softmax-sink",
        "param": {"sink": np.ones(1)},
        "causal": True,
    },
}
"""What was meant, by name."""


def setting(name: str, kind: str = "float64") -> Setting:
    """A case as faults are done to it."""
    request = attn.compute(**CASES[name])._found.request
    return Setting(request.mechanism, request.choices, request.arrays, kind)


def visible(meant: Setting, reference: Numbers, theirs: Numbers) -> bool:
    """Whether anything differs by more than rounding."""
    allowed = bounds(meant, reference, meant.kind)
    return beyond(farthest(reference, theirs), allowed) > 1


class Pair(NamedTuple):
    """Two faults done to a run, of which each changes what the other leaves."""

    meant: Setting
    reference: Numbers
    faults: frozenset[str]
    theirs: Numbers


def pairs(seed: int) -> Iterator[Pair]:
    """Endlessly many, of all cases."""
    stream = np.random.default_rng(seed)
    while True:
        meant = setting([*CASES][stream.integers(len(CASES))])
        reference = computed(meant, ["output"])
        one, other = (FAULTS[i] for i in sorted(stream.choice(len(FAULTS), 2, replace=False)))
        first = [*one.edit(meant)][:1]
        both = [*other.edit(first[0])][:1] if first else []
        if not both:
            continue
        theirs = computed(both[0], ["output"])
        steps = (reference, computed(first[0], ["output"]))
        if all(visible(meant, before, theirs) for before in steps):
            yield Pair(meant, reference, frozenset({one.id, other.id}), theirs)
