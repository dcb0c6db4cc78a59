"""A program: the list of steps that running a mechanism on shapes alone records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attn_cli.program.axes import Sizes
from attn_cli.program.operations import Operations
from attn_cli.program.step import Role, Step

BY_OPERATION: dict[str, Role] = {
    "input": "input",
    "allow": "mask",
    "within": "mask",
    "mask": "masked",
}
"""Roles that an operation has always."""


class Program(Operations):
    """Steps in order, by name and by what they are to a reader."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self._roles: dict[str, Role] = {}

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def up_to(self, name: str) -> Program:
        """The steps before one, and that one."""
        part = Program(self.sizes)
        part.steps = self.steps[: self.steps.index(self[name]) + 1]
        part._roles = self._roles
        return part

    def needed_for(self, names: Iterable[str]) -> Program:
        """Some steps and those that they are made of, in order."""
        needed = {self[name] for name in names}
        for step in reversed(self.steps):
            if step in needed:
                needed.update(step.operands)
        part = self.copied()
        part.steps = [step for step in self.steps if step in needed]
        return part

    def copied(self) -> Program:
        """A program with the same steps, to which others can be added."""
        other = Program(self.sizes)
        other.steps, other._roles = [*self.steps], {**self._roles}
        return other

    def mark(self, step: Step, role: Role) -> Step:
        """Say what a step is to a reader, where its operation does not tell."""
        self._roles[step.name] = role
        return step

    def role(self, step: Step) -> Role:
        """What a step is to a reader."""
        told = BY_OPERATION.get(step.operation) or self._roles.get(step.name)
        return told or ("output" if step is self.output else "")

    def last(self, role: Role) -> Step | None:
        """The last step that has a role; the last weights are what values are multiplied by."""
        return next((step for step in reversed(self.steps) if self.role(step) == role), None)

    @property
    def output(self) -> Step:
        """The last step: what the mechanism computes."""
        return self.steps[-1]

    @property
    def inputs(self) -> list[Step]:
        """The arrays the program is given."""
        return [step for step in self.steps if step.operation == "input"]

    def shape(self, step: Step) -> tuple[Any, ...]:
        """Sizes of a step's axes."""
        return self.sizes.shape(step.axes)
