"""Every choice a person has, once: its type, its default, its range, its help, who takes it.

The options of the commands, the parameters of the library, the checks, the settings of a saved run
and the options pages of the docs follow from the fields of `Spec`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Self

from attn_cli.choices import Choice, Command, declared
from attn_cli.errors import AttnError, brief, one_slip_away
from attn_cli.spelling import choice

RUNS: tuple[Command, ...] = ("compute", "compare", "gradient", "train", "diagnose", "check")
"""Commands that compute with numbers."""

COSTS: tuple[Command, ...] = ("complexity", "reconcile")
"""Commands that count operations and bytes."""

ATTENDS: tuple[Command, ...] = (*RUNS, *COSTS)
"""Commands about a mechanism."""

SAMPLED = ("cat-mat", "alignment")
"""Names of the trained examples inside the package."""

Size = int | str | None
"""A whole number, or in a formula a letter."""

Counts = int | str | Sequence[int] | None
Names = str | Sequence[str] | None

_size = partial(declared, kind="size", group="Sizes", least=1, most=2**62, example="N")
_attention = partial(declared, kind="name", group="Attention")
_number = partial(declared, kind="number", group="Attention", example="NUMBER")
_steps = partial(declared, kind="count", group="Algorithm (the same numbers in other steps)")
_positions = partial(declared, kind="name", group="Positions")
_mask = partial(declared, kind="counts", group="Masks (True = may attend)", example="N")
_reading = partial(declared, kind="name", group="How arrays are read")
_counted = partial(declared, kind="flag", group="What is counted")
_beside = partial(declared, kind="text", group="More to see")
_ways = partial(declared, kind="names", group="Ways", example="NAME,NAME")
_form = partial(declared, kind="name", group="Forms of libraries", example="FORM")


@dataclass(frozen=True, repr=False, eq=False, match_args=False)
class Spec:
    """What a person may choose; None where nothing is said.

    Raises AttnError, naming the field, for a value of another type or outside its range.
    """

    n: Size = _size(
        "Queries (default 4).",
        complexity="Queries, new tokens.",
        mask="Queries (default 6).",
    )
    m: Size = _size(
        "Keys (default as many as queries).",
        complexity="Keys (default n); above n, the rest is cached.",
    )
    d: Size = _size(
        "Width of queries and keys, all heads together (default 4 a head).",
        *ATTENDS,
        complexity="Width of the model, all heads.",
    )
    dv: Size = _size("Width of values, all heads together (default as ‹d›).", *ATTENDS)
    heads: Size = _size(
        "Split the last axis into heads.", complexity="Heads (default 1).", mask="Heads."
    )
    kv_heads: Size = _size("Key heads, each for a run of heads.", *ATTENDS)
    head_dim: Size = _size("Width of a head (default d / heads).", *COSTS)
    d_model: Size = _size("Width of the rows projected (default d).", *COSTS)
    latent: Size = _size("Width of mla's latent row (default 4 head widths).", *ATTENDS)
    layers: Size = _size("Layers (default 1).", *COSTS)
    batch: Size = _size("Batch rows.")
    seed: int | None = _size("Seed of random numbers (default 0).", *RUNS, kind="count", least=0)

    mode: str | None = _attention("How queries meet keys: {modes} (default scaled).", *ATTENDS)
    scale: float | None = _number(
        "Factor on the scores, as 0.5, 1/8 or 1/√12 (default 1/√d; dot 1).", *ATTENDS
    )
    softcap: float | None = _number(
        "Keep scores between -C and C: C·tanh(score/C).", *ATTENDS, above=0, example="C"
    )
    normalizer: str | None = _attention(
        "From scores to weights: {normalizers} (default softmax).", *ATTENDS
    )
    temperature: float | None = _number(
        "Divide scores by T before they become weights.", *ATTENDS, above=0, example="T"
    )
    alpha: float | None = _number("Power of entmax (default 3/2).", *ATTENDS, above=1, most=16)
    local: str | None = _attention(
        "m: a window around each query; p: around a place it predicts.",
        *ATTENDS,
        names=("m", "p"),
        example="m|p",
    )
    local_d: int | None = _attention(
        "Keys on either side of it.", *ATTENDS, kind="count", least=1, most=2**20, example="D"
    )
    activation: str | None = _attention(
        "Φ of fc modes: identity (default), tanh, relu, sigmoid.",
        *ATTENDS,
        names=("identity", "tanh", "relu", "sigmoid"),
    )
    dtype: str | None = _attention(
        "float64, float32, float16 or bfloat16 (default as given).",
        *ATTENDS,
        complexity="float64, float32, float16, bfloat16 or float8 (default float32, or the "
        "config's).",
    )

    residual: bool = _attention(
        "Add the rows x to the output, as a Transformer layer does.", *RUNS, kind="flag"
    )
    norm: str | None = _attention(
        "Layer normalization: pre (of the rows before attention) or post (at the end).",
        *RUNS,
        names=("pre", "post"),
        example="pre|post",
    )

    query_index: int | None = _steps(
        "One query alone, number by number: products, sums, copies.",
        "compute",
        least=0,
        example="N",
    )
    block_size: int | None = _steps(
        "Online softmax: over N keys at a time.", "compute", "complexity", least=1, example="N"
    )
    decode: bool = _steps(
        "The last row alone, with a cache of all before.", "compute", "complexity", kind="flag"
    )

    bias: str | None = _positions(
        "A bias by its name: {biases}.", mask="A bias with it, for ‹heads›: {biases}."
    )
    rope: str | None = _positions(
        "Turn queries and keys by position: half-split.", *ATTENDS, example="[interleaved]"
    )
    rope_base: float | None = _positions(
        "Base of the angles (default 10000).", *RUNS, kind="number", above=1, example="NUMBER"
    )
    positions: str | None = _positions(
        "sinusoidal: waves of the position, added to the rows.", *ATTENDS, names=("sinusoidal",)
    )

    mask: str | None = _mask(
        "'causal & window(3) | global(0)', or an array of True and False.",
        kind="text",
        example="EXPR|ARRAY",
    )
    causal: bool = _mask("Each query sees itself and earlier keys (j ≤ i).", kind="flag")
    offset: int | None = _mask("Query i stands at position i + N.", kind="count")
    align: str | None = _mask(
        "top-left (offset 0), bottom-right (m - n, or each length - n).",
        kind="name",
        names=("top-left", "bottom-right"),
    )
    window: Counts = _mask("The last N keys, the query's own included.")
    left: Counts = _mask("At most N keys before a query's own.")
    right: Counts = _mask("At most N keys after a query's own.")
    lengths: Counts = _mask(
        "Real keys of each batch row, as 5,3; the rest is padding.", example="N,N"
    )
    prefix: Counts = _mask("The first N keys for all, causal beyond.")
    block: Counts = _mask("The keys of a query's own block of N.")
    dilation: Counts = _mask("Keys at distances that N divides.")
    stride: Counts = _mask("The last N keys, and every N-th before.")
    global_tokens: Counts = _mask("Tokens that attend all and are attended by all.", example="N,N")
    documents: Counts = _mask(
        "The document of each key, as 0,0,1; each sees its own.", example="N,N"
    )

    layout: str | None = _reading(
        "How 3-D and 4-D arrays lie: bhsd (torch), bshd (jax, flash), sbe, thd (varlen).", *RUNS
    )
    weights_layout: str | None = _reading(
        "W_Q … W_O as in-out (X W) or out-in (torch's Linear).", *RUNS
    )
    mask_axes: str | None = _reading(
        "Axes of an array given as ‹mask›: batch, heads, n, m by their letters.",
        *RUNS,
        *COSTS,
        "mask",
        names=("bm", "nm", "bnm", "hnm", "bhnm"),
        example="bnm|hnm|bm|nm",
    )
    qkv: str | None = _reading(
        "How a fused tensor is split: fused (Q, K, V one behind the other), interleaved (by head).",
        *RUNS,
        names=("fused", "interleaved"),
    )
    text: str | None = _reading(
        "A sentence: one random vector for each word.",
        *RUNS,
        "mask",
        kind="text",
        mask="A sentence: its words name queries and keys.",
        example="WORDS",
    )
    context_text: str | None = _reading(
        "Another sentence, for keys and values.", *RUNS, "mask", kind="text", example="WORDS"
    )

    labels: Names = _reading(
        "Words that name queries, and keys where they are the same rows.",
        *RUNS,
        "mask",
        kind="names",
        example="WORDS",
    )
    key_labels: Names = _reading(
        "Words that name keys.", *RUNS, "mask", kind="names", example="WORDS"
    )
    sample: str | None = _reading(
        "A trained example instead of arrays: {samples}.", *RUNS, names=SAMPLED
    )

    cross: bool = _counted("Keys and values come from m other rows.", "complexity")
    no_projections: bool = _counted("Leave W_Q, W_K, W_V, W_O out.", "complexity")
    tile: int | None = _counted(
        "Block-sparse: all of each N×N tile that keeps a pair.",
        "complexity",
        "mask",
        mask="Count tiles of N×N that keep a pair.",
        kind="count",
        least=1,
        most=2**29,
        example="N",
    )
    kv_dtype: str | None = _counted(
        "Type of a model's cache (default: as ‹dtype›).", "complexity", kind="name"
    )

    compare: Names = _beside(
        "Modes or head layouts: mha, gqa, mqa, mla.",
        "complexity",
        kind="names",
        example="NAME,NAME",
    )
    backward: bool = _beside(
        "The gradient too: its steps, and what is kept for it.", "complexity", kind="flag"
    )
    sweep: str | None = _beside(
        "One size doubled over a range: n=128:65536.", "complexity", example="SIZE=FROM:TO"
    )
    config: str | None = _beside(
        "A model's config.json; ‹m› is the context, ‹n› the new tokens.",
        "complexity",
        example="FILE",
    )
    hardware: str | None = _beside(
        "Least time on a machine: a100, h100 and others.", "complexity", kind="name"
    )
    peak: float | None = _beside(
        "Your machine's operations a second, as 1e12.",
        "complexity",
        kind="number",
        least=1,
        example="NUMBER",
    )
    bandwidth: float | None = _beside(
        "Your machine's bytes a second, as 1e11.",
        "complexity",
        kind="number",
        least=1,
        example="NUMBER",
    )
    diff: str | None = _beside(
        "Show pairs that only one of two masks keeps.", "mask", example="EXPR"
    )

    as_form: str | None = _form("Show and save it as {forms}.", "mask")
    is_form: str | None = _form("What ‹import_file› holds: one of the same forms.", "mask")

    modes: Names = _ways("Modes.", "compare")
    normalizers: Names = _ways("Normalizers.", "compare")
    masks: Names = _ways("Masks, each an expression; or none.", "compare", example="EXPR,EXPR")
    layouts: Names = _ways("Head layouts: mha, gqa, mqa; with ‹heads›.", "compare")

    def __post_init__(self) -> None:
        """Check every field."""
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value is not False:
                object.__setattr__(self, name, known.checked(name, value))

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return isinstance(other, Spec) and self.said() == other.said()

    def __hash__(self) -> int:
        """Of what is said."""
        return hash(tuple(self.said().items()))

    def __repr__(self) -> str:
        """The choices that are made: Spec(n=3, causal=True)."""
        return f"Spec({', '.join(f'{name}={one!r}' for name, one in self.said().items())})"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A record of these choices.

        Raises AttnError for a name that is none, with the nearest that is.
        """
        for name in values:
            if name not in CHOICES:
                near = one_slip_away(name, CHOICES)
                hint = f" Did you mean {near}?" if near else ""
                raise AttnError(f"There is no parameter {name}.{hint}")
        return cls(**values)

    def said(self) -> dict[str, Any]:
        """The choices that are made, by name."""
        return {
            name: value
            for name in CHOICES
            if (value := getattr(self, name)) is not None and value is not False
        }

    def but(self, **changes: Any) -> Self:
        """The same with other choices.

        Raises AttnError for a name that is none.
        """
        return self.of({**self.said(), **changes})

    def under(self, saved: Mapping[str, Any]) -> Self:
        """The same, and saved choices where nothing else is said."""
        return self.of({**saved, **self.said()})


CHOICES: dict[str, Choice] = {one.name: one.metadata["choice"] for one in fields(Spec)}
"""Every choice by its name, in the order of the help."""


MASKS = tuple(name for name, one in CHOICES.items() if one.group == CHOICES["causal"].group)
"""The choices of which a mask is made."""


def whole(spec: Spec, name: str) -> int | None:
    """A size as a number.

    Raises AttnError for a letter, which only formulas have.
    """
    given = getattr(spec, name)
    if isinstance(given, str):
        raise AttnError(f"{choice(name)}: {brief(given)!r} is not a whole number.")
    return None if given is None else int(given)


def refuse_other(spec: Spec, command: Command) -> None:
    """Raise AttnError for a choice that a command has no use for."""
    for name in spec.said():
        if command not in CHOICES[name].takes:
            raise AttnError(f"{choice(name)} is not for {command}.")


def taken_by(command: Command) -> dict[str, Choice]:
    """The choices that a command has."""
    return {name: known for name, known in CHOICES.items() if command in known.takes}
