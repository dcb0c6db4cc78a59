"""How exact numbers are written: e^(√2/2)/(1 + e^(√2/2)), q₀₀ k₀₀ + q₀₁ k₀₁, and in LaTeX."""

from __future__ import annotations

import re
from math import isinf
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

ENTRY = re.compile(r"(?P<name>[A-Za-z]\w*?)(?P<places>(_\d+)+)")
"""A letter that stands for an entry of an array: q_0_1."""

LOWERED = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")

BESIDE = re.compile(r"(?<=[A-Za-z₀-₉])\*(?=[A-Za-z])")
"""Where letters are multiplied: they stand beside each other."""


class _Unicode(StrPrinter):  # type: ignore[misc]
    """Powers of e and roots as people write them."""

    # ruff: noqa: N802, ARG002 - SymPy finds these by their names
    def _print_Symbol(self, expr: Any) -> str:
        match = ENTRY.fullmatch(expr.name)
        if match is None:
            return str(expr.name)
        return match["name"] + _places(match["places"]).translate(LOWERED)

    def _print_exp(self, expr: Any) -> str:
        return f"e^{self._in_brackets(expr.args[0])}"

    def _print_Exp1(self, expr: Any) -> str:
        return "e"

    def _print_Infinity(self, expr: Any) -> str:
        return "∞"

    def _print_NegativeInfinity(self, expr: Any) -> str:
        return "-∞"

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, exponent = expr.as_base_exp()
        if exponent == sp.Rational(1, 2):
            return f"√{self._in_brackets(base)}"
        if exponent.is_Rational and exponent < 0:
            inner = self._print(sp.Pow(base, -exponent, evaluate=False) if exponent != -1 else base)
            return f"1/{inner if exponent != -1 else self._in_brackets(base)}"
        return f"{self._in_brackets(base)}^{self._in_brackets(exponent)}"

    def _in_brackets(self, expr: Any) -> str:
        whole = expr.is_Symbol or (expr.is_Integer and expr >= 0)
        return self._print(expr) if whole else f"({self._print(expr)})"


def _places(text: str) -> str:
    """Positions as they are written below a letter: 01, with a comma where one is long."""
    places = text[1:].split("_")
    return ("," if any(len(place) > 1 for place in places) else "").join(places)


def written(entry: Any) -> str:
    """An exact number in a line of text."""
    text = _Unicode({"order": "lex"}).doprint(entry)
    return BESIDE.sub(" ", text).replace("*", "·")


def latex(entry: Any) -> str:
    """The same in LaTeX, with roots and fractions."""
    letters = {
        letter: rf"{match['name']}_{{{_places(match['places'])}}}"
        for letter in entry.free_symbols
        if (match := ENTRY.fullmatch(letter.name))
    }
    text = LatexPrinter({"symbol_names": letters}).doprint(entry)
    return str(text)


def decimal(entry: Any) -> float | None:
    """The nearest float; None where letters stand in it, and where it is beyond float64."""
    if entry.free_symbols:
        return None
    if entry in (sp.oo, -sp.oo):
        return float(entry)
    try:
        number = float(sp.N(entry, 20))
    except OverflowError:
        return None
    return None if isinf(number) else number
