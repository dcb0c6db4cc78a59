"""The vocabulary every mechanism is written in: named axes, operations, steps, programs."""

from attn_cli.program.axes import ONE, Axes, Places, Size, Sizes, members, quotient
from attn_cli.program.operations import OPERATIONS
from attn_cli.program.program import Program
from attn_cli.program.step import Role, Step
from attn_cli.program.table import Table

__all__ = [
    "ONE",
    "OPERATIONS",
    "Axes",
    "Places",
    "Program",
    "Role",
    "Size",
    "Sizes",
    "Step",
    "Table",
    "members",
    "quotient",
]
