"""The options themselves, in groups; names and meanings are those of docs/compute.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

GIVEN = "Arrays (a file, - for standard input, or numbers like '1 0; 0 1')"
RANDOM = "Sizes of random arrays"
ATTENTION = "Attention"
MASKS = "Masks (True = may attend)"
DISPLAY = "Display"
OUT = "Output"

Array = str | None


def _array(text: str) -> typer.models.OptionInfo:
    return typer.Option(help=text, rich_help_panel=GIVEN, metavar="ARRAY")


def _size(text: str) -> typer.models.OptionInfo:
    return typer.Option(help=text, rich_help_panel=RANDOM, min=1)


class ArrayOptions(NamedTuple):
    """Arrays that are given."""

    q: Annotated[Array, _array("Queries (n, d), (batch, n, d) or (batch, heads, n, d).")] = None
    k: Annotated[Array, _array("Keys (m, d), shaped like the queries.")] = None
    v: Annotated[Array, _array("Values (m, d_v), one row for each key.")] = None
    x: Annotated[Array, _array("Rows that queries, keys and values are made from.")] = None
    context: Annotated[Array, _array("Rows for keys and values, when not those of --x.")] = None
    w_q: Annotated[Array, _array("W_Q: makes queries from --x.")] = None
    w_k: Annotated[Array, _array("W_K: makes keys.")] = None
    w_v: Annotated[Array, _array("W_V: makes values.")] = None
    w_o: Annotated[Array, _array("W_O: mixes the joined heads.")] = None
    bias: Annotated[Array, _array("Added to the scores; 1 to 4 axes.")] = None
    past_k: Annotated[Array, _array("Keys from earlier calls (a cache).")] = None
    past_v: Annotated[Array, _array("Values from earlier calls.")] = None
    input: Annotated[
        str | None,
        typer.Option(
            help="Several arrays by name: .npz, .json, .safetensors, or -.",
            rich_help_panel=GIVEN,
            metavar="FILE",
        ),
    ] = None
    text: Annotated[
        str | None,
        typer.Option(help="A sentence: one random vector for each word.", rich_help_panel=GIVEN),
    ] = None
    context_text: Annotated[
        str | None,
        typer.Option(help="Another sentence, for keys and values.", rich_help_panel=GIVEN),
    ] = None


class SizeOptions(NamedTuple):
    """Sizes of what is not given, and their numbers."""

    n: Annotated[int | None, _size("Queries.")] = None
    m: Annotated[int | None, _size("Keys.")] = None
    d: Annotated[int | None, _size("Width of queries and keys, over all heads; of --text.")] = None
    dv: Annotated[int | None, _size("Width of values, over all heads.")] = None
    batch: Annotated[int | None, _size("Batch rows.")] = None
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of random numbers. [default: 0]", rich_help_panel=RANDOM, min=0),
    ] = None


class AttentionOptions(NamedTuple):
    """Which attention."""

    mode: Annotated[
        str | None,
        typer.Option(
            help="How queries meet keys: scaled, dot. [default: scaled]", rich_help_panel=ATTENTION
        ),
    ] = None
    heads: Annotated[
        int | None,
        typer.Option(help="Split the last axis into heads.", rich_help_panel=ATTENTION, min=1),
    ] = None
    kv_heads: Annotated[
        int | None,
        typer.Option(
            help="Key heads, each shared by a run of heads.", rich_help_panel=ATTENTION, min=1
        ),
    ] = None
    scale: Annotated[
        float | None,
        typer.Option(
            help="Factor on the scores. [default: 1/√d, dot: 1]", rich_help_panel=ATTENTION
        ),
    ] = None
    softcap: Annotated[
        float | None,
        typer.Option(
            help="Keep scores between -C and C: C·tanh(score/C).",
            rich_help_panel=ATTENTION,
            metavar="C",
        ),
    ] = None
    dtype: Annotated[
        str | None,
        typer.Option(
            help="float64, float32 or float16. [default: as given]", rich_help_panel=ATTENTION
        ),
    ] = None


class MaskOptions(NamedTuple):
    """Which pairs may attend; several are combined with and."""

    mask: Annotated[
        str | None,
        typer.Option(
            help="Booleans, or 1 and 0; 1 to 4 axes.", rich_help_panel=MASKS, metavar="ARRAY"
        ),
    ] = None
    causal: Annotated[
        bool, typer.Option("--causal", help="Key j only for queries i ≥ j.", rich_help_panel=MASKS)
    ] = False
    offset: Annotated[
        int | None,
        typer.Option(help="Causal: key j ≤ query i + offset.", rich_help_panel=MASKS),
    ] = None
    align: Annotated[
        str | None,
        typer.Option(
            help="top-left (offset 0) or bottom-right (offset m - n).", rich_help_panel=MASKS
        ),
    ] = None
    lengths: Annotated[
        str | None,
        typer.Option(
            help="Real keys in each batch row, the rest is padding: 5,3.", rich_help_panel=MASKS
        ),
    ] = None


class DisplayOptions(NamedTuple):
    """What is shown."""

    only: Annotated[
        str | None,
        typer.Option(
            help="Show, save or print one step alone.", rich_help_panel=DISPLAY, metavar="STEP"
        ),
    ] = None
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="Show from this step on.", rich_help_panel=DISPLAY, metavar="STEP"
        ),
    ] = None
    step: Annotated[
        bool,
        typer.Option(
            "--step",
            help="Wait for a key after each step (on a terminal).",
            rich_help_panel=DISPLAY,
        ),
    ] = False
    show_work: Annotated[
        str | None,
        typer.Option(
            help="Work one number out: weights[0,1].", rich_help_panel=DISPLAY, metavar="CELL"
        ),
    ] = None
    head: Annotated[
        int | None, typer.Option(help="Show this head.", rich_help_panel=DISPLAY, min=0)
    ] = None
    batch_index: Annotated[
        int, typer.Option(help="Show this batch row.", rich_help_panel=DISPLAY, min=0)
    ] = 0
    precision: Annotated[
        int, typer.Option(help="Decimals shown.", rich_help_panel=DISPLAY, min=0, max=17)
    ] = 4
    everything: Annotated[
        bool,
        typer.Option("--all", help="Leave nothing out of large arrays.", rich_help_panel=DISPLAY),
    ] = False
    plain: Annotated[
        bool,
        typer.Option(
            "--plain",
            help="No colour, no signs beyond ASCII, one table after another.",
            rich_help_panel=DISPLAY,
        ),
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", help="The output matrix alone.", rich_help_panel=DISPLAY)
    ] = False


class OutputOptions(NamedTuple):
    """Where results go beside the terminal."""

    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON document on standard output.", rich_help_panel=OUT),
    ] = False
    save: Annotated[
        Path | None,
        typer.Option(
            help="Every array by its step's name: .npz or .json.",
            rich_help_panel=OUT,
            metavar="FILE",
        ),
    ] = None
    export: Annotated[
        Path | None,
        typer.Option(
            help="What is shown, as .html .svg .md .txt .tex.", rich_help_panel=OUT, metavar="FILE"
        ),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Write over existing files.", rich_help_panel=OUT)
    ] = False
