"""`attn compare`: several ways to attend on the same inputs."""

from __future__ import annotations

from attn_cli.cli.options import Typed, with_options

HELP = (
    "Hold modes, normalizers, masks and head layouts against each other.\n\n"
    "Inputs are those of attn compute, the same for every way; the first way is what the others "
    "are held against."
)

EXAMPLES = (
    'attn compare --modes dot,scaled,additive,cosine --text "The cat is sitting on the mat."',
    "attn compare --normalizers softmax,sparsemax,entmax15,hard",
    'attn compare --masks "causal, window(2), causal & window(2) | global(0)" --n 6',
)

USED = ("modes", "normalizers", "masks", "layouts", "text", "n", "d", "heads", "causal", "export")
"""Options that help shows first."""


@with_options("compare")
def compare(typed: Typed) -> None:
    """Run every way that was typed, and show them side by side."""
    from attn_cli.api.compare import compared
    from attn_cli.api.shown import check_export
    from attn_cli.cli import streams
    from attn_cli.cli.output import export, print_json, show
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, look_of, stdin

    view = typed.view
    check_export(view.export, "‹export›", view.force)
    arrays, spec = arrays_and_choices(typed.values)
    comparison = compared(arrays, spec, look_of(view), stdin(), progress)
    for notice in comparison.notices:
        streams.note(notice)
    if view.export is not None:
        export(comparison, view)
    if view.json:
        print_json(comparison.to_dict())
    else:
        show(comparison, view)
