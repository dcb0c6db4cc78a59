"""Sentences of the booklet that state a number or compare two, each with what makes it true."""

from __future__ import annotations

from collections.abc import Callable
from math import e, exp
from typing import Any

import numpy as np

import attn_cli as attn

FLOAT16, FLOAT32 = 65504.0, float(np.finfo("float32").max)


def flops(**sizes: Any) -> int:
    """All operations of a layer."""
    value = attn.complexity(**sizes).totals["all"].value
    assert value is not None
    return value


def cache(heads: int, kv_heads: int, d: int) -> int:
    """Numbers kept for each token, by the arrays of a run."""
    run = attn.compute(text="the cat sat", heads=heads, kv_heads=kv_heads, d=d)
    return sum(run[name].size for name in ("k", "v")) // 3


def twice_as_flat() -> bool:
    """A temperature below 1 sharpens, one above 1 flattens."""
    sharp, plain, flat = (
        attn.compute(n=4, seed=1, temperature=t)["weights"].max(-1) for t in (0.5, 1.0, 2.0)
    )
    return bool((sharp > plain).all() and (plain > flat).all())


CLAIMS: dict[str, tuple[str, Callable[[], bool]]] = {
    "overflow:float32": (
        "beyond x = 88.73 it is larger than any float32",
        lambda: exp(88.72) < FLOAT32 < exp(88.73),
    ),
    "overflow:float16": ("beyond 11.1 than any float16", lambda: exp(11.1) > FLOAT16 > exp(11.08)),
    "softmax:by 1": ("gets e ≈ 2.718 times its share", lambda: round(e, 3) == 2.718),
    "softmax:temperature": ("below 1 the shares are sharper, above 1 flatter", twice_as_flat),
    "grouped-heads:eighth": (
        "numbers kept for each token are 2 · h_kv · d / h, so 32 heads in 4 groups keep an eighth",
        lambda: 8 * cache(32, 4, 64) == cache(32, 32, 64) == 2 * 64,
    ),
    "softmax-jacobian:quarter": (
        "p_i (1 - p_i) on the diagonal, which is at most 1/4",
        lambda: max(p * (1 - p) for p in np.linspace(0, 1, 1001)) <= 0.25,
    ),
    "softmax-jacobian:variance": (
        "of independent numbers with mean 0 and variance 1 their variance is d",
        lambda: abs(_variance(64) / 64 - 1) < 0.1,
    ),
    "permutation:different": (
        "lets each word see a different number of words",
        lambda: len({*np.asarray(attn.mask("causal", n=5)).sum(-1).tolist()}) == 5,
    ),
    "dot-or-additive:growth": (
        "With a hidden layer as wide as the vectors, a = d, they are alike in growth",
        lambda: all(
            1 < flops(mode="additive", n=n, d=64) / flops(mode="scaled", n=n, d=64) < 2
            for n in (64, 512, 4096)
        ),
    ),
    "images-and-graphs:edges": (
        "with at most r neighbours it is at most n r",
        lambda: 0 < attn.mask("neighbourhood(3, 1)", n=9).pairs <= 9 * 9,
    ),
    "global-and-local:window": (
        "looks at a window of at most 2 D + 1 keys",
        lambda: bool(
            (np.asarray(attn.mask("local-m(1)", n=5)).sum(-1) <= 3).all()
            and np.asarray(attn.mask("local-m(1)", n=5)).sum(-1)[0] == 2
        ),
    ),
    "positions:direction": (
        "how far apart they are and in which direction, not on where they stand",
        lambda: _rope_depends_on_difference(),
    ),
    "delta:latest": (
        "a key holds exactly its value right after it is written",
        lambda: _delta_holds(),
    ),
}
"""By topic: the words on its page, and whether they are so."""


def _variance(width: int) -> float:
    stream = np.random.default_rng(0)
    q, k = stream.standard_normal((2, 4000, width))
    return float((q * k).sum(-1).var())


def _rope_depends_on_difference() -> bool:
    """Equal rows at equal distances have equal scores; the other direction another."""
    row = np.array([[0.3, -1.2, 0.8, 0.5]])
    rows = np.repeat(row, 4, axis=0)
    other = np.repeat(np.array([[1.0, 0.2, -0.4, 0.9]]), 4, axis=0)
    s = attn.compute(rows, other, rows, rope="half-split")["scores"]
    alike = np.allclose(s[0, 1], s[2, 3]) and np.allclose(s[1, 0], s[3, 2])
    return bool(alike and not np.allclose(s[0, 1], s[1, 0]))


def _delta_holds() -> bool:
    """A key gives its value right after it is written, and another after a key that is near it."""
    k = np.array([[1.0, 0], [0.8, 0.6]])
    v = np.array([[1.0, 2], [3, 4]])
    states = attn.compute(k, k, v, mode="delta", param={"beta": [1.0, 1.0]})["state"]
    now, later = k[0] @ states[0], k[0] @ states[1]
    return bool(
        np.allclose(now, v[0])
        and np.allclose(k[1] @ states[1], v[1])
        and not np.allclose(later, v[0])
    )
