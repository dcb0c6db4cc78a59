"""The cost of a gradient: the same rules over the steps that the gradient is written in."""

from __future__ import annotations

from functools import partial

from attn_cli.costs.memory import size_of_all
from attn_cli.costs.report import ITEM_SIZES, counts, operations, step_of, totals_of
from attn_cli.costs.symbolic import Costed, Shape, settled, symbolic_program
from attn_cli.mechanisms import Mechanism
from attn_cli.mechanisms.normalizers import NOISE
from attn_cli.program import Program, Size, Step
from attn_cli.readings import formulas
from attn_cli.readings.cost import costs, size_in_bytes
from attn_cli.results.cost import BackwardReport
from attn_cli.transforms.gradient import Gradient, gradient


def backward_report(mechanism: Mechanism, shape: Shape, dtype: str) -> BackwardReport:
    """What the gradient with respect to every array costs, and what has to be kept for it."""
    itemsize = ITEM_SIZES[dtype]
    shape = settled(mechanism, shape)
    costed = symbolic_program(mechanism, shape)
    numbers = shape.known()
    amount = partial(formulas.amount, numbers=numbers)
    wanted = [step.name for step in costed.program.inputs if step.name not in NOISE]
    made = gradient(costed.program, wanted)
    own = {*made.backward}
    found = [cost for cost in costs(made.program, itemsize, costed.counted) if cost.step in own]
    total, products = operations(found, costed)
    whole = formulas.value(total, numbers)
    kept = _kept(made, costed.program)
    return BackwardReport(
        steps=tuple(step_of(cost, costed, amount, whole) for cost in found if counts(cost)),
        totals=totals_of(total, products, amount),
        kept=amount(costed.layers * size_of_all(kept, costed.program.sizes, itemsize)),
        recomputed=amount(costed.layers * _recomputed(kept, costed, itemsize)),
    )


def _kept(made: Gradient, program: Program) -> list[Step]:
    """Steps of the forward pass that the gradient reads; what is only laid out anew is no copy."""
    forward = {*program.steps}
    read = {_base(one) for step in made.backward for one in step.operands if one in forward}
    return [step for step in program if step in read and _computed(step)]


def _base(step: Step) -> Step:
    return _base(step.operands[0]) if step.operation == "rearrange" else step


def _computed(step: Step) -> bool:
    return step.operation not in ("input", "allow", "tabulate")


def _recomputed(kept: list[Step], costed: Costed, itemsize: int) -> Size:
    """Without what stands for each pair, and with one number for each row of scores instead.

    Dao 2022, section 3.1: scores are made again block by block from that number.
    """
    sizes = costed.program.sizes
    pairs = [step for step in kept if {"n", "m"} <= {*sizes.atoms(step.axes)}]
    left = size_of_all([step for step in kept if step not in pairs], sizes, itemsize)
    weights = costed.program.last("weights")
    if not pairs or weights is None:
        return left
    rows = tuple(axis for axis in weights.axes if axis != "m")
    return left + size_in_bytes(rows, sizes, itemsize)
