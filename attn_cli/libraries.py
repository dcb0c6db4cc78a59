"""What others make of masks: facts about libraries, each found by running it or in its manual."""

from __future__ import annotations

from typing import NamedTuple

from attn_cli.masks.mask import Reach


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
        "opset 25",
        "bool, True = may attend; float is added",
        "top-left; bottom-right with a cache",
        "left_window_size=w-1",
        "0; NaN in references before 1.23",
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


def called_elsewhere(reach: Reach, n: int, m: int) -> tuple[str, ...]:
    """What libraries call a range of keys around each query; nothing where none has it."""
    names = [
        *_called(reach, 0, n == m, "top-left"),
        *_called(reach, m - n, n == m, "bottom-right"),
    ]
    return tuple(dict.fromkeys(names))


def _called(reach: Reach, offset: int, square: bool, aligned: str) -> list[str]:
    low = None if reach.low is None else offset - reach.low
    high = None if reach.high is None else reach.high - offset
    if (low is not None and low < 0) or (high is not None and high < 0):
        return []
    if high == 0 and low is None:
        return _causal(aligned, square)
    if high == 0 and low is not None:
        return _window(low + 1, aligned, square)
    if low is None or high is None:
        return []
    both = f"({low}, {high})"
    if aligned == "top-left":
        named = [
            f"JAX local_window_size={both}",
            f"ONNX left_window_size={low}, right_window_size={high}",
        ]
        return [*named, *([f"Keras sliding_window={low + 1}"] if low == high else [])]
    return [f"FlashAttention window_size={both}"]


def _causal(aligned: str, square: bool) -> list[str]:
    if aligned == "top-left":
        return [
            "torch SDPA is_causal=True",
            "JAX is_causal=True",
            "Keras use_causal_mask=True",
            *(["ONNX is_causal=1"] if square else []),
        ]
    behind = "" if square else " behind a cache"
    return [
        *([] if square else ["torch causal_lower_right(n, m)"]),
        f"ONNX is_causal=1{behind}",
        "FlashAttention causal=True",
        f"Hugging Face{behind}, any decoder",
    ]


def _window(width: int, aligned: str, square: bool) -> list[str]:
    if aligned == "top-left":
        return [
            f"JAX local_window_size=({width - 1}, 0)",
            f"Keras sliding_window={width}, use_causal_mask=True",
            *([f"ONNX left_window_size={width - 1}, is_causal=1"] if square else []),
        ]
    behind = "" if square else " behind a cache"
    return [
        f"Hugging Face sliding_window={width}{behind}",
        f"ONNX left_window_size={width - 1}, is_causal=1{behind}",
        f"FlashAttention window_size=({width - 1}, 0)",
    ]
