"""`attn reconcile`: which convention of counting gives a number."""

from __future__ import annotations

from attn_cli.cli.options import RECONCILED, Typed, with_options

HELP = (
    "Name the convention behind a number of FLOPs, bytes or parameters.\n\n"
    "Give the number and the sizes of complexity; every combination of conventions is counted."
)

EXAMPLES = (
    "attn reconcile --flops 301989888 --n 128 --d 768 --heads 12",
    "attn reconcile --bytes 131072 --n 512 --d 64",
    "attn reconcile --params 7077888 --n 1 --d 768 --heads 12",
)

USED = (
    "flops",
    "bytes",
    "params",
    "n",
    "m",
    "d",
    "heads",
    "kv_heads",
    "layers",
    "batch",
    "causal",
    "dtype",
)
"""Options that help shows first."""


@with_options("reconcile")
def reconcile(typed: Typed) -> None:
    """Reconcile what was typed, and leave with 1 where no convention gives the number."""
    import typer

    from attn_cli.api.reconcile import reconciled
    from attn_cli.api.shown import check_export
    from attn_cli.arrays.writing import check_path
    from attn_cli.cli.gradients import show_result
    from attn_cli.cli.reading import arrays_and_choices, stdin
    from attn_cli.errors import Exit

    view, values = typed.view, dict(typed.values)
    check_path(view.save, "‹save›", (".json",), view.force)
    check_export(view.export, "‹export›", view.force)
    flops, bytes_, params = (values.pop(name, None) for name in RECONCILED)
    arrays, spec = arrays_and_choices(values)
    found = reconciled(arrays, spec, flops, bytes_, params, stdin())
    show_result(found, view)
    if not found.match:
        raise typer.Exit(int(Exit.NO))
