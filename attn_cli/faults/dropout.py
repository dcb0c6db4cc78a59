"""Dropout that was left on, recognised by what it does: weights are 0, or larger by 1/(1 - p)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from attn_cli.faults.evaluation import computed
from attn_cli.faults.fault import Array, Fault, Setting

SPREAD = 1e-3
"""How far factors may be apart, relative to their median, to be called one."""

DIGITS = 6
"""Of a share of weights that is dropped."""

LEAST = 1e-6
"""Weights below are too small for a factor to be told."""

DROPOUT = Fault(
    "dropout",
    "Dropout is on: some weights are 0, the others larger by 1/(1 - p).",
    "All weights are kept.",
    lambda setting: (),
    "model.train(), or F.scaled_dot_product_attention(..., dropout_p=0.1) in evaluation",
    "",
    "Srivastava 2014; torch, scaled_dot_product_attention: dropout_p is always applied",
)


def recognised(meant: Setting, theirs: Mapping[str, Array]) -> Iterator[Setting]:
    """The meant run with the weights that were dropped, where weights or outputs show them."""
    given = theirs.get("weights")
    if given is None:
        given = _from_output(meant, theirs)
    if given is None or not meant.has("weights"):
        return
    (weights,) = computed(meant, ["weights"]).values()
    factor = _factor(weights, given)
    if factor is None:
        return
    kept = np.where(np.abs(given) > np.abs(weights) / 2, factor, 0.0)
    dropped = meant.but(whole=True).hooked("weights", hook=lambda w: w * kept)
    yield dropped.variant(f"p = {1 - 1 / factor:.2g}")


def _factor(weights: Array, given: Array) -> float | None:
    """The one factor of all weights that are not 0; None where there is none above 1."""
    there = (weights > LEAST) & np.isfinite(given)
    if given.shape != weights.shape or not there.any() or _divided_again(weights, given):
        return None
    ratios = given[there] / weights[there]
    kept = ratios[ratios > 0.5]
    if len(kept) in (0, len(ratios)):
        return None
    factor = float(np.median(kept))
    one = (np.abs(kept - factor) <= SPREAD * factor).all()
    none = (np.abs(ratios[ratios <= 0.5]) <= SPREAD).all()
    # a share of keys that is dropped has few digits
    share = round(1 - 1 / factor, DIGITS)
    return 1 / (1 - share) if one and none and 0 < share < 1 else None


def _divided_again(weights: Array, given: Array) -> bool:
    """Whether rows that lost weights sum to what they did before: a mask does that, not dropout."""
    lost = (np.abs(given) <= weights / 2).any(axis=-1)
    apart = np.abs(given.sum(axis=-1) - weights.sum(axis=-1))
    return bool((apart[lost] <= SPREAD).all())


def _from_output(meant: Setting, theirs: Mapping[str, Array]) -> Array | None:
    """The weights that mix values into an output, where there are no more keys than features."""
    name = "heads" if "heads" in theirs else "output"
    step = meant.program.find(name)
    if step is None or name not in theirs or step.operation != "contract":
        return None
    if step.operands[0].name != "weights" or meant.size("m") > meant.size("d_v"):
        return None
    value = step.operands[1]
    (values,) = computed(meant, [value.name]).values()
    if values.shape[:-2] != theirs[name].shape[:-2] or not np.isfinite(theirs[name]).all():
        return None
    if np.linalg.matrix_rank(values).min() < values.shape[-2]:
        return None
    return np.asarray(theirs[name] @ np.linalg.pinv(values))
