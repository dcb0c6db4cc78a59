"""A mask answers, for two positions, whether query i may attend key j."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

Positions = Any
"""An integer, or an array of integers: predicates use only operators that both have."""

Predicate = Callable[[Positions, Positions, int, int], Any]


PERMISSION = "query i may attend "
"""How most rules begin in words."""


class Reach(NamedTuple):
    """Query i may attend keys i + low to i + high and no other; None is no bound."""

    low: int | None
    high: int | None

    def meet(self, other: Reach) -> Reach:
        """The keys that are in reach of both."""
        return Reach(
            _tighter(self.low, other.low, max),
            _tighter(self.high, other.high, min),
        )

    def words(self, letter: str = "i") -> str:
        """The rule in words."""
        if self.high is None:
            assert self.low is not None, "a reach has a bound on one side at least"
            return f"query i may attend keys {moved(letter, self.low)} and later"
        low = "0" if self.low is None else moved(letter, self.low)
        high = moved(letter, self.high)
        if low == high:
            return f"query i may attend key {high} alone"
        if self.low is not None and self.low > self.high:
            return "query i may attend no key"
        return f"query i may attend keys {low} … {high}"


class Span(NamedTuple):
    """Keys from low to high, both included; None is no bound."""

    low: int | None = None
    high: int | None = None

    def meet(self, other: Span) -> Span:
        """What lies in both."""
        return Span(
            _tighter(self.low, other.low, max),
            _tighter(self.high, other.high, min),
        )

    def longer(self, other: Span) -> Span:
        """The one of both that is not empty; of two, the one without a bound, or the longer."""
        return max(self, other, key=Span._length)

    def _length(self) -> float:
        if self.low is None or self.high is None:
            return inf
        return self.high - self.low

    def within(self, keys: range) -> range:
        """Those of these keys that lie in it."""
        start = keys.start if self.low is None else max(self.low, keys.start)
        stop = keys.stop if self.high is None else min(self.high + 1, keys.stop)
        return range(start, stop) if start < stop else keys[:0]

    def join(self, other: Span) -> Span:
        """The shortest that holds both."""
        return Span(_wider(self.low, other.low, min), _wider(self.high, other.high, max))


Spans = Callable[[int, int], Span]
"""Of the queries from a first to a last, the keys that some of them may attend, at most."""


def anywhere(first: int, last: int) -> Span:
    """No bound is known."""
    return Span()


def nowhere(first: int, last: int) -> Span:
    """No key is known to be seen by all."""
    return Span(1, 0)


class Mask(NamedTuple):
    """A predicate with its name.

    allows(query, key, batch, head) is True where the pair may attend. Query and key are
    integers, or integer arrays that broadcast against each other; batch and head are integers.
    says: the rule in words.
    varies: which of the axes "b" and "h" the answer depends on.
    reach: the whole rule, where it is one range of keys around each query.
    joined: the operator that the name is put together by.
    spans: where the keys of neighbouring queries lie, so that others need not be computed.
    covers: keys that each of them may attend, so that no pair need be asked for.
    opposite: the mask that this one is not.
    """

    name: str
    says: str
    allows: Predicate
    varies: frozenset[str] = frozenset()
    reach: Reach | None = None
    joined: str = ""
    spans: Spans = anywhere
    covers: Spans = nowhere
    opposite: Mask | None = None

    def __and__(self, other: Mask) -> Mask:
        reach = self.reach.meet(other.reach) if self.reach and other.reach else None
        return Mask(
            f"{self._inside('&')} & {other._inside('&')}",
            reach.words() if reach else f"{self._said()}; of these only {other._narrowing()}",
            lambda i, j, b, h: self.allows(i, j, b, h) & other.allows(i, j, b, h),
            self.varies | other.varies,
            reach,
            "&",
            lambda first, last: self.spans(first, last).meet(other.spans(first, last)),
            lambda first, last: self.covers(first, last).meet(other.covers(first, last)),
        )

    def __or__(self, other: Mask) -> Mask:
        return Mask(
            f"{self._inside('|')} | {other._inside('|')}",
            f"{self.says}; or {other.says}",
            lambda i, j, b, h: self.allows(i, j, b, h) | other.allows(i, j, b, h),
            self.varies | other.varies,
            joined="|",
            spans=lambda first, last: self.spans(first, last).join(other.spans(first, last)),
            covers=lambda first, last: self.covers(first, last).longer(other.covers(first, last)),
        )

    def __invert__(self) -> Mask:
        if self.opposite is not None:
            return self.opposite
        return Mask(
            f"~({self.name})" if self.joined else f"~{self.name}",
            self._excluded(),
            lambda i, j, b, h: self.allows(i, j, b, h) ^ True,
            self.varies,
            opposite=self,
        )

    def _narrowing(self) -> str:
        """The rule in words, behind one that it narrows."""
        if self.says.startswith(PERMISSION) and self.joined != "|":
            return self.says.removeprefix(PERMISSION)
        return f"those where {self._said()}"

    def _excluded(self) -> str:
        """The opposite in words."""
        if self.says.startswith(PERMISSION) and not self.joined:
            return f"{PERMISSION}all keys but {self.says.removeprefix(PERMISSION)}"
        inside = f"({self.says})" if self.joined else self.says
        return f"every pair but those where {inside}"

    def _said(self) -> str:
        """The rule in words as a part of a longer one."""
        return f"({self.says})" if self.joined == "|" else self.says

    def _inside(self, operator: str) -> str:
        """The name as a part of a longer one: & binds closer than |."""
        return f"({self.name})" if self.joined == "|" and operator == "&" else self.name


def moved(letter: str, by: int) -> str:
    """Write a position and what is added to it: i, i+2, i-1."""
    return f"{letter}+{by}" if by > 0 else f"{letter}-{-by}" if by < 0 else letter


def _tighter(one: int | None, other: int | None, choose: Callable[[int, int], int]) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _wider(one: int | None, other: int | None, choose: Callable[[int, int], int]) -> int | None:
    return None if one is None or other is None else choose(one, other)
