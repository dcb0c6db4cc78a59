"""Online softmax: block by block of keys, without ever holding a whole row of weights."""

from __future__ import annotations

from typing import NamedTuple

from attn_cli.errors import AttnError
from attn_cli.program import Places, Program, Step

MOST_BLOCKS = 8
"""More are no trace that anyone reads."""


class Running(NamedTuple):
    """What is carried from block to block: the largest score, the sum of powers, the mixture."""

    largest: Step
    total: Step
    accumulator: Step


def online(p: Program, scores: Step, value: Step, size: int, name: str) -> Step:
    """Softmax and weighted sum over `size` keys at a time (Milakov 2018, algorithm 3; Dao 2022).

    A block that brings a larger score rescales what is there by e^(old largest - new largest).
    scores (…, n, m), value (…, m, d_v); the result is that of softmax(scores) V.
    """
    count = p.sizes["m"]
    blocks = [Places(start, min(start + size, count)) for start in range(0, count, size)]
    if len(blocks) > MOST_BLOCKS:
        raise AttnError(
            f"‹block_size {size}› makes {len(blocks)} blocks of {count} keys; a trace has at most "
            f"{MOST_BLOCKS}. Give {-(-count // MOST_BLOCKS)} or more."
        )
    running = None
    for number, within in enumerate(blocks, 1):
        running = _taken_in(p, scores, value, within, number, running)
    assert running is not None
    return p.divide(running.accumulator, running.total, name=name)


def _taken_in(
    p: Program, scores: Step, value: Step, within: Places, number: int, before: Running | None
) -> Running:
    """One block: its powers below the largest score so far, and what was there rescaled to it."""
    axis = f"m_{number}"
    block = p.slice(scores, over="m", within=within, axis=axis, name=f"block_{number}")
    peak = p.reduce("max", block, over=axis, name=f"peak_{number}")
    largest = peak
    if before is not None:
        largest = p.larger(before.largest, peak, name=f"largest_{number}")
    shifted = p.subtract(block, largest, name=f"shifted_{number}")
    powers = p.apply("exp", shifted, name=f"powers_{number}")
    total = p.reduce("sum", powers, over=axis, name=f"sum_{number}")
    rows = p.slice(value, over="m", within=within, axis=axis, name=f"values_{number}")
    pattern = f"... n {axis}, ... {axis} d_v -> ... n d_v"
    mixed = p.contract(pattern, powers, rows, name=f"mixed_{number}")
    if before is None:
        return Running(largest, total, mixed)
    change = p.subtract(before.largest, largest, name=f"change_{number}")
    rescale = p.apply("exp", change, name=f"rescale_{number}")
    kept_total = p.multiply(before.total, rescale, total.axes, name=f"kept_total_{number}")
    kept = p.multiply(before.accumulator, rescale, mixed.axes, name=f"kept_{number}")
    return Running(
        largest,
        p.add(kept_total, total, name=f"total_{number}"),
        p.add(kept, mixed, name=f"accumulator_{number}"),
    )
