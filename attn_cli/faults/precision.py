"""Faults of numbers: a step rounded to a narrower type."""

from __future__ import annotations

from collections.abc import Iterable

from attn_cli.faults.fault import Edit, Fault, Setting
from attn_cli.readings.narrow import to_bfloat16, to_float16
from attn_cli.readings.values import Hook

WIDER = ("float64", "float32")
"""Types beside which rounding to a narrower one shows."""

STEPS = ("scores", "scaled", "weights", "heads", "output", "q", "k", "v")
"""Steps that are rounded, one at a time; then all of them."""


ROUNDED: dict[str, Hook] = {"float16": to_float16, "bfloat16": to_bfloat16}


def _rounded(kind: str) -> Edit:
    hook = ROUNDED[kind]

    def edit(setting: Setting) -> Iterable[Setting]:
        if setting.kind not in WIDER:
            return
        there = [name for name in STEPS if setting.has(name)]
        given = {name: hook(setting.arrays[name]) for name in there if name in setting.arrays}
        yield setting.given(**given).hooked(*there, hook=hook).variant("all steps")
        for name in there:
            if name in given:
                yield setting.given(**{name: given[name]}).variant(name)
            else:
                yield setting.hooked(name, hook=hook).variant(name)

    return edit


FAULTS = (
    Fault(
        "rounded-to-float16",
        "A step is rounded to float16.",
        "All steps are computed in the type of the inputs.",
        _rounded("float16"),
        "with torch.autocast(..., dtype=torch.float16):",
        "",
        "torch: autocast",
    ),
    Fault(
        "rounded-to-bfloat16",
        "A step is rounded to bfloat16.",
        "All steps are computed in the type of the inputs.",
        _rounded("bfloat16"),
        "with torch.autocast(..., dtype=torch.bfloat16):",
        "",
        "torch: autocast",
    ),
)
"""Faults of numbers."""
