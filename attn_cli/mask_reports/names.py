"""What libraries call a range of keys around each query."""

from __future__ import annotations

from attn_cli.masks import Reach

CACHED = "with a cache of m - n keys"


def called_elsewhere(reach: Reach, n: int, m: int) -> tuple[str, ...]:
    """What libraries call a range of keys around each query; nothing where none has it."""
    names = _called(reach, 0, n == m, "top-left")
    if m >= n:
        names += _called(reach, m - n, n == m, "bottom-right")
    return tuple(dict.fromkeys(names))


def _called(reach: Reach, offset: int, square: bool, aligned: str) -> list[str]:
    before = None if reach.low is None else offset - reach.low
    after = None if reach.high is None else reach.high - offset
    if (before is not None and before < 0) or (after is not None and after < 0):
        return []
    if after == 0 and before is None:
        return _causal(aligned, square)
    if after == 0 and before is not None:
        return _window(before + 1, aligned, square)
    if before is None or after is None:
        return []
    both = f"({before}, {after})"
    if aligned == "bottom-right":
        return [f"FlashAttention window_size={both}"]
    return [
        f"JAX local_window_size={both}",
        f"ONNX left_window_size={before}, right_window_size={after}",
        *([f"Keras sliding_window={before + 1}"] if before == after else []),
    ]


def _causal(aligned: str, square: bool) -> list[str]:
    if aligned == "top-left":
        return [
            "torch SDPA is_causal=True",
            "JAX is_causal=True",
            "Keras use_causal_mask=True",
            "ONNX is_causal=1" if square else "ONNX is_causal=1 without a cache",
        ]
    if square:
        return ["FlashAttention causal=True"]
    return [
        "torch causal_lower_right(n, m)",
        f"ONNX is_causal=1 {CACHED}",
        "FlashAttention causal=True",
        f"Hugging Face {CACHED}",
    ]


def _window(width: int, aligned: str, square: bool) -> list[str]:
    onnx = f"ONNX left_window_size={width - 1}, is_causal=1"
    if aligned == "top-left":
        return [
            f"JAX local_window_size=({width - 1}, 0)",
            f"Keras sliding_window={width}, use_causal_mask=True",
            onnx if square else f"{onnx} without a cache",
        ]
    cached = "" if square else f" {CACHED}"
    return [
        f"Hugging Face sliding_window={width}{cached}",
        *([] if square else [f"{onnx}{cached}"]),
        f"FlashAttention window_size=({width - 1}, 0)",
    ]
