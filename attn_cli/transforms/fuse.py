"""An equivalent program that is cheaper to run when its scores are not asked for.

Laws used, each exact up to rounding: a factor on a product of matrices may stand on one of
the two; a positive one passes through a mask; and e^x = 2^(x log₂ e), where log₂ e joins the
factor that is there. Powers of 2 are faster, but six times slower where they come to nothing,
so scores of which a mask drops many stay powers of e.
"""

from collections import Counter
from math import e, log
from typing import NamedTuple

from attn_cli.program import Program, Sizes, Step
from attn_cli.readings.values import factor

SMALL = 1e-6
"""Factors beyond this and its inverse stay where they are: moved, they could overflow.

Negative ones stay too: they would not pass through a mask."""


class Chain(NamedTuple):
    """The steps between a product and a softmax: all of them scales and masks."""

    product: Step
    between: tuple[Step, ...]
    factor: float


def fused(program: Program) -> Program:
    """Rewrite each softmax(mask(scale(Q Kᵀ))) as softmax(mask(Q' Kᵀ)), Q' scaled."""
    uses = Counter(operand for step in program for operand in step.operands)
    chains = {
        step: chain
        for step in program
        if step.operation == "softmax"
        and len(step.operands) == 1
        and (chain := _chain(step, uses, program.sizes))
    }
    inside = {one for chain in chains.values() for one in (chain.product, *chain.between)}
    rewritten = Program(program.sizes)
    now: dict[Step, Step] = {}
    for step in program:
        if step in inside:
            continue
        if step in chains:
            now[step] = _write(rewritten, step, chains[step], now)
        else:
            now[step] = _copy(rewritten, step, tuple(now[operand] for operand in step.operands))
    return rewritten


def _chain(softmax: Step, uses: Counter[Step], sizes: Sizes) -> Chain | None:
    between: list[Step] = []
    total = 1.0
    step = softmax.operands[0]
    while uses[step] == 1:
        if step.operation == "contract":
            moderate = SMALL < total < 1 / SMALL
            return Chain(step, tuple(reversed(between)), total) if moderate else None
        if step.operation not in ("scale", "mask"):
            return None
        if step.operation == "scale":
            total *= factor(step, sizes)
        between.append(step)
        step = step.operands[0]
    return None


def _write(program: Program, softmax: Step, chain: Chain, now: dict[Step, Step]) -> Step:
    left, right = (now[operand] for operand in chain.product.operands)
    dropping = any(
        step.operation == "mask" and _drops_many(step, program.sizes) for step in chain.between
    )
    base = e if dropping else 2
    small = Step(
        f"{left.name} for {chain.product.name}",
        "scale",
        (left,),
        left.axes,
        {"by": chain.factor / log(base), "rsqrt": None},
    )
    program.steps.append(small)
    last = _copy(program, chain.product, (small, right))
    for step in chain.between:
        if step.operation == "mask":
            last = _copy(program, step, (last, now[step.operands[1]]))
    return _copy(program, softmax, (last,), base=base)


FEW = 0.2
"""The part of the scores in a block up to which dropped ones cost less than powers of e do."""

ROWS = 128


def _drops_many(mask: Step, sizes: Sizes) -> bool:
    """Whether more than a few of a block's scores may be dropped, told from rows in the middle."""
    allowed = mask.operands[1]
    if allowed.operation != "allow":
        return True
    rule, keys = allowed.options["rule"], range(int(sizes["m"]))
    first = int(sizes["n"]) // 2
    last = first + ROWS
    seen, sure = (len(span(first, last).within(keys)) for span in (rule.spans, rule.covers))
    return seen - sure > FEW * seen


def _copy(program: Program, step: Step, operands: tuple[Step, ...], **options: object) -> Step:
    copy = Step(step.name, step.operation, operands, step.axes, {**step.options, **options})
    program.steps.append(copy)
    return copy
