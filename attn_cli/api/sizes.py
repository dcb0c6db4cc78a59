"""Sizes as people type them: whole numbers, or names that stay letters."""

from __future__ import annotations

import re
from typing import Any

from attn_cli.errors import AttnError, did_you_mean

NUMBER = r"\d+(?:[_,]\d{3})*"
LONGEST = 60
NAME = r"[A-Za-z][A-Za-z0-9_]{0,15}"


def size(given: Any, option: str) -> int | str | None:
    """Read a size, a number or as it is typed; nothing of it is ever evaluated.

    Raises AttnError for what is neither a whole number from 1 on nor a name.
    """
    if given is None or isinstance(given, int):
        return given
    text = str(given)
    if re.fullmatch(NUMBER, text, re.ASCII) and len(text) <= LONGEST:
        number = int(re.sub("[_,]", "", text))
        if number > 0:
            return number
        raise AttnError(f"{option}: a size is at least 1, not {text}.")
    if re.fullmatch(NAME, text, re.ASCII):
        return text
    raise AttnError(
        f"{option}: {text[:40]!r} is neither a whole number from 1 on nor a name like n."
        + (f" Numbers have up to {LONGEST} digits." if len(text) > LONGEST else "")
    )


FIELDS = {"n": "n", "m": "m", "d": "d", "heads": "h", "layers": "L", "batch": "b", "window": "w"}
"""Sizes that may be swept, by the option's name."""

MOST_ROWS = 64


def swept(text: str) -> tuple[str, list[int]]:
    """Read `n=128:65536`: the field of a Shape and its values, each twice the one before.

    The end of the range is its last value.

    Raises AttnError for another form, an unknown size, or a range without end.
    """
    match = re.fullmatch(rf"([a-z]+)=({NUMBER}):({NUMBER})", text, re.ASCII)
    if match is None:
        raise AttnError(f"‹sweep›: {text[:40]!r} is not a range like n=128:65536.")
    name = match[1]
    if name not in FIELDS:
        raise AttnError(f"‹sweep›: no size {name!r}. {did_you_mean(name, list(FIELDS))}")
    start, stop = (size(bound, "‹sweep›") for bound in match.groups()[1:])
    assert isinstance(start, int)
    assert isinstance(stop, int)
    if stop < start:
        raise AttnError(f"‹sweep›: the range ends at {stop}, before it begins at {start}.")
    values = [start]
    while values[-1] * 2 <= stop:
        values.append(values[-1] * 2)
    if values[-1] != stop:
        values.append(stop)
    if len(values) > MOST_ROWS:
        raise AttnError(f"‹sweep›: from {start} to {stop} are more than {MOST_ROWS} rows.")
    return FIELDS[name], values
