"""What a check of a worked example found, as plain data."""

from __future__ import annotations

from typing import NamedTuple

from attn_cli.results.diagnosis import Cause

SCHEMA = "attn.check/1"
"""The name of a check's JSON document."""


class CheckedEntry(NamedTuple):
    """One entry: what is written and what is right.

    status: right, rounded (right for the rounded numbers before it), coarse (right with the few
    digits it has), loose (right for given numbers that are rounded as they are written), carried
    (follows from wrong ones before it), wrong, blank, unsaid. due: what follows from the numbers
    before it as they are written. work: how the right number is made. slip: what probably happened.
    follows: the wrong entries that it follows from.
    """

    cell: str
    line: int
    written: str
    right: str
    due: str
    status: str
    work: str = ""
    slip: str = ""
    follows: tuple[str, ...] = ()


class CheckedStep(NamedTuple):
    """One matrix, row by row; name: of the step that it is. decimals: those that are written.

    meant: the rule in words. other: the step whose numbers these are, where not of this one.
    """

    name: str
    formula: str
    meant: str
    line: int
    decimals: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[CheckedEntry, ...]], ...]
    other: str = ""

    @property
    def entries(self) -> tuple[CheckedEntry, ...]:
        """All entries."""
        return tuple(one for _, row in self.rows for one in row)

    def having(self, *statuses: str) -> tuple[CheckedEntry, ...]:
        """The entries of some statuses."""
        return tuple(one for one in self.entries if one.status in statuses)


class Missed(NamedTuple):
    """A rule that was missed in a step; whole: the fault gives every number of it."""

    step: str
    cause: Cause
    detail: str
    whole: bool


class CheckReport(NamedTuple):
    """A check.

    answers: whether entries are marked; asked: the steps whose are, all where none are named.
    numbers: how many stand in the example, and how many of them were read.
    """

    mode: str
    title: str
    formula: str
    source: str
    seed: int | None
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    answers: bool
    asked: tuple[str, ...]
    steps: tuple[CheckedStep, ...]
    missed: tuple[Missed, ...]
    numbers: tuple[int, int] = (0, 0)

    def is_asked(self, step: CheckedStep) -> bool:
        """Whether the entries of a step are marked, and count."""
        return self.answers and (not self.asked or step.name in self.asked)

    def having(self, *statuses: str) -> tuple[CheckedEntry, ...]:
        """The entries of some statuses, of all steps."""
        return tuple(one for step in self.steps for one in step.having(*statuses))

    @property
    def match(self) -> bool:
        """Whether no entry is wrong, none follows from one, and of answers none is missing."""
        return not self.having("wrong", "carried", *(("blank", "unsaid") if self.answers else ()))

    @property
    def points(self) -> tuple[int, int]:
        """Entries that are right or follow rightly, and all that were to be filled in.

        A rule that was missed throughout a step costs one point, not one for each of its numbers.
        """
        steps = [one for one in self.steps if not self.answers or self.is_asked(one)]
        asked = [e for one in steps for e in one.entries if self.answers or e.status != "unsaid"]
        whole = {one.step for one in self.missed if one.whole}
        lost = sum(e.status in ("blank", "unsaid") for e in asked)
        for step in steps:
            wrong = len(step.having("wrong"))
            lost += min(wrong, 1) if step.name in whole else wrong
        return len(asked) - lost, len(asked)
