"""Every size settled: from choices, then from given arrays, then from defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attn_cli.api.mask_building import bind_keys, bind_mask
from attn_cli.api.mask_choices import MaskChoices
from attn_cli.arrays.layouts import (
    ROWS_FIRST,
    divides_otherwise,
    is_weight,
    weights_in_out,
)
from attn_cli.arrays.tokens import labels
from attn_cli.errors import AttnError, ShapeError
from attn_cli.mechanisms import Choices, Layout, Mechanism
from attn_cli.program import Sizes, members
from attn_cli.spec import Spec
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]


def settled_sizes(
    mechanism: Mechanism,
    given: Mapping[str, Array],
    mask: Array | None,
    wanted: MaskChoices,
    spec: Spec,
    choices: Choices,
) -> tuple[Sizes, Layout]:
    """Every size; where none fit, the error says which other layout would."""

    def settle(arrays: Mapping[str, Array]) -> tuple[Sizes, Layout]:
        return _settled(mechanism, arrays, mask, wanted, spec, choices)

    try:
        return settle(given)
    except ShapeError as error:
        if spec.layout is None and divides_otherwise(given):
            raise ShapeError(f"{error}\n{ROWS_FIRST}") from None
        if not _fits_transposed(given, settle):
            raise
        other = "in-out" if spec.weights_layout == "out-in" else "out-in"
        raise ShapeError(
            f"{error}\nTransposed they fit: are they torch's Linear? Then give "
            f"‹weights_layout {other}›."
        ) from None


def _fits_transposed(
    given: Mapping[str, Array], settle: Callable[[Mapping[str, Array]], Any]
) -> bool:
    """Whether the learned matrices would fit on their side."""
    if not any(is_weight(name) and array.ndim == 2 for name, array in given.items()):
        return False
    try:
        settle(weights_in_out(given, "out-in"))
    except AttnError:
        return False
    return True


def _settled(
    mechanism: Mechanism,
    given: Mapping[str, Array],
    mask: Array | None,
    wanted: MaskChoices,
    spec: Spec,
    choices: Choices,
) -> tuple[Sizes, Layout]:
    """Every size: from options, then from given arrays, then from defaults."""
    sizes = Sizes()
    shapes = {name: array.shape for name, array in given.items()}
    if spec.batch is not None:
        sizes.bind("b", spec.batch, "‹batch›")
    layout = mechanism.layout(shapes, choices, sizes)
    axes = {axis for array in layout.axes.values() for axis in array}
    atoms = {atom for axis in axes for atom in members(axis)}
    width = next((axis for axis in ("d_model", "(h d)") if axis in axes), "d")
    cached = "m_new" in atoms
    new = "m_new" if cached else "m"
    for option, axis, size in (
        ("‹n›", mechanism.axis("n"), spec.n),
        ("‹m›", new, spec.m),
        ("‹d›", width, spec.d),
        ("‹dv›", "(h d_v)" if "h" in atoms and width != "d" else "d_v", spec.dv),
        ("‹latent›", "d_c", spec.latent),
        ("‹batch›", "b", spec.batch),
        ("the words of ‹labels›", mechanism.axis("n"), _counted(spec, "labels")),
        ("the words of ‹key_labels›", "m", None if cached else _counted(spec, "key_labels")),
    ):
        if size is None:
            continue
        if not set(members(axis)) <= atoms:
            raise AttnError(f"{option} changes nothing here: no array has that axis.")
        sizes.bind(axis, size, option)
    layout.bind(sizes, shapes)
    if mask is not None:
        bind_mask(mask, sizes, layout)
    bind_keys(wanted, sizes)
    layout.fill(sizes)
    return sizes, layout


def _counted(spec: Spec, name: str) -> int | None:
    """How many words name the rows."""
    given = getattr(spec, name)
    return None if given is None else len(labels(given, choice(name)))
