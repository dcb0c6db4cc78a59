"""Pairs of positions that are asked for: words, or numbers of rows and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attn_cli.api.cells import position_of
from attn_cli.api.requests import Request
from attn_cli.errors import AttnError, brief
from attn_cli.views.labels import prefix_of

Pair = tuple[int, int]
"""A query and a key."""


def read_pairs(pairs: Sequence[str], align: str | None, request: Request) -> list[Pair]:
    """Read "cat,mat" of every pair, and "0:0,1:2".

    Raises AttnError for what is not of that form, for a word that there is not or twice, and for a
    pair that the mask leaves out or that is given twice.
    """
    if not pairs and align is None:
        return []
    weights = request.program.last("weights")
    if weights is None or weights.axes[-2:] != ("n", "m"):
        raise AttnError(
            f"‹pair›: in ‹mode {request.mechanism.name}› no query has weights for keys. Learn a "
            "‹target›."
        )
    found = [_pair(text, ",", "‹pair›", request) for text in pairs]
    if align is not None:
        found += [_pair(text, ":", "‹align›", request) for text in align.split(",")]
    for place, one in enumerate(found):
        if one in found[:place]:
            raise AttnError(f"‹pair›: {pair_name(one, request)} is given twice.")
        _refuse_masked(one, request)
    return found


def _pair(text: str, between: str, option: str, request: Request) -> Pair:
    parts = [part.strip() for part in text.split(between)]
    if len(parts) != 2 or not all(parts):
        form = "cat,mat" if between == "," else "0:0,1:2"
        raise AttnError(f"{option}: {brief(text)!r} is not of the form {form}.")
    query, key = (
        position_of(
            part,
            axis,
            request.program.sizes[axis],
            request.labels.get(axis, ()),
            prefix_of(axis, "weights"),
            option,
        )
        for part, axis in zip(parts, ("n", "m"), strict=True)
    )
    return query, key


def _refuse_masked(one: Pair, request: Request) -> None:
    mask = request.choices.mask
    if mask is not None and not bool(mask.allows(*one, 0, 0)):
        raise AttnError(
            f"‹pair›: {pair_name(one, request)} can't be learned: the mask ({brief(mask.name)}) "
            "leaves it out."
        )


def pair_name(one: Pair, request: Request) -> str:
    """A pair by its words: cat → mat."""
    return " → ".join(_name(at, axis, request) for at, axis in zip(one, ("n", "m"), strict=True))


def _name(at: int, axis: str, request: Request) -> str:
    words = request.labels.get(axis)
    if words is None:
        return f"{prefix_of(axis, 'weights')}{at}"
    again = words.count(words[at]) > 1
    return re.sub(r"\s", "", words[at]) + (f" ({at})" if again else "")
