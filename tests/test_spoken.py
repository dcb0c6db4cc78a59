"""--plain: pages for a screen reader, whose sentences say what the tables hold."""

from __future__ import annotations

import json
import re

import pytest

import attn_cli as library
from tests.conftest import Attn

NUMBER = r"-?(?:\d[\d,]*(?:\.\d+)?|inf|<\.01|<1|>-\.01)"


@pytest.mark.parametrize(
    "page",
    [
        ("compute", "--n", 3, "--m", 5),
        ("compute", "--n", 4, "--causal", "--heads", 2, "--steps"),
        ("compute", "--mode", "additive", "--d", 3),
    ],
)
def test_every_number_is_said_with_its_names(attn: Attn, page: tuple[object, ...]) -> None:
    """Each row of each table is one sentence; its numbers are those of the document."""
    plain = attn(*page, "--plain", "--precision", 3)
    steps = {
        step["name"]: step
        for step in json.loads(attn(*(part for part in page if part != "--steps"), "--json").out)[
            "steps"
        ]
    }
    weights = steps["weights"]["values"]
    heads = weights if isinstance(weights[0][0], list) else [weights]
    said = re.findall(r"^(\w+) gives (.+?)\.(?: Masked: (.+)\.)?$", plain.out, re.M)
    assert len(said) == len(heads) * len(heads[0])
    for place, (row, cells, masked) in enumerate(said):
        head, query = divmod(place, len(heads[0]))
        assert row == f"q{query}"
        left = {f"k{j}" for j in range(len(heads[0][0]))} - set(masked.split(", "))
        for cell in cells.split(", "):
            name, number = cell.split(" ")
            left.remove(name)
            if not number.startswith("<"):
                assert abs(float(number) - heads[head][query][int(name[1:])]) <= 0.000501
        assert not left
        for name in filter(None, masked.split(", ")):
            assert heads[head][query][int(name[1:])] == 0


def test_plain_draws_nothing(attn: Attn) -> None:
    """No bars, no tables of numbers, no picture: words, and lists under their heads."""
    for page in (
        ("compute", "--text", "The cat sat", "--heads", 2, "--causal"),
        ("compute", "--n", 70),
        ("complexity", "--n", 512, "--d", 64),
        ("mask", "--causal", "--n", 70),
        ("compare",),
    ):
        ran = attn(*page, "--plain")
        assert ran.out.isascii()
        assert not re.search(r"##|\.\.\.\.|:::|\|", ran.out)


def test_percent_is_said(attn: Attn) -> None:
    """A weight in per cent is said so, and what is masked is named."""
    out = attn("compute", "--text", "The cat sat", "--heads", 2, "--causal", "--plain").out
    assert "The gives The 100 percent. Masked: cat, sat.\n" in out
    out = attn("compute", "--n", 2, "--percent", "--plain").out
    assert re.search(r"^q0 gives k0 \d+ percent, k1 \d+ percent\.$", out, re.M)


def test_a_mask_is_said(attn: Attn) -> None:
    """Keys that a query may attend are named; so is a query that has none."""
    out = attn("mask", "--mask", "causal(offset=-1)", "--n", 3, "--plain").out
    assert "q0 may attend nothing.\nq1 may attend k0.\nq2 may attend k0, k1.\n" in out


def test_bars_are_said(attn: Attn) -> None:
    """Parts of the cost are told in per cent, with what is marked."""
    flat = attn("complexity", "--n", 512, "--d", 64, "--plain").flat
    assert "n = 512: 8 n d^2 20 percent, between queries and keys: 4 n^2 d" in flat
    assert "80 percent (here)." in flat


def test_the_library_says_it_too() -> None:
    """A result is spoken as the command line does, in the language that was spoken."""
    mask = library.mask("causal", n=3)
    assert "q2 may attend k0, k1, k2." in mask.spoken()
    with library.speaking("zh"):
        told = library.mask("causal", n=3)
    assert "q2 可以关注 k0, k1, k2。" in told.spoken()


def test_what_is_left_out_is_said(attn: Attn) -> None:
    """Columns that are not shown are a gap in the sentence."""
    ran = attn("compute", "--n", 2, "--m", 60, "--only", "scores", "--plain")
    assert re.search(rf" q0: k0 {NUMBER}, .*k7 {NUMBER}, \.\.\., k57 {NUMBER}", ran.flat)
    assert "shown: 11 of 60 columns" in ran.flat
