"""What a Jacobian leaves behind, as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

SCHEMA = "attn.jacobian/1"
"""The name of a Jacobian's JSON document."""


class Side(NamedTuple):
    """One step of a Jacobian: at which positions, None where at all of an axis."""

    name: str
    at: tuple[int | None, ...]


class Derivatives(NamedTuple):
    """One table of derivatives, or of what they are held against.

    caption, about: what it is, and what its numbers mean. share: whether they are shares of 1.
    kind: what its numbers are, for colour.
    """

    name: str
    caption: str
    about: str
    values: Any
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    rows_are: str = ""
    columns_are: str = ""
    share: bool = False


class JacobianReport(NamedTuple):
    """How one step changes with another.

    of, to: the two as they were asked for; values: every derivative, with the axes of both.
    tables: what is shown. correlation: of the map with the weights beside it, where there are any.
    by_scores: whether the one changes with the other through scores too.
    """

    of: str
    to: str
    title: str
    formula: str
    source: str
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    seed: int | None
    axes: tuple[tuple[str, ...], tuple[str, ...]]
    values: Any
    tables: tuple[Derivatives, ...]
    correlation: float | None = None
    by_scores: bool = True
