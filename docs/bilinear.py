"""A mechanism from nothing: score(q, k) = qᵀ W k (Luong 2015, "general")."""

from functools import partial

import numpy as np

from attn_cli.mechanisms.layer import attention_layer
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import Choices, Inputs, Mechanism
from attn_cli.program import Program, Sizes, Step
from attn_cli.readings.cost import flops
from attn_cli.readings.count import Count
from attn_cli.readings.notation import Unicode
from attn_cli.readings.values import evaluate
from attn_cli.readings.words import formula


def bilinear_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """The whole mechanism: two contractions make the scores."""
    turned = p.contract("... n d, d d_key -> ... n d_key", query, inputs["w"], name="turned")
    return p.contract("... n d_key, ... m d_key -> ... n m", turned, key, name="scores")


BILINEAR = Mechanism(
    name="bilinear",
    title="Bilinear attention",
    formula="softmax(Q W Kᵀ) V",
    source="Luong 2015, section 3.1",
    arrays=attention_layout,
    define=partial(attention_layer, score=bilinear_scores),
    parameters={"w": ("d", "d_key")},
    defaults=(("d_key", "d"),),
    meanings={"w": "what of a query meets what of a key", "turned": "queries seen by the keys"},
)

if __name__ == "__main__":
    given = {"q": np.eye(2), "k": np.eye(2), "v": np.array([[1.0, 2.0], [3.0, 4.0]])}
    sizes, choices = Sizes(), Choices()
    shapes = {name: array.shape for name, array in given.items()}
    layout = BILINEAR.layout(shapes, choices, sizes)
    layout.bind(sizes, shapes)
    layout.fill(sizes)
    program = BILINEAR.program(sizes, layout, choices)
    arrays = evaluate(program, {**given, "w": np.array([[0.0, 1.0], [1.0, 0.0]])})
    for step in program:
        cost = flops(step, Count(sizes))
        print(f"{step.name:8} {formula(step, sizes, Unicode()):32} {cost:3} FLOPs")
    print(arrays["output"].round(4))
