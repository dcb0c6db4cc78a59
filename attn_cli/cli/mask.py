"""`attn mask`: which pairs may attend, drawn, counted, compared, converted."""

from __future__ import annotations

from attn_cli.cli.options import Typed, with_options

HELP = (
    "Draw, count, compare and convert masks.\n\n"
    "Combine masks by options or by an expression, read one from a file, or give nothing to see "
    "all that there are."
)

EXAMPLES = (
    "attn mask --causal --n 3 --m 5 --align bottom-right",
    'attn mask --n 12 --mask "causal & window(3) | global(0)"',
    'attn mask --causal --diff "window(3)"',
    "attn mask --import theirs.npy --is torch-mha",
    "attn mask --causal --window 128 --n 16384 --tile 128",
)

USED = (
    "n",
    "m",
    "causal",
    "mask",
    "window",
    "lengths",
    "align",
    "diff",
    "as_form",
    "import_file",
    "save",
    "export",
)
"""Options that help shows first."""


@with_options("mask")
def mask(typed: Typed) -> None:
    """Build the mask that was typed, and say everything about it."""
    from attn_cli.api.mask import built
    from attn_cli.api.mask_reporting import Destinations
    from attn_cli.cli.masks import check_output, show_catalogue, show_mask
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, look_of, stdin

    view = typed.view
    check_output(view)
    imported = typed.values.pop("import_file", None)
    arrays, spec = arrays_and_choices(typed.values)
    goes = Destinations(view.json, str(view.save or ""))
    found = built(arrays, spec, look_of(view), imported, stdin(), goes, progress)
    if found is None:
        show_catalogue(view)
    else:
        show_mask(found, view)
