"""Attention without a query: a fully connected layer turns the rows themselves into weights."""

from __future__ import annotations

from attn_cli.mechanisms.layout import LENGTH
from attn_cli.mechanisms.mechanism import NORMALIZED, Choices, Inputs, Layout, Mechanism, Shapes
from attn_cli.program import Axes, Program, Sizes, Step

FEATURES = 4
"""Features of random rows."""

SOURCE = "after Raffel 2015 (feed-forward attention): weights from the rows alone"


def over_time(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """A = softmax over t of Φ(Wᵀ X + b): every feature's series passes through a T×T matrix.

    x (…, T, d), w (T, T) and b (T); weights and output have the shape of x.
    """
    scores = p.contract("... T_in d, T_in T -> ... T d", inputs["x"], inputs["w"], name="scores")
    return _weighted(p, scores, inputs, choices, "T")


def over_features(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """A = softmax over the features of Φ(X W + b): every time step passes through a d×d matrix.

    x (…, T, d), w (d, d) and b (d); weights and output have the shape of x.
    """
    scores = p.contract("... T d_in, d_in d -> ... T d", inputs["x"], inputs["w"], name="scores")
    return _weighted(p, scores, inputs, choices, "d")


def _weighted(p: Program, scores: Step, inputs: Inputs, choices: Choices, over: str) -> Step:
    bent = p.add(scores, inputs["b"], name="biased")
    if choices.activation != "identity":
        bent = p.apply(choices.activation, bent, name="activated")
    p.mark(scores, "scores")
    weights = p.mark(choices.normalizer.define(p, bent, inputs, choices, over), "weights")
    return p.multiply(inputs["x"], weights, weights.axes, name="output")


def connected_layout(given: Shapes, choices: Choices, sizes: Sizes) -> Layout:
    """Rows x alone, with a batch where they have three axes."""
    batched = len(given.get("x", ())) > 2 or ("x" not in given and "b" in sizes)
    axes: Axes = ("b", "T", "d") if batched else ("T", "d")
    return Layout({"x": axes}, (("b", 1), ("T", LENGTH), ("d", FEATURES)), axes)


TAKES = NORMALIZED | {"activation"}

MEANINGS = {
    "x": "one row of sensor values for each time step",
    "biased": "each score moved by its bias",
    "activated": "bent by the activation",
    "output": "each value times its own weight: the shape of x is kept",
}

FC_TIME = Mechanism(
    name="fc-time",
    also=("fc", "fully-connected", "raffel", "feed-forward-attention"),
    title="Fully connected attention over time",
    formula="X ⊙ softmax_t(Φ(Wᵀ X + b))",
    source=SOURCE,
    arrays=connected_layout,
    define=over_time,
    parameters={"w": ("T_in", "T"), "b": ("T",)},
    defaults=(("T_in", "T"),),
    takes=TAKES,
    looks=("d", "T"),
    lengths={"n": "T"},
    kept=(),
    meanings=MEANINGS
    | {
        "w": "how much each time step counts for the score of each",
        "b": "one number for each time step",
        "scores": "each feature's series through the layer: one score for each time step",
        "weights": "each feature's column becomes shares over time",
    },
    about=(
        "The simplest attention has no query. Each feature's series of sensor values goes "
        "through a T×T layer, and softmax over time says how much each moment of it counts. "
        "Weights have the shape of the input, so they can be looked at as a heat map. Scoring"
        " costs O(T² d)."
    ),
    example="--n 3 --d 4 --only weights",
)

FC_FEATURE = Mechanism(
    name="fc-feature",
    title="Fully connected attention over features",
    formula="X ⊙ softmax_d(Φ(X W + b))",
    source=SOURCE,
    arrays=connected_layout,
    define=over_features,
    parameters={"w": ("d_in", "d"), "b": ("d",)},
    defaults=(("d_in", "d"),),
    takes=TAKES,
    looks=("T", "d"),
    lengths={"n": "T"},
    kept=(),
    apart=True,
    meanings=MEANINGS
    | {
        "w": "how much each feature counts for the score of each",
        "b": "one number for each feature",
        "scores": "each time step's features through the layer: one score for each feature",
        "weights": "each time step's row becomes shares over the features",
    },
    about=(
        "The simplest attention, turned: at each time step the d sensor values go through a "
        "d×d layer, and softmax over the features says which sensor counts at that moment. "
        "Scoring costs O(T d²), so it suits long series of few features."
    ),
    example="--n 3 --d 4 --only weights",
)
