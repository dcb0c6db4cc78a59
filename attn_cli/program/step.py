"""A step: one named operation on earlier steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from attn_cli.program.axes import Axes

Role = Literal["input", "scores", "mask", "masked", "weights", "output", ""]
"""What a step is to a reader, whatever it is called: scores tell how well queries and keys match;
weights are what values are multiplied by."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One operation, its operands, and the axes of what it makes.

    `options` holds what the operation needs beside its operands, as intent and not as a
    float: `rsqrt="d"` stays exact where a reading is exact.
    """

    name: str
    operation: str
    operands: tuple[Step, ...]
    axes: Axes
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        inner = ", ".join(operand.name for operand in self.operands)
        return f"{self.name}[{' '.join(self.axes)}] = {self.operation}({inner})"
