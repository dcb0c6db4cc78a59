"""The value reading against loops that share no code with it, and against laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks
from tests import oracle
from tests.programs import SCORED, Arrays, normal, run

MODES = SCORED
sizes = st.integers(1, 6)


def relative(found: object, expected: object) -> float:
    """The largest difference as a part of the largest entry."""
    wanted = np.asarray(expected, dtype=np.float64)
    return float(np.abs(np.asarray(found) - wanted).max() / max(np.abs(wanted).max(), 1e-300))


def heads_of(q: int, kv: int, seed: int = 0) -> Arrays:
    """Arrays of 4 axes, every axis of another size."""
    return {
        "q": normal(seed, 3, q, 4, 5),
        "k": normal(seed + 1, 3, kv, 7, 5),
        "v": normal(seed + 2, 3, kv, 7, 2),
    }


def score_of(mode: str, found: Arrays) -> oracle.Score | None:
    """The mode's score as a loop, with the parameters of a run."""
    listed = {name: array.tolist() for name, array in found.items()}
    return {
        "scaled": lambda: None,
        "dot": lambda: None,
        "general": lambda: oracle.general(listed["w"]),
        "additive": lambda: oracle.additive(listed["w_query"], listed["w_key"], listed["v_a"]),
        "concat": lambda: oracle.concat(listed["w"], listed["v_a"]),
        "location": lambda: oracle.location(listed["w"]),
        "cosine": lambda: oracle.cosine(listed["beta"][0]),
    }[mode]()


WITH_KEYS_OF_THEIR_OWN_WIDTH = ("general", "additive", "concat")


@given(n=sizes, m=sizes, d=sizes, dv=sizes, seed=st.integers(0, 99), mode=st.sampled_from(MODES))
def test_agrees_with_loops(n: int, m: int, d: int, dv: int, seed: int, mode: str) -> None:
    """Weights and output equal loops with exact sums to 1e-12, at every shape."""
    key_width = d + 1 if mode in WITH_KEYS_OF_THEIR_OWN_WIDTH else d
    arrays = {
        "q": normal(seed, n, d),
        "k": normal(seed + 1, m, key_width),
        "v": normal(seed + 2, m, dv),
    }
    found = run(mode, {name: a for name, a in arrays.items() if (mode, name) != ("location", "k")})
    weights, output = oracle.attention(
        *(arrays[name].tolist() for name in "qkv"),
        scale=None if mode == "scaled" else 1.0,
        score=score_of(mode, found),
    )
    assert relative(found["weights"], weights) < 1e-12
    assert relative(found["output"], output) < 1e-12


@given(n=sizes, m=sizes, offset=st.integers(-3, 5), seed=st.integers(0, 99))
def test_order_of_the_stages(n: int, m: int, offset: int, seed: int) -> None:
    """Scale, softcap, bias, mask, softmax: in this order, to 1e-12, empty rows 0."""
    arrays = {
        "q": 9 * normal(seed, n, 3),
        "k": normal(seed + 1, m, 3),
        "v": normal(seed + 2, m, 2),
        "bias": normal(seed + 3, n, m),
    }
    weights, output = oracle.attention(
        *(arrays[name].tolist() for name in ("q", "k", "v")),
        scale=0.7,
        softcap=2.5,
        bias=arrays["bias"].tolist(),
        allowed=lambda i, j: j <= i + offset,
    )
    found = run("scaled", arrays, scale=0.7, softcap=2.5, mask=masks.causal(offset))
    assert relative(found["weights"], weights) < 1e-12
    assert relative(found["output"], output) < 1e-12


def test_grouped_heads_are_runs() -> None:
    """With 6 query heads and 2 key heads, key head g serves query heads 3g, 3g+1, 3g+2."""
    arrays = heads_of(6, 2)
    found = run("scaled", arrays)
    for b in range(3):
        for h in range(6):
            weights, output = oracle.attention(
                arrays["q"][b, h].tolist(),
                arrays["k"][b, h // 3].tolist(),
                arrays["v"][b, h // 3].tolist(),
            )
            assert relative(found["weights"][b, h], weights) < 1e-12
            assert relative(found["output"][b, h], output) < 1e-12


def packed(array: np.ndarray) -> np.ndarray:
    """(b, h, rows, width) to (b, rows, h·width)."""
    b, h, rows, width = array.shape
    return array.transpose(0, 2, 1, 3).reshape(b, rows, h * width)


def test_packed_heads_are_the_same_numbers() -> None:
    """Packed 3-D arrays with heads give the numbers of the 4-D arrays, joined."""
    arrays = heads_of(6, 2)
    whole = run("scaled", arrays)
    flat = run("scaled", {k: packed(a) for k, a in arrays.items()}, heads=6, kv_heads=2)
    assert np.array_equal(flat["weights"], whole["weights"])
    assert np.array_equal(flat["output"], packed(whole["output"]))


def test_grouped_heads_with_equal_counts_are_multi_head() -> None:
    """As many key heads as query heads: --kv-heads changes nothing."""
    arrays = {name: packed(array) for name, array in heads_of(4, 4).items()}
    one = run("scaled", arrays, heads=4)
    other = run("scaled", arrays, heads=4, kv_heads=4)
    assert np.array_equal(one["output"], other["output"])


@pytest.mark.parametrize("kv_heads", [6, 3, 2, 1])
def test_projected_heads(kv_heads: int) -> None:
    """Q = X W_Q, K = C W_K, V = C W_V, head by head, joined by W_O (Vaswani 2017, 3.2.2)."""
    arrays = {
        "x": normal(0, 5, 7),
        "context": normal(1, 4, 3),
        "w_q": normal(2, 7, 12),
        "w_k": normal(3, 3, 2 * kv_heads),
        "w_v": normal(4, 3, 5 * kv_heads),
        "w_o": normal(5, 30, 8),
    }
    lists = {name: array.tolist() for name, array in arrays.items()}
    parts = []
    for h in range(6):
        g = h // (6 // kv_heads)
        q = oracle.product(lists["x"], oracle.columns(lists["w_q"], 2 * h, 2 * h + 2))
        k = oracle.product(lists["context"], oracle.columns(lists["w_k"], 2 * g, 2 * g + 2))
        v = oracle.product(lists["context"], oracle.columns(lists["w_v"], 5 * g, 5 * g + 5))
        parts.append(oracle.attention(q, k, v)[1])
    expected = oracle.product(oracle.beside(parts), lists["w_o"])
    found = run("scaled", arrays, heads=6, kv_heads=kv_heads)
    assert relative(found["output"], expected) < 1e-12
    assert found["heads"].shape == (6, 5, 5)


def test_self_attention_uses_x_for_keys_and_values() -> None:
    """Without context, keys and values come from the rows that ask."""
    x, w = normal(0, 4, 3), {"w_q": normal(1, 3, 2), "w_k": normal(2, 3, 2), "w_v": normal(3, 3, 5)}
    self_attention = run("scaled", {"x": x, **w})
    cross = run("scaled", {"x": x, "context": x, **w})
    assert np.array_equal(self_attention["output"], cross["output"])


@given(seed=st.integers(0, 99), mode=st.sampled_from([m for m in MODES if m != "location"]))
def test_keys_and_values_may_be_permuted_together(seed: int, mode: str) -> None:
    """Attention by content has no order: moving keys with their values leaves the output."""
    arrays = {"q": normal(seed, 4, 3), "k": normal(seed + 1, 6, 3), "v": normal(seed + 2, 6, 2)}
    order = np.random.default_rng(seed).permutation(6)
    moved = {"q": arrays["q"], "k": arrays["k"][order], "v": arrays["v"][order]}
    assert relative(run(mode, moved)["output"], run(mode, arrays)["output"]) < 1e-13


def test_a_cache_in_two_pieces_is_one_pass() -> None:
    """Causal attention over 3 cached and 4 new keys equals the last rows over all 7."""
    q, k, v = normal(0, 2, 7, 5), normal(1, 2, 7, 5), normal(2, 2, 7, 3)
    whole = run("scaled", {"q": q, "k": k, "v": v}, mask=masks.causal())
    pieces = {"q": q[:, 3:], "k": k[:, 3:], "v": v[:, 3:], "past_k": k[:, :3], "past_v": v[:, :3]}
    found = run("scaled", pieces, mask=masks.causal(3))
    assert relative(found["output"], whole["output"][:, 3:]) < 1e-13
    assert np.array_equal(found["present_k"], k)


@given(seed=st.integers(0, 99), size=st.floats(0.1, 1e4))
def test_rows_sum_to_one_or_zero(seed: int, size: float) -> None:
    """Weights of a row sum to 1, or to exactly 0 where no key is allowed."""
    arrays = {
        "q": size * normal(seed, 5, 3),
        "k": normal(seed + 1, 4, 3),
        "v": normal(seed + 2, 4, 2),
    }
    sums = run("scaled", arrays, mask=masks.causal(-2))["weights"].sum(axis=-1)
    assert (sums[:2] == 0).all()
    assert np.abs(sums[2:] - 1).max() < 1e-15 * 8


@pytest.mark.parametrize("score", [1e4, -1e4])
def test_large_scores_by_hand(score: float) -> None:
    """Two equal scores of ±10⁴ and one far below share 1/2, 1/2, 0."""
    arrays = {
        "q": np.array([[1.0]]),
        "k": np.array([[score], [score], [score - 2e4]]),
        "v": np.array([[2.0], [4.0], [9.0]]),
    }
    found = run("dot", arrays)
    assert found["weights"].tolist() == [[0.5, 0.5, 0.0]]
    assert found["output"].tolist() == [[3.0]]


def test_one_of_everything() -> None:
    """With one key its value is the output, whatever the score."""
    found = run("scaled", {"q": np.array([[3.0]]), "k": np.array([[-2.0]]), "v": np.array([[7.0]])})
    assert found["scores"].tolist() == [[-6.0]]
    assert found["output"].tolist() == [[7.0]]


def test_closed_form() -> None:
    """Scores ln 1, ln 2, ln 5 give the weights 1/8, 2/8, 5/8."""
    arrays = {
        "q": np.array([[1.0]]),
        "k": np.log(np.array([[1.0], [2.0], [5.0]])),
        "v": np.array([[8.0], [16.0], [24.0]]),
    }
    found = run("dot", arrays)
    assert relative(found["weights"], [[1 / 8, 2 / 8, 5 / 8]]) < 1e-15
    assert math.isclose(found["output"][0, 0], 1 + 4 + 15, rel_tol=1e-15)


def test_nan_spoils_only_what_it_takes_part_in() -> None:
    """A NaN in one query leaves the other queries' outputs."""
    arrays = {"q": normal(0, 3, 2), "k": normal(1, 4, 2), "v": normal(2, 4, 2)}
    clean = run("scaled", arrays)["output"]
    arrays["q"][1, 0] = np.nan
    spoiled = run("scaled", arrays)["output"]
    assert np.isnan(spoiled[1]).all()
    assert np.array_equal(spoiled[[0, 2]], clean[[0, 2]])


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1e-6), (np.float16, 5e-3)])
def test_small_types_stay_themselves(dtype: type, error: float) -> None:
    """float32 and float16 are computed in their own type, close to float64."""
    arrays = {"q": normal(0, 4, 5), "k": normal(1, 6, 5), "v": normal(2, 6, 3)}
    small = run("scaled", {name: array.astype(dtype) for name, array in arrays.items()})
    assert all(array.dtype == dtype for array in small.values())
    assert relative(small["output"], run("scaled", arrays)["output"]) < error


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((4, 7), (4, 7)), ((6, 4, 7), (1, 6, 4, 7)), ((3, 1, 1, 7), (3, 1, 1, 7)), ((7,), (7,))],
)
def test_bias_of_every_rank(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """A bias of 1 to 4 axes lines up with (b, h, n, m) from the right; size 1 fits any."""
    arrays = heads_of(6, 2) | {"bias": normal(9, *shape)}
    found = run("scaled", arrays)
    whole = found["scaled"] + arrays["bias"].reshape(expected)
    assert np.array_equal(found["biased"], whole)


def test_agrees_with_torch() -> None:
    """Grouped, causal, with a softmax over all heads: torch gives the same, where it is there."""
    torch = pytest.importorskip("torch")
    arrays = heads_of(6, 2)
    tensors = [torch.from_numpy(arrays[name]) for name in ("q", "k", "v")]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *tensors, is_causal=True, enable_gqa=True
    )
    found = run("scaled", arrays, mask=masks.causal())["output"]
    assert relative(found, expected.numpy()) < 1e-12
