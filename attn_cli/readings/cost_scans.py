"""The cost reading of states that each place changes, forwards and back."""

from __future__ import annotations

from attn_cli.program import Size, Step
from attn_cli.readings.count import Count


def scan(step: Step, count: Count) -> Size:
    """Write: a product and a sum for each entry of the state. Gating and reading come to that."""
    roles, erases = step.options["roles"], step.options["erases"]
    entries = 2 + (1 if "gate" in roles else 0) + (2 if erases else 0)
    values = (1 if "rate" in roles else 0) + (1 if erases else 0)
    *rows, _, width = step.axes
    return entries * count.over(step.axes) + values * count.over((*_lead(step, rows), width))


def scan_back(step: Step, count: Count) -> Size:
    """A sum for each entry; gating one more, erasing a product to read and one to take off."""
    roles = step.options["roles"]
    entries = 1 + (1 if "gate" in roles else 0) + (4 if step.options["erases"] else 0)
    return entries * count.over(step.axes) + (
        count.over((*step.axes[:-2], step.axes[-1])) if "rate" in roles else 0
    )


def _lead(step: Step, rows: list[str]) -> list[str]:
    """The axes along which values differ before their width: all, where the state is read."""
    return rows if step.options["erases"] else list(step.operands[1].axes[:-1])
