"""A mask answers, for two positions, whether query i may attend key j."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Positions = Any
"""An integer, or an array of integers: predicates use only operators that both have."""

Predicate = Callable[[Positions, Positions, int, int], Any]


class Mask(NamedTuple):
    """A predicate with its name.

    allows(query, key, batch, head) is True where the pair may attend. Query and key are
    integers, or integer arrays that broadcast against each other; batch and head are integers.
    varies: which of the axes "b" and "h" the answer depends on.
    says: the rule in words.
    """

    name: str
    says: str
    allows: Predicate
    varies: frozenset[str] = frozenset()

    def __and__(self, other: Mask) -> Mask:
        return Mask(
            f"{self.name} & {other.name}",
            f"{self.says}; {other.says}",
            lambda i, j, b, h: self.allows(i, j, b, h) & other.allows(i, j, b, h),
            self.varies | other.varies,
        )
