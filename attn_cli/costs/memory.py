"""What a mechanism holds and moves: its peak, its cache, its bytes for each operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from attn_cli.costs.symbolic import Costed
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Size, Sizes, Step
from attn_cli.readings import formulas
from attn_cli.readings.cost import BOOLEAN, StepCost, latest, size_in_bytes
from attn_cli.results.cost import Amount

ROWS = ("x", "context", "q", "k", "v", "bias", "uniform", "gumbel")
"""Arrays that come with every call, beside a mode's own and its cache; others are weights."""


def memory(
    mechanism: Mechanism, costed: Costed, found: list[StepCost], itemsize: int, amount: Any
) -> dict[str, Amount]:
    """Bytes of the scores, where there are any, and of a layer's own matrices."""
    scores = next((c.step.axes for c in found if c.step.axes[-2:] == ("n", "m")), None)
    sizes = costed.program.sizes
    matrix = size_in_bytes(scores, sizes, itemsize) if scores is not None else 0
    return {
        "score_matrix": amount(matrix),
        "weights_of_projections": amount(costed.layers * weights_of(mechanism, costed, itemsize)),
    }


def size_of_all(steps: Iterable[Step], sizes: Sizes, itemsize: int) -> Size:
    """Bytes of the arrays of some steps together."""
    return sum(
        size_in_bytes(step.axes, sizes, 1 if step.operation in BOOLEAN else itemsize)
        for step in steps
    )


def peak(found: list[StepCost], numbers: Mapping[str, int]) -> tuple[Size, str]:
    """The most that is held at once, and after which step; open letters count as long."""
    peak = max(found, key=lambda cost: formulas.far(cost.live, numbers))
    return peak.live, peak.step.name


def weights_of(mechanism: Mechanism, costed: Costed, itemsize: int) -> Size:
    """Bytes of one layer's own matrices."""
    sizes = costed.program.sizes
    comes = {*ROWS, *mechanism.per_call, *mechanism.cache}
    matrices = [step for step in costed.program.inputs if step.name not in comes]
    return sum(size_in_bytes(step.axes, sizes, itemsize) for step in matrices)


def cache_of(mechanism: Mechanism, costed: Costed, itemsize: int) -> Size:
    """Bytes of one layer's cache, of every batch row: nothing where no earlier call left one."""
    sizes = costed.program.sizes
    cached = [step for step in costed.program.inputs if step.name in mechanism.cache]
    return sum(size_in_bytes(step.axes, sizes, itemsize) for step in cached)


def kv_cache(mechanism: Mechanism, costed: Costed, itemsize: int, amount: Any) -> dict[str, Amount]:
    """What a next call needs, in all layers: of one position, and of all with every batch row.

    A state that does not grow with the positions is in `all` alone.
    """
    program = costed.program
    sizes = program.sizes
    steps = mechanism.kept_steps(program).values()
    kept = [set(sizes.atoms(latest(step))) for step in steps]
    grows = [axes - {"b", "m", "m_new"} for axes in kept if axes & {"m", "m_new"}]
    fixed = [axes - {"b"} for axes in kept if not axes & {"m", "m_new"}]
    token, state = (
        costed.layers * itemsize * sum(prod(sizes[axis] for axis in axes) for axes in group)
        for group in (grows, fixed)
    )
    length = sizes["m"] if grows else 0
    return {
        "per_token": amount(token),
        "all": amount(costed.batch * (length * token + state)),
    }


def intensity(
    costed: Costed,
    core: list[StepCost],
    found: list[StepCost],
    itemsize: int,
    numbers: Mapping[str, int],
) -> dict[str, float | None]:
    """Operations for each byte moved, of the core: every step apart, or all of it fused."""
    operations = formulas.value(sum(cost.flops for cost in core), numbers)
    apart = formulas.value(sum(cost.traffic for cost in core), numbers)
    inside = {cost.step for cost in core}
    enters = {o for step in inside for o in step.operands if o not in inside and _is_row(o)}
    read = {o for cost in found if cost.step not in inside for o in cost.step.operands}
    leaves = {step for step in inside if step in read or step is costed.program.output}
    crossing = sum(size_in_bytes(s.axes, costed.program.sizes, itemsize) for s in enters | leaves)
    fused = formulas.value(crossing, numbers)
    return {
        "through_memory": operations / apart if operations is not None and apart else None,
        "fused": operations / fused if operations is not None and fused else None,
    }


def _is_row(step: Step) -> bool:
    """Whether an array has rows, one for each position, and is no small parameter."""
    return bool({"n", "m", "m_new", "T"} & {*step.axes})
