"""What of a run's pairs is counted: those its mask keeps, and of local attention those in reach."""

from __future__ import annotations

import numpy as np

from attn_cli.program import ONE, Program, Sizes, Step
from attn_cli.readings.cost import local_span
from attn_cli.readings.count import Count
from attn_cli.readings.subprogram import Array


def mask_of(program: Program) -> Step | None:
    """The step that says which pairs may attend, if there is one."""
    return next((step for step in program if step.operation == "allow"), None)


def kept_keys(program: Program) -> Array | None:
    """How many keys each query may attend, with the mask's axes but the last; None without one."""
    step = mask_of(program)
    if step is None:
        return None
    sizes = program.sizes
    batch, heads = (sizes.get(axis, 1) for axis in ("b", "h"))
    from attn_cli.readings.coverage import cover

    coverage = cover(step.options["rule"], sizes["n"], sizes["m"], batch=batch, heads=heads)
    return coverage.keys.reshape(sizes.shape(step.axes[:-1]))


def keys_of(allowed: Array) -> Array:
    """How many entries of each row are True: eight at a time where rows allow it."""
    if allowed.shape[-1] % 8 or not allowed.flags.c_contiguous:
        return np.asarray(np.count_nonzero(allowed, axis=-1))
    eights = np.bitwise_count(allowed.view(np.uint64))
    return np.add.reduce(eights, axis=-1, dtype=np.int64)


def count_of(program: Program, keys: Array | None, sizes: Sizes | None = None) -> Count:
    """What to count over: every pair, or those that are kept and in reach.

    keys: how many each query may attend, where a mask decides it. sizes: those of the part that
    is counted.
    """
    sizes = sizes or program.sizes
    span = local_span(program)
    if keys is None and span is None:
        return Count(sizes)
    axes = () if keys is None else _leads(program)
    if keys is None:
        keys = np.full(sizes["n"], sizes["m"])
    if span is not None:
        keys = np.minimum(keys, span)
    return Count(sizes, int(keys.sum()), int((keys > 0).sum()), frozenset(axes))


def _leads(program: Program) -> tuple[str, ...]:
    """The axes beside the queries along which the mask differs."""
    step = mask_of(program)
    assert step is not None
    return tuple(axis for axis in step.axes[:-2] if axis != ONE)
