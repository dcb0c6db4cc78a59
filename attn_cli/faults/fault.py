"""A fault: what goes wrong in somebody's attention, and how it is done to a run of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from attn_cli.masks import Board, Expression, Mask
from attn_cli.masks.expressions import Call
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.program import Program
from attn_cli.readings.values import Hook, factor
from attn_cli.transforms.rewriting import Change, rewritten

Array = np.ndarray[Any, Any]


Part = Callable[[Call, Board], Mask]
"""Makes one mask of the catalogue on a board."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A run before it is computed: all that a fault can change.

    rewrites: steps that are written otherwise, in order; touched: their names. after: what is done
    to the numbers of a step, by its name, once they are there. kind: the float type of the numbers
    compared with. in_kind: whether the steps are computed in it. whole: whether rows of queries
    depend on each other. details: which of its variants each fault is. parts: kinds of masks that
    are made otherwise, of the mask that meant_mask reads. out_in: matrices were given as (out, in),
    as torch's Linear has them.
    """

    mechanism: Mechanism
    choices: Choices
    arrays: Mapping[str, Array]
    kind: str = "float64"
    rewrites: tuple[Mapping[str, Change], ...] = ()
    touched: frozenset[str] = frozenset()
    after: tuple[tuple[str, Hook], ...] = ()
    in_kind: bool = False
    whole: bool = False
    details: tuple[str, ...] = ()
    parts: tuple[tuple[frozenset[str], Part], ...] = ()
    meant_mask: Expression | None = None
    out_in: bool = False

    @cached_property
    def program(self) -> Program:
        """The steps."""
        shapes = {name: array.shape for name, array in self.arrays.items()}
        program = self.mechanism.for_shapes(shapes, self.choices)
        for changes in self.rewrites:
            program = rewritten(program, changes)
        return program

    def but(self, **changes: Any) -> Setting:
        """The same with some of it changed."""
        return replace(self, **changes)

    def chosen(self, **choices: Any) -> Setting:
        """The same with other choices."""
        return self.but(choices=self.choices._replace(**choices))

    def rewriting(
        self,
        changes: Mapping[str, Change],
        *,
        given: Mapping[str, Array] = MappingProxyType({}),
        whole: bool = False,
        in_kind: bool = False,
    ) -> Iterator[Setting]:
        """The same with some steps written otherwise; given: arrays that they read.

        None where another fault has written one of them already.
        """
        if self.touched & {*changes}:
            return
        yield replace(
            self,
            rewrites=(*self.rewrites, changes),
            touched=self.touched | {*changes},
            arrays={**self.arrays, **given},
            whole=self.whole or whole,
            in_kind=self.in_kind or in_kind,
        )

    def variant(self, detail: str) -> Setting:
        """The same, said to be one of several variants of a fault."""
        return self.but(details=(*self.details, detail))

    def hooked(self, *steps: str, hook: Hook) -> Setting:
        """The same with something done to the numbers of some steps."""
        return self.but(after=(*self.after, *((step, hook) for step in steps)))

    def given(self, **arrays: Array) -> Setting:
        """The same with other arrays."""
        return self.but(arrays={**self.arrays, **arrays})

    def has(self, *steps: str) -> bool:
        """Whether there are steps of these names, as they were meant."""
        return all(name in self.program and name not in self.touched for name in steps)

    def size(self, axis: str, otherwise: int = 1) -> int:
        """How long an axis is."""
        return int(self.program.sizes.get(axis, otherwise))

    @property
    def scale(self) -> float | None:
        """What scores are multiplied by; None where they are not."""
        step = self.program.find("scaled")
        if step is None or step.operation != "scale":
            return None
        return factor(step, self.program.sizes)

    @property
    def board(self) -> Board:
        """Where masks stand."""
        return Board(self.size("n"), self.size("m"), self.choices.offset, self.size("b"))


class Telling(NamedTuple):
    """A fault in words, for one run: what is done, what was meant, and how `attn` gives it."""

    does: str
    meant: str
    option: str = ""


Tells = Callable[["Setting", "Setting"], Telling]
"""What is said of a fault, from the run that was meant and the one that it makes of it."""

Edit = Callable[[Setting], Iterable[Setting]]
"""What a fault makes of a run: none where it can't happen, several where it has variants."""


class Fault(NamedTuple):
    """One thing that goes wrong.

    does: what such code does. meant: what was meant. edit: does it. cause: the line that usually
    brings it about. option: how `attn` gives the same numbers, if it can. source: who met it, or
    what says how it should be. tells: the same three for one run, where they depend on it.
    """

    id: str
    does: str
    meant: str
    edit: Edit
    cause: str
    option: str = ""
    source: str = ""
    tells: Tells | None = None

    def told(self, meant: Setting, done: Setting) -> Telling:
        """What is said of it where it is done to a run."""
        if self.tells is not None:
            return self.tells(meant, done)
        return Telling(self.does, self.meant, self.option)
