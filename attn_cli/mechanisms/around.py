"""Around attention in a Transformer layer: layer normalization, and the rows that go past it."""

from __future__ import annotations

from typing import Any

from attn_cli.errors import ShapeError
from attn_cli.mechanisms.mechanism import Choices, Inputs
from attn_cli.mechanisms.rotary import embedded
from attn_cli.program import Program, Step


def prepared(p: Program, inputs: Inputs, choices: Choices) -> tuple[Inputs, Step | None]:
    """Rows as attention reads them, with their positions and normalized where asked for.

    Beside them the rows that go past attention; None where q, k and v are given.
    """
    if "x" not in inputs:
        return inputs, None
    if choices.sinusoidal:
        inputs = embedded(p, inputs, choices.offset)
    past = inputs["x"]
    if choices.norm == "pre":
        inputs = {**inputs, "x": layer_norm(p, past, "x", normed="x_normed")}
    return inputs, past


def output_name(choices: Choices) -> str:
    """What attention's result is called: `output` if it is the last step, else `attention`."""
    return "attention" if choices.residual or choices.norm == "post" else "output"


def finished(p: Program, output: Step, past: Step | None, choices: Choices) -> Step:
    """The output: attention's result, the rows that went past it added, normalized if asked for.

    Normalized before attention as in Xiong 2020 (pre), or after the sum as in Vaswani 2017 (post).
    Raises ShapeError where output and rows have different widths.
    """
    if not choices.residual and choices.norm != "post":
        return output
    assert past is not None, "rows are asked for where these are chosen"
    if choices.residual:
        width, own = p.sizes[output.axes[-1]], p.sizes[past.axes[-1]]
        if width != own:
            raise ShapeError(
                f"‹residual› adds x to the output: x is {own} wide and the output {width}."
            )
        row = f"n {output.axes[-1]}"
        skip = p.rearrange(f"... {row} -> ... {row}", past, name="skip")
        output = p.add(output, skip, name="residual" if choices.norm == "post" else "output")
    if choices.norm != "post":
        return output
    return layer_norm(p, output, output.name, normed="output")


def layer_norm(p: Program, rows: Step, name: str, *, normed: str) -> Step:
    """Each row less its mean, and with variance 1 (Ba 2016, equation 3; gain 1, no bias, ε = 0).

    A row less its mean, with the length 1, times √d.
    """
    from fractions import Fraction

    width = rows.axes[-1]
    size: Any = p.sizes[width]
    total = p.reduce("sum", rows, over=width, name=f"{name}_total")
    share = Fraction(1, size) if isinstance(size, int) else 1 / size
    mean = p.scale(total, by=share, name=f"{name}_mean")
    centred = p.subtract(rows, mean, name=f"{name}_centred")
    unit = p.unit(centred, name=f"{name}_unit")
    longer = p.scale(unit, by=size, name=f"{name}_longer")
    return p.scale(longer, rsqrt=width, name=normed)
