"""The same program with some of its steps written otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attn_cli.program import Axes, Program, Step

Change = Callable[[Program, Step, tuple[Step, ...]], Step]
"""Writes one step otherwise: into a program, what the step was, and its operands there."""


def rewritten(program: Program, changes: Mapping[str, Change]) -> Program:
    """Copy a program; steps named in `changes` are written by them, by the same names."""
    made = Program(program.sizes)
    now: dict[Step, Step] = {}
    for step in program:
        operands = tuple(now[operand] for operand in step.operands)
        change = changes.get(step.name)
        now[step] = copied(made, step, operands) if change is None else change(made, step, operands)
        made.mark(now[step], program.role(step))
    return made


def copied(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    """The same operation on other operands."""
    return p.record(step.operation, operands, step.axes, step.name, **step.options)


def same(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    """What the step was made from, by its name: the step is left out."""
    return p.apply("identity", operands[0], name=step.name)


def read_as(p: Program, x: Step, atoms: Axes, axes: Axes, name: str) -> Step:
    """The numbers of x in the order in which they lie, taken for other axes."""
    return p.record("rearrange", (x,), axes, name, reads=(atoms,), makes=p.sizes.atoms(axes))
