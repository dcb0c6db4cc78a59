"""From what is asked of masks to one mask on the sizes that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.api.mask_choices import MaskChoices
from attn_cli.errors import AttnError
from attn_cli.masks import Board, Mask
from attn_cli.masks.placed import Offset
from attn_cli.mechanisms import Layout
from attn_cli.mechanisms.layout import pair_axes
from attn_cli.program import ONE, Sizes

Array = np.ndarray[Any, Any]


class Chosen(NamedTuple):
    """All the masks asked for, combined with and.

    offset: query i stands at position i + offset. placed: whether any mask depends on it.
    parts: the masks that were combined.
    """

    mask: Mask | None
    offset: Offset
    placed: bool
    parts: tuple[Mask, ...]


def chosen_mask(
    wanted: MaskChoices,
    given: Array | None,
    said: Mapping[str, str] | None,
    sizes: Sizes,
    layout: Layout,
    saved: Offset | None = None,
) -> Chosen:
    """Build every mask and combine them.

    given: a table of booleans; said: the name and the rule of a saved one; saved: where the
    queries of a saved run stand.
    Raises AttnError where these have another batch.
    """
    batch = int(sizes["b"]) if "b" in layout.scores else 1
    n, m = int(sizes["n"]), int(sizes["m"])
    if isinstance(saved, tuple) and len(saved) != batch:
        raise AttnError(
            f"‹input›: the saved run places the queries of {len(saved)} batch rows, and here there "
            f"are {batch}. Give ‹offset› or ‹align›."
        )
    offset = wanted.place(n, m, int(sizes.get("m_past", 0)) if saved is None else saved)
    table = None if given is None else _given(given, said, layout)
    whole, parts = wanted.combined(Board(n, m, offset, batch), table)
    return Chosen(whole, offset, wanted.placed, parts)


def bind_mask(array: Array, sizes: Sizes, layout: Layout) -> None:
    """Take the sizes of a given mask, lined up from the right with the axes of the scores."""
    axes = pair_axes("‹mask›", array.shape, layout.scores)
    for axis, size in zip(axes, array.shape, strict=True):
        if axis != ONE:
            sizes.bind(axis, size, "‹mask›")


def bind_keys(wanted: MaskChoices, sizes: Sizes) -> None:
    """Let documents say how many keys there are, and queries too where nothing else does."""
    if wanted.keys is None:
        return
    option, count = wanted.keys
    for axis in ("m", "n"):
        if axis not in sizes and "m_past" not in sizes:
            sizes.bind(axis, count, option)


def _given(array: Array, said: Mapping[str, str] | None, layout: Layout) -> Mask:
    axes = pair_axes("‹mask›", array.shape, layout.scores)
    whole = dict(zip(axes, array.shape, strict=True))
    table = array.reshape([whole.get(axis, 1) for axis in ("b", "h", "n", "m")])
    mask = masks.given(table, "given")
    return mask._replace(name=said["name"], says=said["says"]) if said else mask
