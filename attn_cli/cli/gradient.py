"""`attn gradient`: how a loss changes with every array, step by step back from the output."""

from __future__ import annotations

from attn_cli.cli.coding import refuse_beside_code, show_code
from attn_cli.cli.exactly import asks_for_exact, show_exact
from attn_cli.cli.options import Typed, with_options

HELP = (
    "Show the gradient of attention, step by step back from the output.\n\n"
    "Takes the arrays and choices of compute. The loss is the sum of the output, or what "
    "--d-output says."
)

EXAMPLES = (
    'attn gradient --q "1 0; 0 1" --k "1 0; 0 1" --v "1 2; 3 4" --check',
    'attn gradient --text "the cat sat" --heads 2 --d-output "output[sat,d0]"',
    'attn gradient --text "the cat sat" --jacobian output:x',
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
    "d_output",
    "check",
    "jacobian",
    "steps",
    "show_work",
)
"""Options that help shows first."""


@with_options("gradient")
def gradient(typed: Typed) -> None:
    """Differentiate what was typed, and show it."""
    from attn_cli.api.gradient import ONES, differentiated
    from attn_cli.cli.gradients import check_output, refuse_beside_jacobian, show_result
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, look_of, stdin

    view, values = typed.view, dict(typed.values)
    refuse_beside_code(view, jacobian=values.get("jacobian"))
    check_output(view)
    asked = values.pop("jacobian", None)
    if asked is not None:
        from attn_cli.api.jacobian import measured

        refuse_beside_jacobian(values, view)
        arrays, spec = arrays_and_choices(values)
        show_result(measured(arrays, spec, look_of(view), asked, stdin(), progress), view)
        return
    change = values.pop("d_output", ONES)
    if asks_for_exact(view):
        show_exact(values, view, change)
        return
    arrays, spec = arrays_and_choices(values)
    found = differentiated(arrays, spec, look_of(view), change, stdin())
    if view.code is not None:
        show_code(found, typed)
        return
    if view.check:
        found.check(progress)
    show_result(found, view)
