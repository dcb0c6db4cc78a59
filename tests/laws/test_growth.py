"""Law: check reads a text in time that grows with its length, whatever stands in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import pytest

import attn_cli as attn

SHORT, TIMES = 8_000, 4
FASTEST = 0.1
"""Seconds under which nothing is told of growth."""

PAGE = "Q = [[1,0],[0,1]]\nK = [[1,0],[0,1]]\nV = [[1,2],[3,4]]\nscores = [[1,0],[0,1]]\n"
BMATRIX = "\\begin{bmatrix} 1 & 0 \\\\ 0 & 1 \\end{bmatrix}\n"


def repeated(part: str, before: str = PAGE, behind: str = "") -> Callable[[int], str]:
    """A text of one part again and again, of a length that is chosen."""
    return lambda size: before + part * (size // len(part)) + behind


TEXTS = {
    "spaces behind a name": repeated(" ", f"{PAGE}Q = "),
    "empty lines": repeated("\n", f"{PAGE}Q = "),
    "tabs": repeated("\t", behind="S = [[1,2],[3,4]]"),
    "LaTeX": repeated(BMATRIX),
    "LaTeX with names": repeated(f"A = {BMATRIX}"),
    "LaTeX never ended": repeated("\\begin{array}{"),
    "rows on one line": repeated("[1, 0], "),
    "rows never ended": repeated("A = [[1, 0],\n"),
    "rows that are comments": repeated("# [1,0]\n"),
    "rows of one matrix": repeated("     [1, 0],\n", f"{PAGE}A = [\n", "     [0, 1]   # x\n"),
    "matrices side by side": repeated("A = [[1, 0], B = [[1, 0],\n"),
    "rows of numbers": repeated("1 2 3\n"),
    "a table": repeated("| 1 | 2 |\n"),
    "bars": repeated("|"),
    "brackets": repeated("["),
    "closing brackets": repeated("]"),
    "digits": repeated("1"),
    "signs of equality": repeated("="),
    "names for one matrix": repeated("W_Q = ", behind="I"),
    "products": repeated("times x ", behind=" = [[1,2],[3,4]]"),
    "fractions": repeated("\\frac{", behind=" = [[1,2],[3,4]]"),
    "quotients": repeated("1/"),
    "comments with choices": repeated("<!-- attn {"),
    "headings": repeated("# weights\n"),
    "bold": repeated("**a"),
    "formulas": repeated("$$", behind="[1,2]"),
    "cells of HTML": repeated("<td>1</td>", "<html>"),
    "a name in JSON": repeated("a", '{"q": [[1]], "k": [[1]], "v": [[1]], "', '": [[1]]}'),
}


def taken(text: str) -> float:
    """Seconds to check a text, or to refuse it."""
    begun = perf_counter()
    with suppress(attn.AttnError):
        attn.check(text)
    return perf_counter() - begun


@pytest.mark.parametrize("kind", TEXTS)
def test_four_times_the_text_takes_no_more_than_eight_times_as_long(kind: str) -> None:
    """A quadratic search would take 16 times as long."""
    for _ in range(3):
        long = taken(TEXTS[kind](TIMES * SHORT))
        if long < FASTEST or long < 2 * TIMES * taken(TEXTS[kind](SHORT)):
            return
    pytest.fail(f"{kind}: {long:.2f} s")
