"""The pairs that a given mask keeps, counted one by one."""

from __future__ import annotations

import sys

import numpy as np

from attn_cli import masks
from attn_cli.errors import AttnError, ShapeError, shape_text
from attn_cli.matrices.numeric import as_booleans
from attn_cli.matrices.sources import Sources
from attn_cli.reports.symbolic import Shape


def counted_pairs(argument: str, shape: Shape) -> tuple[int, int, int, int]:
    """Read an n×m mask and count what it and the shape's own masks keep together.

    Returns the number of pairs, of queries with any, n and m.
    Raises ShapeError where the table has other axes, or other sizes than were given.
    """
    table = as_booleans(Sources(sys.stdin.buffer).one(argument, "--mask"), "--mask")
    if table.ndim != 2 or not table.size:
        raise ShapeError(f"--mask is {shape_text(table.shape)}; here it needs 2 axes: (n, m).")
    n, m = table.shape
    for option, given, found in (("--n", shape.n, n), ("--m", shape.m, m)):
        if given is not None and given != found:
            raise ShapeError(f"{option} is {given}, but --mask is {shape_text(table.shape)}.")
    if m < n and not shape.cross:
        raise ShapeError(f"--mask is {shape_text(table.shape)}: with fewer keys add --cross.")
    if isinstance(shape.w, str):
        raise AttnError(f"--window {shape.w} has to be a number where --mask is counted.")
    if shape.causal:
        bottom_right = shape.bottom_right or (shape.offset is None and m > n and not shape.cross)
        offset = m - n if bottom_right else shape.offset or 0
        rule = masks.causal(offset) if shape.w is None else masks.window(shape.w, offset)
        table = table & rule.allows(np.arange(n)[:, None], np.arange(m)[None, :], 0, 0)
    return int(table.sum()), int(table.any(axis=1).sum()), n, m
