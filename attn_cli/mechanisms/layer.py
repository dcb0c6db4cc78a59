"""What surrounds every score: projections, heads, a cache, masks, the weighted sum, joining."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.errors import AttnError, ShapeError
from attn_cli.mechanisms import local
from attn_cli.mechanisms.around import finished, output_name, prepared
from attn_cli.mechanisms.mechanism import Choices, Inputs
from attn_cli.mechanisms.normalizers import SOFTMAX
from attn_cli.mechanisms.online import online
from attn_cli.mechanisms.position_tables import Placing
from attn_cli.mechanisms.rotary import turned
from attn_cli.program import ONE, Axes, Program, Step, members

QueryKeyValue = tuple[Step, Step | None, Step]

Score = Callable[[Program, Step, Step, Inputs, Choices], Step]
"""Writes the steps from queries and keys to scores, scaled where the mechanism scales."""


def query_key_value(p: Program, inputs: Inputs, choices: Choices) -> QueryKeyValue:
    """Queries, keys and values: as given, split from packed arrays, or projected from x."""
    if "x" in inputs:
        return _projected(p, inputs)
    key = _split(p, inputs["k"]) if "k" in inputs else None
    return _split(p, inputs["q"]), key, _split(p, inputs["v"])


def all_three(p: Program, inputs: Inputs, choices: Choices) -> tuple[Step, Step, Step]:
    """Queries, keys and values of a mechanism whose layout has all three."""
    query, key, value = query_key_value(p, inputs, choices)
    assert key is not None
    return query, key, value


def matched(p: Program, query: Step, key: Step, choices: Choices) -> Step:
    """Q Kᵀ, or number by number: each product of a query's and a key's number, then their sum."""
    width = key.axes[-1]
    if not choices.by_element:
        pattern = f"... n {query.axes[-1]}, ... m {width} -> ... n m"
        return p.contract(pattern, query, key, name="scores")
    axes = (*p.shared(query, key, last=2), "n", "m", width)
    products = p.multiply(query, key, axes, name="products")
    return p.reduce("sum", products, over=width, keep=False, name="scores")


def mixed_values(p: Program, weights: Step, value: Step, choices: Choices, name: str) -> Step:
    """Weights V, or number by number: each weight copied across the features, then their sum."""
    if not choices.by_element:
        width = value.axes[-1]
        return p.contract(f"... n m, ... m {width} -> ... n {width}", weights, value, name=name)
    axes = (*p.shared(weights, value, last=2), "n", "m", "d_v")
    copied = p.repeat(weights, axes, name="copied")
    weighted = p.multiply(copied, value, axes, name="weighted")
    return p.reduce("sum", weighted, over="m", keep=False, name=name)


def result_name(inputs: Inputs, choices: Choices) -> str:
    """What each query's mixture is called: the output, or each head's part of it."""
    joined = choices.heads is not None or "w_o" in inputs
    return "heads" if joined else output_name(choices)


def joined(p: Program, mixed: Step, inputs: Inputs, choices: Choices) -> Step:
    """The heads' results side by side, mixed by W_O where there is one (Vaswani 2017, 3.2.2)."""
    name = output_name(choices)
    if result_name(inputs, choices) == name:
        return mixed
    if "w_o" not in inputs:
        return p.rearrange("... h n d_v -> ... n (h d_v)", mixed, name=name)
    height = inputs["w_o"].axes[0]
    rows = " ".join((*members(height)[:-1], "n", "d_v"))
    pattern = f"... {rows}, {height} d_out -> ... n d_out"
    return _with_bias(p, inputs, pattern, mixed, inputs["w_o"], name=name)


def _with_bias(
    p: Program, inputs: Inputs, pattern: str, rows: Step, matrix: Step, *, name: str
) -> Step:
    """Rows times a matrix, and its bias where there is one: X W_Q + b_q."""
    bias = inputs.get(f"b_{matrix.name.removeprefix('w_')}")
    if bias is None:
        return p.contract(pattern, rows, matrix, name=name)
    product = p.contract(pattern, rows, matrix, name=f"{name}_product")
    return p.add(product, bias, name=name)


def attention_layer(
    p: Program,
    inputs: Inputs,
    choices: Choices,
    *,
    score: Score,
    read: Callable[[Program, Inputs, Choices], QueryKeyValue] = query_key_value,
    join: Callable[[Program, Step, Inputs, Choices], Step] = joined,
    mixture: str | None = None,
) -> Step:
    """Attention around any score (Vaswani 2017, sections 3.2.1 and 3.2.2).

    q (…, n, d), k (…, m, d), v (…, m, d_v) as `read` makes them; output (…, n, d_v), which `join`
    makes of the heads' results. `mixture` names these, where they are no heads' results yet.
    """
    inputs, past = prepared(p, inputs, choices)
    query, key, value = _cached(p, inputs, choices, *read(p, inputs, choices))
    # a mechanism whose layout has no keys scores queries alone
    keys = query if key is None else key
    matching = p.mark(score(p, query, keys, inputs, choices), "scores")
    scores = _adjusted(p, matching, inputs, choices)
    name = mixture or result_name(inputs, choices)
    if choices.block_size is not None:
        _refuse_other_weights(choices)
        mixed = online(p, scores, value, choices.block_size, name)
    else:
        weights = _weights(p, query, scores, inputs, choices)
        mixed = mixed_values(p, weights, value, choices, name)
    return finished(p, join(p, mixed, inputs, choices), past, choices)


def _refuse_other_weights(choices: Choices) -> None:
    """Raise AttnError where weights are no softmax alone, which has an online form."""
    if choices.normalizer is not SOFTMAX or choices.temperature is not None:
        raise AttnError("‹block_size› is online softmax: leave ‹normalizer› and ‹temperature› out.")
    if choices.local_p is not None:
        raise AttnError("‹block_size› is online softmax: leave ‹local p› out.")


def _cached(
    p: Program, inputs: Inputs, choices: Choices, query: Step, key: Step | None, value: Step
) -> QueryKeyValue:
    """Rows turned by their positions, and laid behind those of earlier calls."""
    if choices.rope is not None:
        if key is None:
            raise ShapeError("‹rope› turns queries and keys, and this mode has no keys.")
        query, key = turned(p, query, key, choices.rope, choices.offset)
    if "past_k" in inputs and key is not None:
        key = behind(p, inputs["past_k"], key, name="present_k")
    if "past_v" in inputs:
        value = behind(p, inputs["past_v"], value, name="present_v")
    return query, key, value


def behind(p: Program, past: Step, new: Step, *, name: str) -> Step:
    """New rows laid behind those of earlier calls."""
    pattern = "... m_past {0}, ... m_new {0} -> ... m {0}".format(new.axes[-1])
    return p.concat(pattern, past, new, name=name)


def _weights(p: Program, query: Step, scores: Step, inputs: Inputs, choices: Choices) -> Step:
    if choices.local_p is None:
        return p.mark(choices.normalizer.define(p, scores, inputs, choices, "m"), "weights")
    apart = local.away(p, query, inputs, scores.axes)
    near = local.windowed(p, scores, apart, choices.local_p)
    weights = choices.normalizer.define(p, near, inputs, choices, "m")
    return p.mark(local.faded(p, p.mark(weights, "weights"), apart, choices.local_p), "weights")


def scaled_if_asked(p: Program, scores: Step, choices: Choices) -> Step:
    """Scores of a mechanism that has no scale of its own: scaled by --scale alone."""
    return scores if choices.scale is None else p.scale(scores, by=choices.scale, name="scaled")


def _split(p: Program, packed: Step) -> Step:
    row, width = packed.axes[-2:]
    if members(width) == (width,):
        return packed
    head, part = members(width)
    return p.rearrange(
        f"... {row} {width} -> ... {head} {row} {part}", packed, name=f"{packed.name}_heads"
    )


def _projected(p: Program, inputs: Inputs) -> QueryKeyValue:
    x = inputs["x"]
    source = inputs.get("context", x)
    row = "m_new" if "past_v" in inputs else "m"

    def project(given: Step, rows: str, matrix: str) -> Step:
        weight = inputs[f"w_{matrix}"]
        height, width = weight.axes
        heads = " ".join(members(width)[:-1])
        pattern = (
            f"... {rows} {height}, {height} {width} -> ... {heads} {rows} {members(width)[-1]}"
        )
        return _with_bias(p, inputs, pattern, given, weight, name=matrix)

    query = project(x, "n", "q")
    key = project(source, row, "k") if "w_k" in inputs else None
    return query, key, project(source, row, "v")


def _adjusted(p: Program, scores: Step, inputs: Inputs, choices: Choices) -> Step:
    """Between scale and softmax, in the order of ONNX and Gemma-2: softcap, bias, mask."""
    if choices.softcap is not None:
        scores = p.softcap(scores, cap=choices.softcap, name="softcapped")
    if choices.bias is not None:
        bias = choices.bias.define(p, scores.axes, inputs, Placing(choices.offset))
        scores = p.add(scores, bias, name="biased")
    elif "bias" in inputs:
        scores = p.add(scores, inputs["bias"], name="biased")
    if choices.mask is not None:
        allowed = p.allow(choices.mask, mask_axes(scores, choices), name="mask")
        scores = p.mask(scores, allowed, name="masked")
    return scores


def mask_axes(scores: Step, choices: Choices) -> Axes:
    """Axes of the mask: those of the scores; where it is the same along one, size one or none."""
    assert choices.mask is not None
    needed = choices.mask.varies | {"n", "m"}
    axes = [axis if axis in needed else ONE for axis in scores.axes]
    while axes[0] == ONE:
        del axes[0]
    return tuple(axes)
