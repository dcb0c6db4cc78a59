"""Several ways to attend on the same inputs, as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

SCHEMA = "attn.compare/1"
"""The name of the JSON document."""


class Way(NamedTuple):
    """One way, with what sets it apart from the others.

    weights: of the batch row and the head that are shown, rows of shares, None where a way has no
    weights; queries: whose rows they are, None where they are all; rows: how many there are in all;
    looks: the axes of their rows and columns; hidden where no key is allowed. entropy: in
    nats, the mean over all queries with a key, of weights as parts of their sum; keys: e to that
    power for each query, the mean. change: the largest difference of any output from the first
    way's, None for the first. flops: of all steps.
    """

    name: str
    mode: str
    normalizer: str
    mask: str
    heads: str
    formula: str
    weights: Any | None
    queries: tuple[int, ...] | None
    rows: int
    looks: tuple[str, str]
    hidden: Any
    sums: tuple[float, ...]
    entropy: float | None
    keys: float | None
    change: float | None
    flops: int


class WaysReport(NamedTuple):
    """All ways, the first being what the others are held against.

    alike: whether all start from the same arrays.
    """

    facts: tuple[str, ...]
    notices: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    ways: tuple[Way, ...]
    alike: bool = True
