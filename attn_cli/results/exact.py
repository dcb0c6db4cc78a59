"""What an exact run leaves behind, as plain data: its numbers as text, in LaTeX and rounded."""

from __future__ import annotations

from typing import Any, NamedTuple

from attn_cli.results.trace import TracedStep


class ExactStep(NamedTuple):
    """One step; each array below has its shape.

    step: its name, formula, meaning and cost; its values are SymPy entries. texts: as they are
    read; latex; decimals: the nearest float, None where there are letters.
    """

    step: TracedStep
    texts: Any
    latex: Any
    decimals: Any


class ExactReport(NamedTuple):
    """A run without rounding. letters: those that stand in its arrays."""

    command: str
    mode: str
    title: str
    formula: str
    source: str
    seed: int | None
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    steps: tuple[ExactStep, ...]
    labels: dict[str, tuple[str, ...]]
    letters: tuple[str, ...]

    def step(self, name: str) -> ExactStep:
        """Find a step by name."""
        return next(one for one in self.steps if one.step.name == name)
