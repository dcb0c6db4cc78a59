"""`attn compare`: several ways to attend on the same inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from attn_cli.cli.groups import takes
from attn_cli.cli.options import (
    ArrayOptions,
    AttentionOptions,
    LanguageOptions,
    MaskOptions,
    PositionOptions,
    SizeOptions,
    of_panel,
)
from attn_cli.cli.streams import guarded

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

WAYS = "Ways"


class WayOptions(NamedTuple):
    """What is varied; several lists give every combination."""

    modes: Annotated[str | None, of_panel(WAYS, "Modes.", metavar="NAME,NAME")] = None
    normalizers: Annotated[str | None, of_panel(WAYS, "Normalizers.", metavar="NAME,NAME")] = None
    masks: Annotated[
        str | None, of_panel(WAYS, "Masks, each an expression; or none.", metavar="EXPR,EXPR")
    ] = None
    layouts: Annotated[
        str | None,
        of_panel(WAYS, "Head layouts: mha, gqa, mqa; with --heads.", metavar="NAME,NAME"),
    ] = None


VIEW = "Display and output"


class ViewOptions(NamedTuple):
    """What is shown, and where it goes."""

    head: Annotated[int, of_panel(VIEW, "Show this head.", min=0, metavar="N")] = 0
    batch_index: Annotated[int, of_panel(VIEW, "Show this batch row.", min=0, metavar="N")] = 0
    precision: Annotated[
        int, of_panel(VIEW, "Decimals of the weights (default 2).", min=0, max=17, metavar="N")
    ] = 2
    everything: Annotated[bool, of_panel(VIEW, "Leave nothing out.", "--all")] = False
    plain: Annotated[bool, of_panel(VIEW, "No colour, ASCII alone.", "--plain")] = False
    json: Annotated[bool, of_panel(VIEW, "One JSON document on standard output.", "--json")] = False
    export: Annotated[
        Path | None, of_panel(VIEW, "What is shown, as .html .svg .md .txt .tex.", metavar="FILE")
    ] = None
    force: Annotated[bool, of_panel(VIEW, "Write over existing files.", "--force")] = False


@guarded
@takes(
    WayOptions,
    ArrayOptions,
    SizeOptions,
    AttentionOptions,
    PositionOptions,
    MaskOptions,
    ViewOptions,
    LanguageOptions,
)
def compare(
    ways: WayOptions,
    arrays: ArrayOptions,
    sizes: SizeOptions,
    attention: AttentionOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    view: ViewOptions,
    language: LanguageOptions,
) -> None:
    """Run every way, put them side by side, show them."""
    from attn_cli.cli.comparing import compared, show
    from attn_cli.cli.output import EXPORTED
    from attn_cli.cli.paths import check_path
    from attn_cli.cli.speaking import speak

    speak(language)
    check_path(view.export, "--export", EXPORTED, view.force)
    show(compared(ways, arrays, sizes, attention, positions, masks, view), view)
