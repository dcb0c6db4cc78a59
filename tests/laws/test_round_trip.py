"""Saved means read back: output bit for bit, the same steps, notices, facts and types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Attn
from tests.laws.screens import COMPUTED

MORE = {
    "one random query": ["--n", "1", "--d", "2"],
    "one typed query": ["--q", "1 2", "--k", "1 2; 3 4", "--v", "1 2; 3 4"],
    "one batch row": ["--batch", "1", "--normalizer", "sample"],
    "one row of mla": ["--mode", "mla", "--n", "1", "--d", "16"],
    "one latent": ["--mode", "mla", "--n", "1", "--d", "16", "--batch", "1"],
    "float16 local": ["--dtype", "float16", "--local", "p", "--local-d", "2"],
    "one batch row, projections": ["--text", "a b", "--heads", "2"],
    "sink": ["--normalizer", "softmax-sink", "--heads", "2", "--d", "4"],
    "decode at the end": ["--decode", "--mode", "dot", "--n", "5"],
    "lengths": ["--lengths", "3,1", "--n", "3", "--batch", "2", "--causal"],
    "cross": ["--text", "a b c", "--context-text", "d e"],
    "learned bias": ["--bias", "t5", "--heads", "2", "--d", "4"],
}

RUNS = {**COMPUTED, **MORE}


def run(attn: Attn, *arguments: object) -> dict[str, Any]:
    """What --json says."""
    ran = attn("compute", *arguments, "--json")
    assert ran.status == 0, (arguments, ran.err)
    return json.loads(ran.out)


@pytest.mark.parametrize("suffix", ["npz", "json"])
@pytest.mark.parametrize("name", RUNS)
def test_what_is_saved_is_read_back(attn: Attn, name: str, suffix: str) -> None:
    """A run saved and given back is the same run."""
    file = f"run.{suffix}"
    first = run(attn, *RUNS[name], "--save", file)
    again = run(attn, "--input", file)
    for one, other in zip(first["steps"], again["steps"], strict=True):
        for key in ("name", "dtype", "shape", "formula", "meaning", "flops"):
            assert one[key] == other[key], (name, one["name"], key)
        assert one["values"] == other["values"], (name, one["name"])
    assert first["notices"] == again["notices"]
    assert first["facts"] == again["facts"]


def test_an_edited_array_is_no_longer_random(attn: Attn) -> None:
    """Arrays that were changed after saving are given; the others are still random, by digest."""
    attn("compute", "--n", 3, "--d", 2, "--save", "run.npz", "--quiet")
    page = attn("compute", "--input", "run.npz").out.replace("\n", " ")
    assert "random numbers (seed 0)" in page
    with np.load("run.npz") as saved:
        arrays = dict(saved)
    arrays["q"][0, 0] = 7
    np.savez("edited.npz", **arrays)
    page = attn("compute", "--input", "edited.npz").out.replace("\n", " ")
    assert "random numbers: K, V (seed 0); given: Q;" in page
    arrays["k"][0, 0] = arrays["v"][0, 0] = 7
    np.savez("all.npz", **arrays)
    page = attn("compute", "--input", "all.npz").out
    assert "given arrays; computed in float64" in page
    assert "random" not in page


def test_edited_words_are_given(attn: Attn) -> None:
    """A sentence whose rows were changed keeps its words, and its rows are given."""
    attn("compute", "--text", "a b", "--save", "run.json", "--quiet")
    document = json.loads(Path("run.json").read_text(encoding="utf-8"))
    document["steps"][0]["values"][0][0] = 7.0
    Path("edited.json").write_text(json.dumps(document), encoding="utf-8")
    page = attn("compute", "--input", "edited.json").out.replace("\n", " ")
    assert "random numbers: W_Q, W_K, W_V (seed 0); given: X;" in page


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("n", [2, 7, 16])
def test_decode_steps_are_read_back(attn: Attn, n: int, heads: int, dtype: str) -> None:
    """Keys of a cache are laid out as those that are read from a file."""
    sizes = ("--n", n, "--d", 8, "--heads", heads, "--dtype", dtype, "--decode")
    first = run(attn, *sizes, "--save", "run.npz")
    again = run(attn, "--input", "run.npz")
    assert [one["values"] for one in first["steps"]] == [one["values"] for one in again["steps"]]
