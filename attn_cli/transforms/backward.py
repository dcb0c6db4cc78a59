"""Where the parts of a gradient are gathered while its steps are written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from attn_cli.program import ONE, Axes, Program, Step


def prefixed(name: str) -> str:
    """What the gradient of a step is called: d_scores."""
    return f"d_{name}"


class Backward:
    """A program that grows by the steps of a gradient.

    reached: the steps that change the output and depend on what is asked for. A step's gradient is
    the sum of what each of its uses gives.
    """

    def __init__(self, program: Program, reached: Collection[Step], output: Step, given: Step):
        self.program = program
        self._reached = frozenset(reached)
        self._parts: dict[Step, list[Step]] = {output: [given]}
        self._whole: dict[Step, Step] = {output: given}
        self._uses = {
            step: sum(
                operand is step and user in self._reached
                for user in program.steps
                for operand in user.operands
            )
            for step in reached
        }

    def has(self, step: Step) -> bool:
        """Whether any gradient reaches a step."""
        return step in self._parts

    def of(self, step: Step) -> Step | None:
        """The gradient of a step, where one reaches it."""
        return self._whole.get(step)

    def wants(self, operand: Step) -> bool:
        """Whether the gradient of an operand is needed."""
        return operand in self._reached

    def give(self, operand: Step, user: Step, axes: Axes, make: Callable[[str], Step]) -> None:
        """Take what one use gives: `make` records it by a name, with these axes.

        It is summed over the axes along which the operand was repeated.
        """
        if not self.wants(operand):
            return
        name = prefixed(operand.name)
        if self._uses[operand] > 1:
            name = self._free(f"{name}_from_{user.name}")
        if axes == operand.axes:
            part = make(name)
        else:
            part = self._summed(make(f"{name}_each"), operand.axes, name)
        self._parts.setdefault(operand, []).append(part)

    def total(self, step: Step) -> Step:
        """The gradient of a step: the sum of its parts."""
        if step in self._whole:
            return self._whole[step]
        name = prefixed(step.name)
        whole, *others = self._parts[step]
        for place, part in enumerate(others, 1):
            last = place == len(others)
            whole = self.program.add(whole, part, name=name if last else f"{name}_{place}")
        if whole.name != name:
            whole = self._renamed(whole, name)
        self._whole[step] = whole
        return whole

    def _free(self, name: str) -> str:
        """A name that no step has: an operand may be used twice in one step."""
        return name if self.program.find(name) is None else f"{name}_again"

    def _renamed(self, step: Step, name: str) -> Step:
        """The same step by another name, before anything reads it."""
        steps = self.program.steps
        renamed = replace(step, name=name)
        steps[steps.index(step)] = renamed
        return renamed

    def _summed(self, part: Step, axes: Axes, name: str) -> Step:
        """Sum over the axes that are not among `axes`, and lay the rest out as these are."""
        p, sizes = self.program, self.program.sizes
        kept = sizes.atoms(axes)
        extra = [axis for axis in sizes.atoms(part.axes) if axis not in kept]
        if any(axis not in part.axes for axis in extra):
            part = laid_out(p, part, sizes.atoms(part.axes), f"{name}_apart")
        for place, axis in enumerate(extra, 1):
            last = place == len(extra)
            keep = last and axes == (ONE,) and ONE not in part.axes
            left = tuple(ONE if own == axis else own for own in part.axes if keep or own != axis)
            called = name if last and left == axes else f"{name}_over_{axis}"
            part = p.reduce("sum", part, over=axis, keep=keep, name=called)
        return part if part.name == name else laid_out(p, part, axes, name)


def product(
    p: Program,
    first: Step,
    second: Step,
    reads: tuple[Axes, Axes],
    axes: Axes,
    makes: Axes,
    name: str,
) -> Step:
    """A contraction with its axes spelled out."""
    return p.record("contract", (first, second), axes, name, reads=reads, makes=makes)


def laid_out(p: Program, x: Step, axes: Axes, name: str) -> Step:
    """The same numbers with their axes in another order, apart or together."""
    reads, makes = p.sizes.atoms(x.axes), p.sizes.atoms(axes)
    return p.record("rearrange", (x,), axes, name, reads=(reads,), makes=makes)
