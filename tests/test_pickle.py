"""Results go to other processes and into caches: pickled and copied, they are what they were."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import attn_cli as attn
from tests.conftest import draws
from tests.drawn import choices


def again(result: Any) -> Any:
    """Written and read by pickle."""
    return pickle.loads(pickle.dumps(result))


@settings(max_examples=draws(80))
@given(choices())
def test_a_run_is_the_same_after_pickling(made: dict[str, Any]) -> None:
    """The same numbers bit for bit, by the same names."""
    try:
        run = attn.compute(**made)
    except attn.AttnError:
        assume(False)
    other = again(run)
    assert np.array_equal(other.output, run.output)
    assert {step.name for step in other.steps} == {step.name for step in run.steps}
    assert all(np.array_equal(other[s.name], run[s.name], equal_nan=True) for s in run.steps)


OTHERS: dict[str, Any] = {
    "mask": lambda: attn.mask("causal & window(3) | global(0)", n=6),
    "a table": lambda: attn.mask(np.eye(3, dtype=bool)),
    "joined": lambda: attn.mask("causal", n=5) & "window(2)" | attn.mask("global(0)", n=5),
    "inverted": lambda: ~attn.mask("causal", n=5),
    "cost": lambda: attn.complexity(n=512, d=64, heads=8, causal=True),
    "letters": lambda: attn.complexity(compare=["dot", "scaled"]),
    "gradient": lambda: attn.gradient(n=3, causal=True, d_output="output[0,1]"),
    "narrow": lambda: attn.compute(n=3, dtype="bfloat16"),
    "a page of one step": lambda: attn.compute(n=3, only="weights", precision=4),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("way", [again, copy.copy, copy.deepcopy])
def test_other_results(name: str, way: Any) -> None:
    """Masks, costs and gradients too."""
    result = OTHERS[name]()
    other = way(result)
    assert type(other) is type(result)
    assert (str(other), other.to_dict()) == (str(result), result.to_dict())


def test_in_the_language_it_was_made_in() -> None:
    """A result that was made in Chinese stays so."""
    with attn.speaking("zh"):
        run = attn.compute(n=2)
        assert "谁最关注谁" in str(run)
    assert str(again(run)) == str(run)


def test_what_cannot_be_pickled_says_so() -> None:
    """A comparison is made of several runs."""
    with pytest.raises(TypeError, match="Comparison can't be pickled; pickle what it is made of"):
        pickle.dumps(attn.compare(["dot", "scaled"], n=2))
