"""Tables of tens of thousands of numbers, as plain aligned rows that are made while printed."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from attn_cli.views.grids import DOTTED, GAP, Matrix, sign_of
from attn_cli.views.numbers import fixed, in_powers, needs_powers, percent, usual_decimals
from attn_cli.views.page import Display, LongTable
from attn_cli.views.visible import visible

STREAMED = 20_000
"""Numbers from which a table is printed so; Rich would take minutes for a million."""

AT_ONCE = 256
"""Rows that are put into text at once."""


class Streamed(LongTable):
    """A whole matrix in bands of as many columns as the width holds."""

    def __init__(self, matrix: Matrix, display: Display) -> None:
        self.matrix = matrix
        self._signs = display.signs
        self._precision = display.precision
        names = [visible(str(matrix.row_names[i])) for i in range(len(matrix.positions))]
        self._label = max(map(len, names))
        self._names = [name.ljust(self._label) for name in names]
        self._decimals = self._places()
        widest = max(len(self._text(number)) for number in _ends(matrix.values))
        heads = max(len(str(name)) for name in matrix.column_names[-1:])
        self._width = max(widest, min(heads, len(str(matrix.values.shape[1])) + 1), 3)
        room = max(display.width - self._label, 1)
        self.columns = max(room // (self._width + GAP), 1)

    @property
    def numbers(self) -> int:
        """How many numbers there are."""
        return int(self.matrix.values.size)

    @property
    def count(self) -> int:
        """How many lines there will be."""
        rows, columns = self.matrix.values.shape
        bands = -(-columns // self.columns)
        return int(bands * (rows + 2))

    def lines(self) -> Iterator[str]:
        """Each band under its caption and the names of its columns."""
        rows, total = self.matrix.values.shape
        for begin in range(0, total, self.columns):
            end = min(begin + self.columns, total)
            where = f"columns {begin} to {end - 1} of {total:,}"
            yield ", ".join(filter(None, (self.matrix.caption, where)))
            names = (visible(str(self.matrix.column_names[j])) for j in range(begin, end))
            heads = (name[: self._width].rjust(self._width + GAP) for name in names)
            yield " " * self._label + "".join(heads)
            for first in range(0, rows, AT_ONCE):
                yield from self._band(first, min(first + AT_ONCE, rows), begin, end)

    def _band(self, first: int, last: int, begin: int, end: int) -> Iterator[str]:
        values = self.matrix.values[first:last, begin:end]
        hidden = self.matrix.hidden
        plain = self._plain(values)
        width = self._width + GAP
        pattern = f"%{width}.{self._decimals}f" * (end - begin)
        for at, row in enumerate(values.tolist()):
            if plain[at]:
                yield self._names[first + at] + pattern % tuple(row)
                continue
            out = None if hidden is None else hidden[first + at, begin:end].tolist()
            texts = (
                self._signs.masked if out is not None and out[j] and self._dotted else self._text(x)
                for j, x in enumerate(row)
            )
            yield self._names[first + at] + "".join(text.rjust(width) for text in texts)

    @property
    def _dotted(self) -> bool:
        return self.matrix.look in DOTTED

    def _plain(self, values: Any) -> list[bool]:
        """Which rows hold nothing but numbers of the usual size."""
        if self._decimals < 0 or self.matrix.look not in ("plain", "signed", "share"):
            return [False] * len(values)
        near = abs(values)
        usual = (near >= 0.5 * 10.0**-self._decimals) | (near == 0)
        usual &= near < 999.5
        if self.matrix.hidden is not None and self._dotted:
            return [False] * len(values)
        return [bool(one) for one in usual.all(axis=1)]

    def _places(self) -> int:
        """Decimals of every number; -1 where they are no fixed ones."""
        values, largest = self.matrix.values, self.matrix.largest
        if self.matrix.look not in ("plain", "signed", "share", "veiled"):
            return -1
        if needs_powers(largest, self._precision):
            return -1
        if self._precision is not None:
            return self._precision
        if bool((_finite(values) % 1 == 0).all()):
            return 0
        return usual_decimals(largest)

    def _text(self, number: Any) -> str:
        sign = sign_of(number, self.matrix.look, self._signs)
        if sign is not None:
            return sign
        if self.matrix.look == "percent":
            return percent(float(number))
        value = float(number)
        if self._decimals < 0 and isfinite(value):
            return in_powers(value, self._precision)
        return fixed(value, max(self._decimals, 0)).replace("∞", self._signs.infinity)


def _finite(values: Any) -> Any:
    return values[abs(values) < float("inf")]


def _ends(values: Any) -> list[Any]:
    """The numbers that are the longest as text: the smallest, the largest, and an infinite one."""
    if values.dtype.kind != "f":
        return [values.min().item(), values.max().item()]
    kept = _finite(values)
    ends = [kept.min().item(), kept.max().item()] if kept.size else []
    return [*ends, *([float("-inf")] if kept.size < values.size else [])]
