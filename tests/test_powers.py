"""Powers of either base, and which of them is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib import introspect

from attn_cli import masks
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks, powers
from tests.programs import normal, program_of

BASES = {"2": powers.OF_TWO, "e": powers.OF_E}


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("softcap", [{}, {"softcap": 9.0}], ids=["products", "softcap"])
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("base", BASES)
def test_both_bases_give_what_all_at_once_gives(
    base: str, kind: str, softcap: dict[str, Any], long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A softmax is the same in powers of 2 and of e, with a largest score taken off or none."""
    monkeypatch.setattr(powers, "fastest", lambda: BASES[base])
    arrays = {name: normal(at, 50 + 7 * (at > 0), 4).astype(kind) for at, name in enumerate("qkv")}
    if long:
        arrays["q"] = arrays["q"] * np.dtype(kind).type(60)
    program = program_of("scaled", arrays, mask=masks.causal() & masks.window(20), **softcap)
    expected = evaluate(program, {name: a.astype("float64") for name, a in arrays.items()})
    found = blocks.evaluate_blocks(program, arrays, block_bytes=1 << 10)
    near = 1e-4 if kind == "float32" else 1e-12
    assert np.allclose(found.arrays["output"], expected["output"], atol=near, rtol=near)


@pytest.mark.parametrize("base", BASES)
def test_exponents_are_scores_times_the_unit(base: str) -> None:
    """Powers of a score times the unit are those of e; least is the last one with all digits."""
    found = BASES[base]
    assert np.allclose(found.of(2.5 * found.unit), np.exp(2.5), rtol=1e-15)
    least = found.least(np.dtype("float64"))
    smallest = np.finfo("float64").smallest_normal
    assert found.of(least) >= smallest * (1 - 1e-12)
    assert found.of(least * 1.01) < smallest


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ({"exp2": {"ff": {"current": "AVX512_SKX"}}}, powers.OF_TWO),
        ({"exp2": {"ff": {"current": "baseline(SSE SSE2)"}}}, powers.OF_E),
        ({}, powers.OF_E),
    ],
    ids=["vector instructions", "none", "nothing known"],
)
def test_powers_of_2_are_taken_where_they_are_fast(
    told: dict[str, Any], taken: powers.Powers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NumPy tells whether it has vector instructions for powers of 2; else powers are of e."""
    monkeypatch.setattr(powers, "opt_func_info", lambda **_: told)
    assert powers.fastest.__wrapped__() is taken


def test_numpy_tells_what_it_has() -> None:
    """What is asked of NumPy is there: one way for powers of 2 in float32, with a name."""
    (how,) = introspect.opt_func_info(func_name="^exp2$", signature="float32")["exp2"].values()
    assert how["current"]
