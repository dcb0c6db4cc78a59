"""The pairs that masks keep, counted where no formula gives them."""

from __future__ import annotations

import numpy as np

from attn_cli import masks
from attn_cli.api.inputs import booleans
from attn_cli.api.looking import Progress, silent
from attn_cli.api.mask_choices import MaskChoices
from attn_cli.arrays.forms import four_axes
from attn_cli.arrays.sources import Sources
from attn_cli.costs.symbolic import Shape
from attn_cli.errors import AttnError, ShapeError, brief, shape_text
from attn_cli.language import said, told
from attn_cli.mask_reports.grid import Field, refuse_many_pairs
from attn_cli.mask_reports.without_effect import idle_parts
from attn_cli.masks import Board, Mask
from attn_cli.masks.paths import path_order
from attn_cli.readings.coverage import cover


def with_counts(
    shape: Shape,
    wanted: MaskChoices,
    tile: int | None,
    sources: Sources,
    progress: Progress = silent,
) -> Shape:
    """Count the pairs that all masks keep together, and with `tile` those of the kept tiles.

    Raises ShapeError where a table has other sizes than were given, AttnError where a size
    is not known.
    """
    if wanted.table is None:
        shape, table = _bound(shape, wanted.keys), None
    else:
        shape, table = _with_table(shape, wanted, sources)
    n, m, batch = _number(shape, "n"), _number(shape, "m"), _batch(shape, wanted)
    refuse_many_pairs(n, m, batch * _heads(shape))
    past = m - n if m > n and not shape.cross else 0
    board = Board(n, m, wanted.place(n, m, past), batch)
    mask, parts = wanted.combined(board, table)
    assert mask is not None, "pairs are counted where there is a mask"
    with progress(said("queries")) as advance:
        coverage = cover(mask, n, m, batch=batch, heads=_heads(shape), tile=tile, advance=advance)
    if shape.choices.local_p is not None:
        near = np.minimum(coverage.keys, 2 * shape.choices.local_p + 1)
        coverage = coverage._replace(keys=near)
    return shape._replace(
        n=n,
        m=m if m != n or shape.cross else None,
        w=None,
        p=coverage.tiles.cells if coverage.tiles else coverage.pairs,
        rows=coverage.tiles.rows if coverage.tiles else coverage.rows,
        along=mask.varies,
        path=path_order(mask, n) if m == n else "not searched",
        said=f"mask {brief(mask.name)}: {brief(told(mask.says), 200)}",
        tiles=coverage.tiles,
        kept=coverage.pairs,
        idle=idle_parts(parts, Field(n, m, batch, _heads(shape))),
    )


def _with_table(shape: Shape, wanted: MaskChoices, sources: Sources) -> tuple[Shape, Mask]:
    array = booleans(wanted.table, sources, wanted.axes)
    table = four_axes(array, "‹mask›", with_heads=shape.h is not None)
    text = shape_text(array.shape)
    found = dict(zip(("b", "h", "n", "m"), table.shape, strict=True))
    for axis, option in (("b", "‹batch›"), ("h", "‹heads›"), ("n", "‹n›"), ("m", "‹m›")):
        given = getattr(shape, axis)
        if found[axis] == 1 and given is not None:
            found[axis] = given
        if given is None and axis in "bh" and found[axis] > 1:
            raise ShapeError(f"‹mask› is {text}: {option} has to be {found[axis]}.")
        if given is not None and given != found[axis]:
            raise ShapeError(f"{option} is {given}, but ‹mask› is {text}.")
    n, m = found["n"], found["m"]
    if isinstance(n, int) and isinstance(m, int) and m < n and not shape.cross:
        raise ShapeError(f"‹mask› is {text}: with fewer keys add ‹cross›.")
    return shape._replace(n=n, m=m), masks.given(table, "given")


def _bound(shape: Shape, keys: tuple[str, int] | None) -> Shape:
    """Sizes that are left out: m is n, and both as many as there are documents."""
    if keys is not None:
        _, count = keys
        if shape.m is None and shape.n in (None, count):
            return shape._replace(n=count, m=count)
    return shape if shape.m is not None else shape._replace(m=shape.n)


def _number(shape: Shape, field: str) -> int:
    given = getattr(shape, field)
    if not isinstance(given, int):
        raise AttnError(
            f"‹{field}› has to be a number where a mask is counted; only ‹causal› and ‹window› "
            "have formulas."
        )
    return given


def _heads(shape: Shape) -> int:
    return shape.h if isinstance(shape.h, int) else 1


def _batch(shape: Shape, wanted: MaskChoices) -> int:
    if isinstance(shape.b, str) and len(wanted.lengths or ()) > 1:
        raise AttnError(f"‹batch {shape.b}› has to be a number where ‹lengths› has several.")
    return shape.b if isinstance(shape.b, int) else 1
