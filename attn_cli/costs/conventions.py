"""What a cost report says of itself: how it counts, and what is true of the shape."""

from __future__ import annotations

from attn_cli.costs.symbolic import Shape
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Program, Size
from attn_cli.readings import formulas
from attn_cli.spelling import spelled

MULTIPLY_AND_ADD = "a multiply and an add are 2 operations; exp, tanh, a root, a sine are 1"

MEMORY = (
    "memory: every step makes a new array, freed after its last use; inputs and weights stay, "
    "those of every layer; a cache grows in place"
)

SOFTMAX = "softmax is max, subtract, exp, sum, divide: 5 for each entry, less 2 for each row"

TOLD: dict[str, str] = {
    "softmax": SOFTMAX,
    "softcap": "softcap is divide, tanh, multiply: 3 for each entry",
    "unit": "a direction is largest, divide, square, sum, root, divide: 5 for each entry, less 1 "
    "for each row; the largest comes first so that no square overflows",
    "argmax_one_hot": "hard is comparing: one less than a row has entries",
    "draw": "drawing is adding up: one less than a row has entries",
    "rotate": "a rotation is 3 for each number, and a sine and a cosine for each angle",
    "cumsum": "a running sum is one addition less than there are entries",
    "reduce": "the largest or the sum of a row is one less than it has entries",
    "tabulate": "what follows from positions is counted by its rule",
    "scan": "a state is written by a product and a sum for each entry; a gate is 1 more, erasing 2",
}
"""What an operation costs where its formula doesn't show it."""

FUNCTIONS = {
    "sigmoid": "sigmoid is a power, a sum and a quotient: 3 for each entry",
    "elu+1": "elu + 1 is a power and a sum: 2 for each entry",
}

SINK = "a sink is one more score of each row: 4 for each row"


def conventions(program: Program) -> tuple[str, ...]:
    """How the operations of a program are counted, each told once, in their order."""
    lines = [MULTIPLY_AND_ADD]
    for step in program:
        if step.operation == "entmax":
            lines.append(ENTMAX.get(step.options["alpha"], HALVED))
        elif step.operation == "apply":
            lines.append(FUNCTIONS.get(step.options["function"], ""))
        elif step.operation in TOLD:
            lines.append(TOLD[step.operation])
        if step.operation == "softmax" and len(step.operands) > 1:
            lines.append(SINK)
    return (*dict.fromkeys(filter(None, lines)), MEMORY)


ENTMAX = {
    2.0: "sparsemax is 10 for each entry, less 3 for each row, once sorted; sorting is not counted",
    1.5: "1.5-entmax is 20 for each entry, less 4 for each row, once sorted; "
    "sorting is not counted",
}
"""What powers of entmax cost that have a closed form."""

HALVED = "entmax is 248 for each entry and 59 for each row: 60 halvings to find its threshold"


RUNS = "a running state is held once, as it is after the latest position"

BY_SHAPE = {
    "projected": "projections W_Q, W_K, W_V, W_O are in (‹no_projections› leaves them out)",
    "bare": "projections are left out",
    "masked": "masked pairs are not counted; memory holds every pair",
    "tiled": "pairs outside of kept tiles are not counted; memory holds every pair",
    "local": "of local attention at most 2 D + 1 keys a query are counted; memory holds every pair",
    "open": "where a letter is open, sequences are taken to be long, and n ≤ m",
    "every": "every pair is counted, masked or not (‹causal› counts the kept ones)",
    "tiles": "p is the number of pairs in kept tiles, counted",
    "pairs": "p is the number of pairs the mask keeps, counted",
}
"""Conventions that hold for some shapes."""


def facts(mechanism: Mechanism, shape: Shape, products: Size) -> tuple[str, ...]:
    """What is true of a shape: its heads, its cache, how queries meet keys, its mask."""
    facts = [mechanism.form] if mechanism.form else []
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
    return tuple(map(spelled, facts))


def _alignment(shape: Shape) -> str:
    """How queries are lined up with keys: a cache lies before them."""
    if shape.offset is not None:
        return f"query i is at position i + {shape.offset} (‹offset›, ‹align›)"
    if shape.cross and not shape.bottom_right:
        return (
            "causal, aligned top-left: query i is at position i (‹align bottom-right›: i + m - n)"
        )
    return "causal, aligned bottom-right: query i is at position i + m - n (‹align top-left›: i)"


def by_shape(shape: Shape) -> list[str]:
    """The conventions that hold for a shape."""
    kinds = ["projected" if shape.projections else "bare"]
    if shape.causal or shape.w is not None or shape.p is not None:
        kinds.append("tiled" if shape.tiles else "masked")
        kinds += ["local"] if shape.choices.local_p is not None else []
        if any(size is None for size in shape.numbers().values()):
            kinds.append("open")
    else:
        kinds.append("every" if shape.choices.local_p is None else "local")
    if shape.p is not None:
        kinds.append("tiles" if shape.tiles else "pairs")
    return [BY_SHAPE[kind] for kind in kinds]
