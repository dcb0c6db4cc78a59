"""`attn complexity`: the cost of attention, as formulas and as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from attn_cli.cli.groups import takes
from attn_cli.cli.options import (
    BIAS_NAMES,
    MODES,
    NORMALIZER_NAMES,
    LanguageOptions,
    MaskOptions,
    fraction,
    of_panel,
)
from attn_cli.cli.streams import guarded
from attn_cli.mechanisms import DEFAULT

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
    latent: Annotated[
        Size, of_panel(SIZES, "Width of mla's latent row (default 4 d / heads).", metavar="SIZE")
    ] = None
    layers: Annotated[Size, of_panel(SIZES, "Layers (default 1).", metavar="SIZE")] = None
    batch: Annotated[Size, of_panel(SIZES, "Batch rows (default 1).", metavar="SIZE")] = None


KIND = "What is counted"
MOST_TILE = 2**29


class CountOptions(NamedTuple):
    """What is counted."""

    mode: Annotated[str | None, of_panel(KIND, f"{MODES} (default {DEFAULT}).")] = None
    cross: Annotated[bool, of_panel(KIND, "Keys and values come from m other rows.", "--cross")] = (
        False
    )
    no_projections: Annotated[
        bool, of_panel(KIND, "Leave W_Q, W_K, W_V, W_O out.", "--no-projections")
    ] = False
    tile: Annotated[
        int | None,
        of_panel(
            KIND,
            "Block-sparse: all of each N×N tile that keeps a pair.",
            min=1,
            max=MOST_TILE,
            metavar="N",
        ),
    ] = None
    normalizer: Annotated[str | None, of_panel(KIND, f"{NORMALIZER_NAMES} (default softmax).")] = (
        None
    )
    temperature: Annotated[
        float | None, of_panel(KIND, "Scores are divided by T.", parser=fraction, metavar="T")
    ] = None
    alpha: Annotated[
        float | None,
        of_panel(KIND, "Power of entmax (default 3/2).", parser=fraction, metavar="NUMBER"),
    ] = None
    local: Annotated[
        str | None,
        of_panel(KIND, "m: a window around a query; p: around a predicted place.", metavar="m|p"),
    ] = None
    local_d: Annotated[
        int | None, of_panel(KIND, "Keys on either side of it.", min=1, max=2**20, metavar="D")
    ] = None
    dtype: Annotated[
        str | None,
        of_panel(
            KIND,
            "float64, float32, float16, bfloat16 or float8 (default float32, or the config's).",
        ),
    ] = None
    kv_dtype: Annotated[
        str | None, of_panel(KIND, "Type of a model's cache (default: as --dtype).")
    ] = None


PLACES = "Positions"


class PositionOptions(NamedTuple):
    """How positions enter, beside masks."""

    bias: Annotated[
        str | None, of_panel(PLACES, f"A bias by its name: {BIAS_NAMES}.", metavar="NAME")
    ] = None
    rope: Annotated[
        str | None, of_panel(PLACES, "Turn queries and keys by position.", metavar="[interleaved]")
    ] = None
    positions: Annotated[
        str | None,
        of_panel(PLACES, "sinusoidal: waves of the position, added to the rows.", metavar="NAME"),
    ] = None


MORE = "More to see"


class MoreOptions(NamedTuple):
    """What is shown beside one cost."""

    compare: Annotated[
        str | None,
        of_panel(MORE, "Modes or head layouts: mha, gqa, mqa, mla.", metavar="NAME,NAME"),
    ] = None
    sweep: Annotated[
        str | None,
        of_panel(MORE, "One size doubled over a range: n=128:65536.", metavar="SIZE=FROM:TO"),
    ] = None
    plot: Annotated[
        bool, of_panel(MORE, "Draw the sweep on logarithmic axes (an extra).", "--plot")
    ] = False
    config: Annotated[
        Path | None,
        of_panel(
            MORE, "A model's config.json; --m is the context, --n the new tokens.", metavar="FILE"
        ),
    ] = None
    hardware: Annotated[
        str | None, of_panel(MORE, "Least time on a machine: a100, h100 and others.")
    ] = None
    peak: Annotated[
        float | None, of_panel(MORE, "Your machine's operations a second, as 1e12.", min=1)
    ] = None
    bandwidth: Annotated[
        float | None, of_panel(MORE, "Your machine's bytes a second, as 1e11.", min=1)
    ] = None


OUT = "Output"


class ReportOptions(NamedTuple):
    """Where the report goes."""

    json: Annotated[bool, of_panel(OUT, "One JSON document on standard output.", "--json")] = False
    latex: Annotated[bool, of_panel(OUT, "The steps as a LaTeX table.", "--latex")] = False
    export: Annotated[
        Path | None,
        of_panel(OUT, "What is shown, as .html .svg .md .txt .tex.", metavar="FILE"),
    ] = None
    save: Annotated[
        Path | None, of_panel(OUT, "The sweep as comma-separated values: .csv.", metavar="FILE")
    ] = None
    force: Annotated[bool, of_panel(OUT, "Write over existing files.", "--force")] = False
    plain: Annotated[bool, of_panel(OUT, "No colour, ASCII alone.", "--plain")] = False


@guarded
@takes(
    SizeOptions,
    CountOptions,
    PositionOptions,
    MaskOptions,
    MoreOptions,
    ReportOptions,
    LanguageOptions,
)
def complexity(
    sizes: SizeOptions,
    count: CountOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    more: MoreOptions,
    report: ReportOptions,
    language: LanguageOptions,
) -> None:
    """Settle the sizes, read the program's cost, show it."""
    from attn_cli.cli.costing import costs_of, model_of, show_costs, show_model
    from attn_cli.cli.output import EXPORTED
    from attn_cli.cli.paths import check_path
    from attn_cli.cli.speaking import speak

    speak(language)
    check_path(report.export, "--export", EXPORTED, report.force)
    check_path(report.save, "--save", (".csv",), report.force)
    if more.config is not None:
        show_model(model_of(sizes, count, positions, masks, more, report), report)
    else:
        show_costs(costs_of(sizes, count, positions, masks, more, report), report)
