"""Law 1: every printed equation is true as printed."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Attn
from tests.laws.calculator import calculated, holds
from tests.laws.screens import COMPUTED

LINE = re.compile(
    r"^\s+(?P<cell>\w+\[[^\]]*\]) = (?P<left>.*) (?P<sign>[=≈]) (?P<right>\S+)(?P<note>   \(.*\))?$"
)
CELL = re.compile(r"\w+\[[^\]]*\]")
CLAIM = re.compile(r"\[.*\]|.*\?|not allowed|.*[a-z_]{3,} .*")


def worked(page: str) -> list[re.Match[str]]:
    """Worked lines of a page: cell = numbers = result."""
    return [found for line in page.splitlines() if (found := LINE.match(line.rstrip()))]


@pytest.mark.parametrize("precision", [None, 0, 1, 4, 9, 17])
@pytest.mark.parametrize("screen", COMPUTED)
def test_worked_lines_hold(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, screen: str, precision: int | None
) -> None:
    """A worked line, worked out from the digits on the line, gives the digits behind its last =."""
    monkeypatch.setenv("COLUMNS", "2000")
    decimals = () if precision is None else ("--precision", precision)
    ran = attn("compute", *COMPUTED[screen], "--steps", *decimals)
    precision = 2 if precision is None else precision
    assert ran.status == 0, ran.err
    lines = worked(ran.out)
    assert lines
    for line in lines:
        left, right = line["left"], line["right"]
        if " - " in left and CELL.sub("", left) == " - ":
            assert right == "-∞"
            continue
        if CELL.fullmatch(left) or CLAIM.fullmatch(left) or left.startswith("max over"):
            continue
        if line["sign"] == "=":
            assert holds(left, right, precision), line[0]
            continue
        unrounded = re.search(r"unrounded (\S+),", line["note"])
        assert unrounded, line[0]
        low = screen in ("float16", "float32") or precision > 12
        assert low, line[0]
        apart = abs(calculated(unrounded[1]) - calculated(right))
        assert apart <= 0.501 * 10.0**-precision + 1e-16 * abs(calculated(right)), line[0]
        tolerance = 0.02 if screen == "float16" else 1e-5 if screen == "float32" else 1e-11
        assert abs(calculated(left) - calculated(right)) <= tolerance * (1 + abs(calculated(right)))


def test_the_calculator_can_say_no() -> None:
    """A false line is called false: the law can fail."""
    assert not holds("0.6698·1 + 0.3302·3", "1.6605", 4)
    assert holds("0.66976·1 + 0.33024·3", "1.6605", 4)
    assert not holds("6.99", "8", 0)
    assert holds("e^0.7071 / (e^0.7071 + e^0)", "0.6698", 4)
    assert holds("2·3 + … 4 more, together -1.5 … + 1 / √4", "5", 4)


SHAPES = re.compile(
    r"(?:(?P<times>\d+) × )?\((?P<rows>\d+)×(?P<inner>\d+)\)·\((?P<again>\d+)×(?P<columns>\d+)\)"
    r"(?: → (?P<product>[\d×]+))?? → (?P<made>[\d×]+)\s+2(?P<price>(?:·\w+)+) = (?P<flops>[\d,]+)"
)


def sizes(text: str) -> list[int]:
    """The sizes in a shape, without those of one."""
    return [int(size) for size in text.split("×") if size != "1"]


@pytest.mark.parametrize("screen", COMPUTED)
def test_shapes_are_those_of_products(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    """Matrices that are multiplied fit, and make what is said; FLOPs are 2 × all their sizes."""
    monkeypatch.setenv("COLUMNS", "300")
    page = attn("compute", *COMPUTED[screen], "--steps").out
    found = list(SHAPES.finditer(page))
    assert found or screen in ("mode gated", "mode delta", "one query") or "mode" in screen
    for shape in found:
        times, rows, inner, columns = (
            int(shape[name] or 1) for name in ("times", "rows", "inner", "columns")
        )
        assert shape["inner"] == shape["again"]
        product = [size for size in (times, rows, columns) if size != 1]
        assert sizes(shape["product"] or shape["made"]) == product
        made = sizes(shape["made"])
        assert made == product or shape["product"], shape[0]
        flops = int(shape["flops"].replace(",", ""))
        if "·p" not in shape["price"]:
            assert flops == 2 * times * rows * inner * columns
            continue
        pairs = re.search(r"FLOPs count p = ([\d,]+) of", page)
        assert pairs
        assert flops in [
            2 * int(pairs[1].replace(",", "")) * wide for wide in (inner, columns, inner * columns)
        ]
