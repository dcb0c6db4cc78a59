"""What a cost report says of itself: how it counts, and what is true of the shape."""

from __future__ import annotations

from attn_cli.program import Size
from attn_cli.readings import formulas
from attn_cli.reports.symbolic import Shape

CONVENTIONS = (
    "a multiply and an add are 2 operations; exp and tanh are 1",
    "softmax is max, subtract, exp, sum, divide: 5 for each entry, less 2 for each row",
    "memory: every step makes a new array, freed after its last use; inputs and weights stay; "
    "a cache grows in place",
)

RUNS = "a running state is held once, as it is after the latest position"

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


def facts(shape: Shape, products: Size) -> tuple[str, ...]:
    """What is true of a shape: its heads, its cache, how queries meet keys, its mask."""
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


def by_shape(shape: Shape) -> list[str]:
    """The conventions that hold for a shape."""
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
