"""A pocket calculator for what is printed: it knows signs, not attn."""

from __future__ import annotations

import re

import mpmath

SIGNS = {
    "·": "*",
    "²": "**2",
    "e^": "E**",
    "^": "**",
    "−": "-",
    "∞": "inf",
}

ELISION = re.compile(r"… [\d,]+ more, together (\S+) …")
NUMBER = r"\(?-?[\d.]+(?:e-?\d+)?\)?"
WORDS = {name: getattr(mpmath, name) for name in ("tanh", "sin", "cos", "sqrt")} | {
    "E": mpmath.e,
    "abs": abs,
    "max": max,
    "min": min,
    "inf": mpmath.inf,
    "nan": mpmath.nan,
    "num": mpmath.mpf,
}


def calculated(text: str) -> mpmath.mpf:
    """Work an expression out from the digits that stand in it."""
    text = ELISION.sub(r"(\1)", text)
    python = re.sub(rf"(sin|cos) ({NUMBER})", r"\1(\2)", text)
    python = re.sub(r"(\d(?:\.\d+)?)e(-?\d+)", r"\1@\2", python)
    for sign, written in SIGNS.items():
        python = python.replace(sign, written)
    python = re.sub(r"√(\d+)", r"sqrt(\1)", python).replace("√(", "sqrt(")
    python = re.sub(r"\|([^|]*)\|", r"abs(\1)", python)
    python = re.sub(r"(?<![\w.@])(\d+(?:\.\d+)?(?:@-?\d+)?)", r"num('\1')", python)
    python = python.replace("@", "e")
    assert re.fullmatch(r"[\s\w'.,*/+()-]*", python), text
    return mpmath.mpf(eval(python, {"__builtins__": {}}, WORDS))


def holds(left: str, right: str, precision: int) -> bool:
    """Whether an expression, rounded, is the number behind its last sign of equality."""
    found, printed = calculated(left), calculated(right)
    if not mpmath.isfinite(printed):
        return bool(mpmath.isnan(printed) and mpmath.isnan(found)) or found == printed
    unit = mpmath.mpf(10) ** -precision
    if "e" in right:
        unit = mpmath.mpf(10) ** (int(right.partition("e")[2]) - max(precision - 1, 0))
    return abs(found - printed) <= unit / 2 * (1 + mpmath.mpf(10) ** -9)
