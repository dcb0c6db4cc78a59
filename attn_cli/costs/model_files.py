"""From a model's config.json to what its attention is made of, by the rules of its family."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from attn_cli.costs.config_entries import HARMLESS, LONGEST, Entries
from attn_cli.costs.families import (
    ALIASES,
    CONVOLUTION,
    FAMILIES,
    FULL,
    LINEAR,
    MAMBA,
    Family,
    Kind,
    chunk_of,
    sliding,
)
from attn_cli.errors import AttnError, brief, listed

Config = Mapping[str, Any]

NESTED = (
    *("attn_type", "kv_n_heads", "clip_qkv", "qk_ln", "alibi", "alibi_bias_max", "softmax_scale"),
    *("rope", "rope_theta", "attn_pdrop", "attn_impl", "attn_uses_sequence_id", "model_type"),
)
"""What is understood of attn_config."""

WIDTH = ("hidden_size", "n_embd", "n_embed", "d_model", "dim")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
KEY_HEADS = (
    *("num_key_value_heads", "num_kv_heads", "n_head_kv", "kv_n_heads"),
    "multi_query_group_num",
)
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
POSITIONS = (
    *("max_position_embeddings", "n_positions", "n_ctx", "seq_length"),
    *("max_seq_len", "max_target_positions"),
)
"""Names of the same thing, in files of different families."""

LISTED = {
    "full_attention": FULL,
    "attention": FULL,
    "linear_attention": LINEAR,
    "mamba": MAMBA,
    "conv": CONVOLUTION,
}
WINDOWED = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
"""Kinds that layer_types may name, and the entry that says how far those with a window see."""

UNCOUNTED = ("linear_", "mamba_", "conv_")
"""How entries of layers without keys begin, which are left out where layer_types names them."""

TOWERS = ("clip", "siglip")
"""Models of two encoders, one for text and one for images."""

IMAGES = ("patch_size", "image_size")
MASKED = re.compile(r"ForMaskedLM|ForPreTraining|Classification|QuestionAnswering|Encoder|Vision")
"""What the architectures of encoders are named."""

OPEN = re.compile(r"window|chunk|period|interval|pattern|sparse|no_rope|local_att|index_topk")
"""Entries that may keep keys from some layers."""


class Latent(NamedTuple):
    """Widths of latent attention: (latent row, rotary key), value, and the query's own latent row.

    query is None where queries are made in one product.
    """

    widths: tuple[int, int]
    value: int
    query: int | None


class Part(NamedTuple):
    """One stack of layers.

    role: decoder or encoder. context: positions, 0 where the file does not say; fixed where nobody
    may choose them. source: the
    keys of another stack that each layer sees too.
    """

    name: str
    role: str
    d_model: int
    heads: int
    kv_heads: int
    head: int
    kinds: tuple[Kind, ...]
    context: int
    fixed: bool = False
    source: int | None = None
    latent: Latent | None = None


class ModelFile(NamedTuple):
    """What a file says of a model's attention."""

    name: str
    dtype: str
    parts: tuple[Part, ...]
    facts: tuple[str, ...]
    not_read: tuple[str, ...]


def model_file(config: Config) -> ModelFile:
    """Read a file by its family's rules.

    Raises AttnError naming an entry that is missing or wrong, or that leaves a pattern open.
    """
    title = _name(config)
    sections = [
        config[name] for name in ("text_config", "vision_config") if _is_section(config, name)
    ]
    both = _type_of(config) in TOWERS and len(sections) == 2
    inner = (
        sections
        if both
        else [config["text_config"]]
        if _is_section(config, "text_config")
        else [config]
    )
    parts, facts, not_read = [], [], []
    for section in inner:
        name = _type_of(section) or _type_of(config)
        family = FAMILIES.get(ALIASES.get(name, name))
        entries = Entries(section, family.usual if family else None)
        made = _parts(entries, name, family)
        if family is None:
            _refuse_unknown(entries, name)
        parts += [
            part._replace(name=f"{part.name} {_short(name)}".strip()) if both else part
            for part in made
        ]
        facts += _said(made, family, entries)
        not_read += entries.not_read()
    if inner != [config]:
        not_read += [name for name in Entries(config).not_read() if name not in ("text_config",)]
    dtype, said = _dtype(config, inner[0])
    return ModelFile(title, dtype, tuple(parts), (*facts, *said), tuple(dict.fromkeys(not_read)))


def _is_section(config: Config, name: str) -> bool:
    return isinstance(config.get(name), dict)


def _short(name: str) -> str:
    return name.removeprefix("clip_").removesuffix("_model")


def _type_of(config: Config) -> str:
    found = config.get("model_type", "")
    return found if isinstance(found, str) else ""


def _name(config: Config) -> str:
    name = config.get("model_type", "model")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 40:
        raise AttnError("‹config›: model_type has to be a short name.")
    return name


def _refuse_unknown(entries: Entries, name: str) -> None:
    """Raise AttnError where a family that is not known here says more than was understood."""
    dull = UNCOUNTED if entries.values.get("layer_types") is not None else ()
    left = [
        one for one in entries.not_read() if not one.startswith(dull) and not _is_off(entries, one)
    ]
    if left:
        raise AttnError(
            f"‹config›: model_type {brief(name)!r} is not known here, nor what these entries mean "
            f"for its attention: {listed(left)}. Take out what does not bear on it, or count one "
            "layer by ‹n›, ‹d›, ‹heads› and ‹kv_heads›."
        )


def _is_off(entries: Entries, name: str) -> bool:
    """Whether an entry is about a window that the file switches off."""
    return entries.values.get("use_sliding_window") is False and "window" in name


def _role(entries: Entries) -> str:
    """What a model of a family that is not known here is: a tower for images is an encoder."""
    named = str(entries.values.get("architectures", ""))
    pictures = all(one in entries.values for one in IMAGES)
    causal = "CausalLM" in named or "LMHead" in named
    pairs = "type_vocab_size" in entries.values  # of sentences, as BERT reads them
    return "encoder" if pictures or (not causal and (pairs or MASKED.search(named))) else "decoder"


def _parts(entries: Entries, name: str, family: Family | None) -> list[Part]:
    role = family.kind if family else _role(entries)
    if role == "encoder-decoder":
        return _two_stacks(entries)
    layers = entries.needed(*LAYERS)
    if layers > LONGEST:
        raise AttnError(f"‹config›: {layers:,} layers are more than the {LONGEST:,} counted here.")
    kinds = tuple(_kinds(entries, name, family, layers))
    if "patch_size" in entries.values:
        side = entries.needed("image_size") // entries.needed("patch_size")
        context, fixed = side * side + (family is None or family.class_token), True
    else:
        context, fixed = entries.first(*POSITIONS) or 0, False
    d_model, heads = entries.needed(*WIDTH), entries.needed(*HEADS)
    common = (role, d_model, heads)
    if "kv_lora_rank" in entries.values:
        low = entries.first("q_lora_rank")
        widths = (entries.needed("kv_lora_rank"), entries.needed("qk_rope_head_dim"))
        latent = Latent(widths, entries.needed("v_head_dim"), low)
        plain = entries.needed("qk_nope_head_dim")
        entries.find(["num_key_value_heads"])
        return [Part("", *common, heads, plain, kinds, context, fixed, latent=latent)]
    kv_heads = _key_heads(entries, family, heads)
    return [Part("", *common, kv_heads, _head(entries, d_model, heads), kinds, context, fixed)]


def _key_heads(entries: Entries, family: Family | None, heads: int) -> int:
    given = entries.first(*KEY_HEADS)
    nested = entries.values.get("attn_config")
    if given is None and isinstance(nested, dict):
        multi_query = nested.get("attn_type") == "multiquery_attention"
        given = 1 if multi_query else Entries(nested).first(*KEY_HEADS)
        entries.used |= {"attn_config"} if {*nested} <= {*NESTED} else set()
    if "multi_query_group_num" in entries.values:
        entries.flag("multi_query_attention")
    if family is not None and family.one_key_head is not None:
        newer = family.unless is not None and entries.flag(family.unless)
        one = entries.flag(family.one_key_head)
        if not newer:
            return 1 if one else heads
    found = heads if given is None else given
    if heads % found:
        raise AttnError(f"‹config›: {found} key heads can't be shared by {heads} equally.")
    return found


def _head(entries: Entries, d_model: int, heads: int) -> int:
    given = entries.first("head_dim", "d_kv", "kv_channels", "attention_head_dim")
    if given is None and d_model % heads:
        raise AttnError(
            f"‹config›: {heads} heads do not divide hidden_size {d_model}; add head_dim."
        )
    return d_model // heads if given is None else given


def _two_stacks(entries: Entries) -> list[Part]:
    """An encoder, and a decoder whose layers look at their own tokens and at the source."""
    d_model = entries.needed(*WIDTH)
    heads = {
        role: entries.needed(f"{role}_attention_heads", *HEADS) for role in ("encoder", "decoder")
    }
    first = entries.needed("encoder_layers", *LAYERS)
    second = entries.needed("decoder_layers", "num_decoder_layers", *LAYERS)
    if max(first, second) > LONGEST:
        raise AttnError(f"‹config›: more than the {LONGEST:,} layers counted here.")
    context = entries.needed("max_target_positions", *POSITIONS)
    source = entries.first("max_source_positions") or context
    fixed = "max_source_positions" in entries.values

    def part(role: str, layers: int, positions: int, **more: Any) -> Part:
        head = _head(entries, d_model, heads[role])
        shape = (d_model, heads[role], heads[role], head, (FULL,) * layers, positions)
        return Part(role, role, *shape, **more)

    return [
        part("encoder", first, source, fixed=fixed),
        part("decoder", second, context, source=source),
    ]


def _kinds(entries: Entries, name: str, family: Family | None, layers: int) -> list[Kind]:
    """Which kind each layer is: as layer_types lists them, else by the family's rule."""
    _, listed = entries.find(["layer_types"])
    if listed is not None:
        if not isinstance(listed, list) or len(listed) != layers:
            raise AttnError(f"‹config›: layer_types has to name the kinds of {layers} layers.")
        entries.used |= {one for one in entries.values if OPEN.search(one)}
        return [_listed(entries, kind) for kind in listed]
    if family is not None:
        return family.pattern(entries, layers)
    for entry, value in entries.values.items():
        key = str(entry)
        bears = OPEN.search(key) and not HARMLESS.search(key) and not _is_off(entries, key)
        if bears and value:
            raise AttnError(
                f"‹config›: which layers {brief(key)} = {brief(str(value))} is for is not "
                f"known of model_type {brief(name)!r}. Add layer_types, one of "
                f"{', '.join([*LISTED, *WINDOWED])} for each layer."
            )
    return [FULL] * layers


def _listed(entries: Entries, kind: Any) -> Kind:
    if isinstance(kind, str) and kind in WINDOWED:
        window = entries.number(WINDOWED[kind])
        return sliding(window) if kind == "sliding_attention" else chunk_of(window)
    if not isinstance(kind, str) or kind not in LISTED:
        raise AttnError(
            f"‹config›: a layer of kind {brief(str(kind))!r} is not counted here. "
            f"Known: {', '.join([*LISTED, *WINDOWED])}."
        )
    return LISTED[kind]


def _said(parts: list[Part], family: Family | None, entries: Entries) -> list[str]:
    lines = []
    for part in parts:
        named = f"{part.name}: " if part.name else ""
        text = f"{named}d_model = {part.d_model:,}, {part.heads} heads"
        if part.latent is not None:
            rank, rope = part.latent.widths
            lines.append(f"{text}, latent of {rank} and rotary key of {rope} shared by all (MLA)")
        else:
            lines.append(f"{text}, {part.kv_heads} key heads, {part.head} wide")
        if part.source is not None:
            lines.append(f"a source of {part.source:,} tokens, whose keys and values are made once")
    if entries.assumed:
        usual = ", ".join(f"{name} = {size:,}" for name, size in entries.assumed.items())
        lines.append(f"not in the file, usual of the family: {usual}")
    lines.append(
        f"read by the rules of {family.source}"
        if family
        else "an unknown family, read by usual names and counted as a decoder"
        if parts[0].role == "decoder"
        else "an unknown family, read by usual names and counted as an encoder"
    )
    return lines


def _dtype(config: Config, inner: Config) -> tuple[str, list[str]]:
    """The type that the file gives its numbers, and what it says of quantisation."""
    found = next(
        (
            section[name]
            for section in (config, inner)
            for name in ("torch_dtype", "dtype")
            if section.get(name) is not None
        ),
        None,
    )
    facts = []
    if found is None:
        facts.append("the file names no torch_dtype: float32, as torch has it")
    quantised = config.get("quantization_config")
    if isinstance(quantised, dict):
        method = brief(str(quantised.get("quant_method", "unknown method")))
        bits = quantised.get("bits")
        width = f", {bits} bits" if isinstance(bits, int) and not isinstance(bits, bool) else ""
        facts.append(f"weights are quantised ({method}{width}); keys and values are not")
    return str(found).removeprefix("torch.") if found is not None else "float32", facts
