"""The steps of a block of queries, one after the other, for those keys alone that are seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from attn_cli.program import Program, Step
from attn_cli.readings.counted_pairs import mask_of
from attn_cli.readings.subprogram import Array, Frame
from attn_cli.readings.values import RULES
from attn_cli.transforms.edges import Edges, edges_of, has_edges, in_grains, masked, seen_by
from attn_cli.transforms.rows import operands_of

APART = frozenset({"slice", "scan", "cumsum", "concat"})
"""Operations that know their keys by place, so that none may be left out."""


def keys_seen(program: Program, steps: Sequence[Step], first: int, last: int) -> range:
    """The keys that some query from first to last may attend, in whole grains.

    All where no mask tells. At least some, so that a row without a key is computed as one whose
    keys are all masked.
    """
    count = int(program.sizes["m"])
    mask = mask_of(program)
    if mask is None or any(step.operation in APART for step in steps):
        return range(count)
    seen = seen_by(mask.options["rule"], range(first, last + 1), count)
    return seen or in_grains(range(1), count)


class Kernel:
    """One worker: runs steps block by block in buffers that it keeps between blocks."""

    def __init__(self, program: Program, steps: Sequence[Step], once: Mapping[str, Array]) -> None:
        self.program = program
        self.steps = steps
        self.once = once
        self.uses = Counter(operand for step in steps for operand in step.operands)
        self.buffers: dict[str, Array] = {}
        mask = mask_of(program)
        self.mask = mask if has_edges(mask, steps) else None

    def frame(self, queries: range | Array, keys: range) -> Frame:
        """A block of neighbouring queries and of these keys."""
        return Frame.of(self.program.sizes, np.asarray(queries), keys)

    def edges(self, frame: Frame) -> Edges | None:
        """What a mask says of a block, where it need be asked at its edges alone."""
        return edges_of(self.mask, frame) if self.mask is not None else None

    def run(self, frame: Frame, edges: Edges | None) -> dict[str, Array]:
        """Compute the steps of a block."""
        rows = slice(frame.queries[0], frame.queries[-1] + 1)
        keys = slice(frame.keys.start, frame.keys.stop)
        arrays: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for step in self.steps:
                if edges is not None and step is self.mask:
                    continue
                if edges is not None and self.mask in step.operands:
                    scores = step.operands[0]
                    x = arrays[scores.name]
                    own = x if self.uses[scores] == 1 else x.copy()
                    arrays[step.name] = masked(step, own, edges)
                    continue
                operands = operands_of(step, arrays, self.once, rows, keys)
                out = self._target(step, operands, frame)
                arrays[step.name] = RULES[step.operation](step, operands, frame, out)
        return arrays

    def _target(self, step: Step, operands: list[Array], frame: Frame) -> Array | None:
        """An array to write into: the first operand's own where nothing else needs it."""
        if not step.operands or "m" not in step.axes:
            return None
        first = step.operands[0]
        if first in self.steps and self.uses[first] == 1 and first.axes == step.axes:
            return operands[0]
        if step.operation != "contract":
            return None
        shape = frame.sizes.shape(step.axes)
        needed = int(np.prod(shape))
        held = self.buffers.get(step.name)
        if held is None or held.size < needed:
            held = self.buffers[step.name] = np.empty(needed, operands[0].dtype)
        return held[:needed].reshape(shape)
