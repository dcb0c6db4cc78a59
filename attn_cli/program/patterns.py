"""The notation of einops: `... n d, ... m d -> ... n m`."""

import re
from functools import lru_cache
from typing import NamedTuple

from attn_cli.program.axes import Axes

REST = "..."


class Term(NamedTuple):
    """One array in a pattern: its last axes, and whether others may stand before them."""

    axes: Axes
    open: bool


class Pattern(NamedTuple):
    """Axes of each operand and of the result."""

    operands: tuple[Term, ...]
    result: Term


def _term(text: str) -> Term:
    words = tuple(re.findall(r"\([^)]*\)|\S+", text))
    opened = words[:1] == (REST,)
    return Term(words[1:] if opened else words, opened)


@lru_cache
def parse(text: str) -> Pattern:
    """Read a pattern.

    >>> parse("... n d, ... m d -> ... n m").result
    Term(axes=('n', 'm'), open=True)
    """
    left, right = text.split("->")
    return Pattern(tuple(_term(part) for part in left.split(",")), _term(right))
