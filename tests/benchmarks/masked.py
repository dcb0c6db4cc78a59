"""The engine under masks, against itself without one and against torch where it is installed.

float32, d = 64, two threads each; medians of pairs, run in turn.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Callable
from typing import Any

import numpy as np

from attn_cli import masks
from attn_cli.transforms.blocks import evaluate_blocks
from tests.benchmarks.pairs import ratio
from tests.programs import program_of

D, RUNS = 64, 7


def engine(arrays: dict[str, Any], **choices: Any) -> Callable[[], object]:
    """A run in blocks."""
    program = program_of("scaled", arrays, **choices)
    return lambda: evaluate_blocks(program, arrays)


def rows(n: int, *lead: int, heads: int = 1, kv_heads: int = 1) -> dict[str, Any]:
    """Random q, k and v; with heads where `lead` has a batch."""
    rng = np.random.default_rng(0)
    shapes = {"q": heads, "k": kv_heads, "v": kv_heads}
    return {
        name: rng.standard_normal((*lead, *([own] if lead else []), n, D), dtype=np.float32)
        for name, own in shapes.items()
    }


def told(what: str, one: Callable[[], object], other: Callable[[], object]) -> None:
    """Print a ratio."""
    ours, theirs, times = ratio(one, other, RUNS)
    print(f"{what:62} {ours * 1e3:6.0f} ms / {theirs * 1e3:6.0f} ms = {times:.2f}")


def against_itself() -> None:
    """Masks against no mask."""
    arrays = rows(16384)
    full = engine(arrays)
    told("causal / full, n = 16,384", engine(arrays, mask=masks.causal()), full)
    window = masks.causal() & masks.window(512)
    told("causal & window(512) / full, n = 16,384", engine(arrays, mask=window), full)


def against_torch() -> None:
    """The same as scaled_dot_product_attention."""
    try:
        import torch
    except ImportError:
        print("torch is not installed: nothing to hold it against")
        return
    torch.set_num_threads(2)
    attend = torch.nn.functional.scaled_dot_product_attention

    def theirs(arrays: dict[str, Any], **how: Any) -> Callable[[], object]:
        lead = (1,) * (4 - arrays["q"].ndim)
        tensors = [
            torch.from_numpy(arrays[name]).reshape(*lead, *arrays[name].shape) for name in "qkv"
        ]
        return lambda: attend(*tensors, **how)

    for n in (4096, 16384):
        arrays = rows(n)
        told(f"full / torch, n = {n:,}", engine(arrays), theirs(arrays))
        ours = engine(arrays, mask=masks.causal())
        told(f"causal / torch is_causal, n = {n:,}", ours, theirs(arrays, is_causal=True))
    arrays = rows(16384)
    window = masks.causal() & masks.window(512)
    places = torch.arange(16384)
    apart = places[:, None] - places
    table = (apart >= 0) & (apart < 512)
    told(
        "causal & window(512) / torch with that mask, n = 16,384",
        engine(arrays, mask=window),
        theirs(arrays, attn_mask=table),
    )
    grouped = rows(2048, 2, heads=8, kv_heads=2)
    told(
        "8 heads, 2 key heads, batch 2, n = 2,048 / torch enable_gqa",
        engine(grouped),
        theirs(grouped, enable_gqa=True),
    )


if __name__ == "__main__":
    against_itself()
    against_torch()
