"""The Weighted Transformer and latent attention, against plain NumPy by hand; their laws."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attn_cli import masks, mechanisms
from attn_cli.costs.symbolic import Shape
from tests.conftest import Attn
from tests.counting import refuse_other_counts
from tests.programs import normal, run
from tests.test_values import relative


def softmax(scores: np.ndarray) -> np.ndarray:
    """Shares along the last axis."""
    powers = np.exp(scores)
    return powers / powers.sum(axis=-1, keepdims=True)


def branched_arrays() -> dict[str, np.ndarray]:
    """Two heads of different sizes everywhere."""
    return {
        "x": normal(0, 3, 5),
        "w_q": normal(1, 5, 4),
        "w_k": normal(2, 5, 4),
        "w_v": normal(3, 5, 6),
        "w_o": normal(4, 6, 7),
        "kappa": np.array([0.25, 0.75]),
        "alpha": np.array([0.4, 0.6]),
        "w_1": normal(5, 7, 9),
        "b_1": normal(6, 9),
        "w_2": normal(7, 9, 7),
        "b_2": normal(8, 7),
    }


def test_branches_by_hand() -> None:
    """Σ α FFN(κ head W_O): each head through its rows of W_O, its κ, the layer, its α."""
    a = branched_arrays()
    expected = np.zeros((3, 7))
    for h in range(2):
        q, k = (a["x"] @ a[w][:, 2 * h : 2 * h + 2] for w in ("w_q", "w_k"))
        v = a["x"] @ a["w_v"][:, 3 * h : 3 * h + 3]
        head = softmax(q @ k.T / np.sqrt(2)) @ v
        row = a["kappa"][h] * (head @ a["w_o"][3 * h : 3 * h + 3])
        hidden = np.maximum(0, row @ a["w_1"] + a["b_1"])
        expected += a["alpha"][h] * (hidden @ a["w_2"] + a["b_2"])
    assert relative(run("branched", a, heads=2)["output"], expected) < 1e-12


def test_a_branch_without_share_has_no_say() -> None:
    """With α = (1, 0) the second head's values change nothing."""
    a = {**branched_arrays(), "alpha": np.array([1.0, 0.0])}
    other = {**a, "w_v": a["w_v"].copy()}
    other["w_v"][:, 3:] = 9
    outputs = [run("branched", arrays, heads=2)["output"] for arrays in (a, other)]
    assert np.array_equal(*outputs)


def test_shares_of_branches(attn: Attn) -> None:
    """Two heads where nobody says, a layer four times as wide; κ and α are shares of 1."""
    ran = json.loads(attn("compute", "--mode", "branched", "--json").out)
    steps = {step["name"]: step for step in ran["steps"]}
    assert steps["w_1"]["shape"] == [8, 32]
    for name in ("kappa", "alpha"):
        assert steps[name]["shape"] == [2]
        assert sum(steps[name]["values"]) == pytest.approx(1, abs=1e-15)
    refused = attn("compute", "--mode", "branched", "--param", "kappa=0.5 0.6")
    assert refused.err == (
        "Error: --param kappa: shares are not below 0 and sum to 1; these sum to 1.1.\n"
    )
    assert attn("compute", "--mode", "branched", "--param", "alpha=-1 2").status == 2


def turn(rows: np.ndarray) -> np.ndarray:
    """Halves of each row turned by the position: position / 10000^(2c / width)."""
    width = rows.shape[-1]
    angles = np.arange(len(rows))[:, None] / 10000 ** (2 * np.arange(width // 2) / width)
    one, two = rows[:, : width // 2], rows[:, width // 2 :]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([one * cos - two * sin, one * sin + two * cos], axis=1)


def latent_arrays() -> dict[str, np.ndarray]:
    """Two heads 3 wide, values 2 wide, a latent row of 5, four numbers turned."""
    return {
        "x": normal(0, 4, 6),
        "w_q": normal(1, 6, 6),
        "w_dkv": normal(2, 6, 5),
        "w_uk": normal(3, 5, 6),
        "w_uv": normal(4, 5, 4),
        "w_qr": normal(5, 6, 8),
        "w_kr": normal(6, 6, 4),
        "w_o": normal(7, 4, 3),
    }


def test_latent_attention_by_hand() -> None:
    """Content and position apart, keys and values made again from the latent row."""
    a = latent_arrays()
    latent, k_turned = a["x"] @ a["w_dkv"], turn(a["x"] @ a["w_kr"])
    heads = []
    for h in range(2):
        q = a["x"] @ a["w_q"][:, 3 * h : 3 * h + 3]
        k = latent @ a["w_uk"][:, 3 * h : 3 * h + 3]
        position = turn(a["x"] @ a["w_qr"][:, 4 * h : 4 * h + 4]) @ k_turned.T
        scores = (q @ k.T + position) / np.sqrt(3 + 4)
        scores[np.triu_indices(4, 1)] = -np.inf
        heads.append(softmax(scores) @ latent @ a["w_uv"][:, 2 * h : 2 * h + 2])
    expected = np.concatenate(heads, axis=1) @ a["w_o"]
    for mode in ("mla", "mla-folded"):
        found = run(mode, a, heads=2, mask=masks.causal())["output"]
        assert relative(found, expected) < 1e-12


def test_keys_need_not_be_made_again() -> None:
    """W_UK may join the query: q·(c W_UK) = (q W_UKᵀ)·c, which is why the latent row is enough."""
    a = latent_arrays()
    found = run("mla", a, heads=2)
    folded = run("mla-folded", a, heads=2)
    for h in range(2):
        absorbed = found["q"][h] @ a["w_uk"][:, 3 * h : 3 * h + 3].T
        assert relative(absorbed @ found["latent"].T, found["content"][h]) < 1e-12
        assert relative(folded["q_latent"][h], absorbed) < 1e-12


def test_both_forms_of_latent_attention_name_each_other(attn: Attn) -> None:
    """Folded and unfolded stand beside each other in compute, complexity and compare.

    For one new token beside a long cache the folded one costs far less.
    """
    for mode, other in (("mla", "mla-folded"), ("mla-folded", "mla")):
        page = attn("compute", "--mode", mode, "--n", 3).out.replace("\n", " ")
        assert f"equals {other} attention with the same parameters: the outputs differ" in page
    shape = ("--n", 1, "--m", 4096, "--d", 1024, "--heads", 16)
    costs = {}
    for mode, form in (("mla", "unfolded: keys"), ("mla-folded", "folded (absorbed): W_UK")):
        assert form in attn("complexity", "--mode", mode, *shape).out
        found = json.loads(attn("complexity", "--mode", mode, *shape, "--json").out)
        costs[mode] = found["totals"]["all"]["value"]
    assert costs["mla"] > 50 * costs["mla-folded"]
    ran = json.loads(attn("compare", "--modes", "mla,mla-folded", "--n", 3, "--json").out)
    assert ran["ways"][1]["largest_change"] < 1e-12


def test_what_latent_attention_keeps(attn: Attn) -> None:
    """A latent row of 4 head widths and half of one that is turned: 4.5 d / h numbers a key."""
    arguments = ("--mode", "mla", "--d", 1024, "--heads", 16, "--n", 8, "--json")
    found = json.loads(attn("complexity", *arguments).out)
    assert found["kv_cache"]["per_token"]["value"] == 4 * 9 * 64 // 2
    ran = json.loads(attn("compute", "--mode", "mla", "--json").out)
    shapes = {step["name"]: step["shape"] for step in ran["steps"]}
    assert (shapes["latent"], shapes["k_rope"], shapes["k"]) == ([4, 16], [4, 2], [4, 4, 4])
    step = json.loads(attn("complexity", *arguments[:-3], "--n", 1, "--m", 4096, "--json").out)
    made = {one["name"]: one["value"] for one in step["steps"]}
    assert made["latent"] == 2 * 1024 * 256
    assert made["k"] == 2 * 4096 * 256 * 1024
    ran = attn("compute", "--mode", "mla", "--q", "1 2")
    assert "takes no q here" in ran.err
    assert attn("compute", "--mode", "mla", "--text", "a b c", "--rope", "interleaved").status == 0
    page = attn("complexity", "--mode", "mla", "--cross", "--m", 3)
    assert "--cross is not for --mode mla" in page.err


@pytest.mark.parametrize("mode", ["branched", "mla", "mla-folded"])
def test_the_counting_run_agrees_with_the_formulas(mode: str) -> None:
    """Operations counted while computing are the formulas with the sizes put in."""
    for shape in (Shape(n=3, d=8, h=2), Shape(n=4, d=128, h=16, d_v=32, b=2, d_model=5)):
        refuse_other_counts(mechanisms.named(mode), shape)


def test_a_given_cache_of_latent_rows(attn: Attn) -> None:
    """A decode step runs again from its file; half a cache and keys of another are refused."""
    first = attn("compute", "--mode", "mla", "--decode", "--save", "step.npz", "--quiet").out
    assert attn("compute", "--input", "step.npz", "--quiet").out == first
    half = attn("compute", "--mode", "mla", "--param", "past_latent=1 2; 3 4", "--latent", 2)
    assert "A cache of mla holds past_latent and past_rope; past_latent is alone." in half.err
    other = attn("compute", "--mode", "mla", "--past-k", "1 2", "--past-v", "1 2")
    assert "--past-k: Multi-head latent attention takes no past_k here" in other.err


@pytest.mark.parametrize("mode", ["additive", "concat", "general", "scaled"])
def test_a_batch_of_keys_alone(mode: str) -> None:
    """Queries without a batch meet the keys of every batch row."""
    arrays = {"q": normal(0, 3, 2), "k": normal(1, 2, 4, 2), "v": normal(2, 2, 4, 3)}
    found = run(mode, arrays)
    for b in range(2):
        own = {name: found[name] for name in mechanisms.named(mode).parameters}
        row = run(mode, {"q": arrays["q"], "k": arrays["k"][b], "v": arrays["v"][b], **own})
        assert relative(found["output"][b], row["output"]) < 1e-13
