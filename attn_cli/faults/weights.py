"""Faults between scores and weights: what softmax goes over, and what is done after it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from attn_cli.faults.evaluation import computed
from attn_cli.faults.fault import Array, Edit, Fault, Setting
from attn_cli.mechanisms.normalizers import SOFTMAX
from attn_cli.program import Program, Step
from attn_cli.transforms.rewriting import Change, same

VASWANI = "Vaswani 2017, equation 1"


def is_softmax(setting: Setting) -> bool:
    """Whether weights are one softmax."""
    step = setting.program.find("weights")
    return step is not None and step.operation == "softmax"


def _weights(change: Change, setting: Setting, *, whole: bool = False) -> Iterable[Setting]:
    """The weights written otherwise, where they are a softmax."""
    if is_softmax(setting):
        yield from setting.rewriting({"weights": change}, whole=setting.whole or whole)


def _over(axis: str) -> Edit:
    """A softmax over another axis."""

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        sink = operands[1] if len(operands) > 1 else None
        return p.softmax(operands[0], over=axis, sink=sink, name=step.name)

    def edit(setting: Setting) -> Iterable[Setting]:
        if not is_softmax(setting) or axis not in setting.program["weights"].axes:
            return
        if any(axis in sink.axes for sink in setting.program["weights"].operands[1:]):
            return
        yield from _weights(change, setting, whole=axis == "n")

    return edit


def _missing(setting: Setting) -> Iterable[Setting]:
    masked_as_zero = {"masked": _zero} if setting.has("masked") else {}
    if is_softmax(setting):
        yield from setting.rewriting({"weights": same, **masked_as_zero})


def _zero(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    x, allowed = operands
    return p.multiply(x, allowed, step.axes, name=step.name)


def _twice(setting: Setting) -> Iterable[Setting]:
    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        sink = operands[1] if len(operands) > 1 else None
        once = p.softmax(operands[0], over=step.options["over"], sink=sink, name="weights_once")
        return p.softmax(once, over=step.options["over"], sink=sink, name=step.name)

    return _weights(change, setting)


def _without_maximum(setting: Setting) -> Iterable[Setting]:
    """Only a type as narrow as float16 overflows on everyday scores."""
    if setting.kind != "float16" or not is_softmax(setting):
        return
    scores = setting.program["weights"].operands[0].name
    narrow = computed(setting.but(in_kind=True), [scores])[scores]
    if not (np.isfinite(narrow) | np.isneginf(narrow)).all():  # they overflow before it
        return

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        powers = p.apply("exp", operands[0], name="powers")
        total = p.reduce("sum", powers, over=step.options["over"], name="total")
        return p.divide(powers, total, name=step.name)

    yield from setting.rewriting({"weights": change}, in_kind=True)


def _overflowing(setting: Setting) -> Iterable[Setting]:
    """Everything as it is written, in float16, whose largest number is 65,504."""
    if setting.kind == "float16":
        yield setting.but(in_kind=True)


def _sink_missing(setting: Setting) -> Iterable[Setting]:
    if setting.choices.normalizer.name == "softmax-sink":
        arrays = {name: one for name, one in setting.arrays.items() if name != "sink"}
        yield setting.but(arrays=arrays).chosen(normalizer=SOFTMAX)


def _undefined(weights: Array) -> Array:
    """Rows that hold nothing are no numbers, as 0/0 is."""
    empty = weights.sum(axis=-1, keepdims=True) == 0
    return np.where(empty, np.nan, weights)


def _empty_rows_nan(setting: Setting) -> Iterable[Setting]:
    if is_softmax(setting) and setting.has("masked"):
        yield setting.hooked("weights", hook=_undefined)


FAULTS = (
    Fault(
        "softmax-over-queries",
        "Softmax goes over the queries: each column of the weights sums to 1.",
        "It goes over the keys: each row sums to 1.",
        _over("n"),
        "F.softmax(scores, dim=-2)",
        "",
        VASWANI,
    ),
    Fault(
        "softmax-over-heads",
        "Softmax goes over the heads.",
        "It goes over the keys.",
        _over("h"),
        "nn.Softmax(dim=1)(scores)",
        "",
        VASWANI,
    ),
    Fault(
        "softmax-over-batch",
        "Softmax goes over the batch.",
        "It goes over the keys.",
        _over("b"),
        "F.softmax(scores, dim=0)",
        "",
        VASWANI,
    ),
    Fault(
        "softmax-missing",
        "The scores themselves are the weights.",
        "Softmax makes weights of them.",
        _missing,
        "scores @ v",
        "",
        VASWANI,
    ),
    Fault(
        "softmax-twice",
        "Softmax is taken twice.",
        "It is taken once.",
        _twice,
        "F.softmax(F.softmax(scores, dim=-1), dim=-1)",
        "",
        VASWANI,
    ),
    Fault(
        "softmax-overflows",
        "Softmax does not take the largest score off, and e^score is beyond float16.",
        "The largest of each row is taken off first.",
        _without_maximum,
        "e = torch.exp(scores.half()); e / e.sum(-1, keepdim=True)",
        "",
        "Blanchard 2021, section 2",
    ),
    Fault(
        "float16-overflow",
        "Steps are computed in float16, and some numbers are beyond it: its largest is 65,504.",
        "They are computed in a wider type.",
        _overflowing,
        "(q.half() @ k.half().mT).softmax(-1)",
        "‹dtype float16›",
        "IEEE 754: binary16",
    ),
    Fault(
        "sink-missing",
        "The sink is left out.",
        "It takes a share of each row.",
        _sink_missing,
        "F.softmax(scores, dim=-1), without the sink's column",
        "‹normalizer softmax›",
        "Xiao 2024",
    ),
    Fault(
        "empty-rows-nan",
        "Rows in which every key is masked are NaN.",
        "They are 0.",
        _empty_rows_nan,
        "F.softmax(scores.masked_fill(~mask, -inf), dim=-1)",
        "",
        "torch, scaled_dot_product_attention since 2.5; ONNX Attention-23",
    ),
)
"""Faults of weights."""
