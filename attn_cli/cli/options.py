"""The options themselves, in groups; docs/compute.md lists them from here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from attn_cli.mechanisms import DEFAULT, MECHANISMS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.mechanisms.normalizers import NORMALIZERS

DECIMALS = 4
NORMALIZER_NAMES = ", ".join(one.name for one in NORMALIZERS)
BIAS_NAMES = ", ".join(kind.name for kind in BIASES)
MODES = ", ".join(mechanism.name for mechanism in MECHANISMS)


def of_panel(panel: str, text: str, *names: str, **more: Any) -> Any:
    """An option of a panel; its name is the field's unless given."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def fraction(text: str) -> float:
    """Read a number or a fraction such as 1/8."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"{text!r} is no number and no fraction.") from None


_array = partial(
    of_panel, "Arrays (a file, - for standard input, or numbers like '1 0; 0 1')", metavar="ARRAY"
)
_size = partial(of_panel, "Sizes of random arrays", min=1, metavar="N")
_attention = partial(of_panel, "Attention")
_algorithm = partial(of_panel, "Algorithm (the same numbers in other steps)", metavar="N")
_positions = partial(of_panel, "Positions")
_mask = partial(of_panel, "Masks (True = may attend)")
_display = partial(of_panel, "Display")
_out = partial(of_panel, "Output")

Array = str | None


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
    bias: Annotated[Array, _array(f"Added to the scores: {BIAS_NAMES}, or 1 to 4 axes.")] = None
    past_k: Annotated[Array, _array("Keys from earlier calls (a cache).")] = None
    past_v: Annotated[Array, _array("Values from earlier calls.")] = None
    param: Annotated[
        list[str] | None,
        of_panel(_array.args[0], "An array of the mode's or the bias's own.", metavar="NAME=ARRAY"),
    ] = None
    input: Annotated[
        str | None,
        of_panel(
            _array.args[0], "Several arrays by name: .npz, .json, .safetensors.", metavar="FILE"
        ),
    ] = None
    layout: Annotated[
        str | None,
        of_panel(
            _array.args[0],
            "How 3-D and 4-D arrays lie: bhsd (torch), bshd (jax, flash), sbe, thd (varlen).",
            metavar="NAME",
        ),
    ] = None
    weights_layout: Annotated[
        str | None,
        of_panel(
            _array.args[0], "W_Q … W_O as in-out (X W) or out-in (torch's Linear).", metavar="NAME"
        ),
    ] = None
    text: Annotated[
        str | None,
        of_panel(_array.args[0], "A sentence: one random vector for each word.", metavar="WORDS"),
    ] = None
    context_text: Annotated[
        str | None,
        of_panel(_array.args[0], "Another sentence, for keys and values.", metavar="WORDS"),
    ] = None


class SizeOptions(NamedTuple):
    """Sizes of what is not given, and their numbers."""

    n: Annotated[int | None, _size("Queries (default 4).")] = None
    m: Annotated[int | None, _size("Keys (default as many as queries).")] = None
    d: Annotated[
        int | None, _size("Width of queries and keys, all heads together (default 4 a head).")
    ] = None
    dv: Annotated[int | None, _size("Width of values, all heads together (default as --d).")] = None
    latent: Annotated[
        int | None, _size("Width of the latent row of mla (default 4 head widths).")
    ] = None
    batch: Annotated[int | None, _size("Batch rows (default no batch axis).")] = None
    seed: Annotated[
        int | None, of_panel(_size.args[0], "Seed (default 0).", min=0, metavar="N")
    ] = None


class AttentionOptions(NamedTuple):
    """Which attention."""

    mode: Annotated[
        str | None, _attention(f"How queries meet keys: {MODES} (default {DEFAULT}).")
    ] = None
    heads: Annotated[
        int | None, _attention("Split the last axis into heads.", min=1, metavar="N")
    ] = None
    kv_heads: Annotated[
        int | None, _attention("Key heads, each for a run of heads.", min=1, metavar="N")
    ] = None
    scale: Annotated[
        float | None,
        _attention(
            "Factor on the scores (default 1/√d; dot 1).", parser=fraction, metavar="NUMBER"
        ),
    ] = None
    softcap: Annotated[
        float | None,
        _attention("Keep scores between -C and C: C·tanh(score/C).", parser=fraction, metavar="C"),
    ] = None
    local: Annotated[
        str | None,
        _attention("m: a window around each query; p: around a place it predicts.", metavar="m|p"),
    ] = None
    local_d: Annotated[
        int | None, _attention("Keys on either side of it.", min=1, max=2**20, metavar="D")
    ] = None
    normalizer: Annotated[
        str | None, _attention(f"From scores to weights: {NORMALIZER_NAMES} (default softmax).")
    ] = None
    temperature: Annotated[
        float | None,
        _attention("Divide scores by T before they become weights.", parser=fraction, metavar="T"),
    ] = None
    alpha: Annotated[
        float | None,
        _attention("Power of entmax (default 3/2).", parser=fraction, metavar="NUMBER"),
    ] = None
    activation: Annotated[
        str | None, _attention("Φ of fc modes: identity (default), tanh, relu, sigmoid.")
    ] = None
    dtype: Annotated[str | None, _attention("float64, float32 or float16 (default as given).")] = (
        None
    )


class AlgorithmOptions(NamedTuple):
    """In which steps it is computed; the numbers are the same."""

    query_index: Annotated[
        int | None,
        _algorithm("One query alone, number by number: products, sums, copies.", min=0),
    ] = None
    block_size: Annotated[
        int | None, _algorithm("Online softmax: over N keys at a time.", min=1)
    ] = None
    decode: Annotated[
        bool,
        of_panel(_algorithm.args[0], "The last row alone, with a cache of all before.", "--decode"),
    ] = False


class PositionOptions(NamedTuple):
    """How positions enter, beside masks and biases."""

    rope: Annotated[
        str | None,
        _positions("Turn queries and keys by position: half-split.", metavar="[interleaved]"),
    ] = None
    rope_base: Annotated[
        float | None, _positions("Base of the angles (default 10000).", metavar="NUMBER")
    ] = None
    positions: Annotated[
        str | None, _positions("sinusoidal: waves of the position, added to --x.", metavar="NAME")
    ] = None


class MaskOptions(NamedTuple):
    """Which pairs may attend; several are combined with and."""

    mask: Annotated[
        str | None,
        _mask(
            "'causal & window(3) | global(0)', or an array of True and False.", metavar="EXPR|ARRAY"
        ),
    ] = None
    causal: Annotated[bool, _mask("Key j only for queries i ≥ j.", "--causal")] = False
    offset: Annotated[int | None, _mask("Query i stands at position i + N.", metavar="N")] = None
    align: Annotated[
        str | None, _mask("top-left (offset 0), bottom-right (m - n, or each length - n).")
    ] = None
    window: Annotated[
        str | None, _mask("The last N keys, the query's own included.", metavar="N")
    ] = None
    left: Annotated[str | None, _mask("At most N keys before a query's own.", metavar="N")] = None
    right: Annotated[str | None, _mask("At most N keys after a query's own.", metavar="N")] = None
    lengths: Annotated[
        str | None,
        _mask("Real keys of each batch row, as 5,3; the rest is padding.", metavar="N,N"),
    ] = None
    prefix: Annotated[
        str | None, _mask("The first N keys for all, causal beyond.", metavar="N")
    ] = None
    block: Annotated[str | None, _mask("The keys of a query's own block of N.", metavar="N")] = None
    dilation: Annotated[str | None, _mask("Keys at distances that N divides.", metavar="N")] = None
    stride: Annotated[str | None, _mask("The last N keys, and every N-th before.", metavar="N")] = (
        None
    )
    global_tokens: Annotated[
        str | None,
        _mask("Tokens that attend all and are attended by all.", "--global", metavar="N,N"),
    ] = None
    documents: Annotated[
        str | None,
        _mask("The document of each key, as 0,0,1; each sees its own.", metavar="N,N"),
    ] = None


class LanguageOptions(NamedTuple):
    """In which language."""

    lang: Annotated[
        str | None,
        of_panel("Language", "en or zh: meanings, notices, explanations.", metavar="en|zh"),
    ] = None


class DisplayOptions(NamedTuple):
    """What is shown."""

    only: Annotated[
        str | None, _display("One step alone, shown, saved or printed.", metavar="STEP")
    ] = None
    start: Annotated[str | None, _display("Show from this step on.", "--from", metavar="STEP")] = (
        None
    )
    step: Annotated[bool, _display("Wait for a key after each step (on a terminal).", "--step")] = (
        False
    )
    show_work: Annotated[
        str | None, _display("Work one number out: weights[0,1].", metavar="CELL")
    ] = None
    head: Annotated[int | None, _display("Show this head.", min=0, metavar="N")] = None
    batch_index: Annotated[int, _display("Show this batch row.", min=0, metavar="N")] = 0
    precision: Annotated[
        int | None, _display("Decimals (default 4; --quiet: all).", min=0, max=17, metavar="N")
    ] = None
    everything: Annotated[bool, _display("Leave nothing out of large arrays.", "--all")] = False
    plain: Annotated[
        bool, _display("No colour, ASCII alone, one table after another.", "--plain")
    ] = False
    quiet: Annotated[bool, _display("The output matrix alone.", "--quiet")] = False


class OutputOptions(NamedTuple):
    """Where results go beside the terminal."""

    json: Annotated[bool, _out("One JSON document on standard output.", "--json")] = False
    save: Annotated[
        Path | None, _out("Every array by its step's name: .npz or .json.", metavar="FILE")
    ] = None
    export: Annotated[
        Path | None, _out("What is shown, as .html .svg .md .txt .tex.", metavar="FILE")
    ] = None
    force: Annotated[bool, _out("Write over existing files.", "--force")] = False
