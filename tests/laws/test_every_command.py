"""Law: whatever is asked for ends with numbers or with one message, in every command."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import attn_cli as attn
from attn_cli.api.given import ARRAYS
from attn_cli.spec import CHOICES
from tests.conftest import draws
from tests.drawn import choices

DTYPES = (None, None, "float32", "float16", "bfloat16")


def compute(made: dict[str, Any]) -> Any:
    """A page, a document and a script."""
    run = attn.compute(**made)
    str(run), run.to_dict()
    return run


def complexity(made: dict[str, Any]) -> Any:
    """The cost of the same choices, as far as the command has them."""
    known = {name: CHOICES[name].takes for name in made if name in CHOICES}
    taken = {name: made[name] for name, takes in known.items() if "complexity" in takes}
    if "past_k" in made:
        taken["m"] = made["n"] + 2
    return str(attn.complexity(**taken))


def compare(made: dict[str, Any]) -> Any:
    """Beside another mode."""
    rest = {name: one for name, one in made.items() if name != "mode"}
    return str(attn.compare([made["mode"], "scaled"], **rest))


def diagnosed(made: dict[str, Any], change: Callable[[Any], Any]) -> Any:
    """What is said of an output that was changed."""
    run = attn.compute(**made)
    given = {**made, **arrays_of(run)}
    for size in ("n", "m", "d", "batch", "seed", "text", "context_text"):
        given.pop(size, None)
    if run.given[next(iter(run.given))].ndim == 4:
        given.pop("heads", None), given.pop("kv_heads", None)
    found = attn.diagnose(**given, expected=change(np.array(run.output, float)))
    return str(found), found.to_dict()


def arrays_of(run: Any) -> dict[str, Any]:
    """The arrays of a run as somebody would give them, those of a mode's own apart."""
    own = {name: one for name, one in run.given.items() if name not in ARRAYS}
    return {name: one for name, one in run.given.items() if name in ARRAYS} | {"param": own}


def trained(made: dict[str, Any]) -> dict[str, Any]:
    """The same choices on a sentence, with a pair to learn."""
    rest = {name: one for name, one in made.items() if name not in ("n", "m", "past_k", "past_v")}
    return {**rest, "text": "the cat sat", "pair": ["cat,the"], "steps": 2}


CALLS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "compute": compute,
    "complexity": complexity,
    "complexity backward": lambda made: complexity({**made, "backward": True}),
    "gradient": lambda made: str(attn.gradient(**made)),
    "jacobian": lambda made: str(attn.jacobian(**made)),
    "exact": lambda made: str(attn.exact(**made)),
    "compare": compare,
    "diagnose the same": lambda made: diagnosed(made, lambda output: output),
    "diagnose changed": lambda made: diagnosed(made, lambda output: 1.1 * output + 0.01),
    "diagnose nan": lambda made: diagnosed(made, lambda output: output * np.nan),
    "diagnose zeros": lambda made: diagnosed(made, lambda output: output * 0),
    "train": lambda made: str(attn.train(**trained(made))),
}
"""What may be asked of choices, by what it is called."""

FEW = {"jacobian": 15, "exact": 15, "train": 20}
"""Calls that take longer."""


@pytest.mark.parametrize("name", CALLS)
def test_no_internal_error(name: str) -> None:
    """Numbers, or an AttnError; a warning is an error."""

    @settings(max_examples=draws(FEW.get(name, 40)))
    @given(choices(dtypes=DTYPES), st.sampled_from((None, None, None, 0.0, -0.5, 1e300)))
    def law(made: dict[str, Any], scale: float | None) -> None:
        if scale is not None:
            made["scale"] = scale
        if name in ("exact", "jacobian"):
            made |= {key: min(made[key], 2) for key in ("n", "m") if key in made}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                CALLS[name](made)
            except attn.AttnError as refused:
                event(f"refused: {str(refused)[:60]}")

    law()
