"""What a diagnosis found, as plain data."""

from __future__ import annotations

from typing import NamedTuple

SCHEMA = "attn.diagnosis/1"
"""The name of a diagnosis's JSON document."""


class Compared(NamedTuple):
    """One step that was given, held against the one that was meant.

    largest: the farthest that two numbers are apart; allowed: what rounding allows. at: where, by
    names; theirs, ours: the two numbers there. beyond: how many numbers are farther apart than is
    allowed, of all. where: in which heads, queries and columns.
    """

    name: str
    shape: tuple[int, ...]
    largest: float
    allowed: float
    at: str
    theirs: float
    ours: float
    beyond: int
    all: int
    where: str

    @property
    def differs(self) -> bool:
        """Whether any number is farther apart than rounding allows."""
        return self.beyond > 0


class Cause(NamedTuple):
    """A fault in words."""

    id: str
    does: str
    meant: str
    cause: str
    option: str
    source: str


class Hypothesis(NamedTuple):
    """One fault, or two, that gives these numbers; max_error: how far they are apart at most.

    detail: which of their variants. step: the first step that differs.
    """

    causes: tuple[Cause, ...]
    detail: str
    step: str
    max_error: float


class DiagnosisReport(NamedTuple):
    """A diagnosis.

    kind: the float type that rounding is allowed for; within: what is allowed where it is not that,
    the tolerance that was given or half of the last decimal. observed: what is seen without
    trying any fault. closest: what comes nearest where nothing explains the numbers; unseen:
    the faults that change nothing on these inputs. tried: how many faults could happen here.
    earlier: a step that may be given too, before those that were; "" for none.
    """

    mode: str
    title: str
    formula: str
    source: str
    seed: int | None
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    kind: str
    compared: tuple[Compared, ...]
    observed: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    closest: tuple[Hypothesis, ...]
    unseen: tuple[str, ...]
    tried: int
    within: str = ""
    earlier: str = ""

    @property
    def match(self) -> bool:
        """Whether everything is equal within what rounding allows."""
        return not any(one.differs for one in self.compared)

    @property
    def ambiguous(self) -> bool:
        """Whether several faults explain the numbers equally."""
        return len(self.hypotheses) > 1
