"""Scores by angle: content-based addressing (Graves 2014)."""

from __future__ import annotations

from functools import partial

from attn_cli.mechanisms.layer import attention_layer, matched
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import BY_ELEMENT, Choices, Inputs, Mechanism
from attn_cli.program import ONE, Program, Step


def cosine_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = β q·k / (‖q‖ ‖k‖). Graves 2014, equations 5 and 6."""
    q_unit = p.unit(query, name="q_unit")
    k_unit = p.unit(key, name="k_unit")
    scores = matched(p, q_unit, k_unit, choices)
    if choices.scale is None:
        return p.multiply(scores, inputs["beta"], scores.axes, name="scaled")
    scaled = p.scale(scores, by=choices.scale, name="scaled")
    return p.multiply(scaled, inputs["beta"], scores.axes, name="sharpened")


COSINE = Mechanism(
    name="cosine",
    also=("content-based", "graves", "ntm", "cos", "余弦"),
    title="Cosine (content-based) attention",
    formula="softmax(β cos(Q, K)) V",
    source="Graves 2014, equations 5 and 6",
    arrays=attention_layout,
    define=partial(attention_layer, score=cosine_scores),
    takes=BY_ELEMENT,
    parameters={"beta": (ONE,)},
    usual={"beta": 1.0},
    meanings={
        "beta": "sharpness: large ones make the strongest key stronger",
        "q_unit": "each query with length 1: its direction alone",
        "k_unit": "each key with length 1",
        "scores": "the cosine of the angle between query and key, from -1 to 1",
        "scaled": "the cosines times the sharpness",
        "scaled by": "the cosines times the factor you gave",
        "sharpened": "and times the sharpness",
    },
    about=(
        "The angle between query and key, whatever their lengths: no key is preferred for "
        "being long. Cosines lie between -1 and 1, too close together for a sharp softmax, so"
        " a sharpness β stretches them. It is how a Neural Turing Machine finds what is in "
        "its memory."
    ),
    example="--n 3 --d 2 --param beta=5 --only weights",
)
