"""The vocabulary every mechanism is written in: named axes, operations, steps, programs."""

from attn_cli.program.axes import ONE, Axes, Size, Sizes, members, quotient
from attn_cli.program.program import OPERATIONS, Program
from attn_cli.program.step import Step

__all__ = ["ONE", "OPERATIONS", "Axes", "Program", "Size", "Sizes", "Step", "members", "quotient"]
