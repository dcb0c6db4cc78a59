"""Choices drawn at random over everything that `attn compute` takes, for laws that hold for all."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.mechanisms.normalizers import NORMALIZERS

MODES = tuple(one.name for one in MECHANISMS)
NORMALIZER_NAMES = tuple(one.name for one in NORMALIZERS)
BIAS_NAMES = tuple(one.name for one in BIASES)

MASKS: tuple[dict[str, Any], ...] = (
    {},
    {"causal": True},
    {"causal": True, "align": "bottom-right"},
    {"causal": True, "window": 2},
    {"mask": "window(2) | global(0)"},
    {"mask": "~block(2)"},
    {"mask": "stride(2) & right(1)"},
    {"mask": "prefix(2)"},
    {"mask": "window(1) & left(0) & right(0) & ~global(0)"},
    {"lengths": 2},
    {"local": "m", "local_d": 1},
    {"local": "p", "local_d": 1},
)

SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"batch": 2},
    {"heads": 2},
    {"batch": 2, "heads": 2},
    {"batch": 3, "heads": 4, "kv_heads": 2},
    {"heads": 4, "kv_heads": 1},
)

AROUND: tuple[dict[str, Any], ...] = (
    {},
    {"scale": 0.5},
    {"softcap": 2.0},
    {"temperature": 2.0},
    {"rope": "half-split"},
    {"rope": "interleaved"},
    {"text": "the cat sat"},
    {"text": "the cat sat", "context_text": "le chat"},
    {"text": "the cat sat", "residual": True},
    {"text": "the cat sat", "residual": True, "norm": "pre"},
    {"text": "the cat sat", "residual": True, "norm": "post"},
    {"text": "the cat sat", "norm": "post"},
    {"text": "the cat sat", "positions": "sinusoidal"},
    {"block_size": 2},
    {"decode": True},
)


@st.composite
def choices(draw: st.DrawFn, *, dtypes: tuple[str | None, ...] = (None,)) -> dict[str, Any]:
    """What a person may type, most of it left out; some of it does not go together."""
    made: dict[str, Any] = {"mode": draw(st.sampled_from(MODES))}
    made |= draw(st.sampled_from(SHAPES))
    made |= draw(st.sampled_from(MASKS))
    made |= draw(st.sampled_from(AROUND))
    heads = int(made.get("heads", 1))
    made["d"] = heads * draw(st.sampled_from((2, 4)))
    if "text" not in made:
        made["n"] = draw(st.integers(1, 5))
        if draw(st.booleans()):
            made["m"] = draw(st.integers(1, 6))
        if draw(st.integers(0, 5)) == 0 and "mask" not in made:
            made |= cache(made, heads)
    if draw(st.booleans()):
        made["normalizer"] = draw(st.sampled_from(NORMALIZER_NAMES))
    if draw(st.integers(0, 3)) == 0:
        made["bias"] = draw(st.sampled_from(BIAS_NAMES))
    if (dtype := draw(st.sampled_from(dtypes))) is not None:
        made["dtype"] = dtype
    made["seed"] = draw(st.integers(0, 9))
    return made


def cache(made: dict[str, Any], heads: int) -> dict[str, Any]:
    """Two cached keys and values, laid out as the new ones will be."""
    lead = [made["batch"]] if "batch" in made else []
    held = int(made.get("kv_heads", heads))
    lead += [held] if "heads" in made else []
    if "heads" in made and "batch" not in made:
        lead = [held]
    rng = np.random.default_rng(7)
    width = made["d"] // heads
    return {name: rng.standard_normal((*lead, 2, width)) for name in ("past_k", "past_v")}
