"""Puts the readings of one program side by side: numbers, words, cost, worked arithmetic."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from attn_cli.language import said
from attn_cli.program import Program, Role, Step
from attn_cli.readings import cost, words
from attn_cli.readings.arithmetic import Show
from attn_cli.readings.count import Count
from attn_cli.readings.counted_pairs import count_of
from attn_cli.readings.masked_infinity import dropped
from attn_cli.readings.notation import Latex, Unicode
from attn_cli.readings.work import work_out
from attn_cli.readings.work_context import Index, WorkContext
from attn_cli.results.trace import Look, TracedStep, WorkedCell

Array = np.ndarray[Any, Any]

SHORT_SUM = 6
"""Terms of a sum shown under a table."""

LONG_SUM = 64
"""Terms of a sum shown where the work is asked for."""

SHOWN_STATES = 4
"""Of states, which have no weights, the last one that is shown is worked out."""

SHOWN_QUERIES, SHOWN_KEYS, ALL_KEYS = 8, 3, 8
"""Where a cell is chosen: among the first queries, and the first keys when there are many."""

NUMBERED = re.compile(r"_\d+$")
"""How steps end that come again for each block."""

SHARES = "shares"
"""Steps whose rows are shares of 1, or close to it."""


class Numbers(NamedTuple):
    """The arrays of a program; those of `by_rows` steps hold only `queries`, where given.

    keys: how many keys each query may attend, where a mask decides it. empty: which queries may
    attend none, where their pairs were not kept and more than a mask decides it.
    """

    program: Program
    arrays: Mapping[str, Array]
    queries: tuple[int, ...] | None = None
    by_rows: frozenset[str] = frozenset()
    keys: Array | None = None
    empty: Array | None = None

    @property
    def alone(self) -> bool:
        """Whether one query alone was computed."""
        return self.queries is not None and len(self.queries) == 1

    @property
    def partial(self) -> bool:
        """Whether all queries were computed, and the pairs of some of them kept."""
        return self.queries is not None and not self.alone

    def look(self, step: Step) -> Array:
        """A step's array, of the queries that are held where only some are."""
        array = self.arrays[step.name]
        if self.queries is None or step.name in self.by_rows or "n" not in step.axes:
            return array
        return array[(slice(None),) * step.axes.index("n") + ([*self.queries],)]

    def dropped(self, step: Step) -> Array | None:
        """Which entries of a step a mask or a bias leaves out, in full; None where nothing does."""
        out = dropped(step, self.look)
        return None if out is None else np.broadcast_to(out, self.look(step).shape)

    @property
    def counted(self) -> Count:
        """What of the pairs is counted: of one query alone those of its row."""
        if not self.alone:
            return count_of(self.program, self.keys)
        return count_of(self.program, self.keys, self.program.sizes.resized("n", 1))

    def cell(self, name: str, index: Index) -> float:
        """One number, by its place in the whole array."""
        return float(self.arrays[name][self._held(name, index)])

    def row(self, name: str, index: Index, axis: int) -> Array:
        """The numbers along an axis through a place in the whole array."""
        held = self._held(name, index)
        along: tuple[Any, ...] = (*held[:axis], slice(None), *held[axis + 1 :])
        return self.arrays[name][along]

    def _held(self, name: str, index: Index) -> Index:
        """Where a number of the whole array stands in what is held of it."""
        if self.queries is None or name not in self.by_rows:
            return index
        axis = self.program[name].axes.index("n")
        return (*index[:axis], self.queries.index(index[axis]), *index[axis + 1 :])


def traced_steps(
    numbers: Numbers,
    meanings: Mapping[str, str],
    show: Show,
    precision: int,
    place: Mapping[str, int] = MappingProxyType({}),
) -> tuple[TracedStep, ...]:
    """Every step of a program with its numbers, formula, meaning, cost and one worked cell.

    show, precision: how numbers are written.
    place: the batch row and the head in which the cell is chosen.
    """
    pair = _worked_pair(numbers, place)
    counted = numbers.counted
    context = WorkContext(
        numbers.program.sizes, numbers.cell, numbers.row, show, precision, SHORT_SUM
    )
    made = []
    for step in numbers.program:
        traced = _traced(step, numbers, meanings, counted)
        if not traced.given and traced.look != "allowed" and min(traced.shape) > 0:
            index = _worked_index(step, pair, numbers.program)
            traced = traced._replace(work=work_out(step, index, context))
        made.append(traced)
    return tuple(made)


def worked_cell(
    numbers: Numbers, name: str, index: Index, show: Show, precision: int
) -> WorkedCell:
    """Work out one cell in full."""
    context = WorkContext(
        numbers.program.sizes, numbers.cell, numbers.row, show, precision, LONG_SUM
    )
    return work_out(numbers.program[name], index, context)


def meaning(step: Step, meanings: Mapping[str, str]) -> str:
    """The one-line meaning of a step, in the language that is spoken."""
    operands = ", ".join(operand.name for operand in step.operands)
    by = f"{step.name} by" if step.options.get("by") is not None else step.name
    names = (f"{step.name} from {operands}", by, step.name, NUMBERED.sub("_#", step.name))
    return said(next((meanings[name] for name in names if name in meanings), ""))


def _traced(
    step: Step, numbers: Numbers, meanings: Mapping[str, str], counted: Count
) -> TracedStep:
    sizes = numbers.program.sizes
    if numbers.alone and step.name in numbers.by_rows:
        sizes = sizes.resized("n", 1)
    array = numbers.arrays[step.name]
    product = step.operation == "contract"
    return TracedStep(
        name=step.name,
        operation=step.operation,
        symbol=words.symbol(step),
        formula=words.formula(step, sizes, Unicode()),
        latex=words.formula(step, sizes, Latex()),
        axes=step.axes,
        shape=numbers.program.shape(step),
        dtype=str(array.dtype),
        values=array,
        meaning=meaning(step, meanings),
        flops=int(cost.flops(step, counted._replace(sizes=sizes))),
        price=words.product_price(step, counted.pairs is not None) if product else "",
        sizes=words.shapes(step, sizes),
        largest=_largest(array),
        given=step.operation == "input",
        look=_look(step, numbers.program.role(step)),
        role=numbers.program.role(step),
        queries=numbers.queries if step.name in numbers.by_rows else None,
        hidden=numbers.dropped(step) if step.operation == "mask" else None,
    )


def _largest(array: Array) -> float:
    finite = np.abs(array[np.isfinite(array)]) if array.dtype.kind == "f" else np.zeros(0)
    return float(finite.max(initial=0))


def _look(step: Step, role: Role) -> Look:
    if step.operation in ("allow", "within"):
        return "allowed"
    if role == "weights" or step.name == SHARES:
        return "share"
    return "signed" if step.axes[-2:] == ("n", "m") else "plain"


def _worked_pair(numbers: Numbers, place: Mapping[str, int]) -> dict[str, int]:
    """One (query, key) to follow through all steps: a query with much to choose from.

    Of the queries with the most keys, the one that prefers one key the most, and that key;
    of large arrays only their beginning, which is what is shown of them.
    """
    if numbers.alone and numbers.queries is not None:
        place = {**place, "n": numbers.queries[0]}
    weights = numbers.program.last("weights")
    if weights is None or weights.axes[-2:] != ("n", "m"):
        last = min(numbers.program.sizes.get("m", 1), SHOWN_STATES) - 1
        return {"n": last, "m": last, **place}
    array = numbers.arrays[weights.name]
    first = array[tuple(place.get(axis, 0) for axis in weights.axes[:-2])]
    first = first[:SHOWN_QUERIES, : SHOWN_KEYS if first.shape[1] > ALL_KEYS else None]
    if not np.isfinite(first).any():
        return dict(place)
    keys = (first > 0).sum(axis=1)
    best = np.where(keys == keys.max(), np.nan_to_num(first.max(axis=1)), -1).argmax()
    query = numbers.queries[best] if numbers.queries is not None else int(best)
    return {**place, "n": query, "m": int(np.nan_to_num(first[best]).argmax())}


def _worked_index(step: Step, pair: Mapping[str, int], program: Program) -> Index:
    past = program.sizes.get("m_past", 0)
    places = {**pair, "m_new": max(pair.get("m", 0) - past, 0)}
    if "group_size" in program.sizes:
        places["h_kv"] = pair.get("h", 0) // program.sizes["group_size"]
    shape: Sequence[int] = program.shape(step)
    return tuple(
        min(places.get(axis, 0), size - 1) for axis, size in zip(step.axes, shape, strict=True)
    )
