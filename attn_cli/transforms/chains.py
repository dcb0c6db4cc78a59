"""Attention with one softmax over the keys, found in a program: of a product, or of any score."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from attn_cli.program import Axes, Program, Step
from attn_cli.readings.values import factor
from attn_cli.transforms.edges import has_edges

SMALL = 1e-6
"""A factor beyond this or its inverse could overflow on queries: such a chain is none."""


class Chain(NamedTuple):
    """softmax(mask(scale(Q Kᵀ))) V, where scores go nowhere else.

    product, mixed: its two products. mask: the step that says which pairs may attend. factor: of
    the scores. lead: axes before queries and keys, one by one.
    """

    product: Step
    mixed: Step
    mask: Step | None
    factor: float
    lead: Axes


class Pairwise(NamedTuple):
    """softmax(scores) V, where each score is made from one query and one key, and used once.

    scores: the softmax's operand. weights, mixed: the softmax, and the mixture of values. mask:
    the step that says which pairs may attend. steps: those up to the scores with an axis for each
    pair.
    """

    scores: Step
    weights: Step
    mixed: Step
    mask: Step | None
    steps: tuple[Step, ...]


EACH_PAIR = frozenset(
    {"contract", "pair", "add", "multiply", "scale", "softcap", "apply"}
    | {"tabulate", "gather", "allow", "mask"}
)
"""Operations that make the number of a pair of no other pair's."""


def pairwise_of(program: Program) -> Pairwise | None:
    """The scores of a program whose pairs meet in one softmax alone; None of another."""
    wide = [step for step in program if step.operation != "input" and {"n", "m"} <= {*step.axes}]
    if not wide or wide[-1].operation != "softmax" or len(wide[-1].operands) != 1:
        return None
    *steps, weights = wide
    users = {step: [user for user in program if step in user.operands] for step in wide}
    if (
        weights.operands[0] not in steps
        or any(step.operation not in EACH_PAIR for step in steps)
        or any(not {*users[step]} <= {*wide} for step in steps)
        or len(users[weights]) != 1
    ):
        return None
    (mixed,) = users[weights]
    masks = [step for step in steps if step.operation == "allow"]
    if (
        mixed.operation != "contract"
        or mixed.operands[0] is not weights
        or weights.options["over"] != "m"
        or mixed.axes[:-1] != weights.axes[:-1]
        or (masks and not has_edges(masks[0], steps))
    ):
        return None
    return Pairwise(weights.operands[0], weights, mixed, next(iter(masks), None), tuple(steps))


def chain_of(program: Program) -> Chain | None:
    """The chain of a program whose pairs meet in one alone; None of another."""
    wide = [step for step in program if step.operation != "input" and {"n", "m"} <= {*step.axes}]
    softmaxes = [step for step in wide if step.operation == "softmax"]
    if len(softmaxes) != 1:
        return None
    (weights,) = softmaxes
    uses = Counter(operand for step in program for operand in step.operands)
    mixed = next((step for step in program if weights in step.operands), None)
    product, between = _upward(weights, uses)
    masks = [step.operands[1] for step in between if step.operation == "mask"]
    total = 1.0
    for step in between:
        total *= factor(step, program.sizes) if step.operation == "scale" else 1.0
    if (
        mixed is None
        or product is None
        or len(weights.operands) != 1
        or uses[weights] != 1
        or {*wide} != {product, weights, *between, *masks}
        or len(masks) > 1
        or any(mask.operation != "allow" for mask in masks)
        or not SMALL < abs(total) < 1 / SMALL
        or not _are_matrices(product, weights, mixed)
    ):
        return None
    lead = product.options["makes"][:-2]
    return Chain(product, mixed, next(iter(masks), None), total, lead)


def _upward(weights: Step, uses: Counter[Step]) -> tuple[Step | None, list[Step]]:
    """The product that scores come from, and the scales and masks on their way."""
    between: list[Step] = []
    step = weights.operands[0]
    while uses[step] == 1 and step.operation in ("scale", "mask"):
        between.append(step)
        step = step.operands[0]
    return (step if uses[step] == 1 and step.operation == "contract" else None), between


def _are_matrices(product: Step, weights: Step, mixed: Step) -> bool:
    """Whether each lead has one matrix of queries, one of keys and one of values."""
    if mixed.operation != "contract" or mixed.operands[0] is not weights:
        return False
    (queries, keys), scores = product.options["reads"], product.options["makes"]
    (pairs, values), output = mixed.options["reads"], mixed.options["makes"]
    return (
        weights.options["over"] == "m"
        and scores[-2:] == ("n", "m")
        and pairs == scores
        and queries[-2:] == ("n", keys[-1])
        and keys[-2] == "m"
        and values[-2] == "m"
        and output == (*scores[:-1], values[-1])
    )
