"""What a run leaves behind, as plain data: every view is made from this and nothing else."""

from typing import Any, Literal, NamedTuple

SCHEMA = "attn.trace/1"
"""The name of a run's JSON document."""

Look = Literal["plain", "signed", "veiled", "share", "allowed"]
"""How the numbers of a step read: any, around zero (with dots where they are masked, veiled),
shares of 1, or True and False."""


class WorkedCell(NamedTuple):
    """One number of a step: cell = formula = numbers = result.

    follows: whether the result follows from the numbers as printed; else they are close (≈).
    at: its position on every axis of the step.
    """

    cell: str
    formula: str
    numbers: str
    result: str
    note: str
    follows: bool = True
    at: tuple[int, ...] = ()


class TracedStep(NamedTuple):
    """One step with its numbers.

    shape is the step's whole shape; values may hold fewer queries, those in `queries`.
    sizes: the shapes going in and coming out. largest: of all finite numbers, without sign.
    role: what it is to a reader (see attn_cli.program.Role).
    price: the operations in letters, for products. hidden: which entries a mask drops.
    """

    name: str
    operation: str
    symbol: str
    formula: str
    latex: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    values: Any
    meaning: str
    flops: int
    price: str
    sizes: str
    largest: float
    given: bool
    look: Look
    role: str = ""
    queries: tuple[int, ...] | None = None
    hidden: Any = None
    work: WorkedCell | None = None


class FocusRow(NamedTuple):
    """Where one query looks: its strongest keys, their share, and over how many it spreads.

    place: batch and head, by axis. spread: the exponential of the entropy, in keys.
    """

    place: tuple[tuple[str, int], ...]
    query: int
    strongest: tuple[int, ...]
    share: float
    spread: float
    allowed: int


class Trace(NamedTuple):
    """A whole run of one mechanism.

    facts: what is true of the run and not of a step (sizes, where the arrays come from).
    notices: what a person must know to read the numbers right.
    random: the arrays behind what is shown that are random; None where all of them are.
    labels: names of the positions on an axis, where they have any.
    looks: the axis along which one looks in the weights, and the one that is looked at.
    """

    command: str
    mode: str
    title: str
    formula: str
    source: str
    seed: int | None
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    steps: tuple[TracedStep, ...]
    labels: dict[str, tuple[str, ...]]
    looks: tuple[str, str] | None = None
    random: tuple[str, ...] | None = None
    focus: tuple[FocusRow, ...] = ()
    summary: tuple[str, ...] = ()
    next_commands: tuple[str, ...] = ()

    def step(self, name: str) -> TracedStep:
        """Find a step by name."""
        return next(step for step in self.steps if step.name == name)

    def last(self, role: str) -> TracedStep | None:
        """Find the last step of a role: the last weights are what values are multiplied by."""
        return next((step for step in reversed(self.steps) if step.role == role), None)

    def made_by(self, operation: str) -> TracedStep | None:
        """Find the last step that an operation made."""
        made = (step for step in reversed(self.steps) if step.operation == operation)
        return next(made, None)
