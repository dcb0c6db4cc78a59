"""Scores that are no product alone: tiles of several sizes against whole rows of keys.

float32, d = 64, two workers with one BLAS thread each; medians of pairs, run in turn.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Callable
from typing import Any

import numpy as np

from attn_cli import masks
from attn_cli.mechanisms import biases
from attn_cli.transforms import scored
from attn_cli.transforms.blocks import evaluate_blocks
from tests.benchmarks.pairs import ratio
from tests.programs import Arrays, program_of

D, RUNS = 64, 5

SIZES = (256, 512, 1024, 2048, 4096, 8192)
"""Kibibytes of a tile."""


def drawn(*shapes: tuple[str, tuple[int, ...]]) -> Arrays:
    """Normal numbers for each name."""
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes}


def rows(n: int) -> list[tuple[str, tuple[int, ...]]]:
    """The shapes of q, k and v."""
    return [(name, (n, D)) for name in "qkv"]


def main() -> None:
    """Print the ratio of each size for each kind of scores."""
    plain = drawn(*rows(4096))
    table = drawn(*rows(4096), ("bias_table", (33,)))
    hidden = drawn(*rows(1024), ("w_query", (D, D)), ("w_key", (D, D)), ("v_a", (D,)))
    causal = masks.causal()
    cases: list[tuple[str, str, Arrays, dict[str, Any]]] = [
        ("softcap, n = 4,096", "scaled", plain, {"softcap": 30.0}),
        ("ALiBi, causal", "scaled", plain, {"bias": biases.alibi(), "mask": causal}),
        ("relative, causal", "scaled", table, {"bias": biases.relative(), "mask": causal}),
        ("additive, n = 1,024", "additive", hidden, {}),
    ]
    print(f"attn uses tiles of {scored.SCORED_BYTES >> 10} KiB; 1.00 is a tile with all pairs")
    for name, mode, arrays, chosen in cases:
        program = program_of(mode, arrays, **chosen)
        told = []
        for size in SIZES:
            one, whole = (tiled(program, arrays, kib) for kib in (size, 1 << 20))
            told.append(f"{size} KiB {ratio(one, whole, RUNS)[2]:.2f}")
        print(f"{name:20} {'  '.join(told)}")


def tiled(program: Any, arrays: Arrays, kibibytes: int) -> Callable[[], object]:
    """A run with tiles of a size."""

    def run() -> object:
        scored.SCORED_BYTES = kibibytes << 10
        return evaluate_blocks(program, arrays, block_bytes=kibibytes << 10)

    return run


if __name__ == "__main__":
    main()
