"""Multi-head latent attention: keys and values are made from one short row (DeepSeek-V2 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from attn_cli.errors import AttnError, ShapeError
from attn_cli.mechanisms.layer import QueryKeyValue, attention_layer, behind, joined
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import (
    NORMALIZED,
    PAIRED,
    PAST,
    Choices,
    Inputs,
    Layout,
    Mechanism,
    Rope,
    Shapes,
    Twin,
)
from attn_cli.mechanisms.rotary import turned
from attn_cli.program import Axes, Program, Size, Sizes, Step, quotient

LATENT = 4
"""The latent row is so many head widths long, as in the paper."""


def latent_rows(p: Program, inputs: Inputs, choices: Choices) -> QueryKeyValue:
    """Queries from x, and the latent rows that all heads share, which stand for keys and values.

    x (…, n, d_model), latent (…, m, d_c); queries (…, h, n, d) without positions.
    """
    x = inputs["x"]
    query = p.contract("... n d_model, d_model (h d) -> ... h n d", x, inputs["w_q"], name="q")
    down = f"... {_rows(inputs)} d_model, d_model d_c -> ... {_rows(inputs)} d_c"
    latent = p.contract(down, x, inputs["w_dkv"], name="latent")
    if "past_latent" in inputs:
        latent = behind(p, inputs["past_latent"], latent, name="present_latent")
    return query, latent, latent


def unfolded_rows(p: Program, inputs: Inputs, choices: Choices) -> QueryKeyValue:
    """Keys and values of all heads, made of every latent row: (…, h, m, d) and (…, h, m, d_v)."""
    query, _, latent = latent_rows(p, inputs, choices)
    up = "... m d_c, d_c (h {0}) -> ... h m {0}"
    key = p.contract(up.format("d"), latent, inputs["w_uk"], name="k")
    return query, key, p.contract(up.format("d_v"), latent, inputs["w_uv"], name="v")


def joined_from_latent(p: Program, mixed: Step, inputs: Inputs, choices: Choices) -> Step:
    """W_UV after the weighted sum, once a query instead of once a key."""
    up = "... h n d_c, d_c (h d_v) -> ... h n d_v"
    return joined(p, p.contract(up, mixed, inputs["w_uv"], name="heads"), inputs, choices)


def folded_scores(
    p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices, *, rope: Rope
) -> Step:
    """Queries made as wide as a latent row by W_UK, and their content met with the rows."""
    folded = "... h n d, d_c (h d) -> ... h n d_c"
    asked = p.contract(folded, query, inputs["w_uk"], name="q_latent")
    content = p.contract("... n d_c, ... m d_c -> ... n m", asked, key, name="content")
    return with_position(p, content, inputs, choices, rope)


def _rows(inputs: Inputs) -> str:
    """The axis of keys that are new in this call."""
    return "m_new" if "past_latent" in inputs else "m"


def latent_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """Softmax attention whose keys and values come from latent rows.

    Rotary positions are always there, in a part of their own: --rope says which numbers are pairs.
    """
    score = partial(latent_scores, rope=choices.rope or Rope())
    return attention_layer(p, inputs, choices._replace(rope=None), score=score, read=unfolded_rows)


def folded_latent_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """The same numbers without a key or a value: queries ask the latent rows themselves.

    W_UK joins the queries and W_UV follows the weighted sum (DeepSeek-V2 2024, section 2.1.2).
    """
    return attention_layer(
        p,
        inputs,
        choices._replace(rope=None),
        score=partial(folded_scores, rope=choices.rope or Rope()),
        read=latent_rows,
        join=joined_from_latent,
        mixture="mixed_latent",
    )


def latent_scores(
    p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices, *, rope: Rope
) -> Step:
    """Content and position apart: (q·k + q_rope·k_rope) / √(d + d_r).

    Positions turn a part of their own, so that W_UK may join W_Q for the rest and keys need not be
    made again for every query; its key is one for all heads.
    """
    content = p.contract("... n d, ... m d -> ... n m", query, key, name="content")
    return with_position(p, content, inputs, choices, rope)


def with_position(p: Program, content: Step, inputs: Inputs, choices: Choices, rope: Rope) -> Step:
    """How well queries and keys match by position, added to their content, and scaled."""
    x = inputs["x"]
    wide = "... n d_model, d_model (h d_r) -> ... h n d_r"
    q_rope = p.contract(wide, x, inputs["w_qr"], name="q_rope")
    row = _rows(inputs)
    one = f"... {row} d_model, d_model d_r -> ... {row} d_r"
    k_rope = p.contract(one, x, inputs["w_kr"], name="k_rope")
    q_turned, k_turned = turned(p, q_rope, k_rope, rope, choices.offset)
    if "past_rope" in inputs:
        k_turned = behind(p, inputs["past_rope"], k_turned, name="present_rope")
    position = p.contract("... n d_r, ... m d_r -> ... n m", q_turned, k_turned, name="position")
    scores = p.add(content, position, name="scores")
    if choices.scale is not None:
        return p.scale(scores, by=choices.scale, name="scaled")
    return p.scale(scores, rsqrt="d_all", name="scaled")


def latent_layout(given: Shapes, choices: Choices, sizes: Sizes) -> Layout:
    """Rows x and the matrices of attention, but none that make keys and values; a cache of both."""
    rows: tuple[int, ...] = (1, 1, 1) if "b" in sizes else (1, 1)
    given = {"x": rows, **given}
    cached = [name for name in ("past_latent", "past_rope") if name in given]
    if len(cached) == 1:
        raise AttnError(f"A cache of mla holds past_latent and past_rope; {cached[0]} is alone.")
    held = dict.fromkeys(("past_k", "past_v"), rows) if cached else {}
    others = {name: shape for name, shape in given.items() if name not in REPLACED}
    common = attention_layout({**others, **held}, choices, sizes)
    axes = {name: own for name, own in common.axes.items() if name not in REPLACED}
    if cached:
        lead = axes["x"][:-2]
        axes |= {"past_latent": (*lead, "m_past", "d_c"), "past_rope": (*lead, "m_past", "d_r")}
    return common._replace(axes=axes)


REPLACED = ("w_k", "w_v", "past_k", "past_v")
"""Arrays of attention that keys and values from a latent row do without."""


def _latent_width(sizes: Sizes) -> Size:
    return LATENT * sizes["d"]


def _rotary_width(sizes: Sizes) -> Size:
    """Half a head's width, which has to be pairs of numbers to be turned.

    Raises ShapeError for a head that has no such half.
    """
    width = sizes["d"]
    if isinstance(width, int) and width % 4:
        raise ShapeError(
            f"mla turns half of a head's width in pairs, and a head is d = {width} wide "
            f"({sizes.source('d')}). Choose heads whose width 4 divides."
        )
    return quotient(width, 2)


PARAMETERS: dict[str, Axes] = {
    "w_dkv": ("d_model", "d_c"),
    "w_uk": ("d_c", "(h d)"),
    "w_uv": ("d_c", "(h d_v)"),
    "w_qr": ("d_model", "(h d_r)"),
    "w_kr": ("d_model", "d_r"),
}

MEANINGS = {
    "w_dkv": "turns rows into latent rows",
    "w_uk": "makes the keys of all heads from a latent row",
    "w_uv": "makes the values of all heads from a latent row",
    "w_qr": "makes the part of queries that is turned by position",
    "w_kr": "makes the part of keys that is turned by position, one for all heads",
    "past_latent": "latent rows kept from earlier calls",
    "past_rope": "turned keys kept from earlier calls",
    "present_latent": "cached latent rows, then the new ones",
    "present_rope": "cached turned keys, then the new ones",
    "latent": "all that is kept of a position for its keys and values",
    "q_rope": "the part of each query that position turns",
    "k_rope": "the part of each key that position turns, one for all heads",
    "content": "how well each query matches each key by content",
    "position": "how well they match by position",
    "scores": "content and position together",
}


def _same(own: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    return dict(own)


MLA = Mechanism(
    name="mla",
    also=("latent", "multi-head-latent", "deepseek", "deepseek-v2"),
    title="Multi-head latent attention",
    formula="softmax((Q Kᵀ + Q_R K_Rᵀ) / √(d_h + d_r)) V, K and V from one latent row",
    source="DeepSeek-V2 2024, section 2.1",
    arrays=latent_layout,
    define=latent_attention,
    parameters=PARAMETERS,
    defaults=(("d_c", _latent_width), ("d_r", _rotary_width)),
    sums=(("d_all", ("d", "d_r")),),
    takes=NORMALIZED | PAIRED | {"heads", "scale", "rope", PAST},
    heads=4,
    form="unfolded: keys and values are made of every latent row; ‹mode mla-folded› gives the same "
    "numbers without making them",
    kept=(("past_latent", ("latent",)), ("past_rope", ("k_turned",))),
    meanings={
        **MEANINGS,
        "k": "each head's keys, made again from the latent rows",
        "v": "each head's values, made again from the latent rows",
    },
    twin=Twin("mla-folded", "the same parameters", _same),
    about=(
        "A decoder keeps keys and values of all heads for every token. Here it keeps one short "
        "latent row instead, from which keys and values of all heads can be made again, and one "
        "small key that carries the position. Positions turn that part alone: so W_UK may join "
        "W_Q, and a decoder can ask the latent rows themselves (mla-folded). Here keys and values "
        "are made, to be seen. The paper makes queries from a latent row too, which saves memory "
        "in training; here they come from x."
    ),
    example="--n 3 --latent 4 --only latent",
)

FOLDED = MLA._replace(
    also=("absorbed",),
    name="mla-folded",
    title="Multi-head latent attention, folded",
    formula="softmax((Q W_UKᵀ Cᵀ + Q_R K_Rᵀ) / √(d_h + d_r)) C W_UV, C the latent rows",
    source="DeepSeek-V2 2024, section 2.1.2",
    define=folded_latent_attention,
    form="folded (absorbed): W_UK joins the queries and W_UV follows the weighted sum, so that no "
    "key or value is made; ‹mode mla› gives the same numbers",
    meanings={
        **MEANINGS,
        "q_latent": "each query by W_UK: what it asks of the latent rows themselves",
        "mixed_latent": "latent rows mixed by the weights, for each head",
        "heads": "each head's result, made from its mixture by W_UV",
    },
    twin=Twin("mla", "the same parameters", _same),
    about=(
        "The same numbers as mla, in another order. q·(c W_UK) is (q W_UKᵀ)·c: so each query is "
        "multiplied by W_UK once, and asks the latent rows themselves; their mixture is "
        "multiplied by W_UV after the weighted sum. No key and no value is ever made. For one new "
        "token beside a long cache this saves nearly everything; for a whole sequence it costs "
        "more, because a latent row is usually wider than a head (4 times in the paper)."
    ),
    example="--n 3 --latent 4 --only q_latent",
)
