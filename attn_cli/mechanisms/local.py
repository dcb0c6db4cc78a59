"""Local attention: a window around a place that the query itself predicts (Luong 2015, 3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from attn_cli.program import Axes, Program, Step, Table

PARAMETERS: Mapping[str, Axes] = {"w_p": ("d", "a_p"), "v_p": ("a_p",)}
"""Arrays that predict the place."""

DEFAULTS = (("a_p", "d"),)

PLACES = Table("j", "j", lambda maths, j: j, str, 0)


def away(p: Program, query: Step, inputs: Mapping[str, Step], scores: Axes) -> Step:
    """How far each key is from the place p_t = S · sigmoid(vᵀ tanh(W h_t)). Equation 9."""
    hidden = p.contract("... n d, d a_p -> ... n a_p", query, inputs["w_p"], name="p_hidden")
    bent = p.apply("tanh", hidden, name="p_bent")
    score = p.contract("... n a_p, a_p -> ... n", bent, inputs["v_p"], name="p_score")
    share = p.apply("sigmoid", score, name="p_share")
    centre = p.scale(share, by=p.sizes["m"], name="centre")
    places = p.tabulate(PLACES, ("m",), name="places")
    axes = tuple(axis for axis in scores if axis in (*centre.axes, "m"))
    return p.subtract(places, centre, axes=axes, name="away")


def windowed(p: Program, scores: Step, apart: Step, reach: int) -> Step:
    """Scores of keys at most `reach` from the place, −∞ elsewhere."""
    inside = p.within(apart, reach=reach, name="window")
    return p.mask(scores, inside, name="windowed")


def faded(p: Program, weights: Step, apart: Step, reach: int) -> Step:
    """Weights times e^(−(s − p_t)² / 2σ²), σ = D / 2. Equation 10."""
    squared = p.multiply(apart, apart, apart.axes, name="squared")
    exponent = p.scale(squared, by=-2 / reach**2, name="exponent")
    gaussian = p.apply("exp", exponent, name="gaussian")
    return p.multiply(weights, gaussian, weights.axes, name="local_weights")
