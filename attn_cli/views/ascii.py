"""Our own signs in ASCII, for terminals that lack them; the user's words stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attn_cli.views.page import Block

TABLE = str.maketrans(
    {
        "√": "sqrt",
        "ᵀ": "^T",
        "·": "*",
        "→": "->",
        "×": "x",
        "∞": "inf",
        "Σ": "sum",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "−": "-",
        "■": "#",
        "≈": "~",
        "∂": "d",
        "²": "^2",
        "’": "'",
        "—": "-",
        **dict.fromkeys("█▉▊▋▌", "#"),
        **dict.fromkeys("▍▎▏", ""),
        "▒": ":",
        "◂": "<",
        "³": "^3",
        "µ": "u",
        "✓": "ok",
        "✗": "wrong:",
        **{sign: str(digit) for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
        "α": "alpha",
        "β": "beta",
        "σ": "sigma",
        "τ": "tau",
        "⊙": "*",
        "⊗": "(x)",
        "Φ": "Phi",
        "φ": "phi",
        "κ": "kappa",
        "ε": "epsilon",
        "┬": "+",
        "▶": ">",
        "▼": "v",
        "─": "-",
        "│": "|",
        **dict.fromkeys("┐┘└├┴┤", "+"),
    }
)


ROOT = re.compile(r"√(\w+)")


def in_ascii(text: str) -> str:
    """A text in ASCII; a root says how far it reaches: sqrt(2)/2."""
    return ROOT.sub(r"√(\1)", text).translate(TABLE)


def ascii_page(blocks: Iterable[Block]) -> list[Block]:
    """Write every text of a page in ASCII, before it is laid out."""
    return [_plain(block) for block in blocks]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return in_ascii(value)
    if isinstance(value, tuple):
        parts = [_plain(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
