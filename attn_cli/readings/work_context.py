"""What is at hand while one number is worked out: other numbers, and how to write them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from attn_cli.program import ONE, Axes, Sizes, Step
from attn_cli.readings.arithmetic import Arithmetic, Show, long_sum

Index = tuple[int, ...]


Cell = Callable[[str, Index], float]
"""Looks a number up: the name of a step, and a position on each of its axes."""


Row = Callable[[str, Index, int], Any]
"""Looks a row up: the name of a step, a position, and the axis along which the row runs."""


class WorkContext(NamedTuple):
    """What is at hand while working: the numbers, how to write them, how many terms to show."""

    sizes: Sizes
    cell: Cell
    row: Row
    write: Show
    precision: int
    terms: int

    def show(self, number: float, more: int = 0) -> str:
        """Write a number, with more decimals than usual where asked."""
        return self.write(number, self.precision + more)

    def total(self, count: int, term: Callable[[int], Arithmetic], own: int = 0) -> Arithmetic:
        """A sum of `count` terms, its middle told by its number and sum where it is long."""
        return long_sum(count, term, self.terms, own)


def named(name: str, index: Index) -> str:
    """Write a cell: weights[0,1]."""
    return f"{name}[{','.join(map(str, index))}]"


class Lines(NamedTuple):
    """How one number comes about: its formula, the numbers put in, and what else to know."""

    formula: str
    put_in: Arithmetic | str = ""
    note: str = ""


def places_of(axes: Axes, index: Index, sizes: Sizes) -> dict[str, int]:
    """The position on every axis, those laid out together taken apart."""
    return dict(zip(sizes.atoms(axes), places_in_order(axes, index, sizes), strict=True))


def made_at(step: Step, index: Index, sizes: Sizes) -> dict[str, int]:
    """The position on every axis by the names that its pattern gives them."""
    return dict(zip(step.options["makes"], places_in_order(step.axes, index, sizes), strict=True))


def places_in_order(axes: Axes, index: Index, sizes: Sizes) -> list[int]:
    """The positions on all axes, those laid out together taken apart."""
    found = []
    for axis, position in zip(axes, index, strict=True):
        own = []
        for atom in reversed(sizes.atoms([axis])):
            position, rest = divmod(position, sizes[atom])
            own.append(rest)
        found += reversed(own)
    return found


def index_of(axes: Axes, reads: Axes, places: Mapping[str, int], sizes: Sizes) -> Index:
    """Back from positions to an index; `reads` renames the axes' atoms."""
    names = iter(reads)
    index = []
    for axis in axes:
        position = 0
        for atom in sizes.atoms([axis]):
            position = position * sizes[atom] + places[next(names)]
        index.append(position)
    return tuple(index)


def own_cell(step: Step, place: int, index: Index, context: WorkContext) -> Index:
    """The cell of an operand that stands at the same named position."""
    axes = step.operands[place].axes
    named_axes = dict(zip(step.axes, index, strict=True))
    if set(axes) <= {*named_axes, ONE}:
        return tuple(0 if axis == ONE else named_axes[axis] for axis in axes)
    return index_of(
        axes, context.sizes.atoms(axes), places_of(step.axes, index, context.sizes), context.sizes
    )
