"""What surrounds every score: projections, heads, a cache, masks, the weighted sum, joining."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.errors import ShapeError
from attn_cli.mechanisms import local
from attn_cli.mechanisms.mechanism import Choices, Inputs
from attn_cli.mechanisms.placing import Placing
from attn_cli.mechanisms.rotary import embedded, turned
from attn_cli.program import ONE, Axes, Program, Step, members

Score = Callable[[Program, Step, Step | None, Inputs, Choices], Step]
"""Writes the steps from queries and keys to scores, scaled where the mechanism scales.

There are no keys where the mechanism's layout has none.
"""


def attention_layer(p: Program, inputs: Inputs, choices: Choices, *, score: Score) -> Step:
    """Attention around any score (Vaswani 2017, sections 3.2.1 and 3.2.2).

    q (…, n, d), k (…, m, d), v (…, m, d_v) as given, split from packed arrays, or projected
    from x; output (…, n, d_v), joined over heads where they were split.
    """
    query, key, value = _query_key_value(p, inputs, choices)
    if choices.rope is not None:
        if key is None:
            raise ShapeError("--rope turns queries and keys, and this mode has no keys.")
        query, key = turned(p, query, key, choices.rope, choices.offset)
    if "past_k" in inputs and key is not None:
        pattern = "... m_past {0}, ... m_new {0} -> ... m {0}".format(key.axes[-1])
        key = p.append(pattern, inputs["past_k"], key, name="present_k")
    if "past_v" in inputs:
        value = p.append(
            "... m_past d_v, ... m_new d_v -> ... m d_v", inputs["past_v"], value, name="present_v"
        )
    scores = score(p, query, key, inputs, choices)
    adjusted = _adjusted(p, scores, inputs, choices)
    if choices.local_p is None:
        weights = choices.normalizer.define(p, adjusted, inputs, choices, "m")
    else:
        apart = local.away(p, query, inputs, scores.axes)
        near = local.windowed(p, adjusted, apart, choices.local_p)
        weights = choices.normalizer.define(p, near, inputs, choices, "m")
        weights = local.faded(p, weights, apart, choices.local_p)
    return _weighted_sum(p, weights, value, inputs, choices)


def scaled_if_asked(p: Program, scores: Step, choices: Choices) -> Step:
    """Scores of a mechanism that has no scale of its own: scaled by --scale alone."""
    return scores if choices.scale is None else p.scale(scores, by=choices.scale, name="scaled")


QueryKeyValue = tuple[Step, Step | None, Step]


def _query_key_value(p: Program, inputs: Inputs, choices: Choices) -> QueryKeyValue:
    if "x" in inputs:
        if choices.sinusoidal:
            inputs = embedded(p, inputs, choices.offset)
        return _projected(p, inputs)
    key = _split(p, inputs["k"]) if "k" in inputs else None
    return _split(p, inputs["q"]), key, _split(p, inputs["v"])


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
        return p.contract(pattern, given, weight, name=matrix)

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
        allowed = p.allow(choices.mask, _mask_axes(scores, choices), name="mask")
        scores = p.mask(scores, allowed, name="masked")
    return scores


def _mask_axes(scores: Step, choices: Choices) -> Axes:
    """The scores' own axes; those the mask is the same along have size one, or are left out."""
    assert choices.mask is not None
    needed = choices.mask.varies | {"n", "m"}
    axes = [axis if axis in needed else ONE for axis in scores.axes]
    while axes[0] == ONE:
        del axes[0]
    return tuple(axes)


def _weighted_sum(p: Program, weights: Step, value: Step, inputs: Inputs, choices: Choices) -> Step:
    mix = "... n m, ... m d_v -> ... n d_v"
    joins = choices.heads is not None or "w_o" in inputs
    mixed = p.contract(mix, weights, value, name="heads" if joins else "output")
    if not joins:
        return mixed
    if "w_o" not in inputs:
        return p.rearrange("... h n d_v -> ... n (h d_v)", mixed, name="output")
    height = inputs["w_o"].axes[0]
    rows = " ".join((*members(height)[:-1], "n", "d_v"))
    pattern = f"... {rows}, {height} d_out -> ... n d_out"
    return p.contract(pattern, mixed, inputs["w_o"], name="output")
