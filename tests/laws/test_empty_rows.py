"""Law: a query that may attend no key is named, in every mode and at every size."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import attn_cli as attn
from attn_cli.api import evaluated
from tests.conftest import draws
from tests.drawn import choices

SAYS = "No key is allowed for"


def empties(run: Any) -> list[str]:
    """What a run says of queries without a key."""
    return [notice for notice in run.notices if notice.startswith(SAYS)]


@settings(max_examples=draws(120))
@given(choices(), st.booleans())
def test_rows_of_zeros_are_named_whole_and_in_blocks(made: dict[str, Any], biased: bool) -> None:
    """Weights of 0 throughout have a notice; a run in blocks has the same one as a whole run."""
    if biased and "n" in made and "bias" not in made:
        made["bias"] = np.where(np.arange(made["n"])[:, None] % 2, 0.0, -np.inf)
    try:
        whole = attn.compute(**made)
        said = empties(whole)
    except attn.AttnError:
        assume(False)
    weights = [step for step in whole.steps if step.role == "weights"]
    if weights and whole.spec.normalizer not in ("sigmoid", "sparsemax"):
        nothing = (np.asarray(weights[-1].values) == 0).all(axis=-1).any()
        assert bool(said) == bool(nothing), made
    before = evaluated.LARGE_BYTES
    evaluated.LARGE_BYTES = 0
    try:
        assert empties(attn.compute(**made)) == said, made
    finally:
        evaluated.LARGE_BYTES = before
