"""From mask options to a mask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

import numpy as np

from attn_cli import masks
from attn_cli.cli.options import MaskOptions
from attn_cli.cli.placement import refuse_placement
from attn_cli.errors import AttnError
from attn_cli.masks import Mask
from attn_cli.mechanisms import Layout
from attn_cli.mechanisms.layout import pair_axes
from attn_cli.program import ONE, Sizes

Array = np.ndarray[Any, Any]

Offset = int | tuple[int, ...]

FARTHEST = 2**40


def chosen_mask(
    options: MaskOptions,
    given: Array | None,
    said: Mapping[str, str] | None,
    sizes: Sizes,
    layout: Layout,
) -> tuple[Mask | None, Offset | None]:
    """All the masks asked for, combined with and, and the offset of the causal one.

    given: a table of booleans; said: the name and the rule of a saved one.
    """
    refuse_placement(options.causal, options.offset, options.align)
    counts = _lengths(options.lengths, sizes, "b" in layout.scores)
    parts = []
    offset = None
    if options.causal:
        offset = _offset(options, counts, sizes)
        parts.append(masks.causal(offset))
    if counts is not None:
        parts.append(masks.lengths(counts))
    if given is not None:
        parts.append(_given(given, said, layout))
    return (reduce(and_, parts) if parts else None), offset


def _lengths(text: str | None, sizes: Sizes, batched: bool) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        counts = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise AttnError(f"--lengths: {text!r} is no list of whole numbers like 5,3.") from None
    batch, keys = (sizes["b"] if batched else 1), sizes["m"]
    if len(counts) not in (1, batch):
        raise AttnError(
            f"--lengths: {len(counts)} lengths for a batch of {batch}; give one for all batch "
            "rows, or one for each."
        )
    if not all(0 <= count <= keys for count in counts):
        raise AttnError(f"--lengths: every length must be between 0 and the {keys} keys there are.")
    return counts


def _offset(options: MaskOptions, counts: tuple[int, ...] | None, sizes: Sizes) -> Offset:
    if options.offset is not None:
        if abs(options.offset) > FARTHEST:
            raise AttnError(f"--offset {options.offset} is beyond every array.")
        return options.offset
    if options.align is None:
        return int(sizes.get("m_past", 0))
    if options.align == "top-left":
        return 0
    if counts is None:
        return int(sizes["m"] - sizes["n"])
    offsets = tuple(count - sizes["n"] for count in counts)
    return offsets if len(offsets) > 1 else offsets[0]


def bind_mask(array: Array, sizes: Sizes, layout: Layout) -> None:
    """Take the sizes of a given mask, lined up from the right with the axes of the scores."""
    axes = pair_axes("--mask", array.shape, layout.scores)
    for axis, size in zip(axes, array.shape, strict=True):
        if axis != ONE:
            sizes.bind(axis, size, "--mask")


def _given(array: Array, said: Mapping[str, str] | None, layout: Layout) -> Mask:
    axes = pair_axes("--mask", array.shape, layout.scores)
    whole = dict(zip(axes, array.shape, strict=True))
    table = array.reshape([whole.get(axis, 1) for axis in ("b", "h", "n", "m")])
    mask = masks.given(table, "given")
    return mask._replace(name=said["name"], says=said["says"]) if said else mask
