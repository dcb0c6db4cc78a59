"""Names of rows and columns: words of a sentence, or q0, k1, d2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    "h_kv": "h",
    "b": "b",
}
ROWS = ("n", "m", "m_new")
OWN_PREFIXES = {"x": "x", "context": "c", "positions": "x", "embedded": "x"} | {
    "context_positions": "c",
    "context_embedded": "c",
}
"""Rows that are neither queries nor keys yet."""


Labels = Mapping[str, Sequence[str]]
"""Words of a sentence, by the axis whose positions they name."""

READ_BACK = re.compile(r"[^\s,\[\]\d-][^\s,\[\]]*")
"""Words that stand for their position inside the brackets of a cell."""


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


def names_of(axis: str, size: int, step: TracedStep, labels: Labels) -> Sequence[str]:
    """Names of all positions on an axis of a step."""
    if axis == "1":
        return ("",) * size
    if axis in labels:
        return labels[axis]
    return Numbered(prefix_of(axis, step.name), size)


def cell_name(step: TracedStep, index: Sequence[int], labels: Labels) -> str:
    """A cell by the names of its row and column: weights[q0,k1], weights[h1,sat,cat].

    Words that stand twice, or that the brackets would not read back, are told by their number.
    """
    return pattern_name(step, [str(at) for at in index], labels)


def pattern_name(step: TracedStep, places: Sequence[str], labels: Labels) -> str:
    """The same where some positions are letters that run: scaled[q0,j]."""
    named = zip(step.axes, step.shape, places, strict=True)
    positions = (
        _position(names_of(axis, size, step, labels), int(at)) if at.isdigit() else at
        for axis, size, at in named
    )
    return f"{step.name}[{','.join(positions)}]"


def _position(names: Sequence[str], at: int) -> str:
    if isinstance(names, Numbered):
        return str(names[at])
    name = names[at]
    if not READ_BACK.fullmatch(name) or list(names).count(name) > 1:
        return str(at)
    return name


def prefix_of(axis: str, step_name: str) -> str:
    """What the names of an axis begin with, where they are no words: q of q0."""
    prefix = PREFIXES.get(axis, "d")
    return OWN_PREFIXES.get(step_name, prefix) if axis in ROWS else prefix


def named(axis: str, position: int, trace: Trace) -> str:
    """A position by its name: k3, or mat; words that recur with their number."""
    words = trace.labels.get(axis)
    if words is None:
        return f"{PREFIXES.get(axis, 'd')}{position}"
    return (
        f"{words[position]} ({position})" if words.count(words[position]) > 1 else words[position]
    )
