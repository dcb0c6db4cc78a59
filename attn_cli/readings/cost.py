"""The cost reading: operations, bytes and live memory of every step, by arithmetic on axis sizes.

The same rules give integers for integer sizes and formulas for symbols. A multiply and an add
are two operations. Moving numbers, comparing positions and choosing by a mask are none.
"""

from collections.abc import Callable
from typing import NamedTuple

from attn_cli.program import Axes, Program, Size, Sizes, Step
from attn_cli.readings.cost_scans import scan, scan_back
from attn_cli.readings.count import Count

PRICES = {
    "scale": 1,  # multiply
    "add": 1,  # add
    "multiply": 1,  # multiply
    "rotate": 3,  # for each pair 4 products and 2 sums
    "subtract": 1,  # subtract
    "divide": 1,  # divide
    "larger": 1,  # compare
    "power": 1,  # a power
    "softcap": 3,  # divide, tanh, multiply
    "softmax": 5,  # max, subtract, exp, sum, divide; two less a row, where max and sum begin
}
"""Operations for each entry of what is not a product of matrices; exp and tanh count as one."""


RUNNING = ("cumsum", "scan")
"""Operations of which only the latest place has to be held."""

BOOLEAN = ("allow", "within")
"""Operations that make booleans, of one byte each."""


class StepCost(NamedTuple):
    """One step: operations, bytes read and written, bytes alive when it has been computed."""

    step: Step
    product: bool
    flops: Size
    traffic: Size
    live: Size


def flops(step: Step, count: Count) -> Size:
    """Floating-point operations of one step."""
    return RULES[step.operation].flops(step, count)


def local_span(program: Program) -> int | None:
    """The most keys near a predicted place, 2 D + 1; None where no place is predicted."""
    reaches = [step.options["reach"] for step in program if step.operation == "within"]
    return 2 * reaches[0] + 1 if reaches else None


def is_product(step: Step) -> bool:
    """Whether a step is a product of matrices, or as many outer ones; all else is counted apart."""
    return step.operation in ("contract", "scan")


def costs(program: Program, itemsize: int, count: Count) -> list[StepCost]:
    """Every computed step in order.

    itemsize: bytes of a number; a boolean has one byte. Every step makes a new array that is
    freed after its last use; inputs stay; splitting and joining are views, a cache grows in place
    by its new rows, and of a running state the latest is held. Reading or writing an array once
    is its bytes.
    """
    last_use = {o: place for place, step in enumerate(program) for o in step.operands}
    alive = {step: _held(step, program.sizes, itemsize) for step in program.inputs}
    found = []
    for place, step in enumerate(program):
        if step.operation == "input":
            continue
        alive[step] = _held(step, program.sizes, itemsize)
        live = sum(alive.values())
        found.append(
            StepCost(
                step,
                is_product(step),
                RULES[step.operation].flops(step, count),
                RULES[step.operation].traffic(step, program.sizes, itemsize),
                live,
            )
        )
        for operand in set(step.operands):
            if last_use[operand] == place and operand.operation != "input":
                del alive[operand]
    return found


def size_in_bytes(axes: Axes, sizes: Sizes, itemsize: int) -> Size:
    """Bytes of a whole array."""
    return itemsize * Count(sizes).over(axes)


def latest(step: Step) -> Axes:
    """The axes of what is held of a step: of a running one the latest place."""
    running = step.operation in RUNNING
    return tuple(axis for axis in step.axes if not (running and axis == step.options["over"]))


def bytes_of_all(program: Program, itemsize: int) -> Size:
    """Bytes of every step of a program, as when all of them are kept."""
    kinds = ((step, 1 if step.operation in BOOLEAN else itemsize) for step in program)
    return sum(size_in_bytes(step.axes, program.sizes, size) for step, size in kinds)


def _held(step: Step, sizes: Sizes, itemsize: int) -> Size:
    if step.operation in ("rearrange", "slice"):
        return 0
    if step.operation == "concat":
        return size_in_bytes(step.operands[1].axes, sizes, itemsize)
    if step.operation in RUNNING:
        return size_in_bytes(latest(step), sizes, itemsize)
    return size_in_bytes(step.axes, sizes, 1 if step.operation in BOOLEAN else itemsize)


class Rule(NamedTuple):
    """The cost of one operation: how many operations, how many bytes it moves."""

    flops: Callable[[Step, Count], Size]
    traffic: Callable[[Step, Sizes, int], Size]


def _multiply(step: Step, count: Count) -> Size:
    """One product for each entry; True and False only choose."""
    chosen = any(operand.operation in BOOLEAN for operand in step.operands)
    return 0 if chosen else _by_entry(step, count)


def _none(step: Step, count: Count) -> Size:
    return 0


def _by_entry(step: Step, count: Count) -> Size:
    return PRICES[step.operation] * count.over(step.axes)


def _contract(step: Step, count: Count) -> Size:
    return 2 * count.over(axis for reads in step.options["reads"] for axis in reads)


def _rows(step: Step, count: Count) -> Size:
    """How many rows a step works along."""
    axes = step.operands[0].axes
    return count.over_rows([axis for axis in axes if axis != step.options["over"]])


SINK = 4
"""A sink is one more score: compare, subtract, exp, add; and no term is left out of a sum."""


def _softmax(step: Step, count: Count) -> Size:
    most = PRICES["softmax"] * count.over(step.axes) - 2 * _rows(step, count)
    return most + (SINK * _rows(step, count) if len(step.operands) > 1 else 0)


def _less_one_a_row(step: Step, count: Count) -> Size:
    """Comparing or adding up a row: one less than it has entries."""
    return count.over(step.operands[0].axes) - _rows(step, count)


SPARSE = {2.0: (10, -3), 1.5: (20, -4)}
"""Operations of sparsemax and 1.5-entmax for each entry, and beside them for each row.

Sorting is comparing, which is free; the support is counted by adding."""

BISECTED = (248, 59)
"""The same for other powers: 60 halvings of subtract, max, power and sum, and what is around."""


def _entmax(step: Step, count: Count) -> Size:
    entries, rows = SPARSE.get(step.options["alpha"], BISECTED)
    return entries * count.over(step.axes) + rows * _rows(step, count)


def _tabulate(step: Step, count: Count) -> Size:
    return step.options["table"].price * count.over(step.axes)


def _rotate(step: Step, count: Count) -> Size:
    """Products and sums for each number; a sine and a cosine for each angle."""
    return _by_entry(step, count) + 2 * count.over(step.operands[1].axes)


FUNCTION_PRICES = {
    "identity": 0,
    "tanh": 1,
    "relu": 1,
    "sigmoid": 3,  # a power, a sum and a quotient
    "exp": 1,
    "elu+1": 2,  # a power and a sum
    "tanh'": 3,  # 1 - tanh²
    "relu'": 0,  # a comparison
    "sigmoid'": 5,  # a power, a sum, a square, a quotient and a sign
    "elu+1'": 1,
}
"""Operations for each entry."""


def _scatter(step: Step, count: Count) -> Size:
    """A sum for each number."""
    return count.over(step.operands[0].axes)


def _apply(step: Step, count: Count) -> Size:
    return FUNCTION_PRICES[step.options["function"]] * count.over(step.axes)


def _unit(step: Step, count: Count) -> Size:
    """Compare, divide, square, add, divide; of a row two fewer, and a root."""
    rows = count.over(step.axes[:-1])
    return 5 * count.over(step.axes) - rows


def _in_and_out(step: Step, sizes: Sizes, itemsize: int) -> Size:
    read = sum(
        size_in_bytes(o.axes, sizes, 1 if o.operation in BOOLEAN else itemsize)
        for o in step.operands
    )
    return read + _held(step, sizes, itemsize)


def _view(step: Step, sizes: Sizes, itemsize: int) -> Size:
    return 0


def _new_rows(step: Step, sizes: Sizes, itemsize: int) -> Size:
    """A cache is written to in place: only the new rows are read and written."""
    return 2 * size_in_bytes(step.operands[1].axes, sizes, itemsize)


RULES: dict[str, Rule] = {
    "input": Rule(_none, _view),
    "allow": Rule(_none, _in_and_out),
    "within": Rule(_none, _in_and_out),
    "tabulate": Rule(_tabulate, _in_and_out),
    "gather": Rule(_none, _in_and_out),
    "contract": Rule(_contract, _in_and_out),
    "rearrange": Rule(_none, _view),
    "concat": Rule(_none, _new_rows),
    "scale": Rule(_by_entry, _in_and_out),
    "softcap": Rule(_by_entry, _in_and_out),
    "add": Rule(_by_entry, _in_and_out),
    "multiply": Rule(_multiply, _in_and_out),
    "rotate": Rule(_rotate, _in_and_out),
    "apply": Rule(_apply, _in_and_out),
    "unit": Rule(_unit, _in_and_out),
    "pair": Rule(_none, _in_and_out),
    "mask": Rule(_none, _in_and_out),
    "softmax": Rule(_softmax, _in_and_out),
    "reduce": Rule(_less_one_a_row, _in_and_out),
    "subtract": Rule(_by_entry, _in_and_out),
    "divide": Rule(_by_entry, _in_and_out),
    "argmax_one_hot": Rule(_less_one_a_row, _in_and_out),
    "draw": Rule(_less_one_a_row, _in_and_out),
    "entmax": Rule(_entmax, _in_and_out),
    "cumsum": Rule(_less_one_a_row, _in_and_out),
    "scan": Rule(scan, _in_and_out),
    "repeat": Rule(_none, _in_and_out),
    "slice": Rule(_none, _view),
    "larger": Rule(_by_entry, _in_and_out),
    "power": Rule(_by_entry, _in_and_out),
    "scatter": Rule(_scatter, _in_and_out),
    "place": Rule(_none, _in_and_out),
    "earlier": Rule(_none, _in_and_out),
    "scan_back": Rule(scan_back, _in_and_out),
}
