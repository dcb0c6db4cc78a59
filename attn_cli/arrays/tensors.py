"""What libraries call their tensors, and how fused ones are taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays.projections import BIASES, MATRICES, Heads
from attn_cli.errors import AttnError, listed, shape_text

Array = np.ndarray[Any, Any]

ROWS = ("q", "k", "v")

FUSED = ("fused", "interleaved")
"""Queries, keys and values one behind the other, or those of each head together."""


class Tensor(NamedTuple):
    """What a library calls an array.

    name: the end of its name. becomes: what it is here, several where it is fused. out_in: whether
    it is a matrix that multiplies from the left, (out, in).
    """

    name: str
    becomes: tuple[str, ...]
    out_in: bool = False


def _called(becomes: str, *names: str, out_in: bool = False) -> Iterator[Tensor]:
    yield from (Tensor(name, (becomes,), out_in) for name in names)


TENSORS = (
    *_called("q", "query", "queries", "query_states", "Q"),
    *_called("k", "key", "keys", "key_states", "K"),
    *_called("v", "value", "values", "value_states", "V"),
    *_called("past_k", "past_key", "past_keys", "cached_key", "k_cache"),
    *_called("past_v", "past_value", "past_values", "cached_value", "v_cache"),
    *_called("x", "hidden_states", "X"),
    *_called("context", "encoder_hidden_states"),
    *_called("w_q", "W_Q", "W_q", "Wq", "query/kernel"),
    *_called("w_k", "W_K", "W_k", "Wk", "key/kernel"),
    *_called("w_v", "W_V", "W_v", "Wv", "value/kernel"),
    *_called("w_o", "W_O", "W_o", "Wo", "attention_output/kernel", "c_proj.weight"),
    *_called("w_q", "q_proj.weight", "q_proj_weight", "query.weight", out_in=True),
    *_called("w_k", "k_proj.weight", "k_proj_weight", "key.weight", out_in=True),
    *_called("w_v", "v_proj.weight", "v_proj_weight", "value.weight", out_in=True),
    *_called("w_o", "out_proj.weight", "o_proj.weight", "proj.weight", out_in=True),
    *_called("b_q", "q_proj.bias", "query.bias", "query/bias"),
    *_called("b_k", "k_proj.bias", "key.bias", "key/bias"),
    *_called("b_v", "v_proj.bias", "value.bias", "value/bias"),
    *_called(
        *("b_o", "out_proj.bias", "o_proj.bias", "proj.bias"),
        *("c_proj.bias", "attention_output/bias"),
    ),
    Tensor("qkv", ROWS),
    Tensor("in_proj_weight", MATRICES, out_in=True),
    Tensor("qkv.weight", MATRICES, out_in=True),
    Tensor("query_key_value.weight", MATRICES, out_in=True),
    Tensor("c_attn.weight", MATRICES),
    *(
        Tensor(name, BIASES)
        for name in ("in_proj_bias", "qkv.bias", "query_key_value.bias", "c_attn.bias")
    ),
)
"""Names in torch, Hugging Face, timm, Keras and flax."""


def found(names: Iterable[str], taken: Iterable[str]) -> dict[str, Tensor]:
    """Which names of a file are known tensors; taken: arrays that there are already.

    Raises AttnError where several are the same one, as in a file with several layers.
    """
    names, taken = [*names], {*taken}
    matched: dict[str, Tensor] = {}
    for name in names:
        tensor = _named(name)
        if tensor is not None and not taken & {*tensor.becomes}:
            matched[name] = tensor
    rows = {one for tensor in matched.values() for one in tensor.becomes} | taken
    if rows & {*ROWS}:
        matched = {name: one for name, one in matched.items() if one.becomes != ("x",)}
    for own in {one for tensor in matched.values() for one in tensor.becomes}:
        alike = [name for name, tensor in matched.items() if own in tensor.becomes]
        if len(alike) > 1:
            raise AttnError(
                f"‹input›: {listed(alike)} are all {own}, as in a file with several layers. Say "
                f"which: ‹{own}› FILE:{alike[0]}."
            )
    return matched


def _named(name: str) -> Tensor | None:
    """The tensor of a name, or of its end: model.layers.0.self_attn.q_proj.weight."""
    plain = name.removesuffix(":0")
    ends = [
        one
        for one in TENSORS
        if plain == one.name or plain.endswith((f".{one.name}", f"/{one.name}"))
    ]
    return max(ends, key=lambda one: len(one.name), default=None)


def taken_apart(
    name: str, array: Array, tensor: Tensor, heads: Heads, how: str, *, out_in: bool
) -> dict[str, Array]:
    """A tensor as the arrays that it is here, with matrices that multiply from the right.

    how: fused or interleaved. out_in: whether a matrix lies as (out, in).
    Raises AttnError where its width does not go into queries, keys and values.
    """
    matrix = tensor.becomes[0].startswith("w_") and array.ndim == 2
    lying = np.ascontiguousarray(array.T) if matrix and out_in else array
    if len(tensor.becomes) == 1:
        return {tensor.becomes[0]: lying}
    if lying.ndim in (4, 5) and lying.shape[-3] == len(ROWS):
        parts = [_heads_first(lying.take(at, axis=-3)) for at in range(len(ROWS))]
    elif how == "interleaved":
        parts = _each_head(name, lying, heads)
    else:
        parts = _one_behind_the_other(name, lying, heads)
    return dict(zip(tensor.becomes, map(np.ascontiguousarray, parts), strict=True))


def _heads_first(array: Array) -> Array:
    """(batch, rows, heads, width), or one packed sequence of rows, with heads before rows."""
    moved = array.swapaxes(-3, -2)
    return moved if moved.ndim == 4 else moved[None]


def _one_behind_the_other(name: str, array: Array, heads: Heads) -> list[Array]:
    queries, keys = heads.queries or 1, heads.keys or heads.queries or 1
    unit = _unit(name, array, queries + 2 * keys)
    ends = [queries * unit, (queries + keys) * unit]
    return np.split(array, ends, axis=-1)


def _each_head(name: str, array: Array, heads: Heads) -> list[Array]:
    """For each key head its query heads, its keys and its values (GPT-NeoX, BLOOM, Falcon)."""
    if heads.queries is None:
        raise AttnError(f"‹qkv interleaved›: give ‹heads›, by which {name} is taken apart.")
    keys = heads.keys or heads.queries
    group = heads.queries // keys
    unit = _unit(name, array, heads.queries + 2 * keys)
    apart = array.reshape(*array.shape[:-1], keys, group + 2, unit)
    parts = np.split(apart, [group, group + 1], axis=-2)
    return [one.reshape(*array.shape[:-1], -1) for one in parts]


def _unit(name: str, array: Array, count: int) -> int:
    width = array.shape[-1]
    if width % count:
        raise AttnError(
            f"{name} is {shape_text(array.shape)}: its width {width} does not go into queries, "
            f"keys and values of {count} parts as wide as each other."
        )
    return width // count
