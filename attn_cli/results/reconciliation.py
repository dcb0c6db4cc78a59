"""Which conventions of counting give a number, as plain data."""

from __future__ import annotations

from typing import NamedTuple

SCHEMA = "attn.reconciliation/1"
"""The name of its JSON document."""


class Reading(NamedTuple):
    """One way to count: where it is not our own way, and what it comes to."""

    conventions: tuple[str, ...]
    value: float


class ReconciliationReport(NamedTuple):
    """A number and what gives it.

    what: FLOPs, bytes or parameters. ours: the number by our own conventions. found: the shortest
    readings that give it; nearest: the one that comes closest where none does. tried: how many.
    """

    what: str
    given: str
    title: str
    facts: tuple[str, ...]
    ours: float
    found: tuple[Reading, ...]
    nearest: Reading
    tried: int

    @property
    def match(self) -> bool:
        """Whether any convention gives the number."""
        return bool(self.found)
