"""Names of rows and columns: words of a sentence, or q0, k1, d2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from attn_cli.results.trace import Trace, TracedStep

PREFIXES = {
    "n": "q",
    "m": "k",
    "m_new": "k",
    "m_past": "past",
    "d_half": "c",
    "d_k_half": "c",
    "T": "t",
    "T_in": "t",
    "a": "a",
    "a_p": "a",
    "entries": "e",
    "h": "h",
}
ROWS = ("n", "m", "m_new")
OWN_PREFIXES = {"x": "x", "context": "c", "positions": "x", "embedded": "x"} | {
    "context_positions": "c",
    "context_embedded": "c",
}
"""Rows that are neither queries nor keys yet."""


OURS = re.compile(r"(q|k|past)\d+")
"""Names that are no words of a sentence."""


class Numbered(Sequence[str]):
    """Names made when asked for: q0, q1 and so on."""

    def __init__(self, prefix: str, count: int) -> None:
        self.prefix = prefix
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: Any) -> Any:
        return f"{self.prefix}{position}"


class Held(Sequence[str]):
    """Names of the rows that are held, which may be some of all."""

    def __init__(self, names: Sequence[str], positions: tuple[int, ...] | None) -> None:
        self.names = names
        self.positions = positions

    def __len__(self) -> int:
        return len(self.names if self.positions is None else self.positions)

    def __getitem__(self, place: Any) -> Any:
        return self.names[place if self.positions is None else self.positions[place]]


def names_of(axis: str, size: int, step: TracedStep, trace: Trace) -> Sequence[str]:
    """Names of all positions on an axis of a step."""
    if axis == "1":
        return ("",) * size
    if axis in trace.labels:
        return trace.labels[axis]
    prefix = PREFIXES.get(axis, "d")
    return Numbered(OWN_PREFIXES.get(step.name, prefix) if axis in ROWS else prefix, size)


def quoted(axis: str, position: int, trace: Trace) -> str:
    """A position inside a sentence of ours: k3, or "mat"; words that recur with their place."""
    words = trace.labels.get(axis)
    if words is None:
        return f"{PREFIXES.get(axis, 'd')}{position}"
    if OURS.fullmatch(words[position]):
        return words[position]
    place = f" ({position})" if words.count(words[position]) > 1 else ""
    return f'"{words[position]}"{place}'
