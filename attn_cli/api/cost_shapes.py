"""From choices to a shape: sizes that go together, and what a mask keeps of their pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attn_cli.api.attention import choices_of, refuse_untaken, with_algorithm, with_local
from attn_cli.api.looking import Progress, silent
from attn_cli.api.mask_choices import MaskChoices, mask_choices, refuse_placement
from attn_cli.api.positions import bias_of
from attn_cli.api.sizes import size
from attn_cli.costs.symbolic import Shape
from attn_cli.errors import AttnError, ShapeError
from attn_cli.mechanisms import Mechanism
from attn_cli.mechanisms.mechanism import BARE, CONTEXT, PAST
from attn_cli.spec import Spec
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.arrays.sources import Sources

CLOSED = ("causal", "window")
"""Masks whose pairs have a formula; those of others are counted."""


def shape_of(
    mechanism: Mechanism,
    spec: Spec,
    table: Any,
    sources: Callable[[], Sources],
    progress: Progress = silent,
) -> Shape:
    """Check that the sizes go together, and count what a mask keeps where no formula does.

    table: a mask that is given as an array. Raises AttnError or ShapeError, naming the choices
    that do not go together.
    """
    read = {letter: size(getattr(spec, name), choice(name)) for letter, name in FIELDS.items()}
    window = size(spec.window, "‹window›")
    if read["h"] is None and read["h_kv"] is None:
        read["h"] = mechanism.heads
    if spec.decode:
        read |= _last_row(read)
    _refuse_untaken_sizes(mechanism, read, spec)
    _refuse_unequal(read)
    _refuse_same_names(mechanism, {**read, "w": window})
    _refuse_without(spec, read)
    wanted = _wanted(spec, window, table)
    choices = choices_of(spec)._replace(heads=read["h"], bias=bias_of(spec.bias))
    wanted, choices = with_local(spec, wanted, choices)
    choices = with_algorithm(mechanism, spec, choices)
    refuse_untaken(mechanism, choices, wanted, table=table is not None)
    refuse_placement(wanted)
    if spec.tile is not None and not wanted.any:
        raise AttnError("‹tile› needs a mask, whose kept tiles it counts.")
    shape = _shape(read, window, wanted, spec)._replace(choices=choices)
    if choices.rope is not None or "w_kr" in mechanism.parameters:
        _refuse_odd_width(read, 2 if "w_kr" not in mechanism.parameters else 4)
    if spec.tile is not None or not _has_formula(wanted):
        if isinstance(window, str):
            raise AttnError(f"‹window {window}› has to be a number where a mask is counted.")
        from attn_cli.api.kept_pairs import with_counts

        refuse_fewer_keys(shape)
        return with_counts(shape, wanted, spec.tile, sources(), progress)
    if shape.m == shape.n and not spec.cross:
        shape = shape._replace(m=None)
    refuse_fewer_keys(shape)
    return shape


def _refuse_without(spec: Spec, read: dict[str, int | str | None]) -> None:
    """Raise AttnError for choices that need others, or do without them."""
    if spec.no_projections and read["d_model"] is not None:
        raise AttnError("‹d_model› changes nothing without projections.")
    if spec.no_projections and spec.positions is not None:
        raise AttnError("‹positions› are added to rows; ‹no_projections› leaves them out.")
    if spec.block_size is not None and not isinstance(read["m"] or read["n"], int):
        raise AttnError("‹block_size› needs the number of keys: give ‹n›, or ‹m›, as a number.")
    if spec.cross and read["m"] is None:
        raise AttnError("‹cross› needs ‹m›, the number of other rows.")


def refuse_fewer_keys(shape: Shape) -> None:
    """Raise AttnError for fewer keys than a cache would give."""
    both = isinstance(shape.n, int) and isinstance(shape.m, int)
    if both and shape.m < shape.n and not shape.cross:  # type: ignore[operator]
        raise AttnError(
            f"‹m {shape.m}› is less than ‹n {shape.n}›: with a cache there are at least as many "
            "keys as new tokens. Keys from other rows are ‹cross›."
        )


def _last_row(read: dict[str, int | str | None]) -> dict[str, int | str | None]:
    """Sizes of a decode step: one query, and all rows are keys, those before from a cache."""
    if read["m"] is not None:
        raise AttnError("‹decode› is the last of ‹n› rows, which are the keys: leave ‹m› out.")
    return {"n": 1, "m": read["n"] or "m"}


def _wanted(spec: Spec, window: int | str | None, table: Any) -> MaskChoices:
    """The masks, a window of a letter being as good as causal for where queries stand."""
    if isinstance(window, str):
        return mask_choices(spec.but(window=None, causal=True), table)
    return mask_choices(spec.but(window=window), table)


def _has_formula(wanted: MaskChoices) -> bool:
    closed = all(shorthand.kind.name in CLOSED for shorthand in wanted.shorthands)
    return closed and wanted.expression is None and wanted.table is None


def _shape(
    read: dict[str, int | str | None],
    window: int | str | None,
    wanted: MaskChoices,
    spec: Spec,
) -> Shape:
    return Shape(
        **read,  # type: ignore[arg-type]
        w=window,
        causal=any(shorthand.kind.name in CLOSED for shorthand in wanted.shorthands),
        offset=0 if wanted.align == "top-left" else wanted.offset,
        bottom_right=wanted.align == "bottom-right",
        projections=not spec.no_projections,
        cross=spec.cross,
    )


QUERIED = ("m", "d_v", "h", "h_kv", "d_head", "d_model")
"""Sizes that only queries and keys have."""

FIELDS = {
    "n": "n",
    "m": "m",
    "d": "d",
    "d_v": "dv",
    "h": "heads",
    "h_kv": "kv_heads",
    "d_head": "head_dim",
    "d_model": "d_model",
    "d_c": "latent",
    "L": "layers",
    "b": "batch",
}


def _refuse_untaken_sizes(
    mechanism: Mechanism, read: dict[str, int | str | None], spec: Spec
) -> None:
    """Raise AttnError for sizes and parts that a mechanism has no use for."""
    parts = (
        ("‹cross›", spec.cross, CONTEXT),
        ("‹no_projections›", spec.no_projections, BARE),
        ("‹kv_heads›", read["h_kv"] is not None, "kv_heads"),
        ("‹latent›", read["d_c"] is not None and "w_dkv" not in mechanism.parameters, "latent"),
        ("‹m›", read["m"] is not None and not spec.cross, PAST),
    )
    given = [option for option, wanted, needed in parts if wanted and needed not in mechanism.takes]
    if not mechanism.asks:
        given += [choice(FIELDS[field]) for field in QUERIED if read[field] is not None]
    if given:
        raise AttnError(f"{given[0]} is not for ‹mode {mechanism.name}› ({mechanism.title}).")


def _refuse_same_names(mechanism: Mechanism, read: dict[str, int | str | None]) -> None:
    """Two sizes can't go by one letter, given or their own."""
    used = {field: given for field, given in read.items() if given is not None}
    used = {"n": mechanism.axis("n"), "d": "d", **used}
    names = [given if isinstance(given, str) else field for field, given in used.items()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AttnError(f"Two sizes are called {twice}: give each a letter of its own.")


def _refuse_odd_width(read: dict[str, int | str | None], pairs: int) -> None:
    heads, width = read["h"] or 1, read["d"]
    head = read["d_head"]
    if head is None and isinstance(width, int) and isinstance(heads, int):
        head = width // heads
    if isinstance(head, int) and head % pairs:
        if pairs == 4:
            raise ShapeError(
                f"mla turns half of a head's width in pairs, and heads are {head} wide. Choose "
                "heads whose width 4 divides."
            )
        raise ShapeError(f"‹rope› turns pairs of numbers, and heads {head} wide are odd.")


def _refuse_unequal(read: dict[str, int | str | None]) -> None:
    heads, width, kv_heads = read["h"], read["d"], read["h_kv"]
    if isinstance(heads, int) and read["d_head"] is None:
        for option, whole in (("‹d›", width), ("‹dv›", read["d_v"])):
            if isinstance(whole, int) and whole % heads:
                raise ShapeError(
                    f"‹heads {heads}› does not divide {option} {whole}: give ‹head_dim›, or a "
                    "number of heads that does."
                )
    head = read["d_head"]
    numbers = isinstance(heads, int) and isinstance(head, int) and isinstance(width, int)
    if numbers and heads * head != width:  # type: ignore[operator]
        raise ShapeError(
            f"‹heads {heads}› of ‹head_dim {head}› are {heads} × {head} wide, not ‹d {width}›. "
            "The width of the model's rows is ‹d_model›."
        )
    if kv_heads is not None and heads is None:
        raise AttnError("‹kv_heads› needs ‹heads›, the number of query heads.")
    if isinstance(heads, int) and isinstance(kv_heads, int) and heads % kv_heads:
        raise ShapeError(
            f"‹heads {heads}› is not a multiple of ‹kv_heads {kv_heads}›: every key head serves "
            "as many query heads."
        )
