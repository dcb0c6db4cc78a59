"""`attn diagnose`: why numbers differ from those that were meant."""

from __future__ import annotations

from attn_cli.cli.options import DIAGNOSED, Typed, with_options

HELP = (
    "Say why your numbers differ: where, and which fault explains it.\n\n"
    "The inputs and choices of compute say what was meant; --expected is what your code gave."
)

EXAMPLES = (
    "attn diagnose --q q.npy --k k.npy --v v.npy --causal --expected out.npy",
    "attn diagnose --input run.npz --expected weights=w.npy --expected out.npy",
    'attn diagnose --q "1 0; 0 1" --k "1 0; 0 1" --v "1 2; 3 4" --expected "1.7311 2.7311; '
    '2.4621 3.4621"',
)

USED = (
    "expected",
    "expected_step",
    "q",
    "k",
    "v",
    "input",
    "mode",
    "heads",
    "causal",
    "mask",
    "layout",
    "rtol",
    "atol",
    "separate",
)
"""Options that help shows first."""


@with_options("diagnose")
def diagnose(typed: Typed) -> None:
    """Diagnose what was typed, show it, and leave with 1 where anything differs."""
    import typer

    from attn_cli.api.diagnose import diagnosed
    from attn_cli.api.shown import check_export
    from attn_cli.arrays.writing import check_path
    from attn_cli.cli import streams
    from attn_cli.cli.gradients import show_result
    from attn_cli.cli.reading import arrays_and_choices, stdin
    from attn_cli.errors import Exit
    from attn_cli.language import said

    view, values = typed.view, dict(typed.values)
    check_export(view.export, "‹export›", view.force)
    asked = {name: values.pop(name, None) for name in DIAGNOSED}
    separate = asked.pop("separate")
    check_path(separate, "‹separate›", (".npz",), view.force)
    arrays, spec = arrays_and_choices(values)
    found = diagnosed(arrays, spec, sources=stdin(), **asked)
    show_result(found, view)
    if separate is not None and len(found.hypotheses) < 2:
        streams.note(said("there are not several faults to be told apart; nothing is written."))
    elif separate is not None:
        found.save_separate(separate, force=view.force)
        streams.report(f"Saved {separate}")
    if not found.match:
        raise typer.Exit(int(Exit.NO))
