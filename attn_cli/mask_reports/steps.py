"""A mask and a bias as the steps of a small program, for their numbers, formulas and meanings."""

from __future__ import annotations

from attn_cli.arrays import seeded
from attn_cli.mask_reports.grid import Field
from attn_cli.masks import Mask
from attn_cli.mechanisms.biases import TABLE, Bias
from attn_cli.mechanisms.position_tables import Placing
from attn_cli.program import ONE, Program, Sizes
from attn_cli.readings.arithmetic import Show
from attn_cli.readings.traced import Numbers, traced_steps
from attn_cli.readings.values import evaluate
from attn_cli.results.trace import Trace, TracedStep
from attn_cli.spelling import choice
from attn_cli.topics.en.steps import MEANINGS

SEED = 0
"""Learned numbers of a bias are random here, from this seed."""


def mask_trace(
    mask: Mask | None, bias: Bias | None, field: Field, show: Show, precision: int, with_steps: bool
) -> Trace:
    """Steps `mask`, those of the bias, and both together as `masked`.

    show, precision: how numbers are written. with_steps: compute them; what is too large has none.
    """
    program = _program(mask, bias, field)
    arrays = {
        step.name: seeded.normal(step.name, program.shape(step), SEED) for step in program.inputs
    }
    steps: tuple[TracedStep, ...] = ()
    if with_steps:
        numbers = Numbers(program, evaluate(program, arrays))
        steps = traced_steps(numbers, MEANINGS, show, precision)
    facts = []
    if bias is not None:
        facts.append(f"{bias.title}, {bias.source}")
    if arrays:
        facts.append(f"{TABLE} is random (seed {SEED})")
    return Trace(
        command="mask",
        mode="mask",
        title=mask.name if mask else f"Bias {bias.name if bias else ''}",
        formula=mask.says if mask else "",
        source="",
        seed=SEED if arrays else None,
        facts=tuple(facts),
        notices=(),
        steps=steps,
        labels=dict(field.labels),
    )


def _program(mask: Mask | None, bias: Bias | None, field: Field) -> Program:
    sizes = Sizes()
    for axis, size in (("b", field.batch), ("h", field.heads), ("n", field.n), ("m", field.m)):
        sizes.bind(axis, size, choice(axis))
    program = Program(sizes)
    added = None
    if bias is not None:
        batched = isinstance(field.offset, tuple)
        scores = (*(["b"] if batched else []), *(["h"] if field.heads > 1 else []), "n", "m")
        inputs = {}
        for name, axes in bias.arrays("h" in scores).items():
            sizes.bind("entries", bias.entries, f"‹bias {bias.name}›")
            inputs[name] = program.input(axes, name=name)
        added = bias.define(program, scores, inputs, Placing(field.offset))
    if mask is not None:
        allowed = program.allow(mask, _axes(mask), name="mask")
        if added is not None:
            own = {*added.axes, *mask.varies}
            axes = tuple(axis for axis in ("b", "h", "n", "m") if axis in own)
            program.mask(added, allowed, axes=axes, name="masked")
    return program


def _axes(mask: Mask) -> tuple[str, ...]:
    """Axes of the table: batch and head where the mask differs along them."""
    if "b" in mask.varies:
        return ("b", "h" if "h" in mask.varies else ONE, "n", "m")
    return ("h", "n", "m") if "h" in mask.varies else ("n", "m")
