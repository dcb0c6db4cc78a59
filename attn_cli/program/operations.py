"""The vocabulary: each method is one operation, which checks axes and records a step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from attn_cli.errors import ShapeError
from attn_cli.program.axes import ONE, Axes, Places, Sizes
from attn_cli.program.patterns import Term, parse
from attn_cli.program.step import Step
from attn_cli.program.table import Table

FUNCTIONS = ("identity", "tanh", "relu", "sigmoid", "exp", "elu+1")
"""Functions of one number; those with a ' behind their names are how steep they are."""


Recorder = TypeVar("Recorder", bound=Callable[..., Step])

_OPERATIONS: list[str] = []


def operation(method: Recorder) -> Recorder:
    """Count a method among the operations: each reading has one rule for each."""
    _OPERATIONS.append(method.__name__)
    return method


class Operations:
    """Records steps. Each method below is one operation of the vocabulary.

    Every operation takes earlier steps and a `name` for its result, checks that the axes
    fit, and returns the new step. Nothing is computed here: readings do that.
    """

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.steps: list[Step] = []

    def find(self, name: str) -> Step | None:
        """A step by its name, if there is one."""
        return next((step for step in self.steps if step.name == name), None)

    @operation
    def input(self, axes: Axes, *, name: str) -> Step:
        """An array given from outside."""
        return self.record("input", (), axes, name)

    @operation
    def allow(self, rule: Any, axes: Axes, *, name: str) -> Step:
        """Booleans made from a rule on (query, key) positions: True = may attend."""
        return self.record("allow", (), axes, name, rule=rule)

    @operation
    def within(self, x: Step, *, reach: int, name: str) -> Step:
        """Booleans: True where x lies between −reach and reach."""
        return self.record("within", (x,), x.axes, name, reach=reach)

    @operation
    def tabulate(self, table: Table, axes: Axes, *, name: str) -> Step:
        """Numbers that follow from positions on these axes alone."""
        return self.record("tabulate", (), axes, name, table=table)

    @operation
    def gather(self, entries: Step, places: Step, axes: Axes, *, name: str) -> Step:
        """Of `entries`, for each whole number in `places`, the entry at that place.

        The first axis of `entries` is the one the numbers count along; `axes` are those of the
        result: what is left of it, and those of `places`.
        """
        return self.record("gather", (entries, places), axes, name)

    @operation
    def contract(self, pattern: str, *operands: Step, name: str) -> Step:
        """Multiply elements that share axes and sum over the axes the result leaves out."""
        return self._by_pattern("contract", pattern, operands, name)

    @operation
    def rearrange(self, pattern: str, operand: Step, *, name: str) -> Step:
        """Split, join or reorder axes; every number stays as it is."""
        return self._by_pattern("rearrange", pattern, (operand,), name)

    @operation
    def concat(self, pattern: str, past: Step, new: Step, *, name: str) -> Step:
        """Lay `new` behind `past` along the one axis in which they differ (a cache)."""
        read = parse(pattern)
        first, second, whole = (term.axes for term in (*read.operands, read.result))
        (along,) = (i for i, axis in enumerate(whole) if axis not in first)
        total = self.sizes[first[along]] + self.sizes[second[along]]
        self.sizes.bind(whole[along], total, f"{past.name} and {new.name} together")
        leading = self._leading(read.operands[0], past)
        if leading != self._leading(read.operands[1], new):
            raise ShapeError(
                f"{past.name} has the axes ({', '.join(past.axes)}) and {new.name} has "
                f"({', '.join(new.axes)}): a cache has the batch and the heads of what is new."
            )
        return self.record("concat", (past, new), (*leading, *whole), name, over=whole[along])

    @operation
    def scale(self, x: Step, *, by: Any = None, rsqrt: str | None = None, name: str) -> Step:
        """Multiply by a number, or by 1/√size of an axis."""
        return self.record("scale", (x,), x.axes, name, by=by, rsqrt=rsqrt)

    @operation
    def softcap(self, x: Step, *, cap: Any, name: str) -> Step:
        """Cap · tanh(x / cap): keeps every number between −cap and cap."""
        return self.record("softcap", (x,), x.axes, name, cap=cap)

    @operation
    def add(self, x: Step, y: Step, *, axes: Axes = (), name: str) -> Step:
        """Add y; each is repeated along the axes it does not have.

        axes: those of the result, where they are not those of x.
        """
        return self.record("add", (x, y), axes or x.axes, name)

    @operation
    def multiply(self, x: Step, y: Step, axes: Axes, *, name: str) -> Step:
        """Multiply element by element, each repeated along the axes it does not have.

        Where y is booleans, x is kept or becomes 0, whatever it was.
        """
        return self.record("multiply", (x, y), axes, name)

    @operation
    def rotate(self, x: Step, angles: Step, *, interleaved: bool, name: str) -> Step:
        """Turn pairs of the last axis of x, each by its angle.

        Pairs are neighbours where interleaved, else number c and number c + d/2.
        """
        return self.record("rotate", (x, angles), x.axes, name, interleaved=interleaved)

    @operation
    def apply(self, function: str, x: Step, *, name: str) -> Step:
        """A function of each number: one of FUNCTIONS."""
        return self.record("apply", (x,), x.axes, name, function=function)

    @operation
    def unit(self, x: Step, *, name: str) -> Step:
        """Divide each row by its length; a row of zeros stays."""
        return self.record("unit", (x,), x.axes, name)

    @operation
    def pair(self, x: Step, y: Step, axes: Axes, *, name: str) -> Step:
        """Each row of x with each row of y behind it, along the last of `axes`."""
        width = self.sizes[x.axes[-1]] + self.sizes[y.axes[-1]]
        self.sizes.bind(axes[-1], width, f"{x.name} and {y.name} together")
        return self.record("pair", (x, y), axes, name)

    @operation
    def mask(self, x: Step, allowed: Step, *, axes: Axes = (), name: str) -> Step:
        """Keep x where allowed is True; elsewhere minus infinity.

        axes: those of the result, where x has to be repeated along some of them.
        """
        return self.record("mask", (x, allowed), axes or x.axes, name)

    @operation
    def softmax(self, x: Step, *, over: str, sink: Step | None = None, name: str) -> Step:
        """Positive shares that sum to 1 over an axis; all 0 where every entry is −∞.

        sink: a number for each head that takes a share and gives nothing.
        """
        operands = (x,) if sink is None else (x, sink)
        return self.record("softmax", operands, x.axes, name, over=over)

    @operation
    def reduce(self, how: str, x: Step, *, over: str, keep: bool = True, name: str) -> Step:
        """The largest (`max`) or the sum (`sum`) along an axis, which is kept with size one."""
        axes = tuple(ONE if axis == over else axis for axis in x.axes if keep or axis != over)
        return self.record("reduce", (x,), axes, name, how=how, over=over)

    @operation
    def subtract(self, x: Step, y: Step, *, axes: Axes = (), name: str) -> Step:
        """Subtract y; each is repeated along the axes it does not have. −∞ less anything is −∞.

        axes: those of the result, where they are not those of x.
        """
        return self.record("subtract", (x, y), axes or x.axes, name)

    @operation
    def divide(self, x: Step, y: Step, *, name: str) -> Step:
        """Divide by y, repeated along the axes it does not have; by 0 is 0."""
        return self.record("divide", (x, y), x.axes, name)

    @operation
    def argmax_one_hot(self, x: Step, *, over: str, name: str) -> Step:
        """1 for the largest number along an axis, the first of equal ones; 0 for the others."""
        return self.record("argmax_one_hot", (x,), x.axes, name, over=over)

    @operation
    def draw(self, shares: Step, uniform: Step, *, over: str, name: str) -> Step:
        """1 for the place at which the running sum of shares passes a number; else 0."""
        return self.record("draw", (shares, uniform), shares.axes, name, over=over)

    @operation
    def entmax(self, x: Step, *, alpha: float, over: str, name: str) -> Step:
        """Sparse shares that sum to 1 along the last axis: sparsemax for alpha = 2."""
        return self.record("entmax", (x,), x.axes, name, alpha=alpha, over=over)

    @operation
    def repeat(self, x: Step, axes: Axes, *, name: str) -> Step:
        """The same numbers again along every axis of `axes` that x does not have."""
        return self.record("repeat", (x,), axes, name)

    @operation
    def slice(self, x: Step, *, over: str, within: Places, axis: str, name: str) -> Step:
        """Some neighbouring places of one axis, which is called `axis` then."""
        self.sizes.bind(axis, within.count, name)
        axes = tuple(axis if own == over else own for own in x.axes)
        return self.record("slice", (x,), axes, name, over=over, within=within, axis=axis)

    @operation
    def place(self, x: Step, over: str, within: Places, axes: Axes, *, name: str) -> Step:
        """The turned `slice`: x at some neighbouring places of one axis of `axes`, else 0."""
        return self.record("place", (x,), axes, name, over=over, within=within)

    @operation
    def larger(self, x: Step, y: Step, *, name: str) -> Step:
        """The larger of two numbers, place by place."""
        return self.record("larger", (x, y), x.axes, name)

    def shared(self, *operands: Step, last: int) -> Axes:
        """All axes that operands have before their last ones, as `...` in a pattern has them."""
        return self._shared([operand.axes[: len(operand.axes) - last] for operand in operands])

    @operation
    def power(self, x: Step, *, exponent: float, name: str) -> Step:
        """Each number above 0 to a power; 0 and what is below become 0."""
        return self.record("power", (x,), x.axes, name, exponent=exponent)

    @operation
    def scatter(self, x: Step, places: Step, axes: Axes, *, name: str) -> Step:
        """For each place along the first of `axes`, the sum of what stands where `places` name it.

        The turned `gather`: the other axes are those that `places` does not have.
        """
        return self.record("scatter", (x, places), axes, name)

    @operation
    def cumsum(self, x: Step, *, over: str, backward: bool = False, name: str) -> Step:
        """At each place of an axis, the sum of all up to it; backward: of all from it on."""
        return self.record("cumsum", (x,), x.axes, name, over=over, backward=backward)

    @operation
    def scan(
        self,
        pattern: str,
        key: Step,
        value: Step,
        *,
        over: str,
        gate: Step | None = None,
        rate: Step | None = None,
        erases: bool = False,
        name: str,
    ) -> Step:
        """A state that each place of an axis changes: S_t = g_t S_(t-1) + r_t k_t (v_t - e_t)ᵀ.

        gate, rate: g and r, 1 where not given. erases: e_t is what k_t reads from the kept state,
        g_t S_(t-1)ᵀ k_t, and 0 otherwise (the delta rule). The pattern is that of the outer
        product of k_t and v_t.
        """
        read = parse(pattern)
        leads = [self._leading(*pair) for pair in zip(read.operands, (key, value), strict=True)]
        axes = (*self._shared(leads), *read.result.axes)
        more, roles = _by_role(gate=gate, rate=rate)
        operands = (key, value, *more)
        return self.record("scan", operands, axes, name, over=over, erases=erases, roles=roles)

    @operation
    def earlier(self, x: Step, *, over: str, name: str) -> Step:
        """At each place of an axis what stood one place before; 0 at the first."""
        return self.record("earlier", (x,), x.axes, name, over=over)

    @operation
    def scan_back(
        self,
        x: Step,
        key: Step,
        *,
        over: str,
        gate: Step | None = None,
        rate: Step | None = None,
        erases: bool = False,
        name: str,
    ) -> Step:
        """From the last place to the first, A_t = x_t + g_(t+1) (A_(t+1) - e_(t+1)).

        What a change of a state that `scan` makes does later. e_t is r_t k_t k_tᵀ A_t where the
        scan erases, else 0.
        """
        more, roles = _by_role(gate=gate, rate=rate)
        operands = (x, key, *more)
        return self.record(
            "scan_back", operands, x.axes, name, over=over, erases=erases, roles=roles
        )

    def record(
        self, operation: str, operands: tuple[Step, ...], axes: Axes, name: str, **options: Any
    ) -> Step:
        """Add a step as it is: its axes have to fit."""
        if self.find(name) is not None:
            raise ValueError(f"two steps are called {name}")
        step = Step(name, operation, operands, axes, options)
        self.steps.append(step)
        return step

    def _leading(self, term: Term, operand: Step) -> Axes:
        count = len(operand.axes) - len(term.axes)
        if count < 0 or (count and not term.open):
            raise ValueError(f"{operand!r} does not fit the pattern {' '.join(term.axes)}")
        return operand.axes[:count]

    def _by_pattern(self, operation: str, text: str, operands: tuple[Step, ...], name: str) -> Step:
        pattern = parse(text)
        leads = [self._leading(*pair) for pair in zip(pattern.operands, operands, strict=True)]
        for term, operand in zip(pattern.operands, operands, strict=True):
            own = operand.axes[len(operand.axes) - len(term.axes) :]
            for axis, named in zip(own, term.axes, strict=True):
                self.sizes.bind(named, self.sizes[axis], operand.name)
        axes = (*self._shared(leads), *pattern.result.axes)
        reads = tuple(
            self.sizes.atoms((*lead, *term.axes))
            for lead, term in zip(leads, pattern.operands, strict=True)
        )
        makes = self.sizes.atoms(axes)
        return self.record(operation, operands, axes, name, pattern=text, reads=reads, makes=makes)

    def _shared(self, leads: list[Axes]) -> Axes:
        """The axes that `...` stands for: all the operands' own, the widest layout of each."""
        found: list[str] = []
        for axis in chain(*leads):
            spelled = set(self.sizes.atoms([axis]))
            if any(spelled <= set(self.sizes.atoms([other])) for other in found):
                continue
            found = [o for o in found if not set(self.sizes.atoms([o])) <= spelled]
            found.append(axis)
        return tuple(sorted(found, key=lambda axis: axis != "b"))


def _by_role(**steps: Step | None) -> tuple[list[Step], dict[str, int]]:
    """Operands that may be left out, and the places of those that are there, behind two others."""
    there = {role: step for role, step in steps.items() if step is not None}
    return [*there.values()], {role: place for place, role in enumerate(there, 2)}


OPERATIONS = tuple(_OPERATIONS)
"""Every operation there is."""
