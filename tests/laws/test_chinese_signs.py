"""Law: behind a Chinese letter stands a Chinese sign, on every page."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from tests.conftest import Attn
from tests.laws.test_proposals import LINES

HALF = re.compile(r"[\u4e00-\u9fff）](?:[:;,](?=\s|$|[\u4e00-\u9fff])|[?!.](?=\s|$)|\()")

MORE = """
compute --n 400 --d 8
compute --heads 3 --d 4
compute --mode nope
compute --rope half-split --decode
complexity --config none.json
mask --mask window(
compare --n 300
explain attention
check --new --seed 1 --answers
compute --show-work weights[0,0]
"""


@pytest.mark.parametrize("line", [*LINES.strip().splitlines(), *MORE.strip().splitlines()])
def test_no_half_width_sign_behind_a_chinese_letter(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Colons, commas, semicolons, stops and brackets of a sentence are full-width."""
    monkeypatch.setenv("COLUMNS", "160")
    words = [*shlex.split(line), "--lang", "zh"]
    monkeypatch.setattr(sys, "argv", ["attn", *words])
    ran = attn(*words)
    found = [one for one in f"{ran.out}\n{ran.err}".splitlines() if HALF.search(one)]
    assert found == []
