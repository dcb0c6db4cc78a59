"""Laws 8, 9 and 11: randomness is said where it is read, and names are stable."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from tests.conftest import Attn
from tests.laws.screens import COMPUTED, GIVEN

NOTE = "random numbers (seed {}): they show how it works and mean nothing"


@pytest.mark.parametrize("screen", COMPUTED)
def test_random_numbers_are_said_to_be(attn: Attn, screen: str) -> None:
    """In the title block, beside where queries look, in parts of a page; never of given ones."""
    arguments = COMPUTED[screen]
    seed = arguments[arguments.index("--seed") + 1] if "--seed" in arguments else "0"
    page = attn("compute", *arguments).out
    random = not screen.startswith(("typed", "huge"))
    title = page.split("\n\n")[0].replace("\n", " ")
    assert ("random" in title) == random
    every = attn("compute", *arguments, "--steps").out
    if "Who looks most at whom" in every:
        look = every[every.index("Who looks most at whom") :].replace("\n", " ")
        assert (NOTE.format(seed) in look) == random
    part = attn("compute", *arguments, "--only", "output").out
    assert (NOTE.format(seed) in part) == random


@pytest.mark.parametrize("topic", ["multi-head", "masks", "positions"])
def test_topics_say_what_is_random(attn: Attn, topic: str) -> None:
    """A topic that runs a command on random numbers says so under it."""
    page = attn("explain", topic).out
    shown = len(re.findall(r"^\d+ (?:weights|output) =", page, re.MULTILINE))
    assert page.count("random") >= min(shown, 1)


def numbers_of(cell: str, document: dict[str, Any]) -> str:
    """Positions as numbers: words of the sentence are looked up, q0 is 0."""
    words = [word for names in document["labels"].values() for word in names]
    return ",".join(str(words.index(p)) if p in words else p for p in cell.split(","))


@pytest.mark.parametrize("screen", COMPUTED)
def test_next_points_at_a_telling_cell(attn: Attn, screen: str) -> None:
    """`Next` names a cell that exists, and a weight between 0 and 1 where it names a weight."""
    page = attn("compute", *COMPUTED[screen]).out.replace("\n", " ")
    cell = re.search(r'--show-work "(\w+)\[([^\]]+)\]"', page[page.index("Try") :])
    assert cell, page[-300:]
    document = json.loads(attn("compute", *COMPUTED[screen], "--json").out)
    step = next(one for one in document["steps"] if one["name"] == cell[1])
    text = attn("compute", *COMPUTED[screen], "--show-work", f"{cell[1]}[{cell[2]}]")
    assert text.status == 0, text.err
    index = [int(part) for part in re.findall(r"\d+", numbers_of(cell[2], document))]
    if "queries" in step and len(step["queries"]) == 1:
        index[step["axes"].index("n")] = 0
    value = np.array(step["values"], dtype=float)[tuple(index)]
    if cell[1] == "weights":
        assert 0 < value < 1


def test_looks_most_at_what_multiplies_the_values(attn: Attn) -> None:
    """For local-p the sentence reads local_weights, not the weights before the Gaussian."""
    arguments = ("--n", 6, "--local", "p", "--local-d", 2, "--seed", 3)
    steps = json.loads(attn("compute", *arguments, "--json").out)["steps"]
    weights = next(np.array(s["values"]) for s in steps if s["name"] == "local_weights")
    page = attn("compute", *arguments).out
    for query, row in enumerate(weights):
        line = re.search(rf"\bq{query} +(k\d)(?: alone)? +\d+ %", page)
        assert line
        assert line[1] == f"k{row.argmax()}"


def test_names_are_one(attn: Attn) -> None:
    """W_query beside W_key; parameters are not called weights; a bias cites what it is."""
    page = attn("compute", "--mode", "additive", "--steps").out
    assert "W_KEY" not in page
    assert "W_key" in page
    cost = attn("complexity", "--n", 8, "--d", 4, "--details").out
    memory = cost[cost.index("Memory,") : cost.index("Against other layers")]
    assert "\nparameters " in memory
    assert "weights" not in memory.replace("after weights", "")
    bias = attn("compute", "--bias", "relative").flat
    assert "as T5 has one; Shaw 2018 clips and adds vectors" in bias


def test_extras_say_how_to_get_them(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra is told with the packages to install and its own name."""
    import sys

    monkeypatch.setitem(sys.modules, "safetensors", None)
    with open("a.safetensors", "wb") as file:
        file.write(b"x")
    ran = attn("compute", "--q", "a.safetensors:q")
    assert ran.err == (
        "Error: --q: .safetensors files need pip install safetensors ml_dtypes (the extra "
        "attn-cli[safetensors]).\n"
    )


def test_given_numbers_are_not_called_random(attn: Attn) -> None:
    """Typed arrays: no word of randomness anywhere on the page."""
    assert "random" not in attn("compute", *GIVEN).out
