"""How families of models name their attention in config.json: one row a family, with its source.

A row says what kind of model it is, what holds where the released file is silent, how many key
heads there are and which layers see what. "Configuration" in a source is the class of that name
in Hugging Face transformers, whose defaults and rules the released files rely on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from attn_cli.costs.config_entries import Entries
from attn_cli.errors import AttnError


class Kind(NamedTuple):
    """What a layer of one kind does.

    window: at most so many keys for a query; None sees all. attends: whether it is attention at
    all; one that is not keeps a state of fixed size.
    """

    name: str
    window: int | None = None
    attends: bool = True


FULL = Kind("full_attention")
MAMBA = Kind("mamba", attends=False)
LINEAR = Kind("linear_attention", attends=False)
CONVOLUTION = Kind("conv", attends=False)

Pattern = Callable[[Entries, int], list[Kind]]
"""Which kind each of so many layers is."""


def sliding(window: int) -> Kind:
    """A layer whose queries see their last keys."""
    return Kind("sliding_attention", window)


def chunk_of(size: int) -> Kind:
    """A layer whose queries see the keys of their own chunk."""
    return Kind("chunked_attention", size)


def all_full(entries: Entries, layers: int) -> list[Kind]:
    """Every layer sees every key."""
    return [FULL] * layers


def all_slide(entries: Entries, layers: int) -> list[Kind]:
    """sliding_window holds for every layer; null means none."""
    window = entries.optional("sliding_window")
    return [FULL if window is None else sliding(window)] * layers


def last_of_each_full(name: str, usual: int | None) -> Pattern:
    """In each run of so many layers the last is full and the others slide."""

    def kinds(entries: Entries, layers: int) -> list[Kind]:
        window = entries.optional("sliding_window")
        every = entries.number(name, usual)
        if window is None:
            return [FULL] * layers
        return [sliding(window) if (i + 1) % every else FULL for i in range(layers)]

    return kinds


def even_slide(entries: Entries, layers: int) -> list[Kind]:
    """Layers 0, 2, 4 … slide, the others are full."""
    window = entries.optional("sliding_window")
    if window is None:
        return [FULL] * layers
    return [FULL if i % 2 else sliding(window) for i in range(layers)]


def late_slide(entries: Entries, layers: int) -> list[Kind]:
    """With use_sliding_window, layers from max_window_layers on slide."""
    window, first = entries.optional("sliding_window"), entries.optional("max_window_layers")
    if not entries.flag("use_sliding_window") or window is None:
        return [FULL] * layers
    if first is None:
        raise AttnError("‹config›: use_sliding_window is on, and max_window_layers is missing.")
    return [sliding(window) if i >= first else FULL for i in range(layers)]


def period(entries: Entries, layers: int) -> list[Kind]:
    """One layer of each attn_layer_period is attention, the others are Mamba."""
    every, at = entries.number("attn_layer_period", 8), entries.whole("attn_layer_offset", 4)
    return [FULL if i % every == at else MAMBA for i in range(layers)]


def interval(entries: Entries, layers: int) -> list[Kind]:
    """One layer of each full_attention_interval is attention, the others are linear."""
    every = entries.number("full_attention_interval", 4)
    return [LINEAR if (i + 1) % every else FULL for i in range(layers)]


def chunked(entries: Entries, layers: int) -> list[Kind]:
    """Layers with rotary positions see their own chunk, those without (NoPE) every key."""
    size = entries.optional("attention_chunk_size")
    every = entries.number("no_rope_layer_interval", 4)
    listed = entries.listed("no_rope_layers") or [int((i + 1) % every != 0) for i in range(layers)]
    if len(listed) != layers:
        raise AttnError(f"‹config›: no_rope_layers has to have an entry for {layers} layers.")
    chunk = FULL if size is None else chunk_of(size)
    return [chunk if turned else FULL for turned in listed]


def windows_on_both_sides(entries: Entries, layers: int) -> list[Kind]:
    """attention_window w: w / 2 keys on either side of a query, and its own."""
    listed = entries.listed("attention_window", one_for_all=layers)
    if not listed or len(listed) != layers:
        raise AttnError(f"‹config›: attention_window has to name the windows of {layers} layers.")
    return [Kind("window_on_both_sides", w + 1) for w in listed]


def neo_types(entries: Entries, layers: int) -> list[Kind]:
    """attention_types: runs of global and local layers; window_size is that of local ones."""
    names = entries.runs("attention_types")
    window = entries.optional("window_size")
    if len(names) != layers or (window is None and "local" in names):
        raise AttnError(f"‹config›: attention_types has to name the kinds of {layers} layers.")
    return [FULL if name == "global" or window is None else sliding(window) for name in names]


class Family(NamedTuple):
    """One family.

    kind: decoder, encoder or encoder–decoder. usual: entries that the released file may lack.
    one_key_head: an entry that says that all query heads share one key head. unless: an entry
    that makes that untrue. class_token: whether a tower for images has a token beside its patches.
    """

    source: str
    kind: str = "decoder"
    pattern: Pattern = all_full
    usual: Mapping[str, int] = MappingProxyType({})
    one_key_head: str | None = None
    unless: str | None = None
    class_token: bool = True


LLAMA = {
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "max_position_embeddings": 2048,
}
GEMMA_3 = {
    "hidden_size": 2304,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "num_hidden_layers": 26,
    "head_dim": 256,
    "max_position_embeddings": 131072,
    "sliding_window": 4096,
}


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "llama": Family("LlamaConfig", usual=LLAMA),
        "mistral": Family(
            "MistralConfig; Mistral 7B 2023, section 2",
            pattern=all_slide,
            usual={"num_key_value_heads": 8, "sliding_window": 4096},
        ),
        "mixtral": Family("MixtralConfig", pattern=all_slide, usual={"num_key_value_heads": 8}),
        "phi3": Family("Phi3Config", pattern=all_slide),
        "starcoder2": Family("Starcoder2Config", pattern=all_slide),
        "gemma": Family("GemmaConfig", usual={"head_dim": 256}),
        "gemma2": Family(
            "Gemma2Config; Gemma 2 2024, section 2",
            pattern=even_slide,
            usual={"head_dim": 256, "sliding_window": 4096},
        ),
        "gemma3": Family(
            "Gemma3Config; Gemma 3 2025, section 2",
            pattern=last_of_each_full("sliding_window_pattern", 6),
            usual=GEMMA_3,
        ),
        "gemma3_text": Family(
            "Gemma3TextConfig; Gemma 3 2025, section 2",
            pattern=last_of_each_full("sliding_window_pattern", 6),
            usual=GEMMA_3,
        ),
        "cohere2": Family("Cohere2Config", pattern=last_of_each_full("sliding_window_pattern", 4)),
        "qwen2": Family("Qwen2Config", pattern=late_slide),
        "qwen2_vl": Family("Qwen2VLConfig", pattern=late_slide),
        "qwen2_5_vl": Family("Qwen2_5_VLConfig", pattern=late_slide),
        "qwen2_moe": Family("Qwen2MoeConfig", pattern=late_slide),
        "qwen3": Family("Qwen3Config", pattern=late_slide, usual={"head_dim": 128}),
        "qwen3_moe": Family("Qwen3MoeConfig", pattern=late_slide),
        "qwen3_next": Family("Qwen3NextConfig", pattern=interval),
        "jamba": Family("JambaConfig; Jamba 2024, section 3", pattern=period),
        "llama4_text": Family("Llama4TextConfig", pattern=chunked),
        "llama4": Family("Llama4Config", pattern=chunked),
        "gpt_oss": Family("GptOssConfig; the file lists layer_types", pattern=even_slide),
        "deepseek_v2": Family("DeepseekV2Config"),
        "deepseek_v3": Family("DeepseekV3Config"),
        "qwen3_5_text": Family("Qwen3_5TextConfig", pattern=interval),
        "qwen3_5_moe_text": Family("Qwen3_5MoeTextConfig", pattern=interval),
        "llava": Family("LlavaConfig; text_config is the language model", usual=LLAMA),
        "gpt2": Family("GPT2Config"),
        "gptj": Family("GPTJConfig"),
        "gpt_neo": Family("GPTNeoConfig", pattern=neo_types),
        "gpt_neox": Family("GPTNeoXConfig"),
        "gpt_bigcode": Family("GPTBigCodeConfig", one_key_head="multi_query"),
        "bloom": Family("BloomConfig"),
        "mpt": Family("MptConfig"),
        "opt": Family("OPTConfig"),
        "falcon": Family(
            "FalconConfig",
            one_key_head="multi_query",
            unless="new_decoder_architecture",
            usual={"max_position_embeddings": 2048},
        ),
        "t5": Family(
            "T5Config",
            kind="encoder-decoder",
            usual={"n_positions": 512, "d_kv": 64},
        ),
        "bart": Family("BartConfig", kind="encoder-decoder"),
        "whisper": Family("WhisperConfig", kind="encoder-decoder"),
        "bert": Family("BertConfig", kind="encoder"),
        "roberta": Family("RobertaConfig", kind="encoder"),
        "xlm-roberta": Family("XLMRobertaConfig", kind="encoder"),
        "camembert": Family("CamembertConfig", kind="encoder"),
        "electra": Family("ElectraConfig", kind="encoder"),
        "deberta-v2": Family("DebertaV2Config", kind="encoder"),
        "mpnet": Family("MPNetConfig", kind="encoder"),
        "albert": Family("AlbertConfig", kind="encoder"),
        "deit": Family("DeiTConfig", kind="encoder"),
        "distilbert": Family("DistilBertConfig", kind="encoder"),
        "vit": Family("ViTConfig", kind="encoder"),
        "clip_text_model": Family(
            "CLIPTextConfig",
            kind="encoder",
            usual={
                "hidden_size": 512,
                "num_attention_heads": 8,
                "num_hidden_layers": 12,
                "max_position_embeddings": 77,
            },
        ),
        "clip_vision_model": Family("CLIPVisionConfig", kind="encoder"),
        "siglip_text_model": Family("SiglipTextConfig", kind="encoder"),
        "siglip_vision_model": Family("SiglipVisionConfig", kind="encoder", class_token=False),
        "dinov2": Family("Dinov2Config", kind="encoder"),
        "longformer": Family(
            "LongformerConfig; Beltagy 2020, section 3.1",
            kind="encoder",
            pattern=windows_on_both_sides,
        ),
    }
)
"""Every family by its model_type."""

ALIASES = {
    "RefinedWebModel": "falcon",
    "RefinedWeb": "falcon",
    "mt5": "t5",
    "mbart": "bart",
    "kimi_k2": "deepseek_v3",
}
"""Names that released files have for the same."""
