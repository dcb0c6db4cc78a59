"""The Weighted Transformer: branches instead of heads, each through a feed-forward layer."""

from __future__ import annotations

from functools import partial

from attn_cli.mechanisms.around import output_name
from attn_cli.mechanisms.dot_product import scaled_scores
from attn_cli.mechanisms.layer import attention_layer
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import (
    ATTENTION,
    Choices,
    Inputs,
    Layout,
    Mechanism,
    Shapes,
)
from attn_cli.program import Program, Sizes, Step

WIDENING = 4
"""How much wider the feed-forward layer is than the rows (Vaswani 2017, section 3.3)."""


def summed_branches(p: Program, heads: Step, inputs: Inputs, choices: Choices) -> Step:
    """Σ_i α_i FFN(κ_i head_i W_O,i), FFN(x) = max(0, x W_1 + b_1) W_2 + b_2. Ahmed 2017, section 3.

    heads (…, h, n, d_v), kappa and alpha (h) at least 0 and summing to 1; output (…, n, d_out).
    """
    apart = "... h n d_v, (h d_v) d_out -> ... h n d_out"
    branches = p.contract(apart, heads, inputs["w_o"], name="branches")
    weighed = p.multiply(branches, inputs["kappa"], branches.axes, name="weighed")
    hidden = p.contract(
        "... h n d_out, d_out f -> ... h n f", weighed, inputs["w_1"], name="ffn_scores"
    )
    moved = p.add(hidden, inputs["b_1"], name="ffn_biased")
    bent = p.apply("relu", moved, name="ffn_hidden")
    back = p.contract("... h n f, f d_out -> ... h n d_out", bent, inputs["w_2"], name="ffn_back")
    through = p.add(back, inputs["b_2"], name="ffn")
    shared = p.multiply(through, inputs["alpha"], through.axes, name="shared")
    return p.reduce("sum", shared, over="h", keep=False, name=output_name(choices))


def branched_layout(given: Shapes, choices: Choices, sizes: Sizes) -> Layout:
    """Attention's arrays, W_O always among them."""
    common = attention_layout(given, choices, sizes)
    return common._replace(
        axes={**common.axes, "w_o": ("(h d_v)", "d_out")},
        defaults=(*common.defaults, ("d_out", lambda bound: bound["(h d_v)"])),
    )


BRANCHED = Mechanism(
    name="branched",
    also=("weighted", "weighted-transformer", "ahmed"),
    title="Weighted (branched) attention",
    formula="Σ_i α_i FFN(κ_i head_i W_O,i)",
    source="Ahmed 2017, section 3",
    arrays=branched_layout,
    define=partial(attention_layer, score=scaled_scores, join=summed_branches),
    parameters={
        "kappa": ("h",),
        "alpha": ("h",),
        "w_1": ("d_out", "f"),
        "b_1": ("f",),
        "w_2": ("f", "d_out"),
        "b_2": ("d_out",),
    },
    defaults=(("f", lambda bound: WIDENING * bound["d_out"]),),
    noise={"kappa": "simplex", "alpha": "simplex"},
    takes=ATTENTION,
    heads=2,
    meanings={
        "kappa": "how much of each branch enters the feed-forward layer; they sum to 1",
        "alpha": "how much each branch counts in the sum; they sum to 1",
        "w_1": "widens each row",
        "b_1": "moves each wide number",
        "w_2": "brings each row back to its width",
        "b_2": "moves each number",
        "branches": "each head's result through its own rows of W_O: branches stay apart",
        "weighed": "each branch times its κ",
        "ffn_scores": "each branch through the first layer",
        "ffn_biased": "and its bias",
        "ffn_hidden": "numbers below 0 become 0",
        "ffn_back": "and back through the second layer",
        "ffn": "and its bias",
        "shared": "each branch times its α",
        "output": "the sum of all branches",
        "attention": "the sum of all branches",
    },
    about=(
        "The Weighted Transformer replaces heads that are joined by branches that are "
        "weighed. Each head goes through its own rows of W_O, is multiplied by its κ, passes "
        "the feed-forward layer alone, and counts with its α in the sum. κ and α are not "
        "below 0 and sum to 1, so they say how much each branch matters."
    ),
    example="--n 3 --d 4 --only output",
)
