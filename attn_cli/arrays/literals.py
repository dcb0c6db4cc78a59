"""Matrices typed on the command line: `1 0; 0 1`, `[[1, 0], [0, 1]]`, `1/2 -3`."""

from __future__ import annotations

import re
from math import isinf
from typing import Any

import numpy as np

from attn_cli.errors import AttnError, brief, caret

MOST_AXES = 4
ENTRY = r"[^\s,]+"
MISSING = r"^\s*,|,\s*(?=,|$)"
FRACTION = r'(?<![\w."])([-+]?\d+/\d+)(?![\w."])'
NUMBER = r"(?ia)[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|[-+]?(inf|infinity|nan)|[-+]?\d+/\d+"

PLAIN_SIGNS = str.maketrans("−，；、", "-,;,")
"""A typeset minus, and the signs of a Chinese keyboard."""


def parse(text: str, option: str) -> np.ndarray[Any, Any]:
    """Read a literal into a float64 array; rows end at `;` or at a line's end.

    Raises AttnError with a caret under the part that is wrong.
    """
    text = text.translate(PLAIN_SIGNS)
    if text.lstrip().startswith("["):
        return nested(_json(text, option), option)
    rows: list[list[float]] = []
    start = 0
    for part in re.split(r"[;\n\r]", text):
        missing = re.search(MISSING, part)
        if missing and part.strip():
            raise AttnError(
                f"{option}: row {len(rows) + 1} has a comma with no number beside it.\n"
                f"{caret(text, start + missing.start())}"
            )
        entries = list(re.finditer(ENTRY, part))
        if entries:
            rows.append([_entry(match, start, text, option, len(rows)) for match in entries])
            if len(rows[-1]) != len(rows[0]):
                at = start + entries[0].start()
                raise AttnError(
                    f"{option}: row {len(rows)} has {_counted(len(rows[-1]))}, "
                    f"row 1 has {_counted(len(rows[0]))}.\n{caret(text, at)}"
                )
        start += len(part) + 1
    if not rows:
        raise AttnError(f"{option}: there is no number in {text!r}.")
    return np.array(rows, dtype=np.float64)


def number(text: str) -> float | None:
    """Read one number or fraction; None where it is neither."""
    if not re.fullmatch(NUMBER, text):
        return None
    try:
        if "/" in text:
            above, below = map(int, text.split("/"))
            return above / below
        found = float(text)
    except (ValueError, ArithmeticError):
        return None
    return None if isinf(found) and "n" not in text.lower() else found


def nested(value: Any, option: str) -> np.ndarray[Any, Any]:
    """Turn nested lists of numbers into a float64 array; the words "-inf" and "nan" count."""
    shape: list[int] = []
    level = value
    while isinstance(level, list):
        shape.append(len(level))
        if not level:
            raise AttnError(f"{option}: there is an empty list.")
        level = level[0]
        if len(shape) > MOST_AXES:
            raise AttnError(f"{option}: it has more than {MOST_AXES} axes.")
    if all(isinstance(leaf, bool) for leaf in _leaves(value)):
        dtype: type = bool
    else:
        dtype = np.float64
    array: np.ndarray[Any, Any] = np.empty(shape, dtype=dtype)
    _fill(array, value, option, ())
    return array


def _leaves(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _fill(array: np.ndarray[Any, Any], value: Any, option: str, place: tuple[int, ...]) -> None:
    import json

    where = f"{option}: entry [{', '.join(map(str, place))}]"
    if array.ndim == len(place):
        read = number(value) if isinstance(value, str) else value
        try:
            array[place] = float(read)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise AttnError(f"{where} is not a number: {json.dumps(value)[:40]}") from None
        return
    expected = array.shape[len(place)]
    if not isinstance(value, list) or len(value) != expected:
        found = (
            f"has {_counted(len(value), 'entry', 'entries')}"
            if isinstance(value, list)
            else "is no list"
        )
        raise AttnError(f"{where} {found}; the first one beside it has {expected}.")
    for position, item in enumerate(value):
        _fill(array, item, option, (*place, position))


def _json(text: str, option: str) -> Any:
    quoted = re.sub(FRACTION, r'"\1"', text) if '"' not in text else text
    try:
        return json_value(quoted)
    except ValueError as error:
        position = getattr(error, "pos", 0)
        at = min(position - quoted[:position].count('"'), len(text) - 1)
        raise AttnError(
            f"{option}: the brackets don't make a matrix here.\n{caret(text, at)}"
        ) from None
    except RecursionError:
        raise AttnError(f"{option}: the brackets are nested too deeply.") from None


def json_value(text: str) -> Any:
    """Read JSON in which no name stands twice and no number is beyond float64.

    Raises ValueError, as json does.
    """
    import json

    return json.loads(text, object_pairs_hook=_once, parse_float=_within)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{brief(name)!r} stands there twice")
        found[name] = value
    return found


def _within(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError(f"{brief(text)} is beyond float64")
    return value


def _entry(match: re.Match[str], start: int, text: str, option: str, row: int) -> float:
    value = number(match[0])
    if value is None:
        column = len(re.findall(ENTRY, match.string[: match.start()])) + 1
        raise AttnError(
            f"{option}: row {row + 1}, column {column} is not a number.\n"
            f"{caret(text, start + match.start())}"
        )
    return value


def _counted(count: int, one: str = "number", many: str = "numbers") -> str:
    return f"{count} {one if count == 1 else many}"
