"""`attn complexity`: the cost of attention, as formulas and as numbers."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from attn_cli.cli.groups import takes
from attn_cli.cli.options import PlainOptions, ReportOptions, of_panel
from attn_cli.cli.streams import guarded

HELP = (
    "Derive FLOPs, memory and orders of growth, step by step.\n\n"
    "A size is a whole number; left out, or given as a name, it stays a letter in the formulas."
)

EXAMPLES = """Examples:

attn complexity --n 512 --d 64

attn complexity --n 4096 --d d --heads 8 --causal

attn complexity --n 1 --m 4096 --d 1024 --heads 16 --kv-heads 4
"""

SIZES = "Sizes"
Size = str | None


class SizeOptions(NamedTuple):
    """Sizes, each a whole number or a name."""

    n: Annotated[Size, of_panel(SIZES, "Queries, new tokens.", metavar="SIZE")] = None
    m: Annotated[
        Size, of_panel(SIZES, "Keys (default n); above n, the rest is cached.", metavar="SIZE")
    ] = None
    d: Annotated[Size, of_panel(SIZES, "Width of the model, all heads.", metavar="SIZE")] = None
    dv: Annotated[
        Size, of_panel(SIZES, "Width of values, all heads (default d).", metavar="SIZE")
    ] = None
    heads: Annotated[Size, of_panel(SIZES, "Heads (default 1).", metavar="SIZE")] = None
    kv_heads: Annotated[
        Size, of_panel(SIZES, "Key heads (default as many as heads).", metavar="SIZE")
    ] = None
    head_dim: Annotated[
        Size, of_panel(SIZES, "Width of a head (default d / heads).", metavar="SIZE")
    ] = None
    d_model: Annotated[
        Size, of_panel(SIZES, "Width of the rows projected (default d).", metavar="SIZE")
    ] = None
    layers: Annotated[Size, of_panel(SIZES, "Layers (default 1).", metavar="SIZE")] = None
    batch: Annotated[Size, of_panel(SIZES, "Batch rows (default 1).", metavar="SIZE")] = None


KIND = "What is counted"


class CountOptions(NamedTuple):
    """What is counted."""

    mode: Annotated[str | None, of_panel(KIND, "scaled, dot (default scaled).")] = None
    causal: Annotated[
        bool, of_panel(KIND, "Only the pairs a causal mask keeps, exactly.", "--causal")
    ] = False
    offset: Annotated[
        int | None, of_panel(KIND, "Causal: key j ≤ query i + N.", metavar="N")
    ] = None
    align: Annotated[
        str | None, of_panel(KIND, "Causal: top-left, or bottom-right (a cache's own).")
    ] = None
    window: Annotated[
        Size,
        of_panel(KIND, "Each query sees this many keys, its own included.", metavar="SIZE"),
    ] = None
    cross: Annotated[
        bool, of_panel(KIND, "Keys and values come from m other rows.", "--cross")
    ] = False
    no_projections: Annotated[
        bool, of_panel(KIND, "Leave W_Q, W_K, W_V, W_O out.", "--no-projections")
    ] = False
    dtype: Annotated[
        str, of_panel(KIND, "float64, float32, float16, bfloat16 or float8.")
    ] = "float32"


@guarded
@takes(SizeOptions, CountOptions, ReportOptions, PlainOptions)
def complexity(
    sizes: SizeOptions, count: CountOptions, report: ReportOptions, plain: PlainOptions
) -> None:
    """Settle the sizes, read the program's cost, show it."""
    from attn_cli.cli.costing import costed, show_report
    from attn_cli.cli.output import check_files

    check_files(report)
    show_report(costed(sizes, count), report, plain)
