"""Faults between queries and scores: the scale, the temperature, the softcap."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isclose, sqrt

from attn_cli.faults.fault import Edit, Fault, Setting, Telling, Tells
from attn_cli.language import said
from attn_cli.program import Program, Step
from attn_cli.transforms.rewriting import same

VASWANI = "Vaswani 2017, equation 1"


SCALE = "scale"
"""Stands among the steps that a fault has touched: only one fault changes the scale."""


def _scaled_by(factor: Callable[[Setting, float], float | None]) -> Edit:
    """Another scale, from the one that was meant; None where there is none."""

    def edit(setting: Setting) -> Iterable[Setting]:
        meant = setting.scale
        if meant is None or "scale" not in setting.mechanism.takes or SCALE in setting.touched:
            return
        other = factor(setting, meant)
        if other is not None and not isclose(other, meant, rel_tol=1e-12):
            yield setting.chosen(scale=other).but(touched=setting.touched | {SCALE})

    return edit


def _scale_added(setting: Setting) -> Iterable[Setting]:
    if setting.scale is None and "scale" in setting.mechanism.takes and setting.has("scores"):
        yield setting.chosen(scale=1 / sqrt(setting.size("d")))


def _of_heads(setting: Setting, meant: float) -> float | None:
    """1/√(h d): the width of all heads; with one head it is that of the head."""
    heads = setting.size("h")
    return None if heads == 1 else 1 / sqrt(setting.size("d") * heads)


def _usual(setting: Setting, meant: float) -> float | None:
    """The mechanism's own scale, where another was meant."""
    return None if setting.choices.scale is None else setting.chosen(scale=None).scale


def meant_scale(setting: Setting) -> str:
    """What was meant to be done to the scores."""
    if setting.choices.scale is None:
        axis = setting.program["scaled"].options["rsqrt"]
        if axis:
            return said("They are divided by √{size}.", size=setting.size(axis))
    return said("They are multiplied by {factor}.", factor=f"{setting.scale:g}")


def _tells_scale(does: str, option: str = "", **fields: Callable[[Setting], object]) -> Tells:
    """What the code does to the scores, beside what was meant."""

    def tells(meant: Setting, done: Setting) -> Telling:
        own = {name: field(meant) for name, field in fields.items()}
        return Telling(said(does, **own), meant_scale(meant), option.format(**own))

    return tells


def _inverted(meant: Setting, done: Setting) -> Telling:
    usual = meant.choices.scale is None
    size = meant.size("d")
    does = said("The scores are multiplied by √{size}.", size=size)
    if not usual:
        does = said("The scores are divided by {factor}.", factor=f"{meant.scale:g}")
    option = f"‹scale √{size}›" if usual else f"‹scale {done.scale!r}›"
    return Telling(does, meant_scale(meant), option)


def _added(meant: Setting, done: Setting) -> Telling:
    size = meant.size("d")
    does = said("The scores are divided by √{size}.", size=size)
    return Telling(does, said("Nothing was to be scaled."), f"‹scale 1/√{size}›")


def _temperature(value: Callable[[float], float | None]) -> Edit:
    def edit(setting: Setting) -> Iterable[Setting]:
        meant = setting.choices.temperature
        if meant is not None:
            yield setting.chosen(temperature=value(meant))

    return edit


def _tells_temperature(meant: Setting, done: Setting) -> Telling:
    number = done.choices.temperature
    return Telling(
        said("The scores are multiplied by the temperature."),
        said("They are divided by it."),
        f"‹temperature {number!r}›",
    )


def _softcap_missing(setting: Setting) -> Iterable[Setting]:
    if setting.choices.softcap is not None:
        yield setting.chosen(softcap=None)


def _softcap_after_mask(setting: Setting) -> Iterable[Setting]:
    cap = setting.choices.softcap
    if cap is None or not setting.has("masked"):
        return

    def masked(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        first = p.mask(*operands, axes=step.axes, name="masked_first")
        return p.softcap(first, cap=cap, name=step.name)

    yield from setting.rewriting({"softcapped": same, "masked": masked})


def _softcap_before_scale(setting: Setting) -> Iterable[Setting]:
    cap = setting.choices.softcap
    if cap is None or not setting.has("scaled") or "by" not in setting.program["scaled"].options:
        return

    def scaled(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        capped = p.softcap(operands[0], cap=cap, name="capped_first")
        return p.scale(capped, by=step.options["by"], rsqrt=step.options["rsqrt"], name=step.name)

    yield from setting.rewriting({"scaled": scaled, "softcapped": same})


FAULTS = (
    Fault(
        "missing-scale",
        "The scores are not scaled.",
        "They are divided by √d before softmax.",
        _scaled_by(lambda setting, meant: 1.0),
        "F.softmax(q @ k.transpose(-2, -1), dim=-1)",
        "‹scale 1›",
        VASWANI,
        _tells_scale("The scores are not scaled.", "‹scale 1›"),
    ),
    Fault(
        "scale-by-d",
        "The scores are divided by d.",
        "They are divided by its root.",
        _scaled_by(lambda setting, meant: 1 / setting.size("d")),
        "scores / q.shape[-1]",
        "‹scale 1/D›",
        VASWANI,
        _tells_scale("The scores are divided by {d}.", "‹scale 1/{d}›", d=lambda s: s.size("d")),
    ),
    Fault(
        "scale-by-d-model",
        "The scores are divided by the root of the width of all heads together.",
        "They are divided by the root of one head's width.",
        _scaled_by(_of_heads),
        "scores / math.sqrt(d_model)",
        "‹scale› 1/√(HEADS·D)",
        "Vaswani 2017, section 3.2.2",
        _tells_scale(
            "The scores are divided by √{width}, of the width of all heads together.",
            "‹scale 1/√{width}›",
            width=lambda s: s.size("d") * s.size("h"),
        ),
    ),
    Fault(
        "scale-twice",
        "The scores are scaled twice.",
        "They are scaled once.",
        _scaled_by(lambda setting, meant: meant * meant),
        "F.scaled_dot_product_attention(q * d ** -0.5, k, v)",
        "‹scale SCALE²›",
        "torch, scaled_dot_product_attention: scale defaults to 1/√d",
        _tells_scale(
            "The scores are scaled twice.",
            "‹scale {square!r}›",
            square=lambda s: (s.scale or 0.0) * (s.scale or 0.0),
        ),
    ),
    Fault(
        "scale-multiplied",
        "The scores are multiplied by √d.",
        "They are divided by √d.",
        _scaled_by(lambda setting, meant: 1 / meant if meant else None),
        "F.scaled_dot_product_attention(q, k, v, scale=math.sqrt(d))",
        "‹scale √D›",
        "torch, scaled_dot_product_attention: scale is a factor",
        _inverted,
    ),
    Fault(
        "scale-ignored",
        "The scores are divided by √d, as they are where no scale is given.",
        "They are multiplied by the scale that was given.",
        _scaled_by(_usual),
        "F.scaled_dot_product_attention(q, k, v), without scale=",
        "without ‹scale›",
        "torch, scaled_dot_product_attention: scale defaults to 1/√d",
        _tells_scale(
            "The scores are divided by √{d}, as they are where no scale is given.",
            "without ‹scale›",
            d=lambda s: s.size("d"),
        ),
    ),
    Fault(
        "scale-added",
        "The scores are divided by √d.",
        "Nothing was to be scaled.",
        _scale_added,
        "F.scaled_dot_product_attention(q, k, v)",
        "‹scale 1/√D›",
        "torch, scaled_dot_product_attention: scale defaults to 1/√d",
        _added,
    ),
    Fault(
        "temperature-inverted",
        "The scores are multiplied by the temperature.",
        "They are divided by it.",
        _temperature(lambda meant: 1 / meant),
        "F.softmax(scores * temperature, dim=-1)",
        "‹temperature 1/T›",
        "Hinton 2015, equation 1",
        _tells_temperature,
    ),
    Fault(
        "temperature-missing",
        "The temperature is left out.",
        "The scores are divided by it.",
        _temperature(lambda meant: None),
        "F.softmax(scores, dim=-1)",
        "without ‹temperature›",
        "Hinton 2015, equation 1",
    ),
    Fault(
        "softcap-missing",
        "The scores are not capped.",
        "They are kept between -C and C.",
        _softcap_missing,
        'attn_implementation="sdpa", which has no softcap',
        "without ‹softcap›",
        "Gemma Team 2024 (Gemma 2), section 2",
    ),
    Fault(
        "softcap-after-mask",
        "The softcap comes after the mask, so masked keys have a score of -C and some weight.",
        "The softcap comes before the mask.",
        _softcap_after_mask,
        "cap * torch.tanh(scores.masked_fill(~mask, -inf) / cap)",
        "",
        "ONNX Attention-23, erratum on the order of softcap and mask",
    ),
    Fault(
        "softcap-before-scale",
        "The softcap comes before the scale.",
        "The scores are scaled, then capped.",
        _softcap_before_scale,
        "cap * torch.tanh(q @ k.mT / cap) * scale",
        "",
        "Gemma Team 2024 (Gemma 2), section 2",
    ),
)
"""Faults of scores, in the order of the steps."""
