"""Faults of the whole mask: left out, turned, put where it does not belong, or filled otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from attn_cli import masks
from attn_cli.faults.fault import Edit, Fault, Setting, Telling, Tells
from attn_cli.faults.placing import mask_table, tells_mask, whole_mask
from attn_cli.faults.weights import is_softmax
from attn_cli.language import said
from attn_cli.program import Program, Step
from attn_cli.transforms.rewriting import same

ONE = "one"
"""An array with the number 1, by which booleans become numbers."""


def _missing(setting: Setting) -> Iterable[Setting]:
    if setting.choices.mask is not None:
        yield from whole_mask(setting, None)


def _inverted(setting: Setting) -> Iterable[Setting]:
    if setting.choices.mask is not None:
        yield from whole_mask(setting, ~setting.choices.mask)


def _tells_fill(number: str) -> Tells:
    """What is said of another number than -inf: of rows without a key only where there are some."""

    def tells(meant: Setting, done: Setting) -> Telling:
        told = said(number)
        if is_softmax(meant) and _has_empty_rows(meant):
            return Telling(
                said(
                    "Masked scores are {number}: a row without a key becomes uniform.", number=told
                ),
                said("They are -inf, and such a row is 0."),
            )
        return Telling(said("Masked scores are {number}.", number=told), said("They are -inf."))

    return tells


def _has_empty_rows(setting: Setting) -> bool:
    """Whether some query may attend no key; a table that is too large is taken to have some."""
    table = mask_table(setting)
    return table is None or not table.any(axis=-1).all()


def _additive_as_boolean(setting: Setting) -> Iterable[Setting]:
    """What is added to allow is 0, which as a boolean forbids."""
    bias = setting.arrays.get("bias")
    if bias is None or not (np.isneginf(bias) | (bias <= -1e4)).any():
        return
    arrays = {name: one for name, one in setting.arrays.items() if name != "bias"}
    table = masks.given(bias.reshape((1,) * (4 - bias.ndim) + bias.shape) != 0, "given")
    mask = setting.choices.mask
    yield setting.but(arrays=arrays).chosen(mask=table if mask is None else mask & table)


def _added_as_numbers(setting: Setting) -> Iterable[Setting]:
    if not setting.has("masked"):
        return

    def masked(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        x, allowed = operands
        one = p.input(("1",), name=ONE)
        numbers = p.multiply(one, allowed, allowed.axes, name="mask_as_numbers")
        return p.add(x, numbers, axes=step.axes, name=step.name)

    yield from setting.rewriting({"masked": masked}, given={ONE: np.ones(1)})


def _after_softmax(*, renormalised: bool) -> Edit:
    def weights(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        over = step.options["over"]
        sink = operands[1] if len(operands) > 1 else None
        before = p.softmax(operands[0], over=over, sink=sink, name="weights_before_mask")
        if not renormalised:
            return p.multiply(before, p["mask"], step.axes, name=step.name)
        kept = p.multiply(before, p["mask"], step.axes, name="weights_kept")
        total = p.reduce("sum", kept, over=over, name="total")
        return p.divide(kept, total, name=step.name)

    def edit(setting: Setting) -> Iterable[Setting]:
        if setting.has("masked") and is_softmax(setting):
            yield from setting.rewriting({"masked": same, "weights": weights})

    return edit


def _filled(fill: Callable[[str], float]) -> Edit:
    """Another number than -inf where a key is masked, for a float type."""

    def masked(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        x, allowed = operands
        kept = p.multiply(x, allowed, step.axes, name="scores_kept")
        rule = allowed.options["rule"]
        others = p.allow(~rule, allowed.axes, name="not_mask")
        filler = p.multiply(p.input(("1",), name="fill"), others, others.axes, name="filler")
        return p.add(kept, filler, name=step.name)

    def edit(setting: Setting) -> Iterable[Setting]:
        if setting.has("masked"):
            number = np.full(1, fill(setting.kind))
            yield from setting.rewriting({"masked": masked}, given={"fill": number})

    return edit


def _lowest(kind: str) -> float:
    """The lowest number of a type; that of float64 leaves no room for sums in it."""
    return float(np.finfo("float32" if kind in ("float64", "bfloat16") else kind).min)


FAULTS = (
    Fault(
        "mask-missing",
        "The mask is left out.",
        "It decides which keys a query may attend.",
        _missing,
        "F.scaled_dot_product_attention(q, k, v)",
        "without a mask",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "mask-inverted",
        "The mask is upside down: True means masked.",
        "True means may attend.",
        _inverted,
        "nn.MultiheadAttention(...)(attn_mask=mask), where True is masked",
        '‹mask› "~(…)"',
        "torch: MultiheadAttention and scaled_dot_product_attention differ",
        tells_mask("The mask is upside down: True means masked.", "True means may attend."),
    ),
    Fault(
        "mask-additive-as-boolean",
        "Numbers to be added are read as booleans: 0 forbids, -inf allows.",
        "They are added to the scores.",
        _additive_as_boolean,
        "scores.masked_fill(~mask.bool(), -inf)",
        "",
        "torch, scaled_dot_product_attention: attn_mask by its type",
    ),
    Fault(
        "mask-added-as-numbers",
        "The mask is added to the scores as 1 and 0.",
        "Scores of masked keys become -inf.",
        _added_as_numbers,
        "F.scaled_dot_product_attention(q, k, v, attn_mask=mask.float())",
        "‹bias› with 1 and 0",
        "torch, scaled_dot_product_attention: a float mask is added",
    ),
    Fault(
        "mask-after-softmax",
        "The mask comes after softmax: rows no longer sum to 1.",
        "Masked scores are -inf before it.",
        _after_softmax(renormalised=False),
        "F.softmax(scores, dim=-1) * mask",
        "",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "mask-after-softmax-renormalised",
        "The mask comes after softmax, and what is left is divided by its sum.",
        "Masked scores are -inf before it: the same, unless a sink has its share.",
        _after_softmax(renormalised=True),
        "w = F.softmax(scores, -1) * mask; w / w.sum(-1, keepdim=True)",
        "",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "mask-fill-0",
        "Masked scores are 0.",
        "They are -inf.",
        _filled(lambda kind: 0.0),
        "scores * mask",
        "",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "mask-fill-1e4",
        "Masked scores are -10,000: a row without a key becomes uniform.",
        "They are -inf, and such a row is 0.",
        _filled(lambda kind: -1e4),
        "scores.masked_fill(~mask, -1e4)",
        "",
        "torch, scaled_dot_product_attention since 2.5; ONNX Attention-23",
        _tells_fill("-10,000"),
    ),
    Fault(
        "mask-fill-1e9",
        "Masked scores are -1e9: a row without a key becomes uniform.",
        "They are -inf, and such a row is 0.",
        _filled(lambda kind: -1e9 if kind != "float16" else _lowest(kind)),
        "scores.masked_fill(~mask, -1e9)",
        "",
        "Keras; The Annotated Transformer",
        _tells_fill("-1e9"),
    ),
    Fault(
        "mask-fill-lowest",
        "Masked scores are the lowest number of the type: a row without a key becomes uniform.",
        "They are -inf, and such a row is 0.",
        _filled(_lowest),
        "scores.masked_fill(~mask, torch.finfo(scores.dtype).min)",
        "",
        "Hugging Face transformers",
        _tells_fill("the lowest number of the type"),
    ),
)
"""Faults of the whole mask."""
