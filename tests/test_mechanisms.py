"""A new mechanism needs one file and one line: everything else works for it at once."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from attn_cli import mechanisms
from attn_cli.topics.en.steps import MEANINGS
from docs.bilinear import BILINEAR
from tests.conftest import Attn
from tests.programs import normal, program_of


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/architecture.md, in the list."""
    monkeypatch.setattr(mechanisms, "MECHANISMS", (*mechanisms.MECHANISMS, BILINEAR))


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--text", "the cat sat", "--heads", 2, "--kv-heads", 1, "--causal"),
        ("--batch", 2, "--heads", 2, "--softcap", 2, "--n", 3, "--m", 5),
    ],
)
def test_compute_works_for_it(attn: Attn, arguments: tuple[object, ...]) -> None:
    """Every step is shown with formula, cost and worked cell; its matrix is drawn and saved."""
    ran = attn("compute", "--mode", "bilinear", *arguments, "--steps", "--save", "run.npz")
    assert ran.status == 0, ran.err
    assert "Bilinear attention" in ran.out
    assert "queries seen by the keys" in ran.out
    assert re.search(r"turned = Q(_heads)? W", ran.out) or "turned = q_heads W" in ran.out
    again = attn("compute", "--mode", "bilinear", *arguments, "--json")
    names = [step["name"] for step in json.loads(again.out)["steps"]]
    assert names.index("turned") + 1 == names.index("scores")


@pytest.mark.usefixtures("registered")
def test_complexity_works_for_it(attn: Attn) -> None:
    """Its products are counted: 2 n d² more than those of dot."""
    found = {
        mode: json.loads(attn("complexity", "--mode", mode, "--n", 16, "--d", 4, "--json").out)[
            "totals"
        ]["matmul"]["value"]
        for mode in ("dot", "bilinear")
    }
    assert found["bilinear"] - found["dot"] == 2 * 16 * 4 * 4


@pytest.mark.usefixtures("registered")
def test_its_numbers() -> None:
    """Q W kᵀ, by NumPy."""
    arrays = {name: normal(place, 3, 4) for place, name in enumerate("qkv")}
    arrays["w"] = normal(9, 4, 4)
    program = program_of("bilinear", arrays)
    from attn_cli.readings.values import evaluate

    scores = evaluate(program, arrays)["scores"]
    assert np.allclose(scores, arrays["q"] @ arrays["w"] @ arrays["k"].T, rtol=1e-13)


@pytest.mark.parametrize("mechanism", mechanisms.MECHANISMS, ids=lambda one: one.name)
def test_every_step_of_every_mechanism_has_a_meaning(mechanism: mechanisms.Mechanism) -> None:
    """What a step means is said, by the mechanism or by the common list."""
    arrays = {name: normal(place, 3, 4) for place, name in enumerate("qkv")}
    program = program_of(mechanism.name, arrays, heads=2, softcap=2.0)
    known = {**MEANINGS, **mechanism.meanings}
    assert all(step.name in known for step in program)
