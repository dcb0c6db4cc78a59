"""Puts a cost report together: formulas from letters, numbers from putting the sizes in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

from attn_cli import mechanisms
from attn_cli.cost_report import Amount, CostReport, CostStep, Crossover, Share
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Size, Step
from attn_cli.readings import formulas, words
from attn_cli.readings.cost import RUNNING, StepCost, costs, latest, size_in_bytes
from attn_cli.readings.notation import Unicode
from attn_cli.reports.layers import table_1
from attn_cli.reports.symbolic import Costed, Shape, settled, symbolic_program

ITEM_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1}

CONVENTIONS = (
    "a multiply and an add are 2 operations; exp and tanh are 1",
    "softmax is max, subtract, exp, sum, divide: 5 for each entry, less 2 for each row",
    "memory: every step makes a new array, freed after its last use; inputs and weights stay; "
    "a cache grows in place",
)

RUNS = "a running state is held once, as it is after the latest position"


def cost_report(mechanism: Mechanism, shape: Shape, dtype: str = "float32") -> CostReport:
    """Everything `attn complexity` says of one mechanism at one shape."""
    itemsize = ITEM_SIZES[dtype]
    shape = settled(mechanism, shape)
    costed = symbolic_program(mechanism, shape)
    numbers = shape.known()
    amount = partial(formulas.amount, numbers=numbers)
    layers = costed.layers
    found = costs(costed.program, itemsize, costed.counted)
    total = layers * sum(cost.flops for cost in found)
    products = layers * sum(cost.flops for cost in found if cost.product)
    core, projections = _core_and_projections(costed, found)
    peak, peak_at = _peak(found, numbers)
    whole = formulas.value(total, numbers)
    steps = tuple(_step(cost, costed, amount, whole) for cost in found if _counts(cost))
    return CostReport(
        mode=mechanism.name,
        title=mechanism.title,
        headed=mechanism.asks,
        sizes=shape.numbers(),
        facts=_facts(shape, products),
        steps=steps,
        totals={
            "matmul": amount(products),
            "other": amount(total - products),
            "all": amount(total),
        },
        leading=formulas.pretty(formulas.leading(total)),
        core=amount(core),
        projections=amount(projections),
        pairs=_pairs(costed, amount),
        tiled=shape.tiles is not None,
        shares=_shares(core, projections, shape, numbers),
        memory=_memory(mechanism, costed, found, itemsize, amount) | {"peak": amount(peak)},
        peak_at=peak_at,
        kv_cache=_kv_cache(mechanism, costed, itemsize, amount),
        intensity=_intensity(costed, found, itemsize, numbers),
        core_operations=amount(costed.layers * sum(cost.flops for cost in _core(found))),
        crossovers=tuple(_crossovers(mechanism, core, projections, shape, amount)),
        layers=table_1(
            shape,
            amount,
            formulas.order(core if core != 0 else products),
            mechanism.name,
            runs=any(cost.step.operation in RUNNING for cost in found),
        ),
        conventions=(
            *CONVENTIONS,
            *([RUNS] if any(c.step.operation in RUNNING for c in found) else []),
            *(_more_conventions(shape) if mechanism.asks else ()),
        ),
        dtype=dtype,
    )


def _counts(cost: StepCost) -> bool:
    """Steps that only rename or choose are left out of the report."""
    return cost.flops != 0


def _step(cost: StepCost, costed: Costed, amount: Any, whole: int | None) -> CostStep:
    flops = costed.layers * cost.flops
    made = amount(flops)
    order = formulas.order(flops)
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


def _projects(cost: StepCost) -> bool:
    """Whether a step is a product with a layer's own matrix, for each row alone."""
    learned = any(o.operation == "input" and o.name not in ROWS for o in cost.step.operands)
    alone = cost.step.operation == "contract" and not {"n", "m"} <= _axes(cost)
    return learned and alone


def _axes(cost: StepCost) -> set[str]:
    reads = cost.step.options.get("reads", (cost.step.axes,)) if cost.product else (cost.step.axes,)
    return {axis for axes in reads for axis in axes}


def _core_and_projections(costed: Costed, found: list[StepCost]) -> tuple[Size, Size]:
    """Products between rows, and those with matrices of the layer's own."""
    products = [cost for cost in found if cost.product]
    rest = costed.layers * sum(cost.flops for cost in products if _projects(cost))
    return costed.layers * sum(cost.flops for cost in products) - rest, rest


def _pairs(costed: Costed, amount: Any) -> tuple[Amount, Amount] | None:
    if costed.counted.pairs is None:
        return None
    sizes = costed.program.sizes
    every = prod(sizes[axis] for axis in ("n", "m", *sorted(costed.counted.along)))
    return amount(costed.counted.pairs), amount(every)


def _shares(
    core: Size, projections: Size, shape: Shape, numbers: Mapping[str, int]
) -> tuple[Share, ...]:
    """How the part that grows with n·m grows, at lengths around where the two are equal."""
    name = shape.name("n")
    fixed = shape.m is not None or shape.w is not None or shape.p is not None
    if fixed or core == 0 or not projections or name not in numbers:
        return ()
    equal = formulas.solve_for(name, core, projections)
    at = formulas.value(equal, numbers) if equal is not None else None
    wanted = sorted({numbers[name], 4 * numbers[name], *({at, max(at // 2, 1)} if at else ())})
    shares = []
    for length in wanted:
        put_in = {**numbers, name: length}
        part, rest = formulas.value(core, put_in), formulas.value(projections, put_in)
        if part is not None and rest is not None:
            shares.append(Share(length, part / (part + rest)))
    return tuple(shares)


def _memory(
    mechanism: Mechanism, costed: Costed, found: list[StepCost], itemsize: int, amount: Any
) -> dict[str, Amount]:
    scores = next((c.step.axes for c in found if c.step.axes[-2:] == ("n", "m")), None)
    sizes = costed.program.sizes
    matrix = size_in_bytes(scores, sizes, itemsize) if scores is not None else 0
    return {
        "score_matrix": amount(matrix),
        "weights_of_projections": amount(_weights(mechanism, costed, itemsize)),
    }


def _peak(found: list[StepCost], numbers: Mapping[str, int]) -> tuple[Size, str]:
    """The most that is held at once, and after which step; open letters count as long."""
    peak = max(found, key=lambda cost: formulas.far(cost.live, numbers))
    return peak.live, peak.step.name


CACHES = ("past_k", "past_v", "past_latent", "past_rope")
ROWS = ("x", "context", "q", "k", "v", *CACHES, "bias", "uniform", "gumbel")
"""Arrays that come with every call; all others are a layer's weights."""


def _weights(mechanism: Mechanism, costed: Costed, itemsize: int) -> Size:
    sizes = costed.program.sizes
    comes = {*ROWS, *mechanism.per_call}
    matrices = [step for step in costed.program.inputs if step.name not in comes]
    held = sum(size_in_bytes(step.axes, sizes, itemsize) for step in matrices)
    return costed.layers * held


def _kv_cache(
    mechanism: Mechanism, costed: Costed, itemsize: int, amount: Any
) -> dict[str, Amount]:
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


def _intensity(
    costed: Costed, found: list[StepCost], itemsize: int, numbers: Mapping[str, int]
) -> dict[str, float | None]:
    """Operations for each byte moved, of the core: every step apart, or all of it fused."""
    core = _core(found)
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


def _crossovers(
    mechanism: Mechanism, core: Size, projections: Size, shape: Shape, amount: Any
) -> list[Crossover]:
    if shape.m is not None or shape.p is not None or not mechanism.asks:
        return []
    name = shape.name("n")
    found = []
    equal = formulas.solve_for(name, core, projections) if projections else None
    if equal is not None:
        found.append(Crossover(("core", "projections"), name, amount(equal)))
    if mechanism.twin is not None:
        other = mechanisms.named(mechanism.twin.name)
        costed = symbolic_program(other, shape)
        counted = costs(costed.program, 1, costed.counted)
        equal = formulas.solve_for(name, _core_and_projections(costed, counted)[0], core)
        if equal is not None:
            same = f"core of {other.name} attention, which gives the same numbers,"
            between = (same, f"core of {mechanism.name} attention")
            found.append(Crossover(between, name, amount(equal)))
    n, d = formulas.letter(name), formulas.letter(shape.name("d"))
    recurrent = formulas.solve_for(name, n**2 * d, n * d**2)
    found.append(Crossover(("self-attention layer", "recurrent layer"), name, amount(recurrent)))
    return found


def _facts(shape: Shape, products: Size) -> tuple[str, ...]:
    facts = []
    if shape.h is not None and formulas.letter(shape.name("h")) not in products.free_symbols:
        facts.append(
            "heads change no product's cost: each works on d / h columns; they multiply the "
            "score matrix by h"
        )
    if shape.m is not None and not shape.cross:
        facts.append("m ≠ n: the other m - n keys and values come from a cache")
    if shape.causal and shape.m is not None:
        facts.append(_alignment(shape))
    if shape.cross:
        facts.append("keys and values are made from m other rows (cross-attention)")
    if shape.said:
        facts.append(shape.said)
    if shape.tiles is not None:
        tiles = shape.tiles
        facts.append(
            f"block-sparse: {tiles.kept:,} of {tiles.all:,} tiles of {tiles.size}×{tiles.size} "
            f"keep a pair; all pairs in them are computed, {shape.kept:,} of them kept"
        )
    return tuple(facts)


def _alignment(shape: Shape) -> str:
    """How queries are lined up with keys: a cache lies before them."""
    if shape.offset is not None:
        return f"query i is at position i + {shape.offset} (--offset, --align)"
    if shape.cross and not shape.bottom_right:
        return (
            "causal, aligned top-left: query i is at position i (--align bottom-right: i + m - n)"
        )
    return "causal, aligned bottom-right: query i is at position i + m - n (--align top-left: i)"


BY_SHAPE = {
    "projected": "projections W_Q, W_K, W_V, W_O are in (--no-projections leaves them out)",
    "bare": "projections are left out",
    "masked": "masked pairs are not counted; memory holds every pair",
    "tiled": "pairs outside of kept tiles are not counted; memory holds every pair",
    "open": "where a letter is open, sequences are taken to be long, and n ≤ m",
    "every": "every pair is counted, masked or not (--causal counts the kept ones)",
    "tiles": "p is the number of pairs in kept tiles, counted",
    "pairs": "p is the number of pairs the mask keeps, counted",
}
"""Conventions that hold for some shapes."""


def _more_conventions(shape: Shape) -> list[str]:
    kinds = ["projected" if shape.projections else "bare"]
    if shape.causal or shape.w is not None or shape.p is not None:
        kinds.append("tiled" if shape.tiles else "masked")
        if any(size is None for size in shape.numbers().values()):
            kinds.append("open")
    else:
        kinds.append("every")
    if shape.p is not None:
        kinds.append("tiles" if shape.tiles else "pairs")
    return [BY_SHAPE[kind] for kind in kinds]
