"""Real tensors: names of libraries, fused and transposed ones, slices, biases, bfloat16."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from attn_cli.arrays.tensors import TENSORS
from attn_cli.errors import AttnError
from attn_cli.readings.narrow import to_bfloat16
from tests.conftest import Attn
from tests.faulty import normal

Array = np.ndarray[Any, Any]

N, E, H, D = 5, 6, 3, 2
X = normal(0, N, E)
MATRICES = {f"w_{one}": normal(at, E, E) for at, one in enumerate("qkvo", 1)}
BIASES = {f"b_{one}": normal(at, E) for at, one in enumerate("qkvo", 5)}
"""Sizes that differ, but for E = H · D."""


def by_hand(*, biases: bool = True) -> Array:
    """Multi-head attention in plain loops."""
    added = {name: one if biases else np.zeros(E) for name, one in BIASES.items()}
    q, k, v = (X @ MATRICES[f"w_{one}"] + added[f"b_{one}"] for one in "qkv")
    parts = []
    for head in range(H):
        own = slice(head * D, (head + 1) * D)
        scores = q[:, own] @ k[:, own].T / np.sqrt(D)
        powers = np.exp(scores)
        parts.append(powers / powers.sum(axis=1, keepdims=True) @ v[:, own])
    return np.concatenate(parts, axis=1) @ MATRICES["w_o"] + added["b_o"]


def test_biases_of_projections() -> None:
    """X W + b, and W_O's behind the heads; each changes the output."""
    whole = library.compute(x=X, **MATRICES, **BIASES, heads=H)
    np.testing.assert_allclose(whole.output, by_hand(), rtol=0, atol=1e-12)
    for name in BIASES:
        if name == "b_k":  # a key's bias adds as much to all scores of a row
            continue
        without = {**BIASES, name: np.zeros(E)}
        other = library.compute(x=X, **MATRICES, **without, heads=H)
        assert np.abs(other.output - whole.output).max() > 0.01, name
    assert "q_product + b_Q" in str(whole)


def test_biases_of_keys_change_no_weights() -> None:
    """A number added to every key's score is taken out by softmax: a law of its own."""
    plain = library.compute(x=X, **MATRICES, heads=H)
    moved = library.compute(x=X, **MATRICES, b_k=normal(9, E), heads=H)
    np.testing.assert_allclose(moved["weights"], plain["weights"], atol=1e-12)
    assert np.abs(moved["k"] - plain["k"]).max() > 0.1


def test_the_gradient_of_a_bias(attn: Attn) -> None:
    """It agrees with central differences, and flows through the sum."""
    np.savez("run.npz", x=X, **MATRICES, **BIASES)
    assert attn("gradient", "--input", "run.npz", "--heads", H, "--check").status == 0
    found = library.gradient(input="run.npz", heads=H)
    assert found["d_b_q"].shape == (E,)
    np.testing.assert_allclose(found["d_b_o"], N, atol=1e-12)
    np.testing.assert_allclose(found["d_b_k"], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--q", "1 0", "--b-q", "1 0"), "--b-q needs --x or --text"),
        (("--x", "1 0; 0 1", "--w-q", "1 0; 0 1", "--b-q", "1 0 0"), "b_q"),
        (("--mode", "mla", "--x", "1 0; 0 1", "--b-q", "1 0"), "b_q"),
        (("--x", "1 0; 0 1", "--b-o", "1 0"), "b_o"),
    ],
)
def test_biases_that_do_not_belong(attn: Attn, given: tuple[str, ...], says: str) -> None:
    """Without rows, of another width, in a mode without such projections, without W_O."""
    ran = attn("compute", *given)
    assert ran.status == 2
    assert says in ran.err


def saved(**arrays: Array) -> str:
    """A file of them."""
    np.savez("t.npz", **arrays)
    return "t.npz"


def linear(name: str) -> dict[str, Array]:
    """A torch Linear: (out, in), and its bias."""
    letter = name[0]
    return {f"{name}.weight": MATRICES[f"w_{letter}"].T, f"{name}.bias": BIASES[f"b_{letter}"]}


ATTENTION: dict[str, dict[str, Array]] = {
    "torch": {
        "in_proj_weight": np.concatenate([MATRICES[f"w_{one}"].T for one in "qkv"]),
        "in_proj_bias": np.concatenate([BIASES[f"b_{one}"] for one in "qkv"]),
        "out_proj.weight": MATRICES["w_o"].T,
        "out_proj.bias": BIASES["b_o"],
    },
    "llama": {
        f"model.layers.0.self_attn.{name}": one
        for part in ("q_proj", "k_proj", "v_proj", "o_proj")
        for name, one in linear(part).items()
    },
    "gpt2": {
        "h.0.attn.c_attn.weight": np.concatenate([MATRICES[f"w_{o}"] for o in "qkv"], axis=1),
        "h.0.attn.c_attn.bias": np.concatenate([BIASES[f"b_{one}"] for one in "qkv"]),
        "h.0.attn.c_proj.weight": MATRICES["w_o"],
        "h.0.attn.c_proj.bias": BIASES["b_o"],
    },
    "timm": {
        "attn.qkv.weight": np.concatenate([MATRICES[f"w_{one}"].T for one in "qkv"]),
        "attn.qkv.bias": np.concatenate([BIASES[f"b_{one}"] for one in "qkv"]),
        "attn.proj.weight": MATRICES["w_o"].T,
        "attn.proj.bias": BIASES["b_o"],
    },
    "keras": {
        "mha/query/kernel:0": MATRICES["w_q"].reshape(E, H, D),
        "mha/query/bias:0": BIASES["b_q"].reshape(H, D),
        "mha/key/kernel:0": MATRICES["w_k"].reshape(E, H, D),
        "mha/key/bias:0": BIASES["b_k"].reshape(H, D),
        "mha/value/kernel:0": MATRICES["w_v"].reshape(E, H, D),
        "mha/value/bias:0": BIASES["b_v"].reshape(H, D),
        "mha/attention_output/kernel:0": MATRICES["w_o"].reshape(H, D, E),
        "mha/attention_output/bias:0": BIASES["b_o"],
    },
    "letters": {
        **{f"W_{name[-1].upper()}": one for name, one in MATRICES.items()},
        **BIASES,
    },
}


@pytest.mark.parametrize("name", ATTENTION)
def test_names_of_libraries(name: str) -> None:
    """State dictionaries are read as they are, and it is said how."""
    heads = {} if name == "keras" else {"heads": H}
    found = library.compute(input=saved(x=X, **ATTENTION[name]), **heads)
    np.testing.assert_allclose(found.output, by_hand(), rtol=0, atol=1e-12)
    if name == "torch":
        assert "in_proj_weight split into W_Q, W_K, W_V, (out, in)" in found.facts
    if name == "keras":
        assert "W_Q of 6×3×2 read as (in, heads, width)" in found.facts


def test_weights_layout_says_more_than_a_name() -> None:
    """Matrices that are called as torch's, saved transposed: --weights-layout says so."""
    turned = {name: one.T if one.ndim == 2 else one for name, one in ATTENTION["llama"].items()}
    found = library.compute(input=saved(x=X, **turned), heads=H, weights_layout="in-out")
    np.testing.assert_allclose(found.output, by_hand(), rtol=0, atol=1e-12)


def interleaved(parts: list[Array], heads: int) -> Array:
    """Queries, keys and values of each head together, along the last axis."""
    split = [one.reshape(*one.shape[:-1], heads, -1) for one in parts]
    return np.concatenate(split, axis=-1).reshape(*parts[0].shape[:-1], -1)


def test_interleaved_tensors() -> None:
    """GPT-NeoX and BLOOM hold a head's queries, keys and values together."""
    weight = interleaved([MATRICES[f"w_{one}"] for one in "qkv"], H).T
    bias = interleaved([BIASES[f"b_{one}"] for one in "qkv"], H)
    given = saved(
        **{"x": X, "query_key_value.weight": weight, "query_key_value.bias": bias},
        w_o=MATRICES["w_o"],
        b_o=BIASES["b_o"],
    )
    found = library.compute(input=given, heads=H, qkv="interleaved")
    np.testing.assert_allclose(found.output, by_hand(), rtol=0, atol=1e-12)
    other = library.compute(input=given, heads=H)
    assert np.abs(other.output - by_hand()).max() > 0.1


@pytest.mark.parametrize("how", ["fused", "interleaved"])
def test_fused_rows_of_grouped_heads(how: str) -> None:
    """Four query heads share two key heads: the width goes into eight parts."""
    q, k, v = normal(1, N, 4 * D), normal(2, N, 2 * D), normal(3, N, 2 * D)
    if how == "fused":
        qkv = np.concatenate([q, k, v], axis=-1)
    else:
        parts = []
        for head in range(2):
            parts += [q[:, 2 * D * head : 2 * D * (head + 1)]]
            parts += [one[:, D * head : D * (head + 1)] for one in (k, v)]
        qkv = np.concatenate(parts, axis=-1)
    found = library.compute(input=saved(qkv=qkv), heads=4, kv_heads=2, qkv=how)
    expected = library.compute(q, k, v, heads=4, kv_heads=2)
    np.testing.assert_array_equal(found.output, expected.output)


def test_packed_rows_of_flash_attention() -> None:
    """(batch, rows, 3, heads, width) and (rows, 3, heads, width) say themselves what they are."""
    qkv = normal(1, 2, N, 3, H, D)
    q, k, v = (qkv[:, :, at].transpose(0, 2, 1, 3) for at in range(3))
    expected = library.compute(q, k, v).output
    np.testing.assert_array_equal(library.compute(input=saved(qkv=qkv)).output, expected)
    one = library.compute(input=saved(qkv=qkv[1])).output
    np.testing.assert_allclose(one[0], expected[1], atol=1e-12)


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (("query", "key", "value"), ("q", "k", "v")),
        (("Q", "K", "V"), ("q", "k", "v")),
        (("query_states", "key_states", "value_states"), ("q", "k", "v")),
    ],
)
def test_names_of_rows(names: tuple[str, ...], own: tuple[str, ...]) -> None:
    """Queries, keys and values by their other names; hidden states beside them are left out."""
    arrays = [normal(at, N, D) for at in range(3)]
    held = dict(zip(names, arrays, strict=True))
    found = library.compute(input=saved(**held, hidden_states=X))
    np.testing.assert_array_equal(found.output, library.compute(*arrays).output)
    assert own == ("q", "k", "v")


def test_names_of_caches() -> None:
    """past_key and past_value are the cache."""
    q, k, v, past_k, past_v = (normal(at, N, D) for at in range(5))
    found = library.compute(input=saved(q=q, k=k, v=v, past_key=past_k, past_value=past_v))
    expected = library.compute(q, k, v, past_k=past_k, past_v=past_v)
    np.testing.assert_array_equal(found.output, expected.output)


def test_what_is_given_counts_more_than_another_name() -> None:
    """An array of its own name, or given beside the file, is taken."""
    q, k, v = (normal(at, N, D) for at in range(3))
    found = library.compute(q, input=saved(query=normal(9, N, D), k=k, v=v, key=normal(8, N, D)))
    np.testing.assert_array_equal(found.output, library.compute(q, k, v).output)


@pytest.mark.parametrize(
    ("arrays", "choices", "says"),
    [
        ({"qkv": normal(0, N, 7)}, {}, "its width 7 does not go into queries, keys and values"),
        ({"qkv": normal(0, N, 9)}, {"qkv": "interleaved"}, "give heads=, by which qkv is"),
        ({"q": X, "k": X, "v": X}, {"qkv": "fused"}, "is for a fused tensor in input"),
        (
            {"a.q_proj.weight": normal(0, E, E), "b.q_proj.weight": normal(1, E, E)},
            {},
            "are all w_q, as in a file with several layers",
        ),
        ({"x": X, "w_q": normal(0, E, H, D)}, {"heads": 2}, "the arrays have 3 heads, not 2"),
    ],
)
def test_what_can_not_be_taken_apart(
    arrays: dict[str, Array], choices: dict[str, Any], says: str
) -> None:
    """Each is named, with what to give."""
    with pytest.raises(AttnError) as caught:
        library.compute(input=saved(**arrays), **choices)
    assert says in str(caught.value)


def test_every_name_means_one_thing() -> None:
    """No name stands twice in the table."""
    names = [one.name for one in TENSORS]
    assert len(names) == len(set(names))


def test_parts_of_arrays(attn: Attn) -> None:
    """file.npz:name[0] is a head or a batch row of it; a range is a range."""
    array = normal(1, 2, N, D)
    np.savez("t.npz", q=array)
    np.save("q.npy", array)
    for written, part in (
        ("t.npz:q[1]", array[1]),
        ("q.npy[0]", array[0]),
        ("q.npy[-1,1:4]", array[1, 1:4]),
        ("t.npz:q[0,::2,:1]", array[0, ::2, :1]),
    ):
        found = library.compute(written, part, part)
        np.testing.assert_array_equal(found["q"], part)
    assert (
        attn(
            "diagnose",
            "--q",
            "q.npy[0]",
            "--k",
            "q.npy[0]",
            "--v",
            "q.npy[0]",
            "--expected",
            "q.npy[1]",
        ).status
        == 1
    )
    ran = attn("compute", "--q", "t.npz:q[2]")
    assert ran.status == 2
    assert "[2] is no part of an array of 2×5×2: index 2 is out of bounds" in ran.err
    assert "[1,,] is no part" in attn("compute", "--q", "q.npy[1,,]").err


@pytest.mark.parametrize("suffix", ["pt", "pth", "bin", "ckpt", "pkl"])
def test_pickles_are_refused_with_what_converts_them(attn: Attn, suffix: str) -> None:
    """Nothing of them is read; the line is the whole answer."""
    Path(f"m.{suffix}").write_bytes(b"\x80\x04whatever")
    one = attn("compute", "--q", f"m.{suffix}")
    many = attn("compute", "--input", f"m.{suffix}")
    assert one.status == many.status == 2
    for ran in (one, many):
        assert "is a pickle, which could run code when it is read" in ran.err
        assert "Convert it where you trust it:" in ran.err
        assert "np.savez('m.npz'" in ran.err


@pytest.mark.parametrize("held", ["tensor", "tuple", "dict", "mapping of mappings"])
def test_the_line_that_converts_works(attn: Attn, held: str) -> None:
    """What is printed is run as it stands, where torch is installed, whatever holds tensors."""
    torch = pytest.importorskip("torch")
    import re
    import subprocess
    import sys

    q = torch.randn(3, 2, dtype=torch.bfloat16, requires_grad=True)
    tensors = {"q": q, "k": torch.randn(3, 2), "steps": 3, "none": None}
    saved, part = {
        "tensor": (q, ""),
        "tuple": ((q, [torch.randn(1)]), ":0"),
        "dict": (tensors, ":q"),
        "mapping of mappings": (collections.OrderedDict(model=tensors), ":model.q"),
    }[held]
    torch.save(saved, "m.pt")
    told = attn("compute", "--input", "m.pt").err
    line = re.search(r'python -c "(.*)"', told)
    assert line is not None
    subprocess.run([sys.executable, "-c", line[1]], check=True, timeout=120)
    read = np.array(library.compute(f"m.npz{part}", key_labels="a b")["q"])
    np.testing.assert_array_equal(read, q.detach().float().numpy())


def test_bfloat16_rounds_every_step() -> None:
    """Each step is the nearest bfloat16 of what float32 makes of the rounded ones before."""
    types = pytest.importorskip("ml_dtypes")
    q, k, v = (normal(at, N, 4) for at in range(3))
    found = library.compute(q, k, v, dtype="bfloat16", causal=True)

    def near(x: Array) -> Array:
        return np.asarray(x, np.float32).astype(types.bfloat16).astype(np.float32)

    narrow = [near(one) for one in (q, k, v)]
    for name, one in zip("qkv", narrow, strict=True):
        np.testing.assert_array_equal(found[name], one)
    scores = near(narrow[0] @ narrow[1].T)
    np.testing.assert_array_equal(found["scores"], scores)
    scaled = near(scores / 2)
    np.testing.assert_array_equal(found["scaled"], scaled)
    masked = np.where(np.tri(N, dtype=bool), scaled, -np.inf)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    weights = near(powers / powers.sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(found["weights"], weights)
    np.testing.assert_array_equal(found.output, near(weights @ narrow[2]))
    assert "computed in float32, every step rounded to bfloat16" in found.facts[1]


def test_bfloat16_in_blocks_and_alone_is_the_same() -> None:
    """Large runs, computed in blocks, round as small ones do; so does one query alone."""
    q, k, v = (normal(at, 4200, 2) for at in range(3))
    large = library.compute(q, k, v, dtype="bfloat16", causal=True)
    small = library.compute(q[:9], k[:9], v[:9], dtype="bfloat16", causal=True)
    np.testing.assert_array_equal(large.output[:9], small.output)
    np.testing.assert_array_equal(to_bfloat16(large.output), large.output)
    one = library.compute(q[:9], k[:9], v[:9], dtype="bfloat16", query_index=3)
    np.testing.assert_array_equal(to_bfloat16(one["weights"]), one["weights"])


@pytest.mark.parametrize(
    ("command", "more", "says"),
    [
        ("gradient", (), "--dtype bfloat16 is for compute and diagnose alone"),
        ("compute", ("--decode",), "--dtype bfloat16 is not for --decode"),
        ("compute", ("--code", "numpy"), "every step is rounded to bfloat16 here"),
    ],
)
def test_where_bfloat16_is_refused(
    attn: Attn, command: str, more: tuple[str, ...], says: str
) -> None:
    """What would be computed in another type than is said is refused."""
    ran = attn(command, "--dtype", "bfloat16", *more)
    assert ran.status == 2
    assert says in ran.err


def test_a_bias_left_out_is_diagnosed() -> None:
    """The fault of a projection's bias is named, of all and of one."""
    given = {"x": X, **MATRICES, **BIASES, "heads": H}
    found = library.diagnose(**given, expected=by_hand(biases=False))
    assert [cause.id for cause in found.hypotheses[0].causes] == ["projection-bias-missing"]


def test_torch_modules_are_read_as_they_are() -> None:
    """A state dictionary of nn.MultiheadAttention gives torch's own output."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.MultiheadAttention(E, H, batch_first=True)
    torch.nn.init.normal_(module.in_proj_bias)
    torch.nn.init.normal_(module.out_proj.bias)
    x = torch.randn(1, N, E)
    output, _ = module(x, x, x)
    state = {name: one.detach().numpy() for name, one in module.state_dict().items()}
    found = library.compute(input=saved(x=x[0].numpy(), **state), heads=H)
    np.testing.assert_allclose(found.output, output[0].detach().numpy(), atol=1e-6)
