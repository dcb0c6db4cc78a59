"""Positions in the rows themselves: waves that are added, and queries and keys that are turned."""

from __future__ import annotations

from attn_cli.errors import ShapeError
from attn_cli.masks.placed import Offset
from attn_cli.mechanisms.mechanism import Inputs, Rope
from attn_cli.mechanisms.position_tables import Placing, angles, waves
from attn_cli.program import Program, Step, quotient

BASE = 10000.0
"""Vaswani 2017, section 3.5; Su 2021, equation 15."""


def turned(p: Program, query: Step, key: Step, rope: Rope, offset: Offset) -> tuple[Step, Step]:
    """Turn queries and new keys by their positions (Su 2021, section 3.2.2).

    A turned query times a turned key depends on their distance alone. Keys follow those of the
    cache, which are turned already.
    """

    def turn(row: Step, placing: Placing, name: str) -> Step:
        width = row.axes[-1]
        size = p.sizes[width]
        if isinstance(size, int) and size % 2:
            raise ShapeError(
                f"‹rope› turns pairs of numbers, and {width} = {size} is odd "
                f"({p.sizes.source(width)})."
            )
        half = f"{width}_half"
        p.sizes.bind(half, quotient(size, 2), f"half of {width}")
        axes = (*placing.axes, row.axes[-2], half)
        by = p.tabulate(angles(placing, rope.base, size), axes, name=f"{name}_angles")
        return p.rotate(row, by, interleaved=rope.interleaved, name=f"{name}_turned")

    past = p.sizes.get("m_past", 0)
    return turn(query, Placing(offset), "q"), turn(key, Placing(past, "j"), "k")


def embedded(p: Program, inputs: Inputs, offset: Offset) -> Inputs:
    """Add waves of the position to the rows (Vaswani 2017, section 3.5)."""

    def wave(rows: Step, placing: Placing, prefix: str) -> Step:
        axes = (*placing.axes, *rows.axes[-2:])
        table = waves(placing, BASE, p.sizes[rows.axes[-1]])
        positions = p.tabulate(table, axes, name=f"{prefix}positions")
        return p.add(rows, positions, name=f"{prefix}embedded")

    past = p.sizes.get("m_past", 0)
    if "context" not in inputs:
        return {**inputs, "x": wave(inputs["x"], Placing(past), "")}
    x = wave(inputs["x"], Placing(offset), "")
    return {**inputs, "x": x, "context": wave(inputs["context"], Placing(past, "j"), "context_")}
