"""Scores by a small network: additive (Bahdanau 2015) and concat (Luong 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from attn_cli.mechanisms.layer import attention_layer, scaled_if_asked
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import Choices, Inputs, Mechanism, Twin
from attn_cli.program import Program, Step

HIDDEN = (("a", "d"), ("d_k", "d"))
"""The hidden layer is as wide as queries are, and so are keys, where nothing says otherwise."""


def additive_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = vᵀ tanh(W_q q + W_k k). Bahdanau 2015, appendix A.1.2."""
    q_hidden = p.contract("... n d, d a -> ... n a", query, inputs["w_query"], name="q_hidden")
    k_hidden = p.contract("... m d_k, d_k a -> ... m a", key, inputs["w_key"], name="k_hidden")
    axes = (*p.shared(query, key, last=2), "n", "m", "a")
    summed = p.add(q_hidden, k_hidden, axes=axes, name="hidden_sum")
    return _scored(p, summed, inputs, choices)


def concat_scores(p: Program, query: Step, key: Step, inputs: Inputs, choices: Choices) -> Step:
    """score(q, k) = vᵀ tanh(W [q; k]). Luong 2015, section 3.1."""
    axes = (*p.shared(query, key, last=2), "n", "m", "d_pair")
    pairs = p.pair(query, key, axes, name="pairs")
    summed = p.contract(
        "... n m d_pair, d_pair a -> ... n m a", pairs, inputs["w"], name="hidden_sum"
    )
    return _scored(p, summed, inputs, choices)


def _scored(p: Program, summed: Step, inputs: Inputs, choices: Choices) -> Step:
    hidden = p.apply("tanh", summed, name="hidden")
    scores = p.contract("... n m a, a -> ... n m", hidden, inputs["v_a"], name="scores")
    return scaled_if_asked(p, scores, choices)


def split_weights(arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """The arrays of additive attention that give the scores of concat: W cut in two."""
    width = sizes["d"]
    others = {name: array for name, array in arrays.items() if name != "w"}
    return {**others, "w_query": arrays["w"][:width], "w_key": arrays["w"][width:]}


MEANINGS = {
    "w_query": "turns queries for the hidden layer",
    "w_key": "turns keys for the hidden layer",
    "v_a": "how much each hidden number counts",
    "q_hidden": "what each query brings to the hidden layer",
    "k_hidden": "what each key brings to the hidden layer",
    "hidden_sum": "query and key together, for each pair",
    "hidden": "bent to between -1 and 1",
    "scores": "how well each query matches each key, by a small network",
}

ADDITIVE = Mechanism(
    name="additive",
    also=("bahdanau", "mlp", "additive-attention", "加性", "加性注意力"),
    title="Additive attention",
    formula="softmax(tanh(Q W_query + K W_key) v_a) V",
    source="Bahdanau 2015, appendix A.1.2",
    arrays=partial(attention_layout, key_width="d_k"),
    define=partial(attention_layer, score=additive_scores),
    parameters={"w_query": ("d", "a"), "w_key": ("d_k", "a"), "v_a": ("a",)},
    defaults=HIDDEN,
    meanings=MEANINGS,
    about=(
        "A small network with one hidden layer compares every query with every key: both are "
        "turned by a matrix of their own, added, bent by tanh, and weighed by v_a. It is the "
        "attention of the first translation models that had one. Its hidden layer has a "
        "number for every pair and hidden unit, which is what makes it costly."
    ),
    example="--n 3 --d 2 --only scores",
)

CONCAT = Mechanism(
    name="concat",
    title="Concat attention",
    formula="softmax(tanh([Q K] W) v_a) V",
    source="Luong 2015, section 3.1",
    arrays=partial(attention_layout, key_width="d_k"),
    define=partial(attention_layer, score=concat_scores),
    parameters={"w": ("d_pair", "a"), "v_a": ("a",)},
    defaults=HIDDEN,
    sums=(("d_pair", ("d", "d_k")),),
    meanings=MEANINGS
    | {
        "w": "turns a query and a key together for the hidden layer",
        "pairs": "each query with each key behind it",
    },
    twin=Twin("additive", "W cut into W_query, its first d rows, and W_key", split_weights),
    about=(
        "Query and key one behind the other, through one matrix. Since that matrix acts on "
        "the two parts separately, it is additive attention with W = [W_query; W_key], and "
        "the page of attn compute shows that the outputs are equal."
    ),
    example="--n 2 --d 2 --only scores",
)
