"""Numbers rounded to narrower float types than they are computed in."""

from __future__ import annotations

import numpy as np

from attn_cli.readings.subprogram import Array


def to_float16(x: Array) -> Array:
    """The nearest numbers of float16."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(x.dtype)


def to_bfloat16(x: Array) -> Array:
    """The nearest numbers of bfloat16, ties to even: the upper half of a float32."""
    bits = np.ascontiguousarray(x, dtype=np.float32).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = (bits + np.uint32(0x7FFF) + even) & np.uint32(0xFFFF0000)
    narrow = rounded.view(np.float32)
    return np.where(np.isfinite(x), narrow, x).astype(x.dtype)
