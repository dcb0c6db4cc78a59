"""`attn compare`: several ways to attend on the same inputs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from attn_cli.cli.options import Typed, with_options

if TYPE_CHECKING:
    from attn_cli.compare_report import WaysReport

HELP = (
    "Hold modes, normalizers, masks and head layouts against each other.\n\n"
    "Inputs are those of attn compute, the same for every way; the first way is what the others "
    "are held against."
)

EXAMPLES = """Examples:

attn compare --modes dot,scaled,general,additive,cosine --text "The cat is sitting on the mat."

attn compare --normalizers softmax,sparsemax,entmax15,hard

attn compare --masks "causal, window(2), causal & window(2) | global(0)" --n 6
"""

USUAL_DECIMALS = 2


@with_options("compare")
def compare(typed: Typed) -> None:
    """Run every way that was typed, and show them side by side."""
    from attn_cli.api.compare import compared
    from attn_cli.cli.output import EXPORTED
    from attn_cli.cli.reading import arrays_and_choices, stdin
    from attn_cli.matrices.writing import check_path

    view = typed.view
    check_path(view.export, "‹export›", EXPORTED, view.force)
    arrays, spec = arrays_and_choices(typed.values)
    shown = {"head": view.head, "batch_index": view.batch_index}
    show(compared(spec, arrays, stdin(), **shown), view)


def show(report: WaysReport, view: SimpleNamespace) -> None:
    """Print the ways as a page or JSON; export them."""
    from attn_cli.cli import streams
    from attn_cli.cli.output import export_page, print_json, show_page
    from attn_cli.views.page import Block, Display, Signs
    from attn_cli.views.ways_page import ways_document, ways_page

    for notice in report.notices:
        streams.note(notice)
    decimals = USUAL_DECIMALS if view.precision is None else view.precision

    def make(width: int, signs: Signs) -> list[Block]:
        return ways_page(report, Display(width, decimals, view.everything, signs=signs))

    if view.export is not None:
        export_page(view.export, make, "Ways to attend", report.notices, force=view.force)
    if view.json:
        print_json(ways_document(report))
    else:
        show_page(make, plain=view.plain)
