"""A bare matrix as text that can be read back: one row a line, or JSON above two axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attn_cli.views.document import plain_value
from attn_cli.views.numbers import short


def lines(array: Any, precision: int | None) -> Iterator[str]:
    """Write rows with every digit needed to read the same numbers back, or rounded."""
    import json

    if array.ndim > 2:
        yield json.dumps(plain_value(array.tolist(), precision), allow_nan=False)
        return
    for row in array.reshape(-1, array.shape[-1]):
        yield " ".join(_text(number, precision) for number in row)


def _text(number: Any, precision: int | None) -> str:
    if precision is not None:
        return short(float(number), precision).replace("∞", "inf")
    if number.dtype.kind == "b":
        return str(int(number))
    text = str(number)
    return text.removesuffix(".0")
