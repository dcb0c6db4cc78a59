"""Law: a run that is saved and read back has the same numbers, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings

import attn_cli as attn
from tests.conftest import draws
from tests.drawn import choices


@settings(max_examples=draws(80))
@given(choices(dtypes=(None, "float32", "float32", "float16")))
def test_a_saved_run_is_the_same_again(tmp_path_factory: Any, made: dict[str, Any]) -> None:
    """Every step of a decode step, of cached keys, of any mode and type."""
    try:
        run = attn.compute(**made)
    except attn.AttnError:
        return
    file = Path(tmp_path_factory.getbasetemp()) / "run.npz"
    run.save(file, force=True)
    again = attn.compute(input=str(file))
    assert {step.name for step in again.steps} == {step.name for step in run.steps}, made
    for step in run.steps:
        np.testing.assert_array_equal(
            run[step.name], again[step.name], err_msg=f"{step.name} {made}"
        )
