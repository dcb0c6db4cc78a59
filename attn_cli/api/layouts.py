"""How given arrays lie: as --layout and --weights-layout say, and what looks otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.arrays.layouts import heads_first, is_weight, layout_of, likelier, weights_in_out
from attn_cli.errors import shape_text
from attn_cli.language import said
from attn_cli.program import Axes, Sizes
from attn_cli.readings.notation import letter
from attn_cli.spec import Spec

Array = np.ndarray[Any, Any]


ONLY_QUERIES = "Only Q is given: K and V are random."


def laid_out(
    given: dict[str, Array], spec: Spec, in_out: frozenset[str], *, resumed: bool
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Arrays with heads first and matrices that multiply from the right; what looks otherwise.

    in_out: matrices that do already. resumed: they are those of a saved run, which lie so.
    """
    hints = []
    if spec.layout is not None:
        given = heads_first(given, layout_of(spec.layout))
    elif not resumed:
        hints += [hint for hint in [likelier(given)] if hint is not None]
    if spec.weights_layout is not None:
        given = weights_in_out(given, spec.weights_layout, in_out)
    made_up = [name for name in ("k", "v") if name not in given]
    if "q" in given and len(made_up) == 2 and not resumed:
        hints.append(ONLY_QUERIES)
    return given, tuple(hints)


WHAT = {"b": "batch", "h": "heads"}
"""Axes that are named in words; n and m are letters."""

OTHERWISE: dict[Axes, Axes] = {("n", "m"): ("b", "m"), ("h", "n", "m"): ("b", "n", "m")}
"""Axes of a mask or a bias as they are read, and those that it may have been meant to have."""


def otherwise_read(name: str, array: Array | None, scores: Axes, sizes: Sizes) -> tuple[str, ...]:
    """Says with which axes a mask or a bias was read, if others fit its shape too."""
    if array is None or "b" not in scores or not array.ndim or array.shape[0] == 1:
        return ()
    own = scores[-array.ndim :]
    other = OTHERWISE.get(own, ())
    if array.ndim != len(other) or any(
        size not in (1, sizes[axis]) for axis, size in zip(other, array.shape, strict=True)
    ):
        return ()
    way = f"‹mask_axes {''.join(other)}›"
    if name != "mask":
        whole = dict(zip(other, array.shape, strict=True))
        way = shape_text(tuple(whole.get(axis, 1) for axis in ("b", "h", "n", "m")))
    return (
        said(
            "{name} of {shape} is read as ({own}); ({other}) fits too: give {way}.",
            name=name,
            shape=shape_text(array.shape),
            own=_named(own),
            other=_named(other),
            way=way,
        ),
    )


def _named(axes: Axes) -> str:
    return ", ".join(said(WHAT.get(axis, axis)) for axis in axes)


def told_layouts(
    spec: Spec, given: Mapping[str, Array], in_out: frozenset[str], *, resumed: bool
) -> tuple[str, ...]:
    """How arrays of several axes and square matrices were read."""
    lines = []
    if spec.layout is not None:
        layout = layout_of(spec.layout)
        lines.append(f"arrays read as {layout.name} {layout.says}, shown with heads first")
    if spec.mask_axes is not None:
        lines.append(f"mask read as ({_named(tuple(spec.mask_axes))})")
    square = [
        n
        for n, a in given.items()
        if n not in in_out and is_weight(n) and a.ndim == 2 and a.shape[0] == a.shape[1]
    ]
    if spec.weights_layout is not None:
        how = "W, as X W" if spec.weights_layout == "in-out" else "Wᵀ, as torch's Linear has them"
        lines.append(f"matrices read as {how} ({spec.weights_layout})")
    elif square and not resumed and not spec.text:
        names = ", ".join(map(letter, square))
        lines.append(f"{names} read as X W (in-out); torch's Linear is ‹weights_layout out-in›")
    return tuple(lines)
