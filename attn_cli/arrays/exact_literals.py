"""Matrices of exact numbers and letters: `1/2 √2; e^2 a`. Nothing of the text is ever run.

A number is read sign by sign by Python's own parser, and only these are taken from what it finds:
whole numbers, decimals and fractions, letters, e^, + - * / ^, brackets, sqrt and exp.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from attn_cli.arrays.literals import PLAIN_SIGNS
from attn_cli.errors import AttnError, brief, caret

Array = np.ndarray[Any, Any]

LONGEST_NUMBER, LONGEST_POWER, MOST_DIGITS, MOST_BITS = 200, 64, 40, 4096
"""Signs of one number at most, the largest exponent of a number, digits of it, bits of a power."""

DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*|\.\d+|\d+(?=[eE][-+]?\d))([eE][-+]?\d{1,2})?(?![\w.])")

ROOT = re.compile(r"√\s*(\d+|[A-Za-z]\w*|(?=\())")

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
}

FUNCTIONS: dict[str, Callable[[Any], Any]] = {"sqrt": sp.sqrt, "exp": sp.exp}

TAKEN = {
    "e": "e is Euler's number, written e^1; as a letter take another.",
    "pi": "π is not known here; as a letter take another.",
    "π": "π is not known here; as a letter take another.",
}
"""Names that could be taken for letters and for numbers."""

KNOWN = "whole numbers, decimals, fractions, letters, e, + - * / ^, brackets, sqrt or √, exp"


def parse(text: str, option: str) -> Array:
    """Read a matrix of SymPy entries; rows end at `;`, at a line's end, or with their bracket.

    Raises AttnError with a caret under the number that can't be read.
    """
    text = text.translate(PLAIN_SIGNS)
    rows: list[list[Any]] = []
    for start, row in _rows(text):
        entries = [
            _entry(text, start + at, cell, option, (len(rows), column))
            for column, (at, cell) in enumerate(_cells(row))
        ]
        if not entries:
            continue
        if rows and len(entries) != len(rows[0]):
            raise AttnError(
                f"{option}: row {len(rows) + 1} has {len(entries)} numbers, row 1 has "
                f"{len(rows[0])}.\n{caret(text, start)}"
            )
        rows.append(entries)
    if not rows:
        raise AttnError(f"{option}: there is no number in {brief(text)!r}.")
    found = np.empty((len(rows), len(rows[0])), dtype=object)
    found[:] = rows
    return found


def number(text: str, option: str) -> Any:
    """Read one number: √2/2, e^2, a."""
    return _entry(text, 0, text.strip(), option, None)


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Every row, and where it begins."""
    if re.fullmatch(r"\s*\[\s*\[.*\]\s*\]\s*", text, re.S):
        for match in re.finditer(r"\[([^\[\]]*)\]", text):
            yield match.start(1), match[1]
        return
    for match in re.finditer(r"[^;\n\r]+", text):
        yield match.start(), match[0]


def _cells(row: str) -> Iterator[tuple[int, str]]:
    """The numbers of a row, parted by spaces and commas outside brackets."""
    depth, start = 0, 0
    for at, sign in enumerate(f"{row} "):
        if not depth and (sign.isspace() or sign == ","):
            if row[start:at].strip():
                yield start, row[start:at]
            start = at + 1
        depth += (sign == "(") - (sign == ")")
    if depth and row[start:].strip():
        yield start, row[start:]


def _entry(text: str, at: int, cell: str, option: str, place: tuple[int, int] | None) -> Any:
    where = "" if place is None else f"row {place[0] + 1}, column {place[1] + 1}: "
    try:
        return _read(cell)
    except _Unreadable as error:
        raise AttnError(f"{option}: {where}{error}\n{caret(text, at)}") from None


class _Unreadable(Exception):  # noqa: N818 - told to a person as it is
    """What is wrong with a number."""


def _read(cell: str) -> Any:
    if len(cell) > LONGEST_NUMBER:
        raise _Unreadable(f"it is longer than {LONGEST_NUMBER} signs.")
    plain = ROOT.sub(lambda match: f"sqrt({match[1]})" if match[1] else "sqrt", cell)
    plain = DECIMAL.sub(lambda match: f"({Fraction(match[0])})", plain)
    plain = plain.replace("−", "-").replace("·", "*").replace("^", "**")
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(plain, mode="eval")
        found = _value(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _Unreadable(f"{brief(cell)!r} is not a number here. Known: {KNOWN}.") from None
    if found.has(sp.zoo, sp.nan):
        raise _Unreadable(f"{brief(cell)!r} divides by 0.")
    if found.is_real is False:
        raise _Unreadable(f"{brief(cell)!r} is not a real number.")
    return found


def _value(node: ast.AST) -> Any:
    """What a part of a number stands for, as SymPy has it."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return _constant(node)
    if isinstance(node, ast.Name):
        if node.id in TAKEN:
            raise _Unreadable(TAKEN[node.id])
        return sp.Symbol(node.id, real=True)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _value(node.operand)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        of_e = isinstance(node.left, ast.Name) and node.left.id == "e"
        return _power(sp.E if of_e else _value(node.left), _value(node.right))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        function = FUNCTIONS.get(node.func.id)
        if function is not None and not node.keywords:
            return function(_value(node.args[0]))
    raise SyntaxError


def _constant(node: ast.Constant) -> Any:
    digits = repr(node.value)
    if len(digits) > MOST_DIGITS:
        raise _Unreadable(f"{brief(digits)!r} has more than {MOST_DIGITS} digits.")
    return sp.Integer(node.value)


def _power(base: Any, exponent: Any) -> Any:
    if base != sp.E and exponent.is_number and abs(exponent) > LONGEST_POWER:
        raise _Unreadable(f"exponents go to {LONGEST_POWER}.")
    if base.is_Rational and exponent.is_number:
        bits = max(int(base.p).bit_length(), int(base.q).bit_length())
        if bits * abs(exponent) > MOST_BITS:
            raise _Unreadable("that power is too large.")
    return base**exponent
