"""`attn mask`: which pairs may attend, drawn, counted, compared, converted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from attn_cli.cli.groups import takes
from attn_cli.cli.options import BIAS_NAMES, LanguageOptions, MaskOptions, of_panel
from attn_cli.cli.streams import guarded

HELP = (
    "Draw, count, compare and convert masks.\n\n"
    "Combine masks by options or by an expression, read one from a file, or give nothing to see "
    "all that there are."
)

EXAMPLES = """Examples:

attn mask --causal --n 3 --m 5 --align bottom-right

attn mask --n 12 --mask "causal & window(3) | global(0)"

attn mask --causal --diff "window(3)"

attn mask --import theirs.npy --is torch-mha

attn mask --causal --window 128 --n 16384 --tile 128
"""

FORM_NAMES = "bool, additive, torch-sdpa, torch-mha, jax, onnx, keras, hugging-face"

SIZES = "Sizes and names"
MOST = 2**24
"""Queries or keys that a mask is drawn for, at most."""


class FieldOptions(NamedTuple):
    """Where the mask stands."""

    n: Annotated[
        int | None, of_panel(SIZES, "Queries (default 6).", min=1, max=MOST, metavar="N")
    ] = None
    m: Annotated[int | None, of_panel(SIZES, "Keys (default n).", min=1, max=MOST, metavar="N")] = (
        None
    )
    batch: Annotated[int | None, of_panel(SIZES, "Batch rows.", min=1, max=MOST, metavar="N")] = (
        None
    )
    heads: Annotated[int | None, of_panel(SIZES, "Heads.", min=1, max=MOST, metavar="N")] = None
    text: Annotated[
        str | None, of_panel(SIZES, "A sentence: its words name queries and keys.", metavar="WORDS")
    ] = None
    context_text: Annotated[
        str | None, of_panel(SIZES, "Another sentence, for the keys.", metavar="WORDS")
    ] = None


MORE = "More to see"


class LookOptions(NamedTuple):
    """What is shown of it."""

    diff: Annotated[
        str | None, of_panel(MORE, "Show pairs that only one of two masks keeps.", metavar="EXPR")
    ] = None
    bias: Annotated[
        str | None,
        of_panel(MORE, f"A bias with it, for --heads: {BIAS_NAMES}.", metavar="NAME"),
    ] = None
    tile: Annotated[
        int | None,
        of_panel(MORE, "Count tiles of N×N that keep a pair.", min=1, max=MOST, metavar="N"),
    ] = None
    precision: Annotated[
        int | None, of_panel(MORE, "Decimals (default 4).", min=0, max=17, metavar="N")
    ] = None
    head: Annotated[int | None, of_panel(MORE, "Show this head.", min=0, metavar="N")] = None
    batch_index: Annotated[
        int | None, of_panel(MORE, "Show this batch row.", min=0, metavar="N")
    ] = None
    everything: Annotated[bool, of_panel(MORE, "Leave nothing out.", "--all")] = False
    plain: Annotated[bool, of_panel(MORE, "No colour, ASCII alone.", "--plain")] = False


FORMS = "Forms of libraries"


class FormOptions(NamedTuple):
    """How others write it."""

    as_form: Annotated[
        str | None, of_panel(FORMS, f"Show and save it as {FORM_NAMES}.", "--as", metavar="FORM")
    ] = None
    import_file: Annotated[
        str | None, of_panel(FORMS, "Read a mask of another library.", "--import", metavar="ARRAY")
    ] = None
    is_form: Annotated[
        str | None,
        of_panel(FORMS, "What it is: one of the same forms.", "--is", metavar="FORM"),
    ] = None


OUT = "Output"


class FileOptions(NamedTuple):
    """Where it goes."""

    json: Annotated[bool, of_panel(OUT, "One JSON document on standard output.", "--json")] = False
    save: Annotated[
        Path | None, of_panel(OUT, "The mask: .npy, booleans or the form of --as.", metavar="FILE")
    ] = None
    export: Annotated[
        Path | None, of_panel(OUT, "What is shown, as .html .svg .md .txt .tex.", metavar="FILE")
    ] = None
    force: Annotated[bool, of_panel(OUT, "Write over existing files.", "--force")] = False


@guarded
@takes(MaskOptions, FieldOptions, LookOptions, FormOptions, FileOptions, LanguageOptions)
def mask(
    masks: MaskOptions,
    field: FieldOptions,
    look: LookOptions,
    forms: FormOptions,
    files: FileOptions,
    language: LanguageOptions,
) -> None:
    """Settle the sizes, build the mask, say everything about it."""
    from attn_cli.cli.mask_gather import mask_request
    from attn_cli.cli.mask_showing import check_output, show, show_catalogue
    from attn_cli.cli.speaking import speak

    speak(language)
    check_output(files, look)
    request = mask_request(masks, field, look, forms)
    if request is None:
        show_catalogue(files, look)
    else:
        show(request, look, files)
