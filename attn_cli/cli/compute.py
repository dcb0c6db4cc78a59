"""`attn compute`: attention step by step on the user's own numbers."""

from __future__ import annotations

from attn_cli.cli.coding import refuse_beside_code, show_code
from attn_cli.cli.exactly import asks_for_exact, show_exact
from attn_cli.cli.options import Typed, with_options

HELP = (
    "Show every step of attention on real numbers.\n\n"
    "Give q, k and v; or rows x, or a --text, that matrices turn into them; or nothing, for small "
    "random arrays."
)

EXAMPLES = (
    'attn compute --q "1 0; 0 1" --k "1 0; 0 1" --v "1 2; 3 4"',
    'attn compute --text "The cat is sitting on the mat." --heads 2 --causal',
    'attn compute --input run.npz --show-work "weights[0,1]"',
    "attn compute --q q.npy --k k.npy --v v.npy --quiet > output.txt",
)

USED = (
    "q",
    "k",
    "v",
    "text",
    "mode",
    "heads",
    "causal",
    "mask",
    "normalizer",
    "n",
    "d",
    "steps",
    "show_work",
    "save",
)
"""Options that help shows first."""


@with_options("compute")
def compute(typed: Typed) -> None:
    """Compute what was typed, and show it."""
    from attn_cli.api.compute import computed
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, stdin
    from attn_cli.cli.showing import check_output, kept_look, show_run

    refuse_beside_code(typed.view)
    check_output(typed.view)
    if asks_for_exact(typed.view):
        show_exact(dict(typed.values), typed.view)
        return
    arrays, spec = arrays_and_choices(typed.values)
    run = computed(arrays, spec, kept_look(typed.view), stdin(), progress)
    if typed.view.code is not None:
        show_code(run, typed)
        return
    show_run(run, typed.view)
