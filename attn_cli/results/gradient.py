"""What a gradient leaves behind, as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

from attn_cli.results.trace import Trace


class Gained(NamedTuple):
    """The gradient of one array.

    step: what it is called among the steps; None where none reaches the array. norm: the root of
    the sum of squares. apart: how far it is from central differences at most, where it was checked.
    """

    name: str
    step: str | None
    shape: tuple[int, ...]
    values: Any
    norm: float
    largest: float
    apart: float | None = None


class GradientReport(NamedTuple):
    """A gradient: its steps, what each array gets, and the norm of every step's array."""

    trace: Trace
    loss: str
    gained: tuple[Gained, ...]
    norms: dict[str, float]
