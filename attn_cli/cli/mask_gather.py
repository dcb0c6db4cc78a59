"""From mask's options to a mask on a field: sizes, words, tables, what it is compared with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.cli.asked import Asked, asked, refuse_placement
from attn_cli.cli.given import booleans
from attn_cli.cli.positions import bias_of
from attn_cli.errors import AttnError, ShapeError, shape_text
from attn_cli.masks import Board, Mask
from attn_cli.matrices.arguments import names_array
from attn_cli.matrices.forms import Form, form_of, from_form
from attn_cli.matrices.sources import Sources
from attn_cli.matrices.tokens import tokens
from attn_cli.mechanisms.biases import Bias
from attn_cli.reports.field import Field, refuse_many_pairs
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.cli.mask import FieldOptions, FormOptions, LookOptions
    from attn_cli.cli.options import MaskOptions

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


def mask_request(
    options: MaskOptions, sizes: FieldOptions, look: LookOptions, forms: FormOptions
) -> MaskRequest | None:
    """Read every option; None where no mask and no bias is asked for.

    Raises AttnError or ShapeError, naming what does not go together.
    """
    bias = bias_of(look.bias)
    if look.bias is not None and bias is None:
        raise AttnError("‹bias›: here a bias goes by its name; arrays are for attn compute.")
    wanted = asked(options)
    refuse_placement(wanted, moves=bias is not None)
    form = form_of(forms.as_form, "‹as_form›") if forms.as_form is not None else None
    table = _table(wanted, forms, sizes.heads)
    if not wanted.any and table is None and bias is None:
        _refuse_alone(look, forms, sizes)
        return None
    labels = _labels(sizes)
    n, m, batch = _sizes(sizes, wanted, table, labels)
    heads = sizes.heads if sizes.heads is not None else table.shape[1] if table is not None else 1
    refuse_many_pairs(n, m, batch * heads)
    offset = wanted.place(n, m)
    board = Board(n, m, offset, batch)
    parts = wanted.masks_on(board)
    if table is not None:
        parts.append(masks.given(table, "given"))
    mask = reduce(and_, parts) if parts else None
    if mask is None and (look.diff is not None or look.tile is not None or form is not None):
        raise AttnError("‹diff›, ‹tile› and ‹as_form› are about a mask: add one.")
    placed = wanted.placed or bias is not None
    return MaskRequest(
        mask,
        tuple(parts),
        table is not None and len(parts) == 1,
        Field(n, m, batch, heads, offset, placed, labels),
        _other(look.diff, board, heads, sizes.heads is not None) if look.diff is not None else None,
        bias,
        form,
    )


def _table(wanted: Asked, forms: FormOptions, heads: int | None) -> Array | None:
    """A mask that is given as an array, into booleans (b, h, n, m)."""
    if forms.is_form is not None and forms.import_file is None:
        raise AttnError("‹is_form› says what ‹import_file› holds: give both.")
    if forms.import_file is None:
        if wanted.table is None:
            return None
        array = booleans(wanted.table, Sources(sys.stdin.buffer))
        return from_form(array, form_of("bool", "‹mask›"), "‹mask›", heads=heads)
    if wanted.table is not None:
        raise AttnError("‹import_file› and ‹mask› both read an array: give one.")
    if forms.is_form is None:
        raise AttnError(
            "‹import_file› needs ‹is_form›, the form that its numbers are in: ‹is_form bool›."
        )
    array = Sources(sys.stdin.buffer).one(forms.import_file, "‹import_file›")
    return from_form(array, form_of(forms.is_form, "‹is_form›"), "‹import_file›", heads=heads)


def _refuse_alone(look: LookOptions, forms: FormOptions, sizes: FieldOptions) -> None:
    """Without a mask there is only the list of masks, which nothing else changes."""
    given = {
        "‹diff›": look.diff,
        "‹tile›": look.tile,
        "‹as_form›": forms.as_form,
        "‹precision›": look.precision,
        "‹head›": look.head,
        "‹batch_index›": look.batch_index,
        "‹everything›": look.everything or None,
        **{choice(name): value for name, value in sizes._asdict().items()},
    }
    for option, value in given.items():
        if value is not None:
            raise AttnError(
                f"{option} is about a mask: add one, such as ‹causal›. "
                "attn mask alone lists them all."
            )


def _labels(sizes: FieldOptions) -> dict[str, tuple[str, ...]]:
    if sizes.text is None:
        if sizes.context_text is not None:
            raise AttnError("‹context_text› needs ‹text›, the sentence that asks.")
        return {}
    words = tuple(tokens(sizes.text, "‹text›"))
    if sizes.context_text is None:
        return {"n": words, "m": words}
    return {"n": words, "m": tuple(tokens(sizes.context_text, "‹context_text›"))}


def _sizes(
    sizes: FieldOptions,
    wanted: Asked,
    table: Array | None,
    labels: Mapping[str, tuple[str, ...]],
) -> tuple[int, int, int]:
    """n, m and batch: what options, words, tables and documents say has to agree."""
    n = _agreed("n", sizes.n, labels.get("n"), table, None)
    m = _agreed("m", sizes.m, labels.get("m"), table, wanted.keys)
    lengths = wanted.lengths
    batch = sizes.batch or (len(lengths) if lengths else 1)
    if table is not None and table.shape[0] > 1:
        if batch not in (1, table.shape[0]):
            raise ShapeError(f"The mask has {table.shape[0]} batch rows, not {batch}.")
        batch = table.shape[0]
    if table is not None and sizes.heads is not None and table.shape[1] not in (1, sizes.heads):
        raise ShapeError(f"The mask has {table.shape[1]} heads, not {sizes.heads}.")
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


def _other(text: str, board: Board, heads: int, with_heads: bool) -> Mask:
    """The mask to compare with: an expression or an array, on the same field."""
    if not names_array(text):
        return masks.read(text, "‹diff›").on(board)
    array = Sources(sys.stdin.buffer).one(text, "‹diff›")
    table = from_form(
        array, form_of("bool", "‹diff›"), "‹diff›", heads=heads if with_heads else None
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
    return masks.given(table, "the array of ‹diff›")
