"""Matrices of projections and their biases, with heads side by side however they lie."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

MATRICES = ("w_q", "w_k", "w_v")
BIASES = ("b_q", "b_k", "b_v")
PROJECTION_BIASES = (*BIASES, "b_o")
"""Rows that are added to what a projection makes."""


class Heads(NamedTuple):
    """How many heads queries have, and keys and values; None where nobody said."""

    queries: int | None = None
    keys: int | None = None


def packed(given: Mapping[str, Array]) -> tuple[dict[str, Array], Heads]:
    """Matrices of three axes with their heads side by side, and how many heads they say.

    Keras: W_Q (d_model, heads, width), W_O (heads, width, d_out), biases (heads, width).
    """
    made, counts = dict(given), {}
    for name, array in given.items():
        if name in MATRICES and array.ndim == 3:
            made[name] = array.reshape(array.shape[0], -1)
            counts[name] = array.shape[1]
        elif name == "w_o" and array.ndim == 3:
            made[name] = array.reshape(-1, array.shape[-1])
            counts["w_q"] = array.shape[0]
        elif name in PROJECTION_BIASES and array.ndim == 2:
            made[name] = array.reshape(-1)
    keys = counts.get("w_k", counts.get("w_v"))
    return made, Heads(counts.get("w_q"), keys)
