"""Law: the script that is printed gives the numbers of the run, whatever is asked for."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from hypothesis import assume, event, given, settings

import attn_cli as attn
from tests.conftest import draws
from tests.drawn import choices


def executed(script: str) -> dict[str, Any]:
    """What a script leaves behind; a warning is an error."""
    space: dict[str, Any] = {}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        exec(compile(script, "script", "exec"), space)
    return space


@settings(max_examples=draws(150))
@given(choices())
def test_a_script_gives_the_numbers_of_its_run(made: dict[str, Any]) -> None:
    """Every step of compute, by its name, to 1e-12 of the largest; gradients too."""
    for call in (attn.compute, attn.gradient):
        try:
            run = call(**made)
            script = run.code("numpy")
        except attn.AttnError:
            event(f"refused by {call.__name__}")
            assume(call is not attn.compute)
            continue
        assume(not ties(run))
        space = executed(script)
        for step in run.steps:
            if step.name in space:
                theirs, ours = np.asarray(space[step.name]), np.asarray(step.values)
                assert theirs.shape == ours.shape, (step.name, made)
                close(step.name, theirs, ours, made)


def ties(run: Any) -> bool:
    """Whether a choice of the largest hangs on rounding, which differs between libraries."""
    for step in run._found.request.program:
        if step.operation == "argmax_one_hot":
            over = step.operands[0].axes.index(step.options["over"])
            scores = np.sort(run[step.operands[0].name], axis=over)
            best, others = np.split(scores, [-1], axis=over)[::-1]
            near = np.isfinite(others) & (best - np.where(np.isfinite(others), others, 0) < 1e-9)
            if near.any():
                return True
    return False


def close(name: str, theirs: Any, ours: Any, made: dict[str, Any]) -> None:
    """The same to 1e-12 of the largest finite number; infinities in the same places."""
    if ours.dtype.kind in "bi":
        assert (theirs == ours).all(), (name, made)
        return
    size = max(1.0, float(np.abs(ours[np.isfinite(ours)]).max(initial=0)))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    apart = np.abs(np.where(same, 0, ours) - np.where(same, 0, theirs))
    assert apart.max(initial=0) <= 1e-12 * size, (name, made)
