"""Law: every normalizer in every type at sizes where sorts and counts have gone wrong."""

from __future__ import annotations

import numpy as np
import pytest

import attn_cli as attn
from attn_cli.mechanisms.normalizers import NORMALIZERS

ROUNDING = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
DRAWN = ("sample", "gumbel-softmax", "gumbel-hard")


@pytest.mark.parametrize("size", [384, 512, 768, 2048])
@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("name", [one.name for one in NORMALIZERS])
def test_weights_under_a_mask_are_right_in_every_type(name: str, dtype: str, size: int) -> None:
    """Rows of 0 or more that sum to what they do in float64, nothing that is not a number."""
    n = 3
    chosen = {"normalizer": name, "dtype": dtype, "n": n, "m": size, "d": 4, "causal": True}
    run = attn.compute(**chosen, align="bottom-right", keep="all")
    weights = np.asarray(run["weights"], dtype=np.float64)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert not np.triu(weights, size - n + 1).any()
    assert not [one for one in run.notices if "not a number" in one or "infinit" in one]
    if name in DRAWN:
        return
    scores = np.array(run["masked"], dtype=np.float64)
    scores[scores < -1e4] = -np.inf
    if name in ("softmax", "softmax-steps"):
        exact = np.exp(scores - scores.max(-1, keepdims=True))
        exact /= exact.sum(-1, keepdims=True)
        np.testing.assert_allclose(weights, exact, atol=8 * ROUNDING[dtype], rtol=0.02)
    elif name == "sparsemax":
        np.testing.assert_allclose(weights, sparsemax(scores), atol=8 * ROUNDING[dtype])
    if name != "sigmoid" and "sink" not in name:
        allowed = 2 * ROUNDING[dtype] * np.sqrt(size) * 4
        np.testing.assert_allclose(weights.sum(-1), 1, atol=allowed)


def sparsemax(scores: np.ndarray) -> np.ndarray:
    """By bisection on the threshold: shares no code and no sort with the program."""
    low, high = scores.max(-1, keepdims=True) - 1, scores.max(-1, keepdims=True)
    for _ in range(80):
        middle = (low + high) / 2
        more = np.maximum(scores - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(scores - low, 0)
