"""Overflow is not a mask: a −∞ that arithmetic made is told apart from one that a mask means."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attn_cli import masks
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks
from tests.conftest import Attn
from tests.programs import normal, program_of

LOW = ("--q", "-300", "--k", "300", "--v", "5", "--dtype", "float16")
BEYOND = "scores holds numbers beyond float16, whose largest is 65504. Try --dtype float64."

WAYS: dict[str, list[str]] = {
    "plain": [],
    "causal": ["--causal"],
    "mask": ["--mask", "1"],
    "bias": ["--bias", "0"],
    "bias and mask": ["--bias", "0", "--causal"],
    "temperature": ["--temperature", "2"],
    "temperature and mask": ["--temperature", "2", "--causal"],
    "blocks": ["--block-size", "1", "--causal"],
    "one query": ["--query-index", "0", "--causal"],
    **{
        name: ["--normalizer", name, "--causal"]
        for name in ("softmax-steps", "hard", "sparsemax", "entmax15", "sample")
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_the_only_key_keeps_its_weight(attn: Attn, way: str) -> None:
    """A score below all numbers of its type is still the only one: weight 1, output 5."""
    ran = attn("compute", *LOW, *WAYS[way], "--json")
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    steps = {step["name"]: step["values"] for step in found["steps"]}
    assert steps["output"] == [[5.0]]
    if "weights" in steps:
        assert steps["weights"] == [[1.0]]
    assert "No key is allowed" not in ran.err
    assert found["notices"] == [
        BEYOND.replace("scores", "products") if way == "one query" else BEYOND
    ]


@pytest.mark.parametrize("bias", ["0", "-inf 0"])
def test_overflow_is_named_with_a_bias(attn: Attn, bias: str) -> None:
    """A bias, even with −∞ of its own, does not hide numbers that are lost."""
    keys = "1e200; 1e200" if " " in bias else "1e200"
    values = "5; 6" if " " in bias else "5"
    ran = attn("compute", "--q", "1e200", "--k", keys, "--v", values, "--bias", bias, "--quiet")
    assert "s holds numbers beyond float64, whose largest is 1.798e308" in ran.err


def test_a_bias_of_minus_infinity_is_a_mask(attn: Attn) -> None:
    """−∞ in a bias drops its key, and is no overflow; a row of them is empty and told."""
    shape = ("--q", "1; 1", "--k", "1; 1", "--v", "1; 2")
    ran = attn("compute", *shape, "--bias", "-inf 0; -inf -inf", "--quiet")
    assert ran.out == "2\n0\n"
    assert ran.err == (
        "Note: No key is allowed for q1: weights 0 and output 0, as in torch SDPA and ONNX.\n"
    )


def test_an_empty_row_is_told_for_one_query(attn: Attn) -> None:
    """--query-index names an empty row by its number."""
    ran = attn("compute", "--n", 3, "--mask", "~causal & ~global(0)", "--query-index", 2, "--quiet")
    assert "No key is allowed for q2:" in ran.err


def test_drawings_and_sentences_follow_the_mask(attn: Attn) -> None:
    """A dot is a masked key; a score beyond its type is drawn as the −∞ it is."""
    page = attn("compute", *LOW, "--causal", "--steps").out
    assert "scores[q0,k0] = (-300)·300 ≈ -∞   (beyond what its type holds)" in page
    assert "q0     k0 alone" in page
    assert "·    1" not in page


def test_a_lost_value_is_told(attn: Attn) -> None:
    """NaN in a masked value is not kept out by a weight of 0, and the notices say so."""
    ran = attn("compute", "--q", "1; 1", "--k", "1; 1", "--v", "1; nan", "--causal", "--quiet")
    assert ran.out == "nan\nnan\n"
    assert ran.err == (
        "Note: v[1,0] is NaN: every number it takes part in is lost.\n"
        "Note: A weight of 0 does not keep it out: 0 times it is NaN.\n"
    )


@pytest.mark.parametrize("mask", [None, masks.causal(0)])
def test_blocks_tell_overflow_apart_too(mask: masks.Mask | None) -> None:
    """Large runs give the rows that overflow what the plain program gives them."""
    q, k = normal(0, 300, 2).astype("f4"), normal(1, 300, 2).astype("f4")
    q[5], k[:] = -3e30, np.abs(k)
    q[7], k[9] = 3e30, -3e10
    given = {"q": q, "k": k * np.float32(1e20), "v": normal(2, 300, 3).astype("f4")}
    program = program_of("scaled", given, mask=mask)
    whole = evaluate(program, given)["output"]
    made = blocks.evaluate_blocks(program, given, block_bytes=2**16).arrays["output"]
    both = np.isfinite(whole)
    assert both.any()
    assert np.allclose(made[both], whole[both], rtol=1e-4, atol=1e-5)
    assert np.array_equal(both, np.isfinite(made))
