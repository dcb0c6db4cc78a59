"""Scores by dot product: Luong 2015 (dot) and Vaswani 2017 (scaled)."""

from __future__ import annotations

from functools import partial

from attn_cli.mechanisms.layer import attention_layer, matched, scaled_if_asked
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import BY_ELEMENT, Choices, Inputs, Mechanism
from attn_cli.program import Program, Step


def dot_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = qᵀk. Luong 2015, section 3.1."""
    scores = matched(p, query, key, choices)
    return scaled_if_asked(p, scores, choices)


def scaled_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = qᵀk / √d. Vaswani 2017, equation 1."""
    scores = matched(p, query, key, choices)
    if choices.scale is None:
        return p.scale(scores, rsqrt="d", name="scaled")
    return p.scale(scores, by=choices.scale, name="scaled")


DOT = Mechanism(
    name="dot",
    also=("dot-product", "unscaled", "点积"),
    title="Dot-product attention",
    formula="softmax(Q Kᵀ) V",
    source="Luong 2015, section 3.1",
    arrays=attention_layout,
    define=partial(attention_layer, score=dot_scores),
    takes=BY_ELEMENT,
    about=(
        "The simplest score, and the cheapest that compares a query with a key: multiply both "
        "number by number and add up. It has no parameters. It is large where both are long and "
        "point the same way, and its spread grows with their width d, which is what scaled "
        "dot-product attention corrects."
    ),
)

SCALED = Mechanism(
    name="scaled",
    also=("vaswani", "scaled-dot-product", "scaled-dot", "sdpa", "transformer", "缩放点积"),
    title="Scaled dot-product attention",
    formula="softmax(Q Kᵀ / √d) V",
    source="Vaswani 2017, equation 1",
    arrays=attention_layout,
    define=partial(attention_layer, score=scaled_scores),
    takes=BY_ELEMENT,
    about=(
        "Dot products divided by √d. The dot product of two vectors whose numbers are "
        "independent, with mean 0 and variance 1, has variance d: undivided, wide vectors would "
        "give nearly all the weight to one key, and softmax would let almost no gradient "
        "through. This is the attention of the Transformer."
    ),
)
