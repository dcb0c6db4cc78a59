"""A mask at the edges of a block alone: between them lie keys that every query may attend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attn_cli.masks.mask import Mask
from attn_cli.program import Axes, Step
from attn_cli.readings.counted_pairs import keys_of
from attn_cli.readings.subprogram import Array, Frame, aligned
from attn_cli.readings.values import RULES

GRAIN = 64
"""Keys are left out in multiples of this many: products of odd sizes are slower."""


def in_grains(seen: range, count: int) -> range:
    """Keys that are seen, with those beside them up to whole grains, of `count` there are."""
    if not seen:
        return seen
    begin, end = seen.start // GRAIN * GRAIN, -(-seen.stop // GRAIN) * GRAIN
    return range(begin, min(end, count))


def seen_by(rule: Mask | None, queries: range, count: int) -> range:
    """The keys that some of these queries may attend, in whole grains; all without a rule."""
    if rule is None:
        return range(count)
    return in_grains(rule.spans(queries[0], queries[-1]).within(range(count)), count)


def beside(sure: range, keys: range) -> list[range]:
    """The keys before and behind those that every query may attend, where there are some."""
    return [part for part in (range(keys.start, sure.start), range(sure.stop, keys.stop)) if part]


class Edges(NamedTuple):
    """The pairs of a block that a mask decides.

    parts: where each edge lies among the block's keys, with its booleans. keys: how many keys each
    query may attend, those in between among them.
    """

    parts: tuple[tuple[slice, Array], ...]
    keys: Array


def edges_of(step: Step, frame: Frame) -> Edges:
    """What a mask says of a block: its booleans where queries differ."""
    first, last = int(frame.queries[0]), int(frame.queries[-1])
    keys = frame.keys
    sure = step.options["rule"].covers(first, last).within(keys)
    parts = []
    count = np.full(frame.sizes.shape(step.axes[:-1]), len(sure))
    for edge in beside(sure, keys):
        allowed = RULES[step.operation](step, [], Frame.of(frame.sizes, frame.queries, edge), None)
        parts.append((slice(edge.start - keys.start, edge.stop - keys.start), allowed))
        count += keys_of(allowed)
    return Edges(tuple(parts), count)


def dropped(edges: Edges, mask: Step, axes: Axes) -> list[tuple[slice, Array]]:
    """The pairs of scores with these axes that may not attend, at each edge."""
    return [(part, ~aligned(allowed, mask.axes, axes)) for part, allowed in edges.parts]


def masked(step: Step, x: Array, edges: Edges) -> Array:
    """Scores with -inf where a query may not attend, in place."""
    for part, pairs in dropped(edges, step.operands[1], step.axes):
        np.copyto(x[..., part], -np.inf, where=pairs)
    return x


def has_edges(mask: Step | None, steps: Sequence[Step]) -> bool:
    """Whether the pairs that a mask decides are asked for once, by scores with keys at the end."""
    users = [step for step in steps if mask in step.operands]
    return (
        len(users) == 1
        and users[0].operation == "mask"
        and users[0].axes == users[0].operands[0].axes
        and users[0].axes[-1] == "m"
    )
