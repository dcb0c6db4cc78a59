"""`attn complexity`: the cost of attention, as formulas and as numbers."""

from __future__ import annotations

from attn_cli.cli.options import Typed, with_options

HELP = (
    "Derive FLOPs, memory and orders of growth, step by step.\n\n"
    "A size is a whole number; left out, or given as a name, it stays a letter in the formulas."
)

EXAMPLES = (
    "attn complexity --n 512 --d 64",
    "attn complexity --n 4096 --d d --heads 8 --causal",
    "attn complexity --n 1 --m 4096 --d 1024 --heads 16 --kv-heads 4",
)

USED = (
    "n",
    "m",
    "d",
    "heads",
    "kv_heads",
    "causal",
    "mode",
    "dtype",
    "sweep",
    "compare",
    "config",
    "details",
)
"""Options that help shows first."""


@with_options("complexity")
def complexity(typed: Typed) -> None:
    """Count what was typed, and show it."""
    from attn_cli.api.complexity import counted
    from attn_cli.cli.costs import check_output, show_cost
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, stdin

    arrays, spec = arrays_and_choices(typed.values)
    check_output(typed.view, spec)
    show_cost(counted(arrays, spec, stdin, progress), typed.view)
