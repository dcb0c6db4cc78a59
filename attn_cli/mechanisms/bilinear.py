"""Scores through a learned matrix: general, and location (Luong 2015, section 3.1)."""

from __future__ import annotations

from functools import partial

from attn_cli.mechanisms.layer import attention_layer, matched, scaled_if_asked
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import BY_ELEMENT, Choices, Inputs, Mechanism
from attn_cli.program import Program, Step


def general_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = qᵀ W k: queries are turned into the keys' space first."""
    turned = p.contract("... n d, d d_k -> ... n d_k", query, inputs["w"], name="turned")
    scores = matched(p, turned, key, choices)
    return scaled_if_asked(p, scores, choices)


def location_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, j) = (Wᵀ q)_j: the key's position counts, never its content."""
    scores = p.contract("... n d, d m -> ... n m", query, inputs["w"], name="scores")
    return scaled_if_asked(p, scores, choices)


GENERAL = Mechanism(
    name="general",
    also=("luong", "bilinear", "multiplicative", "双线性"),
    title="General (bilinear) attention",
    formula="softmax(Q W Kᵀ) V",
    source="Luong 2015, section 3.1",
    arrays=partial(attention_layout, key_width="d_k"),
    define=partial(attention_layer, score=general_scores),
    takes=BY_ELEMENT,
    parameters={"w": ("d", "d_k")},
    defaults=(("d_k", "d"),),
    meanings={
        "w": "what of a query meets what of a key",
        "turned": "each query as the keys see it",
    },
    about=(
        "A learned matrix W stands between query and key, so that what a query asks for need "
        "not look like the key that answers it, nor be as wide. With W the identity it is the"
        " dot product."
    ),
    example='--q "1 0; 0 1" --k "1 0; 0 1" --v "1 2; 3 4" --param "w=0 1; 1 0" --only weights',
)

LOCATION = Mechanism(
    name="location",
    also=("location-based",),
    title="Location-based attention",
    formula="softmax(Q W) V",
    source="Luong 2015, equation 8",
    arrays=partial(attention_layout, key_width=None),
    define=partial(attention_layer, score=location_scores),
    parameters={"w": ("d", "m")},
    meanings={
        "w": "a column for each position of a key",
        "scores": "how much each query wants each position, whatever key stands there",
    },
    about=(
        "The score comes from the query and the key's position alone: what stands at that "
        "position has no say. It can learn to look at the first word, but not at a noun. "
        "The number of positions is fixed by W."
    ),
)
