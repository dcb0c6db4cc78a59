"""`attn compute`: attention step by step on the user's own numbers."""

from __future__ import annotations

from attn_cli.cli.groups import takes
from attn_cli.cli.options import (
    AlgorithmOptions,
    ArrayOptions,
    AttentionOptions,
    DisplayOptions,
    LanguageOptions,
    MaskOptions,
    OutputOptions,
    PositionOptions,
    SizeOptions,
)
from attn_cli.cli.streams import guarded

HELP = (
    "Show every step of attention on real numbers.\n\n"
    "Give q, k and v; or rows x, or a --text, that matrices turn into them; or nothing, for small "
    "random arrays."
)

EXAMPLES = """Examples:

attn compute --q "1 0; 0 1" --k "1 0; 0 1" --v "1 2; 3 4"

attn compute --text "The cat is sitting on the mat." --heads 2 --causal

attn compute --input run.npz --show-work "weights[0,1]"

attn compute --q q.npy --k k.npy --v v.npy --quiet > output.txt
"""


@guarded
@takes(
    ArrayOptions,
    SizeOptions,
    AttentionOptions,
    PositionOptions,
    MaskOptions,
    AlgorithmOptions,
    DisplayOptions,
    OutputOptions,
    LanguageOptions,
)
def compute(
    arrays: ArrayOptions,
    sizes: SizeOptions,
    attention: AttentionOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    algorithm: AlgorithmOptions,
    display: DisplayOptions,
    output: OutputOptions,
    language: LanguageOptions,
) -> None:
    """Read the arrays, write the program down, read its numbers, show them."""
    from attn_cli.cli.computing import computed
    from attn_cli.cli.gather import gathered
    from attn_cli.cli.showing import check_output, show
    from attn_cli.cli.speaking import speak

    speak(language)
    check_output(output, display)
    if algorithm.decode:
        masks = masks._replace(causal=True)
    request = gathered(arrays, sizes, attention, positions, masks, algorithm)
    if algorithm.decode:
        from attn_cli.cli.decoding import last_row

        request = last_row(request)
    show(computed(request, display, output), display, output)
