"""What others make of masks: facts about libraries, each found by running it or in its manual."""

from __future__ import annotations

from typing import NamedTuple


class Library(NamedTuple):
    """How one library reads a mask, aligns a causal one, counts a window, and treats an empty row.

    version: the one that was run; (manual) where it was read, not run.
    """

    name: str
    version: str
    mask: str
    causal: str
    window: str
    empty: str


QUESTIONS = {
    "mask": "mask",
    "causal": "causal (n, m differ)",
    "window": "window of w keys",
    "empty": "row without a key",
}
"""What is asked of each library, by the field that answers it."""

LIBRARIES = (
    Library(
        "torch SDPA",
        "2.13",
        "bool, True = may attend; float is added",
        "top-left",
        "none",
        "0",
    ),
    Library(
        "torch MultiheadAttention",
        "2.13",
        "bool, True = may NOT attend; float is added",
        "as the mask says",
        "none",
        "NaN; 0 with need_weights=False",
    ),
    Library(
        "torch flex_attention",
        "2.13",
        "a function, True = may attend",
        "as the function says",
        "as the function says",
        "0",
    ),
    Library(
        "JAX dot_product_attention",
        "0.10",
        "bool, True = may attend; bias is added",
        "top-left",
        "local_window_size=(w-1, 0)",
        "all keys alike; NaN by a bias of -inf",
    ),
    Library(
        "ONNX Attention",
        "onnx 1.23, opset 25",
        "bool, True = may attend; float is added",
        "top-left; bottom-right with a cache",
        "left_window_size=w-1",
        "0; NaN in older references",
    ),
    Library(
        "Keras MultiHeadAttention",
        "3.15",
        "bool, True = may attend; floats become bool",
        "top-left",
        "sliding_window=w, both sides unless causal",
        "all keys alike",
    ),
    Library(
        "Hugging Face transformers",
        "5.23",
        "eager: added, 0 or the type's lowest; sdpa: bool",
        "top-left; bottom-right with a cache",
        "sliding_window=w",
        "eager: all keys alike; sdpa: 0",
    ),
    Library(
        "FlashAttention",
        "2.8 (manual)",
        "none",
        "bottom-right",
        "window_size=(w-1, 0)",
        "0",
    ),
)
