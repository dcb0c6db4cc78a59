"""How arrays of several axes lie: heads first, rows first, or packed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.errors import AttnError, brief, did_you_mean, shape_text

Array = np.ndarray[Any, Any]

ROWS = ("q", "k", "v", "past_k", "past_v")
"""Arrays with heads of their own."""

PACKED = (*ROWS, "x", "context")


class Layout(NamedTuple):
    """One way that arrays lie.

    order: how their axes are put into (batch, heads, rows, width), or (batch, rows, width).
    arrays: those that may lie so.
    """

    name: str
    says: str
    axes: int
    order: tuple[int, ...]
    arrays: tuple[str, ...] = ROWS


LAYOUTS = (
    Layout("bhsd", "(batch, heads, rows, width)", 4, (0, 1, 2, 3)),
    Layout("bshd", "(batch, rows, heads, width)", 4, (0, 2, 1, 3)),
    Layout("sbe", "(rows, batch, width)", 3, (1, 0, 2), PACKED),
    Layout("thd", "(rows, heads, width), one packed sequence", 3, (1, 0, 2)),
)

ALIASES = {
    "torch": "bhsd",
    "jax": "bshd",
    "flash": "bshd",
    "mha-seq-first": "sbe",
    "varlen": "thd",
}
"""Names of libraries and what their arrays are like."""

WEIGHTS = ("in-out", "out-in")


def layout_of(name: str) -> Layout:
    """Find a layout by its name or that of a library.

    Raises AttnError with the nearest name and all others.
    """
    known = ALIASES.get(name.lower(), name.lower())
    found = next((one for one in LAYOUTS if one.name == known), None)
    if found is None:
        names = [*(one.name for one in LAYOUTS), *ALIASES]
        raise AttnError(
            f"‹layout›: there is no layout {brief(name)!r}. {did_you_mean(name, names)}"
        )
    return found


def heads_first(given: Mapping[str, Array], layout: Layout) -> dict[str, Array]:
    """Arrays that lie in a layout as (batch, heads, rows, width), the others as they are.

    Raises AttnError where no array has the layout's axes.
    """
    own = [name for name in layout.arrays if name in given]
    if not any(given[name].ndim == layout.axes for name in own):
        found = ", ".join(f"{name} is {shape_text(given[name].shape)}" for name in own)
        raise AttnError(
            f"‹layout {layout.name}› is for arrays of {layout.axes} axes, {layout.says}: "
            f"{found or 'none is given'}."
        )
    return {
        name: turned(array, layout) if name in own and array.ndim == layout.axes else array
        for name, array in given.items()
    }


def turned(array: Array, layout: Layout) -> Array:
    """An array of a layout with heads before rows."""
    moved = np.ascontiguousarray(array.transpose(layout.order))
    return moved[None] if layout.name == "thd" else moved


def weights_in_out(
    given: Mapping[str, Array], name: str, in_out: Collection[str] = ()
) -> dict[str, Array]:
    """Matrices that multiply rows from the right, from those of a library's linear layers.

    in_out: those that lie so already.
    Raises AttnError for another name, and where there is no such matrix.
    """
    if name not in WEIGHTS:
        raise AttnError(
            f"‹weights_layout›: {name!r} is neither in-out (X W) nor out-in (torch's Linear)."
        )
    matrices = [
        one
        for one, array in given.items()
        if one not in in_out and is_weight(one) and array.ndim == 2
    ]
    if not matrices and not in_out:
        raise AttnError(f"‹weights_layout {name}› is for W_Q, W_K, W_V, W_O: none is given.")
    if name == "in-out":
        return dict(given)
    turned = {one: np.ascontiguousarray(given[one].T) for one in matrices}
    return {**given, **turned}


def is_weight(name: str) -> bool:
    """Whether an array is a learned matrix."""
    return name == "w" or name.startswith("w_")


ROWS_FIRST = "Are rows before heads, (batch, rows, heads, width)? Then give ‹layout bshd›."


def divides_otherwise(given: Mapping[str, Array]) -> bool:
    """Whether query heads are a multiple of key heads only where rows come before heads."""
    q, k = given.get("q"), given.get("k")
    if q is None or k is None or q.ndim != 4 or k.ndim != 4:
        return False
    return q.shape[1] % k.shape[1] != 0 and q.shape[2] % k.shape[2] == 0


def likelier(given: Mapping[str, Array]) -> str | None:
    """What makes another layout likelier than heads first; None where nothing does."""
    for name in ROWS:
        array = given.get(name)
        if array is not None and array.ndim == 4 and array.shape[1] > array.shape[2]:
            return (
                f"{name} is {shape_text(array.shape)}, read as (batch, heads, rows, width): "
                f"{array.shape[1]} heads of {array.shape[2]} rows. Are its rows before its heads? "
                "Then give ‹layout bshd›."
            )
    return None
