"""`attn complexity --config`: released models by their own names, held against published sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import attn_cli as library
from tests.conftest import Attn

CONFIGS = Path(__file__).parent / "configs"

BYTES = {
    "llama-2-7b": 2 * 32 * 32 * 128 * 2,
    "llama-3-8b": 131_072,
    "mistral-7b-v0.1": 131_072,
    "mistral-7b-v0.3": 131_072,
    "gemma-2-2b": 2 * 26 * 4 * 256 * 2,
    "gemma-3-1b": 2 * 26 * 1 * 256 * 2,
    "qwen2-7b": 2 * 28 * 4 * 128 * 2,
    "jamba-v0.1": 2 * 4 * 8 * 128 * 2,
    "qwen3-next-80b": 2 * 12 * 2 * 256 * 2,
    "llama-4-scout": 2 * 48 * 8 * 128 * 2,
    "gpt-oss-20b": 2 * 24 * 8 * 64 * 2,
    "deepseek-v2": 60 * 576 * 2,
    "deepseek-v3": 61 * 576 * 2,
    "falcon-7b": 2 * 32 * 1 * 64 * 2,
    "falcon-40b": 2 * 60 * 8 * 64 * 2,
    "gpt2": 2 * 12 * 768 * 2,
    "gpt-j-6b": 2 * 28 * 4096 * 2,
    "gpt-neo-125m": 2 * 12 * 768 * 2,
    "gpt-neox-20b": 2 * 44 * 6144 * 2,
    "bloom-176b": 2 * 70 * 14336 * 2,
    "mpt-7b": 2 * 32 * 4096 * 2,
    "starcoder": 2 * 40 * 1 * 128 * 2,
    "opt-1.3b": 2 * 24 * 2048 * 2,
    "llava-1.5-7b": 2 * 32 * 4096 * 2,
    "t5-base": 2 * 12 * 768 * 2,
    "bart-large": 2 * 12 * 1024 * 2,
    "whisper-small": 2 * 12 * 768 * 2,
}
"""Bytes that a token adds in all layers, two for each number: published, or by hand from sizes."""

ENCODERS = ("bert-base", "distilbert-base", "vit-base", "clip-vit-base", "longformer-base-4096")


def model(attn: Attn, name: str, *arguments: object) -> dict[str, Any]:
    """The report of a released file."""
    ran = attn("complexity", "--config", CONFIGS / f"{name}.json", "--json", *arguments)
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def test_every_file_is_held_to_a_number() -> None:
    """No fixture without a published size."""
    assert {path.stem for path in CONFIGS.iterdir()} == {*BYTES, *ENCODERS}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_a_token(attn: Attn, name: str) -> None:
    """Bytes a token in all layers, of 16-bit keys and values."""
    totals = model(attn, name, "--dtype", "bfloat16")["totals"]
    assert totals["kv_cache_bytes_per_token"] == BYTES[name]


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_have_no_cache(attn: Attn, name: str) -> None:
    """An encoder keeps nothing for a next token, and refuses to be asked for one."""
    found = model(attn, name)
    assert found["totals"]["kv_cache_bytes"] == 0
    ran = attn("complexity", "--config", CONFIGS / f"{name}.json", "--n", 2)
    assert ran.err.startswith("Error: --n: an encoder has no new tokens; --m is how many")
    ran = attn("complexity", "--config", CONFIGS / f"{name}.json", "--causal")
    assert ran.err.startswith("Error: --causal: in an encoder every position sees every other.")


def kinds(attn: Attn, name: str, *arguments: object) -> list[tuple[str, int, int]]:
    """Name, number and visible keys of each kind of layer."""
    found = model(attn, name, *arguments)["layers"]
    return [(kind["name"], kind["layers"], kind["keys"]) for kind in found]


def test_which_layers_see_what(attn: Attn) -> None:
    """Every other, five of six, late, periodic, by interval, by chunks, on both sides, by runs."""
    assert kinds(attn, "gemma-2-2b") == [
        ("sliding_attention", 13, 4096),
        ("full_attention", 13, 8192),
    ]
    assert kinds(attn, "gemma-3-1b") == [
        ("sliding_attention", 22, 512),
        ("full_attention", 4, 32768),
    ]
    assert kinds(attn, "qwen2-7b") == [("full_attention", 28, 131072)]
    assert kinds(attn, "jamba-v0.1")[1] == ("full_attention", 4, 262144)
    assert kinds(attn, "qwen3-next-80b")[1] == ("full_attention", 12, 262144)
    assert kinds(attn, "llama-4-scout", "--m", 10_000) == [
        ("chunked_attention", 36, 8192),
        ("full_attention", 12, 10_000),
    ]
    assert kinds(attn, "longformer-base-4096") == [("window_on_both_sides", 12, 513)]
    assert kinds(attn, "gpt-neo-125m")[1] == ("sliding_attention", 6, 256)
    assert kinds(attn, "gpt-oss-20b")[0] == ("sliding_attention", 12, 128)
    assert kinds(attn, "mistral-7b-v0.3") == [("full_attention", 32, 32768)]


def edited(name: str, **changes: object) -> Path:
    """A released file with entries of ours."""
    values = json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8"))
    path = Path("edited.json")
    path.write_text(json.dumps({**values, **changes}), encoding="utf-8")
    return path


def test_late_layers_slide_where_asked(attn: Attn) -> None:
    """use_sliding_window turns windows on from layer max_window_layers."""
    path = edited("qwen2-7b", use_sliding_window=True, max_window_layers=21, sliding_window=100)
    ran = attn("complexity", "--config", path, "--json", "--m", 1000)
    layers = json.loads(ran.out)["layers"]
    assert [(k["layers"], k["keys"]) for k in layers] == [(21, 1000), (7, 100)]


def test_new_tokens_by_brute_force(attn: Attn) -> None:
    """--n counts the pairs of each new token: windows exactly, causal where asked."""
    n, m, window = 300, 700, 512
    found = model(attn, "gemma-3-1b", "--n", n, "--m", m, "--causal", "--batch", 3)
    sliding, full = found["layers"]
    pair = 4 * 4 * 256
    seen = [p + 1 for p in range(m - n, m)]
    assert full["core"] == 3 * pair * sum(seen)
    assert sliding["core"] == 3 * pair * sum(min(window, keys) for keys in seen)
    every = model(attn, "gemma-3-1b", "--n", n, "--m", m)["layers"][1]
    assert every["core"] == pair * n * m
    assert found["totals"]["kv_cache_bytes"] == 3 * 2 * 256 * 2 * (22 * window + 4 * m)
    long = model(attn, "longformer-base-4096", "--m", 600)["layers"][0]
    near = sum(abs(i - j) <= 256 for i in range(600) for j in range(600))
    assert long["core"] == 4 * 768 * near


def test_latent_attention_in_both_forms(attn: Attn) -> None:
    """Unfolded MLA makes keys and values of every latent row; folded works on the rows."""
    found = model(attn, "deepseek-v3", "--m", 1000)
    folded, unfolded = found["layers"]
    assert (folded["counted"], unfolded["counted"]) == (True, False)
    assert folded["core"] == 2 * 128 * 1000 * (576 + 512)
    assert unfolded["core"] == 2 * 128 * 1000 * (192 + 128)
    up = 2 * 512 * 128 * (128 + 128)
    assert unfolded["projections"] - folded["projections"] == 1000 * up - up
    assert found["totals"]["kv_cache_bytes"] == 1000 * 61 * 576 * 2


def test_two_caches_of_an_encoder_and_decoder(attn: Attn) -> None:
    """The decoder's own cache grows; that of the source is made once."""
    ran = attn("complexity", "--config", CONFIGS / "whisper-small.json", "--m", 100)
    assert "a source of 1,500 tokens, whose keys and values are made once" in ran.out
    assert "the source     105.5 MiB, made once and kept" in ran.out
    layers = model(attn, "whisper-small", "--m", 100)["layers"]
    assert [(kind["cached"], kind["counted"]) for kind in layers] == [
        (0, False),
        (100, True),
        (1500, True),
    ]


def test_the_type_is_the_files_own(attn: Attn) -> None:
    """torch_dtype holds unless --dtype is given; --kv-dtype is that of the cache alone."""
    assert model(attn, "llama-2-7b")["dtype"] == "float16"
    assert model(attn, "gemma-2-2b")["dtype"] == "float32"
    halved = model(attn, "llama-3-8b", "--kv-dtype", "float8")
    assert (halved["dtype"], halved["kv_dtype"]) == ("bfloat16", "float8")
    assert halved["totals"]["kv_cache_bytes_per_token"] == BYTES["llama-3-8b"] // 2
    ran = attn("complexity", "--config", CONFIGS / "gpt-oss-20b.json")
    assert "weights are quantised (mxfp4); keys and values are not" in ran.out
    assert "the file names no torch_dtype: float32, as torch has it" in ran.out
    ran = attn("complexity", "--config", edited("llama-3-8b", torch_dtype="int3"))
    assert ran.err.startswith("Error: --config: the file's type is 'int3'; give --dtype: float64")


def test_what_was_not_read_is_said(attn: Attn) -> None:
    """Entries that may bear on attention and were not used are listed, and no others."""
    ran = attn("complexity", "--config", edited("llama-3-8b", cross_layers=3, strange_window=7))
    assert "not read: cross_layers, strange_window" in ran.out
    found = model(attn, "llama-3-8b")
    assert found["not_read"] == []
    assert (
        "not in the file, usual of the family: num_hidden_layers = 32, hidden_size = 4,096"
        in " ".join(model(attn, "llava-1.5-7b")["facts"])
    )


def test_an_unknown_pattern_is_refused(attn: Attn) -> None:
    """A window of an unknown family is never taken for full, nor for all layers."""
    path = edited("llama-3-8b", model_type="newest", sliding_window=128)
    ran = attn("complexity", "--config", path)
    assert ran.status == 2
    assert ran.err == (
        "Error: --config: which layers sliding_window = 128 is for is not known of model_type "
        "'newest'. Add layer_types, one of full_attention, attention, "
        "linear_attention, mamba, conv, sliding_attention, chunked_attention for each layer.\n"
    )
    path = edited("llama-3-8b", model_type="newest", sliding_window=None)
    assert attn("complexity", "--config", path).status == 0


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("attn_layer_indices", [9, 18]),
        ("cla_share_factor", 2),
        ("attention_method", "MLA"),
        ("cross_attention_layers", [3, 8]),
        ("attn_type_list", [0, 1]),
        ("num_attention_groups", 8),
        ("linear_attn_config", {"full_attn_layers": [4]}),
        ("conv_kernel", 4),
        ("ssm_state_size", 128),
        ("head_size", 64),
        ("global_head_dim", 512),
        ("kv_lora", 8),
    ],
)
def test_an_unknown_family_with_more_to_say_is_refused(entry: str, value: object) -> None:
    """What may bear on attention, heads, layers or state and isn't understood is named."""
    with pytest.raises(library.AttnError, match=f"entries mean for its attention: {entry}"):
        library.complexity(config=str(edited("llama-3-8b", model_type="newest", **{entry: value})))


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("attention_dropout", 0.1),
        ("moe_layer_interval", 2),
        ("decoder_sparse_step", 1),
        ("num_nextn_predict_layers", 1),
        ("attn_pdrop_unused", 0),
        ("sliding_window", None),
        ("rope_local_base_freq", 10000),
        ("attn_logit_softcapping", 30.0),
    ],
)
def test_an_unknown_family_with_nothing_more_is_counted(entry: str, value: object) -> None:
    """What bears on experts, training or rotation changes nothing; the family is said."""
    path = str(edited("llama-3-8b", model_type="newest", **{entry: value}))
    assert "an unknown family, read by usual names and counted as a decoder" in str(
        library.complexity(config=path)
    )


@pytest.mark.parametrize(
    "more",
    [
        {"patch_size": 16, "image_size": 224},
        {"type_vocab_size": 2},
        {"architectures": ["NewestForMaskedLM"]},
    ],
)
def test_an_unknown_encoder_has_no_cache(more: dict[str, object]) -> None:
    """Towers for images and models of masked words keep no keys."""
    found = library.complexity(config=str(edited("llama-3-8b", model_type="newest", **more)))
    assert not found.report.decodes
    assert all(kind.cache_per_key == 0 for kind in found.report.kinds)
    assert "counted as an encoder" in str(found)


def test_two_towers_have_no_cache() -> None:
    """SigLIP is two encoders, and its images have no class token: 27 × 27 patches."""
    sizes = {"hidden_size": 1152, "num_attention_heads": 16, "num_hidden_layers": 27}
    text = {**sizes, "model_type": "siglip_text_model", "max_position_embeddings": 64}
    image = {**sizes, "model_type": "siglip_vision_model", "image_size": 384, "patch_size": 14}
    both = {"model_type": "siglip", "text_config": text, "vision_config": image}
    found = library.complexity(config=json.dumps(both)).report
    assert {kind.keys for kind in found.kinds} == {64, 729}
    assert not found.decodes


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("qwen2-7b", {"use_sliding_window": 3}, "use_sliding_window is '3', not true or false."),
        (
            "qwen2-7b",
            {"use_sliding_window": True, "max_window_layers": None},
            "use_sliding_window is on, and max_window_layers is missing.",
        ),
        (
            "longformer-base-4096",
            {"attention_window": [512]},
            "attention_window has to name the windows of 12 layers.",
        ),
        (
            "longformer-base-4096",
            {"attention_window": "wide"},
            "attention_window has to be a list of whole numbers.",
        ),
        (
            "gpt-neo-125m",
            {"attention_types": [1]},
            "attention_types has to list runs such as [[words], 12].",
        ),
        (
            "gpt-neo-125m",
            {"window_size": None},
            "attention_types has to name the kinds of 12 layers.",
        ),
        ("gpt2", {"n_layer": 20_000}, "20,000 layers are more than the 10,000 counted here."),
        ("bart-large", {"encoder_layers": 20_000}, "more than the 10,000 layers counted here."),
        ("gpt2", {"n_head": 7}, "7 heads do not divide hidden_size 768; add head_dim."),
        (
            "llama-4-scout",
            {"text_config": {"model_type": "llama4_text", "hidden_size": 8, "max_seq_len": 9}},
            "num_hidden_layers is missing; it has to be a whole number from 1 on.",
        ),
    ],
)
def test_refused_files(attn: Attn, name: str, changes: dict[str, object], message: str) -> None:
    """What is missing or wrong in a file is named."""
    ran = attn("complexity", "--config", edited(name, **changes))
    assert (ran.status, ran.err) == (2, f"Error: --config: {message}\n")


def test_refused_questions(attn: Attn) -> None:
    """Questions that a model can't be asked are refused by their options."""
    vit, llama = CONFIGS / "vit-base.json", CONFIGS / "llama-3-8b.json"
    ran = attn("complexity", "--config", vit, "--m", 3)
    assert ran.err.startswith("Error: --m: the file fixes how many positions this model reads.")
    ran = attn("complexity", "--config", llama, "--n", 9, "--m", 3)
    assert ran.err.startswith("Error: --n 9 new tokens are more than --m 3 in all.")


def test_a_machine_reads_weights_and_cache(attn: Attn) -> None:
    """The least time of a decode step: operations, or the bytes of weights and cache."""
    found = model(attn, "llama-3-8b", "--m", 8192, "--hardware", "h100")
    weights = 32 * (2 * 4096 * 4096 + 2 * 4096 * 1024) * 2
    cache = 8192 * 131_072
    both, alone = found["hardware"]["floors"]
    assert both["memory"] == pytest.approx((weights + cache) / 3.35e12)
    assert alone["memory"] == pytest.approx(cache / 3.35e12)
    ran = attn("complexity", "--config", CONFIGS / "llama-3-8b.json", "--hardware", "h100")
    assert "attention layers alone, no feed-forward layers" in ran.out
    encoder = model(attn, "bert-base", "--hardware", "a100")["hardware"]["floors"]
    assert [floor["way"] for floor in encoder] == ["attention's weights read"]


def test_an_encoder_reads_its_own_source(attn: Attn) -> None:
    """--m is the decoder's context; the encoder and cross-attention agree on the source."""
    rows = [(k["name"], k["keys"]) for k in model(attn, "t5-base", "--m", 100)["layers"]]
    assert rows == [
        ("encoder full_attention", 512),
        ("decoder full_attention", 100),
        ("cross_attention", 512),
    ]


@pytest.mark.parametrize(
    ("name", "left_out", "cache"),
    [
        ("mistral-7b-v0.1", ("sliding_window", "num_key_value_heads"), 131_072),
        ("gemma-2-2b", ("sliding_window", "head_dim"), 2 * 26 * 4 * 256 * 2),
    ],
)
def test_what_a_file_lacks_is_its_familys_own(
    attn: Attn, name: str, left_out: tuple[str, ...], cache: int
) -> None:
    """Entries that are missing are those of the family's configuration, and said; null is null."""
    values = json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8"))
    Path("short.json").write_text(
        json.dumps({key: value for key, value in values.items() if key not in left_out}), "utf-8"
    )
    ran = attn("complexity", "--config", "short.json", "--dtype", "bfloat16", "--json")
    found = json.loads(ran.out)
    assert found["totals"]["kv_cache_bytes_per_token"] == cache
    assert found["layers"][0]["name"] == "sliding_attention"
    assert any("not in the file, usual of the family: " in fact for fact in found["facts"])


def test_unusual_use_is_said(attn: Attn) -> None:
    """A BERT that decodes, and a window by another name, are told or refused."""
    ran = attn("complexity", "--config", edited("bert-base", is_decoder=True))
    assert "not read: is_decoder" in ran.out
    path = edited("llama-3-8b", model_type="newest", local_attention=128)
    assert "which layers local_attention = 128 is for" in attn("complexity", "--config", path).err
