"""Conventions of counting as data: questions, each with our own answer first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple


class Parts(NamedTuple):
    """A count in its parts: projections, products of queries and keys, everything else."""

    projections: Fraction
    core: Fraction
    other: Fraction = Fraction(0)

    @property
    def total(self) -> Fraction:
        """All of it."""
        return self.projections + self.core + self.other

    def times(self, factor: Fraction) -> Parts:
        """The same, so many times."""
        return Parts(self.projections * factor, self.core * factor, self.other * factor)


class Answer(NamedTuple):
    """One way to count: in words, none for our own, and what it makes of a count."""

    words: str
    makes: Callable[[Parts], Parts]


Question = tuple[Answer, ...]
"""Ways of which one is chosen."""

OURS = Answer("", lambda parts: parts)


class Counted(NamedTuple):
    """A reading of a number: the ways that are not ours, and the count."""

    words: tuple[str, ...]
    value: Fraction


def readings(start: Parts, questions: Sequence[Question]) -> Iterator[Counted]:
    """Every combination of answers, the first question's first."""
    for answers in product(*questions):
        parts = start
        for answer in answers:
            parts = answer.makes(parts)
        yield Counted(tuple(answer.words for answer in answers if answer.words), parts.total)


def times(words: str, factor: Fraction | int) -> Answer:
    """An answer that counts everything so many times."""
    return Answer(words, lambda parts: parts.times(Fraction(factor)))


WHAT_OPERATIONS: Question = (
    OURS,
    Answer("matrix products alone", lambda p: Parts(p.projections, p.core)),
    Answer("without projections", lambda p: Parts(Fraction(0), p.core, p.other)),
    Answer(
        "Q Kᵀ and weights V alone: no projections, no softmax",
        lambda p: Parts(Fraction(0), p.core),
    ),
    Answer(
        "projections alone: a fused core counts as nothing, as in torch's counter",
        lambda p: Parts(p.projections, Fraction(0)),
    ),
    Answer("one of the two products of the core alone", lambda p: Parts(Fraction(0), p.core / 2)),
)
"""Which operations are counted."""

MULTIPLY_ADD: Question = (
    OURS,
    Answer(
        "a multiply and an add are one",
        lambda p: Parts(p.projections / 2, p.core / 2, p.other),
    ),
)

PASSES: Question = (
    OURS,
    times("backward, as twice the forward pass", 2),
    times("forward and backward, as three times the forward pass", 3),
    times("backward, as 2.5 times the forward pass (FlashAttention)", Fraction(5, 2)),
    times("forward and backward, as 3.5 times the forward pass (FlashAttention)", Fraction(7, 2)),
)


def pairs_question(dense: Parts, causal: Parts, *, masked: bool) -> Question:
    """Which pairs of queries and keys are counted; masked: ours are those that a mask keeps.

    dense, causal: the same count with all pairs, and with those of a causal mask.
    """

    def with_core_of(other: Parts, factor: Fraction | int = 1) -> Callable[[Parts], Parts]:
        def count(p: Parts) -> Parts:
            return Parts(p.projections, other.core * factor, other.other * factor)

        return count

    half = Answer("half of all pairs, for a causal mask", with_core_of(dense, Fraction(1, 2)))
    if masked:
        return (OURS, Answer("all pairs, masked or not", with_core_of(dense)), half)
    exact = Answer("the n(n+1)/2 pairs of a causal mask", with_core_of(causal))
    return (OURS, half, exact)


def of_the_core(words: str, count: int | None) -> Sequence[Question]:
    """The same for the core alone, without projections."""
    if count is None or count < 2:
        return []
    part = Fraction(1, count)
    return [(OURS, Answer(words, lambda p: Parts(Fraction(0), p.core * part, p.other * part)))]


def share(words: str, count: int | None) -> Sequence[Question]:
    """A question for whether a count is for one of several; none where there is one."""
    return [] if count is None or count < 2 else [(OURS, times(words, Fraction(1, count)))]
