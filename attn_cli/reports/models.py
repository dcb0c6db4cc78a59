"""A model's attention from its config.json, in the style of Hugging Face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attn_cli.cost_report import LayerKind, ModelReport
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Mechanism
from attn_cli.reports.costed import ITEM_SIZES, cost_report
from attn_cli.reports.symbolic import Shape

Config = Mapping[str, Any]

CONVENTIONS = (
    "one new token; all other keys and values come from the cache",
    "FLOPs are those of matrix products, a multiply and an add counted as 2; norms, rotations "
    "and biases are left out",
    "a layer with a sliding window keeps and reads as many keys as its window; without "
    "layer_types a sliding_window holds for every layer",
)


def model_report(
    mechanism: Mechanism, config: Config, context: int | None, dtype: str
) -> ModelReport:
    """FLOPs for a new token and the KV cache at a context length, for each kind of layer.

    Raises AttnError naming the entry that is missing or is no whole number.
    """
    inner = config.get("text_config")
    config = inner if isinstance(inner, dict) else config
    name = _name(config)
    keys = context if context is not None else _number(config, "max_position_embeddings")
    kinds = _kinds(config)
    build = _latent if "kv_lora_rank" in config else _heads
    made = [build(mechanism, config, kind, count, keys, dtype) for kind, count in kinds.items()]
    return ModelReport(
        name=name,
        context=keys,
        dtype=dtype,
        facts=(_said(config),),
        kinds=tuple(made),
        conventions=CONVENTIONS,
    )


def _number(config: Config, name: str, otherwise: int | None = None) -> int:
    value = config.get(name)
    if value is None and otherwise is not None:
        return otherwise
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or not whole or not 1 <= value <= LARGEST:
        found = "is missing" if value is None else f"is {str(value)[:40]!r}"
        raise AttnError(f"--config: {name} {found}; it has to be a whole number from 1 on.")
    return int(value)


LARGEST = 10**15
KINDS = ("full_attention", "sliding_attention", "chunked_attention")


def _name(config: Config) -> str:
    name = config.get("model_type", "model")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 40:
        raise AttnError("--config: model_type has to be a short name.")
    return name


def _kinds(config: Config) -> dict[str, int]:
    """How many layers there are of each kind."""
    layers = _number(config, "num_hidden_layers")
    listed = config.get("layer_types")
    if listed is not None:
        if not isinstance(listed, list) or len(listed) != layers:
            raise AttnError(f"--config: layer_types has to name the kinds of {layers} layers.")
        for kind in listed:
            if kind not in KINDS:
                raise AttnError(
                    f"--config: a layer of kind {str(kind)[:40]!r} is not counted here. "
                    f"Known: {', '.join(KINDS)}."
                )
        return dict(Counter(listed))
    windowed = config.get("sliding_window") and config.get("use_sliding_window", True)
    return {"sliding_attention" if windowed else "full_attention": layers}


def _said(config: Config) -> str:
    heads = _number(config, "num_attention_heads")
    text = f"d_model = {_number(config, 'hidden_size'):,}, {heads} heads"
    if "kv_lora_rank" in config:
        rank, rope = _number(config, "kv_lora_rank"), _number(config, "qk_rope_head_dim")
        return f"{text}, latent of {rank} and rotary key of {rope} shared by all (MLA)"
    return (
        f"{text}, {_number(config, 'num_key_value_heads', heads)} key heads, {_head(config)} wide"
    )


def _head(config: Config) -> int:
    heads, width = _number(config, "num_attention_heads"), _number(config, "hidden_size")
    if config.get("head_dim") is None and width % heads:
        raise AttnError(f"--config: {heads} heads do not divide hidden_size {width}; add head_dim.")
    return _number(config, "head_dim", width // heads)


def _visible(config: Config, kind: str, keys: int) -> int:
    if "sliding" not in kind and "chunk" not in kind and "local" not in kind:
        return keys
    name = "attention_chunk_size" if "chunk" in kind else "sliding_window"
    return min(keys, _number(config, name))


def _heads(
    mechanism: Mechanism, config: Config, kind: str, count: int, keys: int, dtype: str
) -> LayerKind:
    heads, head = _number(config, "num_attention_heads"), _head(config)
    kv_heads = _number(config, "num_key_value_heads", heads)
    if heads % kv_heads:
        raise AttnError(f"--config: {kv_heads} key heads can't be shared by {heads} equally.")
    seen = _visible(config, kind, keys)
    shape = Shape(
        n=1,
        m=seen,
        d=heads * head,
        h=heads,
        h_kv=kv_heads,
        d_head=head,
        d_model=_number(config, "hidden_size"),
    )
    report = cost_report(mechanism, shape, dtype)
    core, projections = report.core.value, report.projections.value
    cache = report.kv_cache["per_token"].value
    assert core is not None
    assert projections is not None
    assert cache is not None
    return LayerKind(kind, count, seen, projections, core, cache)


def _latent(
    mechanism: Mechanism, config: Config, kind: str, count: int, keys: int, dtype: str
) -> LayerKind:
    """MLA with keys and values made from the latent (DeepSeek-V2 2024, equations 9 to 19).

    The two up-projections are folded into those of queries and output, as in decoding: scores
    and mixing work on the latent itself.
    """
    width, heads = _number(config, "hidden_size"), _number(config, "num_attention_heads")
    latent, rope = _number(config, "kv_lora_rank"), _number(config, "qk_rope_head_dim")
    plain, value = _number(config, "qk_nope_head_dim"), _number(config, "v_head_dim")
    low = None if config.get("q_lora_rank") is None else _number(config, "q_lora_rank")
    query = heads * (plain + rope)
    asked = width * low + low * query if low is not None else width * query
    folded = heads * plain * latent + heads * latent * value
    projections = asked + width * (latent + rope) + folded + heads * value * width
    seen = _visible(config, kind, keys)
    core = heads * seen * (latent + rope) + heads * seen * latent
    cache = ITEM_SIZES[dtype] * (latent + rope)
    return LayerKind(kind, count, seen, 2 * projections, 2 * core, cache)
