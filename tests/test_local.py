"""Local attention against loops: a window around the query's own place, or a predicted one."""

from __future__ import annotations

from math import exp, tanh

import numpy as np
import pytest

from attn_cli import masks
from attn_cli.readings import cost
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks
from tests import oracle
from tests.conftest import Attn
from tests.counting import counts
from tests.programs import normal, program_of, run
from tests.test_values import relative

ARRAYS = {
    "q": normal(0, 2, 6, 5, 3),
    "k": normal(1, 2, 2, 7, 3),
    "v": normal(2, 2, 2, 7, 4),
    "w_p": normal(3, 3, 2),
    "v_p": 3 * normal(4, 2),
}


def test_local_p_by_loops() -> None:
    """p_t = S sigmoid(vᵀ tanh(W h_t)); softmax in [p_t − D, p_t + D], times the Gaussian."""
    reach = 2
    found = run("dot", ARRAYS, local_p=reach, mask=masks.causal(3))
    for b, h, i in np.ndindex(2, 6, 5):
        query = ARRAYS["q"][b, h, i].tolist()
        hidden = [tanh(x) for x in oracle.times(query, ARRAYS["w_p"].tolist())]
        place = 7 / (1 + exp(-oracle.dot(ARRAYS["v_p"].tolist(), hidden)))
        assert relative(found["centre"][b, h, i], place) < 1e-13
        keys, values = (ARRAYS[name][b, h // 3].tolist() for name in "kv")
        near = [abs(j - place) <= reach and j <= i + 3 for j in range(7)]
        (row,), _ = oracle.attention(
            [query], keys, values, scale=1.0, allowed=lambda _, j, near=near: near[j]
        )
        sigma = reach / 2
        faded = [w * exp(-((j - place) ** 2) / (2 * sigma**2)) for j, w in enumerate(row)]
        assert np.abs(found["local_weights"][b, h, i] - faded).max() < 1e-13
        mixed = oracle.product([faded], values)[0]
        assert np.abs(found["output"][b, h, i] - mixed).max() < 1e-12


def test_local_m_is_a_mask(attn: Attn) -> None:
    """The window around the query's own position is that of the mask."""
    local = attn("compute", "--local", "m", "--local-d", 1, "--n", 6, "--quiet")
    assert local.status == 0
    assert local.out == attn("compute", "--mask", "local-m(1)", "--n", 6, "--quiet").out
    moved = ("--n", 2, "--m", 6, "--align", "bottom-right", "--quiet")
    local = attn("compute", "--local", "m", "--local-d", 1, *moved)
    assert local.out == attn("compute", "--mask", "local-m(1)", *moved).out


def test_what_is_counted_is_what_is_done() -> None:
    """Every operation of predicting a place and fading is in the cost."""
    program = program_of("dot", ARRAYS, local_p=2)
    for name, count in counts(program, ARRAYS).items():
        assert count == cost.flops(program[name], cost.Count(program.sizes)), name


def test_blocks_equal_the_whole() -> None:
    """Each query has its own window, so blocks of queries give the same."""
    arrays = {"q": normal(0, 40, 3), "k": normal(1, 30, 3), "v": normal(2, 30, 2)}
    arrays |= {"w_p": ARRAYS["w_p"], "v_p": ARRAYS["v_p"]}
    program = program_of("scaled", arrays, local_p=3)
    whole = evaluate(program, arrays)["output"]
    found = blocks.evaluate_blocks(program, arrays, block_bytes=30 * 8 * 7).arrays["output"]
    assert np.abs(found - whole).max() <= 1e-12 * np.abs(whole).max()


def test_a_saved_run_stays_local(attn: Attn) -> None:
    """The predicted window comes back with its arrays; empty ones are told."""
    options = ("--local", "p", "--local-d", 1, "--heads", 2, "--causal")
    saved = attn("compute", *options, "--save", "run.npz", "--quiet")
    assert attn("compute", "--input", "run.npz", "--quiet").out == saved.out
    page = attn("compute", *options)
    assert "weights times a Gaussian with σ = 0.5" in page.out.replace("\n", " ")
    far = ("--param", "v_p=100 100 100 100", "--param", "w_p=1 0 0 0;0 1 0 0;0 0 1 0;0 0 0 1")
    empty = attn("compute", "--q", "1 1 1 1", "--m", 4, *options[:4], *far)
    assert "No key is allowed for q0" not in empty.err
    assert "local_weights" in empty.out


REFUSALS = {
    "--local m": "--local and --local-d say together which local attention: give both.",
    "--local-d 2": "--local and --local-d say together which local attention: give both.",
    "--local q --local-d 2": "--local: there is no 'q'. Known: m, p.",
    "--param w_p=1": "--param w_p: scaled has no such array. It has: none of its own.",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """A kind without a reach, or a reach alone, says nothing."""
    ran = attn("compute", *line.split())
    assert (ran.status, ran.err) == (2, f"Error: {REFUSALS[line]}\n")
