"""From choices to a mask on a field: sizes, words, tables, what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.api.given import Arrays, refuse_arrays
from attn_cli.api.inputs import booleans
from attn_cli.api.labels import given_labels
from attn_cli.api.mask_choices import MaskChoices, mask_choices, refuse_placement
from attn_cli.api.positions import bias_of
from attn_cli.arrays.arguments import names_array
from attn_cli.arrays.forms import Form, form_of, from_form
from attn_cli.arrays.sources import Sources
from attn_cli.arrays.tokens import tokens
from attn_cli.errors import AttnError, ShapeError, shape_text
from attn_cli.mask_reports.grid import Field, refuse_many_pairs
from attn_cli.masks import Board, Mask
from attn_cli.mechanisms.biases import Bias
from attn_cli.spec import Spec, whole
from attn_cli.spelling import choice, spelled

Array = np.ndarray[Any, Any]

LENGTH = 6
"""Queries where nothing says how many: few enough to see, enough for a pattern."""


class MaskRequest(NamedTuple):
    """A mask with all that is asked of it.

    mask is None where only a bias is. given: it is a table from outside, alone. parts: what was
    combined.
    """

    mask: Mask | None
    parts: tuple[Mask, ...]
    given: bool
    field: Field
    other: Mask | None
    bias: Bias | None
    form: Form | None


def mask_request(spec: Spec, arrays: Arrays, imported: Any, sources: Sources) -> MaskRequest | None:
    """Read every choice; None where no mask and no bias is asked for.

    imported: a mask in the form of a library.
    Raises AttnError or ShapeError, naming what does not go together.
    """
    refuse_arrays(arrays, "mask")
    bias = bias_of(spec.bias)
    wanted = mask_choices(spec, arrays.mask)
    refuse_placement(wanted, moves=bias is not None)
    form = form_of(spec.as_form, "‹as_form›") if spec.as_form is not None else None
    given = _table(wanted, spec, imported, sources)
    if not wanted.any and given is None and bias is None:
        _refuse_alone(spec)
        return None
    labels = _labels(spec)
    n, m, batch = _sizes(spec, wanted, given, labels)
    heads = whole(spec, "heads") or (given.shape[1] if given is not None else 1)
    refuse_far(n, m, batch, heads)
    refuse_many_pairs(n, m, batch * heads)
    offset = wanted.place(n, m)
    board = Board(n, m, offset, batch)
    mask, parts = wanted.combined(board, None if given is None else masks.given(given, "given"))
    if mask is None and (spec.diff is not None or spec.tile is not None or form is not None):
        raise AttnError("‹diff›, ‹tile› and ‹as_form› are about a mask: add one.")
    placed = wanted.placed or bias is not None
    return MaskRequest(
        mask,
        parts,
        given is not None and len(parts) == 1,
        Field(n, m, batch, heads, offset, placed, labels),
        _other(spec, board, heads, sources),
        bias,
        form,
    )


def _table(wanted: MaskChoices, spec: Spec, imported: Any, sources: Sources) -> Array | None:
    """A mask that is given as an array, into booleans (b, h, n, m)."""
    heads = whole(spec, "heads")
    if spec.is_form is not None and imported is None:
        raise AttnError("‹is_form› says what ‹import_file› holds: give both.")
    if imported is None:
        if wanted.table is None:
            return None
        array = booleans(wanted.table, sources, wanted.axes)
        return from_form(array, form_of("bool", "‹mask›"), "‹mask›", heads=heads)
    if wanted.table is not None:
        raise AttnError("‹import_file› and ‹mask› both read an array: give one.")
    if spec.is_form is None:
        raise AttnError(
            "‹import_file› needs ‹is_form›, the form that its numbers are in: ‹is_form bool›."
        )
    array = sources.one(imported, "‹import_file›")
    return from_form(array, form_of(spec.is_form, "‹is_form›"), "‹import_file›", heads=heads)


def _refuse_alone(spec: Spec) -> None:
    """Without a mask there is only the list of masks, which nothing else changes."""
    for name in spec.said():
        raise AttnError(
            f"{choice(name)} is about a mask: add one, such as ‹causal›. "
            "attn mask alone lists them all."
        )


MOST = 2**24
"""Queries, keys, batch rows or heads that a mask is drawn for, at most."""


def refuse_far(*counts: int) -> None:
    """Raise AttnError for more than a mask is ever drawn for."""
    if max(counts) > MOST:
        raise AttnError(f"{max(counts):,} is more than the {MOST:,} that a mask is drawn for.")


def _labels(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Words of sentences and options; those of queries name keys too where nothing else does."""
    found = given_labels(spec)
    if spec.text is not None:
        found["n"] = tuple(tokens(spec.text, "‹text›"))
    if spec.context_text is not None:
        if spec.text is None:
            raise AttnError("‹context_text› needs ‹text›, the sentence that asks.")
        found["m"] = tuple(tokens(spec.context_text, "‹context_text›"))
    if "n" in found and "m" not in found and spec.m in (None, len(found["n"])):
        found["m"] = found["n"]
    return found


def _sizes(
    spec: Spec,
    wanted: MaskChoices,
    table: Array | None,
    labels: Mapping[str, tuple[str, ...]],
) -> tuple[int, int, int]:
    """n, m and batch: what options, words, tables and documents say has to agree."""
    n = _agreed("n", whole(spec, "n"), labels.get("n"), table, None)
    m = _agreed("m", whole(spec, "m"), labels.get("m"), table, wanted.keys)
    lengths = wanted.lengths
    batch = whole(spec, "batch") or (len(lengths) if lengths else 1)
    if table is not None and table.shape[0] > 1:
        if batch not in (1, table.shape[0]):
            raise ShapeError(f"The mask has {table.shape[0]} batch rows, not {batch}.")
        batch = table.shape[0]
    heads = whole(spec, "heads")
    if table is not None and heads is not None and table.shape[1] not in (1, heads):
        raise ShapeError(f"The mask has {table.shape[1]} heads, not {heads}.")
    if n is None:
        n = LENGTH if wanted.keys is None else wanted.keys[1]
    return n, n if m is None else m, batch


def _agreed(
    axis: str,
    option: int | None,
    words: tuple[str, ...] | None,
    table: Array | None,
    keys: tuple[str, int] | None,
) -> int | None:
    """The one size of an axis that all of them say."""
    said: list[tuple[str, int]] = []
    if option is not None:
        said.append((choice(axis), option))
    if words is not None:
        said.append(("the words", len(words)))
    if table is not None:
        size = table.shape[2 if axis == "n" else 3]
        if size > 1 or not said:
            said.append((f"the mask of {shape_text(table.shape[2:])}", size))
    if keys is not None:
        said.append(keys)
    for source, size in said[1:]:
        if size != said[0][1]:
            raise ShapeError(
                f"The number of {'queries' if axis == 'n' else 'keys'} {axis} is {said[0][1]} by "
                f"{said[0][0]} and {size} by {source}."
            )
    return said[0][1] if said else None


def _other(spec: Spec, board: Board, heads: int, sources: Sources) -> Mask | None:
    """The mask to compare with: an expression or an array, on the same field."""
    if spec.diff is None:
        return None
    if not names_array(spec.diff):
        return masks.read(spec.diff, "‹diff›").on(board)
    array = sources.one(spec.diff, "‹diff›")
    table = from_form(
        array, form_of("bool", "‹diff›"), "‹diff›", heads=heads if spec.heads is not None else None
    )
    for axis, have, wanted in (("n", table.shape[2], board.n), ("m", table.shape[3], board.m)):
        if have not in (1, wanted):
            raise ShapeError(
                f"‹diff› is {shape_text(array.shape)}: {axis} is {have}, not {wanted}."
            )
    for what, have, count in (
        ("batch rows", table.shape[0], board.batch),
        ("heads", table.shape[1], heads),
    ):
        if have not in (1, count):
            raise ShapeError(f"‹diff› has {have} {what}, the mask has {count}.")
    return masks.given(table, spelled("the array of ‹diff›"))
