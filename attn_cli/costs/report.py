"""Puts a cost report together: formulas from letters, numbers from putting the sizes in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

from attn_cli import mechanisms
from attn_cli.costs.conventions import RUNS, by_shape, conventions, facts
from attn_cli.costs.memory import ROWS, cache_of, intensity, kv_cache, memory, weights_of
from attn_cli.costs.memory import peak as peak_of
from attn_cli.costs.other_layers import table_1
from attn_cli.costs.symbolic import Costed, Shape, settled, symbolic_program
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Size
from attn_cli.readings import formulas, words
from attn_cli.readings.cost import RUNNING, StepCost, costs, flops
from attn_cli.readings.count import Count
from attn_cli.readings.notation import Unicode
from attn_cli.results.cost import Amount, CostReport, CostStep, Crossover, Share

ITEM_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1}


def cost_report(mechanism: Mechanism, shape: Shape, dtype: str = "float32") -> CostReport:
    """Everything `attn complexity` says of one mechanism at one shape."""
    itemsize = ITEM_SIZES[dtype]
    shape = settled(mechanism, shape)
    costed = symbolic_program(mechanism, shape)
    numbers = shape.known()
    amount = partial(formulas.amount, numbers=numbers)
    found = costs(costed.program, itemsize, costed.counted)
    total, products = operations(found, costed)
    met = _core(found)
    core, projections = _parts(costed, found, met)
    asked = [cost for cost in found if cost in met or _unpacks(cost)]
    runs = any(cost.step.operation in RUNNING for cost in found)
    one_peak, peak_at = peak_of(found, numbers)
    cache = kv_cache(mechanism, costed, itemsize, amount)
    weights = weights_of(mechanism, costed, itemsize)
    peak = one_peak + (costed.layers - 1) * (weights + cache_of(mechanism, costed, itemsize))
    whole = formulas.value(total, numbers)
    steps = tuple(step_of(cost, costed, amount, whole) for cost in found if counts(cost))
    return CostReport(
        mode=mechanism.name,
        title=mechanism.title,
        headed=mechanism.asks,
        sizes=shape.numbers(),
        facts=facts(mechanism, shape, products),
        steps=steps,
        totals=totals_of(total, products, amount),
        leading=formulas.pretty(formulas.leading(total, costed.bounds)),
        core=amount(core),
        projections=amount(projections),
        pairs=_pairs(costed, amount),
        tiled=shape.tiles is not None,
        shares=_shares(core, projections, shape, numbers, costed.bounds),
        memory=memory(mechanism, costed, found, itemsize, amount) | {"peak": amount(peak)},
        peak_at=peak_at,
        kv_cache=cache,
        intensity=intensity(costed, asked, found, itemsize, numbers),
        core_operations=amount(costed.layers * sum(cost.flops for cost in asked)),
        crossovers=tuple(_crossovers(mechanism, core, projections, shape, numbers, costed.bounds)),
        layers=table_1(shape, amount, *_one_layer(shape, costed, met), mechanism, costed),
        conventions=(
            *conventions(costed.program),
            *([RUNS] if runs else []),
            *(by_shape(shape) if mechanism.asks else ()),
        ),
        dtype=dtype,
    )


def operations(found: list[StepCost], costed: Costed) -> tuple[Size, Size]:
    """Those of all steps in all layers, and of these those of products of matrices."""
    return (
        costed.layers * sum(cost.flops for cost in found),
        costed.layers * sum(cost.flops for cost in found if cost.product),
    )


def totals_of(total: Size, products: Size, amount: Any) -> dict[str, Amount]:
    """Operations by kind."""
    return {
        "matmul": amount(products),
        "other": amount(total - products),
        "all": amount(total),
    }


def _one_layer(shape: Shape, costed: Costed, met: list[StepCost]) -> tuple[Size, Size]:
    """The products of one layer for one sequence, where queries meet keys; else all of it.

    Returns those that are counted, and those without a mask.
    """
    products = [cost.step for cost in met if cost.product] or [cost.step for cost in met]
    batch = formulas.letter(shape.name("b"))
    counts = (costed.counted, Count(costed.program.sizes))
    own, dense = (
        formulas.expanded(sum(flops(step, count) for step in products)).subs(batch, 1)
        for count in counts
    )
    return own, dense


def counts(cost: StepCost) -> bool:
    """Steps that only rename or choose are left out of the report."""
    return cost.flops != 0


def step_of(cost: StepCost, costed: Costed, amount: Any, whole: int | None) -> CostStep:
    """One step in all layers; whole: all operations, where they are a number."""
    operations = costed.layers * cost.flops
    made = amount(operations)
    order = formulas.order(operations, costed.bounds)
    return CostStep(
        name=cost.step.name,
        operation=words.formula(cost.step, costed.program.sizes, Unicode()),
        kind="matmul" if cost.product else "other",
        flops=made,
        bytes=amount(costed.layers * cost.traffic),
        live=amount(cost.live),
        order=f"O({formulas.pretty(order)})",
        order_plain=formulas.plain(order),
        share=made.value / whole if made.value is not None and whole else None,
    )


def _core(found: list[StepCost]) -> list[StepCost]:
    """The steps in which queries meet keys, products or not; without such, all but projections."""
    met = [cost for cost in found if {"n", "m"} <= _axes(cost)]
    apart = [cost for cost in found if not _projects(cost)]
    return met or (apart if any(cost.product for cost in apart) else found)


def _unpacks(cost: StepCost) -> bool:
    """Whether keys or values are made from cached rows: the cache is what is read."""
    cached = any(operand.operation == "concat" for operand in cost.step.operands)
    return cost.step.operation == "contract" and cached and "n" not in cost.step.axes


def _projects(cost: StepCost) -> bool:
    """Whether a step is a product with a layer's own matrix, for each row alone."""
    learned = any(o.operation == "input" and o.name not in ROWS for o in cost.step.operands)
    alone = cost.step.operation == "contract" and not {"n", "m"} <= _axes(cost)
    return learned and alone


def _axes(cost: StepCost) -> set[str]:
    reads = cost.step.options.get("reads", (cost.step.axes,)) if cost.product else (cost.step.axes,)
    return {axis for axes in reads for axis in axes}


def _parts(costed: Costed, found: list[StepCost], met: list[StepCost]) -> tuple[Size, Size]:
    """All operations where queries meet keys, and all others: projections above all."""
    core = sum(cost.flops for cost in met)
    rest = sum(cost.flops for cost in found if cost not in met)
    return costed.layers * core, costed.layers * rest


def _pairs(costed: Costed, amount: Any) -> tuple[Amount, Amount] | None:
    if costed.counted.pairs is None:
        return None
    sizes = costed.program.sizes
    every = prod(sizes[axis] for axis in ("n", "m", *sorted(costed.counted.along)))
    return amount(costed.counted.pairs), amount(every)


def _shares(
    core: Size,
    projections: Size,
    shape: Shape,
    numbers: Mapping[str, int],
    bounds: formulas.Bounds,
) -> tuple[Share, ...]:
    """How the part that grows with n·m grows, at lengths around where the two are equal."""
    name = shape.name("n")
    fixed = shape.m is not None or shape.w is not None or shape.p is not None
    if fixed or core == 0 or not projections or name not in numbers:
        return ()
    equal = formulas.crossing(name, core, projections, bounds)
    at = formulas.value(equal, numbers) if equal is not None else None
    wanted = sorted({numbers[name], 4 * numbers[name], *({at, max(at // 2, 1)} if at else ())})
    shares = []
    for length in wanted:
        put_in = {**numbers, name: length}
        part, rest = formulas.value(core, put_in), formulas.value(projections, put_in)
        if part is not None and rest is not None:
            shares.append(Share(length, part / (part + rest)))
    return tuple(shares)


def _crossovers(
    mechanism: Mechanism,
    core: Size,
    projections: Size,
    shape: Shape,
    numbers: Mapping[str, int],
    bounds: formulas.Bounds,
) -> list[Crossover]:
    if shape.m is not None or shape.p is not None or not mechanism.asks:
        return []
    name = shape.name("n")
    found = []
    amount = partial(formulas.amount, numbers=numbers)
    equal = formulas.crossing(name, core, projections, bounds) if projections else None
    if equal is not None:
        at = amount(equal)
        times = formulas.times(equal, shape.name("d"), numbers)
        at = at._replace(pretty=times, open_pretty="") if times else at
        found.append(Crossover(("core", "projections"), name, at))
    if mechanism.twin is not None:
        other = mechanisms.named(mechanism.twin.name)
        costed = symbolic_program(other, shape)
        counted = costs(costed.program, 1, costed.counted)
        equal = formulas.crossing(name, _parts(costed, counted, _core(counted))[0], core, bounds)
        if equal is not None:
            same = f"core of {other.name} attention, which gives the same numbers,"
            between = (same, f"core of {mechanism.name} attention")
            found.append(Crossover(between, name, amount(equal)))
    n, d = formulas.letter(name), formulas.letter(shape.name("d"))
    recurrent = formulas.solve_for(name, n**2 * d, n * d**2)
    found.append(Crossover(("self-attention layer", "recurrent layer"), name, amount(recurrent)))
    return found
