"""A few hundred generated command lines in every run of the suite."""

from __future__ import annotations

import pytest

from tests.fuzz.lines import Outcome, fuzz, wrong


@pytest.mark.parametrize("seed", range(4))
def test_generated_lines_keep_their_promises(seed: int) -> None:
    """Every line ends with a status of ours, one message, strict JSON and whole files."""
    broken, ended = fuzz(seed, 100)
    assert [(problem, outcome.line, outcome.err) for problem, outcome in broken] == []
    assert ended[0] > 10
    assert ended[2] > 10


def test_broken_promises_are_seen() -> None:
    """The fuzzer can say no."""
    line = ("compute", "--quiet", "--json")
    assert wrong(Outcome(line, 3, "", "")) == "status 3"
    assert wrong(Outcome(line, 2, "", "")) == "a failure without a word"
    assert wrong(Outcome(line, 2, "", "Error: <class 'int'>")) is not None
    assert wrong(Outcome(line, 0, "NaN", "")) == "no strict JSON: NaN"
    assert wrong(Outcome(("compute", "--quiet"), 0, "nan", "")) == "nan without a word"
