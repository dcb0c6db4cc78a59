"""Attention without a softmax, whose products may come in another order: linear and kernel."""

from __future__ import annotations

from attn_cli.errors import AttnError
from attn_cli.masks.mask import Reach
from attn_cli.mechanisms.layer import (
    all_three,
    joined,
    mask_axes,
    matched,
    mixed_values,
    result_name,
)
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import (
    BARE,
    CONTEXT,
    HEADED,
    Choices,
    Inputs,
    Mechanism,
    Twin,
)
from attn_cli.program import Program, Step

CAUSAL = Reach(None, 0)

SOURCE = "Katharopoulos 2020, sections 3.2 and 3.3"


def linear_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """φ(Q) (φ(K)ᵀ V) / φ(Q) Σ φ(K), φ = elu + 1: keys and values meet first, in O(n d²).

    q (…, n, d), k (…, m, d), v (…, m, d_v). Causal: the state after key i is read by query i, so
    there are as many queries as keys.
    """
    query, key, value = _features(p, inputs, choices)
    if choices.mask is not None and choices.mask.reach != CAUSAL:
        raise AttnError(f"Linear attention can be causal; it has no mask {choices.mask.name}.")
    if choices.mask is None:
        state = p.contract("... m d, ... m d_v -> ... d d_v", key, value, name="state")
        seen = p.reduce("sum", key, over="m", keep=False, name="seen")
        at, last = "... d d_v", "... d"
    else:
        state = p.scan("... m d, ... m d_v -> ... m d d_v", key, value, over="m", name="state")
        seen = p.cumsum(key, over="m", name="seen")
        at, last = "... n d d_v", "... n d"
    mixed = p.contract(f"... n d, {at} -> ... n d_v", query, state, name="mixed")
    total = p.contract(f"... n d, {last} -> ... n", query, seen, name="total")
    shared = p.divide(mixed, total, name=result_name(inputs, choices))
    return joined(p, shared, inputs, choices)


def kernel_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """The same with every weight written out: φ(Q) φ(K)ᵀ, each row divided by its sum; O(n² d)."""
    query, key, value = _features(p, inputs, choices)
    kept = matched(p, query, key, choices)
    if choices.mask is not None:
        allowed = p.allow(choices.mask, mask_axes(kept, choices), name="mask")
        kept = p.multiply(kept, allowed, kept.axes, name="kept")
    total = p.reduce("sum", kept, over="m", name="total")
    weights = p.mark(p.divide(kept, total, name="weights"), "weights")
    mixed = mixed_values(p, weights, value, choices, result_name(inputs, choices))
    return joined(p, mixed, inputs, choices)


def _features(p: Program, inputs: Inputs, choices: Choices) -> tuple[Step, Step, Step]:
    query, key, value = all_three(p, inputs, choices)
    return (
        p.apply("elu+1", query, name="q_feature"),
        p.apply("elu+1", key, name="k_feature"),
        value,
    )


MEANINGS = {
    "q_feature": "each query with positive numbers only, so that no weight is below 0",
    "k_feature": "each key with positive numbers only",
}

LINEAR = Mechanism(
    name="linear",
    also=("katharopoulos", "linear-transformer", "线性"),
    title="Linear attention",
    formula="φ(Q) (φ(K)ᵀ V) / (φ(Q) Σ φ(K)), φ = elu + 1",
    source=SOURCE,
    arrays=attention_layout,
    define=linear_attention,
    takes=HEADED | {"causal", BARE, CONTEXT},
    looks=None,
    kept=(("", ("state",)), ("", ("seen",))),
    meanings=MEANINGS
    | {
        "state": "what the keys so far have written: one matrix, however many they are",
        "seen": "the sum of the keys so far",
        "mixed": "what each query reads from the state",
        "total": "by what a query's shares are divided, so that they sum to 1",
        "heads": "in each head, each query's mixture of the values",
        "output from mixed, total": "each query's mixture of the values",
    },
    twin=Twin("kernel", "every weight written out", lambda arrays, sizes: dict(arrays)),
    about=(
        "Without softmax the products may be taken in another order. φ(Q) (φ(K)ᵀ V) makes one"
        " d×d matrix of all keys and values first, whose size does not depend on their "
        "number: O(n d²) instead of O(n² d). Causal, that matrix is a running state, and "
        "attention becomes a recurrent network."
    ),
    example="--n 3 --d 2 --causal --from state",
)

KERNEL = Mechanism(
    name="kernel",
    also=("performer",),
    title="Kernel attention",
    formula="φ(Q) φ(K)ᵀ / row sums · V, φ = elu + 1",
    source=SOURCE,
    arrays=attention_layout,
    define=kernel_attention,
    takes=HEADED | {"mask", "offset", BARE, CONTEXT},
    meanings=MEANINGS
    | {
        "scores": "how well each query matches each key, never below 0",
        "kept": "0 for keys that may not be attended",
        "weights": "each row divided by its sum",
    },
    about=(
        "The same numbers as linear attention with every weight written out: φ(q)·φ(k), "
        "divided by the sum of its row. It costs O(n² d) and is here so that the weights "
        "which linear attention never makes can be seen."
    ),
)
