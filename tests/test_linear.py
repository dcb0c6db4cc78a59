"""Linear, gated and delta attention against plain loops, and the laws between them."""

from __future__ import annotations

import json
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks, mechanisms
from attn_cli.costs.symbolic import Shape
from attn_cli.errors import AttnError
from tests.conftest import Attn
from tests.counting import refuse_other_counts
from tests.programs import Arrays, normal, run
from tests.test_values import relative

Rows = list[list[float]]


def feature(row: list[float]) -> list[float]:
    """Elu + 1 of each number."""
    return [x + 1 if x > 0 else exp(x) for x in row]


def dot(one: list[float], other: list[float]) -> float:
    """The sum of products."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def linear_by_loops(q: Rows, k: Rows, v: Rows, *, causal: bool) -> Rows:
    """Shares φ(q)·φ(k) of their sum, query by query."""
    found = []
    for i, query in enumerate(q):
        seen = range(i + 1) if causal else range(len(k))
        shares = {j: dot(feature(query), feature(k[j])) for j in seen}
        total = sum(shares.values())
        found.append([sum(shares[j] * v[j][c] for j in seen) / total for c in range(len(v[0]))])
    return found


def states_by_loops(
    k: Rows, v: Rows, gate: list[float], rate: list[float], *, erases: bool
) -> list[Rows]:
    """Every state, number by number."""
    state = [[0.0] * len(v[0]) for _ in k[0]]
    states = []
    for t, key in enumerate(k):
        state = [[gate[t] * number for number in row] for row in state]
        read = [dot(key, [row[c] for row in state]) for c in range(len(v[0]))]
        wanted = [value - (old if erases else 0) for value, old in zip(v[t], read, strict=True)]
        state = [
            [number + rate[t] * x * w for number, w in zip(row, wanted, strict=True)]
            for row, x in zip(state, key, strict=True)
        ]
        states.append(state)
    return states


sizes = st.integers(1, 6)


@given(n=sizes, m=sizes, d=sizes, dv=sizes)
def test_linear_agrees_with_loops(n: int, m: int, d: int, dv: int) -> None:
    """Keys and values first, or weights first, or number by number: the same output."""
    arrays = {"q": normal(0, n, d), "k": normal(1, m, d), "v": normal(2, m, dv)}
    rows = [arrays[name].tolist() for name in "qkv"]
    expected = linear_by_loops(*rows, causal=False)
    assert relative(run("linear", arrays)["output"], expected) < 1e-12
    assert relative(run("kernel", arrays)["output"], expected) < 1e-12


@given(n=sizes, d=sizes, dv=sizes)
def test_causal_linear_agrees_with_loops(n: int, d: int, dv: int) -> None:
    """The running state holds just the keys that a causal mask keeps."""
    arrays = {"q": normal(0, n, d), "k": normal(1, n, d), "v": normal(2, n, dv)}
    rows = [arrays[name].tolist() for name in "qkv"]
    expected = linear_by_loops(*rows, causal=True)
    assert relative(run("linear", arrays, mask=masks.causal())["output"], expected) < 1e-12
    assert relative(run("kernel", arrays, mask=masks.causal())["output"], expected) < 1e-12


@pytest.mark.parametrize("mode", ["linear", "kernel", "gated", "delta"])
def test_heads_are_runs_of_their_own(mode: str) -> None:
    """Each head works on its own columns; a key head serves a run of query heads."""
    q, k, v = normal(0, 2, 5, 8), normal(1, 2, 5, 4), normal(2, 2, 5, 6)
    gates = {"gate": np.abs(normal(3, 5)) % 1, "beta": np.abs(normal(4, 5)) % 1}
    own = {name: gates[name] for name in mechanisms.named(mode).parameters}
    chosen = {"mask": masks.causal()} if mode in ("linear", "kernel") else {}
    whole = run(mode, {"q": q, "k": k, "v": v, **own}, heads=4, kv_heads=2, **chosen)["output"]
    for b in range(2):
        for h in range(4):
            g = h // 2
            part = {
                "q": q[b, :, 2 * h : 2 * h + 2],
                "k": k[b, :, 2 * g : 2 * g + 2],
                "v": v[b, :, 3 * g : 3 * g + 3],
            }
            alone = run(mode, {**part, **own}, **chosen)["output"]
            assert relative(whole[b, :, 3 * h : 3 * h + 3], alone) < 1e-13


@given(n=sizes, d=sizes, dv=sizes)
def test_gated_and_delta_agree_with_loops(n: int, d: int, dv: int) -> None:
    """Every state and every output, number by number."""
    arrays: Arrays = {"q": normal(0, n, d), "k": normal(1, n, d), "v": normal(2, n, dv)}
    arrays["gate"], beta = np.abs(normal(3, n)) % 1, np.abs(normal(4, n)) % 1
    unit = arrays["k"] / np.sqrt((arrays["k"] ** 2).sum(axis=1, keepdims=True))
    gate, v = arrays["gate"].tolist(), arrays["v"].tolist()
    for mode, more, keys, rate, erases in (
        ("gated", {}, arrays["k"], [1.0] * n, False),
        ("delta", {"beta": beta}, unit, beta.tolist(), True),
    ):
        found = run(mode, {**arrays, **more})
        states = states_by_loops(keys.tolist(), v, gate, rate, erases=erases)
        assert relative(found["state"], states) < 1e-12
        read = [
            [dot(query, [row[c] for row in state]) for c in range(dv)]
            for query, state in zip(arrays["q"].tolist(), states, strict=True)
        ]
        assert relative(found["output"], read) < 1e-12


def test_gates_of_one_add_up() -> None:
    """With every gate 1 the last state is Kᵀ V."""
    arrays = {"q": normal(0, 4, 3), "k": normal(1, 4, 3), "v": normal(2, 4, 2)}
    state = run("gated", {**arrays, "gate": np.ones(4)})["state"]
    assert relative(state[-1], arrays["k"].T @ arrays["v"]) < 1e-14


def test_a_corrected_key_holds_its_new_value() -> None:
    """With β = 1 a key that comes again reads just its last value: (5, 6), not the sum."""
    keys = np.array([[2.0, 0], [0, 3], [4, 0]])
    arrays = {"q": np.eye(2)[[0, 1, 0]], "k": keys, "v": np.array([[1.0, 2], [3, 4], [5, 6]])}
    found = run("delta", {**arrays, "beta": np.ones(3), "gate": np.ones(3)})["output"]
    assert np.array_equal(found, [[1, 2], [3, 4], [5, 6]])


@pytest.mark.parametrize(
    ("mode", "causal"),
    [("linear", False), ("linear", True), ("kernel", False), ("gated", False), ("delta", False)],
)
def test_the_counting_run_agrees_with_the_formulas(mode: str, causal: bool) -> None:
    """Operations counted while computing are the formulas with the sizes put in."""
    for shape in (Shape(n=5, d=3), Shape(n=4, d=12, h=3, d_v=6, b=2)):
        refuse_other_counts(mechanisms.named(mode), shape._replace(causal=causal))


def test_a_constant_gate_is_retention() -> None:
    """With the gate γ everywhere the output is (Q Kᵀ ⊙ γ^(i - j)) V over keys j ≤ i."""
    arrays = {"q": normal(0, 5, 3), "k": normal(1, 5, 3), "v": normal(2, 5, 2)}
    i, j = np.indices((5, 5))
    decay = np.where(j <= i, 0.8 ** np.maximum(i - j, 0), 0)
    expected = (arrays["q"] @ arrays["k"].T * decay) @ arrays["v"]
    for gate in (np.full(5, 0.8), np.array([0.8])):
        assert relative(run("gated", {**arrays, "gate": gate})["output"], expected) < 1e-13


def test_a_gate_of_0_forgets_all_before() -> None:
    """Each query then reads its own key's value alone."""
    arrays = {"q": normal(0, 4, 3), "k": normal(1, 4, 3), "v": normal(2, 4, 2)}
    found = run("gated", {**arrays, "gate": np.zeros(4)})["output"]
    own = (arrays["q"] * arrays["k"]).sum(axis=1, keepdims=True) * arrays["v"]
    assert relative(found, own) < 1e-14


def test_keys_at_right_angles_need_no_correction() -> None:
    """With orthonormal keys and β = 1 the delta rule writes what gates of 1 write."""
    keys = np.linalg.qr(normal(0, 4, 4))[0]
    arrays = {"q": normal(1, 4, 4), "k": keys, "v": normal(2, 4, 3), "gate": np.ones(4)}
    found = run("delta", {**arrays, "beta": np.ones(4)})["output"]
    assert relative(found, run("gated", arrays)["output"]) < 1e-13


def test_linear_has_no_mask_but_causal() -> None:
    """A window is refused, and not taken for causal."""
    arrays = {name: normal(place, 4, 2) for place, name in enumerate("qkv")}
    with pytest.raises(AttnError, match="no mask window"):
        run("linear", arrays, mask=masks.window(2))


def test_orders(attn: Attn) -> None:
    """Linear attention is O(n d²) with a state that does not grow; kernel attention O(n² d)."""

    def cost(mode: str, *more: object) -> dict:
        size = ("--n", 4096, "--d", 64)
        return json.loads(attn("complexity", "--mode", mode, *size, *more, "--json").out)

    for more, equal in (((), "d"), (("--causal",), "2*d")):
        found = cost("linear", *more)
        orders = {step["name"]: step["order"] for step in found["steps"]}
        assert orders["state"] == orders["mixed"] == "n*d**2"
        assert found["kv_cache"]["per_token"]["value"] == 0
        assert found["kv_cache"]["all"]["value"] == 4 * (64 * 64 + 64)
        assert found["memory"]["score_matrix"]["value"] == 0
        at = [one["at"] for one in found["crossovers"] if "kernel" in one["between"][0]]
        assert at == [equal]
    steps = {step["name"]: step["order"] for step in cost("kernel")["steps"]}
    assert steps["scores"] == "n**2*d"
    assert cost("gated")["kv_cache"]["all"]["value"] == 4 * 64 * 64


def test_the_screen(attn: Attn) -> None:
    """Linear says it equals its twin; states are shown after each key, four of them."""
    page = attn("compute", "--mode", "linear", "--causal", "--n", 5, "--steps").out
    assert "equals kernel attention with every weight written out: the outputs differ" in " ".join(
        page.split()
    )
    assert "states are shown for keys 0 to 3 of 5; --all" in " ".join(page.split())
    assert "key 3" in page
    assert "key 4" not in page
    assert "state = state_(t-1) + k_feature_t ⊗ V_t" in page
    delta = attn("compute", "--mode", "delta", "--n", 2, "--show-work", "state[1,0,0]").out
    assert "gate · state[k0,d0,d0] + written" in delta
    assert attn("compute", "--mode", "delta", "--plain").out.isascii()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("linear", "--window", 2), "--window is not for --mode linear"),
        (("linear", "--causal", "--offset", 1), "--offset is not for --mode linear"),
        (("linear", "--normalizer", "hard"), "It takes: --heads, --kv-heads, --causal."),
        (("linear", "--causal", "--n", 2, "--m", 3), "query i reads the state after key i"),
        (("gated", "--n", 2, "--m", 3), "query i reads the state after key i"),
        (("gated", "--window", 2), "--window is not for --mode gated"),
        (("gated", "--past-k", "1 2; 3 4"), "--past-k: Gated linear attention takes no past_k"),
        (("delta", "--param", "beta=2 2 2 2"), "--param beta: every number lies from 0 to 1."),
        (("kernel", "--rope"), "--rope is not for --mode kernel"),
    ],
)
def test_refusals(attn: Attn, arguments: tuple[object, ...], message: str) -> None:
    """What a mode has no use for is refused by name."""
    ran = attn("compute", "--mode", *arguments)
    assert ran.status == 2
    assert message in ran.err


def test_weights_that_underflow_are_no_mask(attn: Attn) -> None:
    """A key that is allowed is allowed, however small its weight."""
    rows = ("--q", "-1000 -1000; 1 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4", "--causal")
    for more in (("--mode", "kernel"), ("--normalizer", "sigmoid", "--scale", 1000)):
        assert "No key is allowed" not in attn("compute", *rows, *more).err


def test_a_masked_key_has_no_say_even_if_lost(attn: Attn) -> None:
    """NaN in a key that a query may not see leaves that query's output as it is."""
    rows = ("--q", "1 1; 1 1", "--k", "1 1; nan 1", "--v", "1 2; 3 4", "--causal", "--quiet")
    for mode in ("kernel", "linear", "scaled"):
        assert attn("compute", "--mode", mode, *rows).out.splitlines()[0] == "1 2"


@pytest.mark.parametrize("mode", ["mla", "gated", "delta", "fc-time"])
def test_no_context_where_there_is_none(attn: Attn, mode: str) -> None:
    """Another sentence is refused where nothing is made from it."""
    ran = attn("compute", "--mode", mode, "--text", "a b", "--context-text", "c d")
    assert ran.status == 2
    assert "--context-text:" in ran.err
    assert "takes no context here" in ran.err
