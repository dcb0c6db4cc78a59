"""The gradient of a program is a program: each operation's rule writes steps of its own.

Steps are gone through from last to first (Linnainmaa 1970). `d_x` is how much the loss changes
with each number of x; its steps are operations like any others, so every reading reads them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from attn_cli.program import Program, Step
from attn_cli.transforms.backward import Backward, prefixed
from attn_cli.transforms.gradient_rules import RULES

STOPPING = frozenset({"argmax_one_hot", "draw", "within", "larger"})
"""Operations that choose, draw or compare: nothing changes by a little."""


class Gradient(NamedTuple):
    """A program with its gradient.

    program: the steps of both; output: the last one before the gradient; backward: those of the
    gradient. given: the input that says how
    much the loss changes with the output. found: for each wanted input the step that is its
    gradient, None where none reaches it. stops: steps that let no gradient through; through: those
    it goes straight through, though they choose.
    """

    program: Program
    output: Step
    backward: tuple[Step, ...]
    given: Step
    found: dict[str, Step | None]
    stops: tuple[Step, ...]
    through: tuple[Step, ...]


def gradient(program: Program, wanted: Collection[str]) -> Gradient:
    """Write the gradient with respect to some inputs behind a program, which stays as it is."""
    whole = program.copied()
    output, forward = program.output, tuple(program.steps)
    reached = _reached(forward, wanted)
    given = whole.input(output.axes, name=prefixed(output.name))
    backward = Backward(whole, reached, output, given)
    stops, through = [], []
    for step in reversed(forward):
        if step not in reached or not backward.has(step):
            continue
        d, before = backward.total(step), len(whole.steps)
        if step.operation != "input":
            RULES[step.operation](backward, step, d)
        if step.operation in STOPPING and len(whole.steps) == before:
            stops.append(step)
        elif step.operation == "argmax_one_hot":
            through.append(step)
    return Gradient(
        program=whole,
        output=output,
        backward=tuple(whole.steps[len(forward) + 1 :]),
        given=given,
        found={name: backward.of(program[name]) for name in wanted},
        stops=tuple(stops),
        through=tuple(through),
    )


def _reached(steps: Collection[Step], wanted: Collection[str]) -> set[Step]:
    """The steps that depend on what is wanted."""
    reached: set[Step] = set()
    for step in steps:
        if step.name in wanted or any(operand in reached for operand in step.operands):
            reached.add(step)
    return reached
