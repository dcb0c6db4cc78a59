"""Which arrays attention takes and the axes of each, from the arrays that are given."""

from __future__ import annotations

from attn_cli.errors import AttnError, ShapeError, shape_text
from attn_cli.mechanisms.mechanism import Choices, Layout, Shapes
from attn_cli.program import ONE, Axes, Sizes, quotient
from attn_cli.spelling import choice

HEAD_WIDTH = 4
"""Default width of a head: √4 = 2 is easy to check by hand."""

LENGTH = 4
"""Default number of queries."""

SEQUENCES = ("q", "k", "v", "x", "context")

MEETING = ("q", "k", "x", "context", "w_q", "w_k", "past_k")
"""Arrays that scores are made of."""

PAIRS = ("b", "h", "n", "m")
"""The axes of everything that is known of pairs of queries and keys."""

Defaults = list[tuple[str, int | str]]


def attention_layout(
    given: Shapes, choices: Choices, sizes: Sizes, *, key_width: str | None = "d"
) -> Layout:
    """Axes of q, k, v or of x and its matrices, and of bias, cache and W_O.

    key_width: the axis of a key's numbers, where it is not that of the queries; None where
    scores need no keys.

    Binds h and h_kv; where several query heads share a key head, h is laid out as
    (h_kv group_size), so a key head serves a run of neighbouring query heads.
    """
    _bind_heads(given, choices, sizes)
    if "x" in given:
        axes, defaults = _projections(given, sizes, key_width)
    else:
        axes, defaults = _queries_keys_values(given, sizes, key_width)
    cached = "past_k" in given or "past_v" in given
    if cached:
        axes |= _cache(given, sizes, key_width)
    scores = _score_axes(axes)
    if "bias" in given:
        axes["bias"] = pair_axes("bias", given["bias"], scores)
    sums = (("m", ("m_past", "m_new")),) if cached else ()
    return Layout(axes, tuple(defaults), scores, sums)


def _score_axes(axes: dict[str, Axes]) -> Axes:
    """Axes of the scores that a layout leads to: batch and heads where there are any, n, m.

    Values take no part in scores, so a batch of values alone gives them no batch.
    """
    meeting = [own for name, own in axes.items() if name in MEETING]
    named = {part for own in meeting for axis in own for part in axis.strip("()").split()}
    return tuple(axis for axis in ("b", "h", "n", "m") if axis in named or axis in "nm")


def pair_axes(name: str, shape: tuple[int, ...], scores: Axes) -> Axes:
    """Axes of an array that stands against the scores, lined up from the right as in NumPy.

    Four axes are batch, heads, n and m whatever the scores have. An axis of size 1 fits any size.
    """
    if len(shape) == len(PAIRS):
        whole = tuple(axis if axis in scores else ONE for axis in PAIRS)
    else:
        whole = (ONE,) * (len(shape) - len(scores)) + scores
    full = whole[len(whole) - len(shape) :]
    if not shape or any(axis == ONE and size != 1 for axis, size in zip(full, shape, strict=True)):
        raise ShapeError(
            f"{name} is {shape_text(shape)}; the scores it meets have the axes "
            f"({', '.join(scores)}), lined up from the right."
        )
    return tuple(ONE if size == 1 else axis for axis, size in zip(full, shape, strict=True))


def _bind_heads(given: Shapes, choices: Choices, sizes: Sizes) -> None:
    heads, source = choices.heads, "‹heads›"
    kv_heads, kv_source = choices.kv_heads, "‹kv_heads›"
    split = {name: given[name] for name in ("q", "k", "v") if len(given.get(name, ())) == 4}
    if split:
        _refuse_mixed(given, choices, split)
        for name, shape in split.items():
            text = f"{name} is {shape_text(shape)}"
            if name == "q":
                heads, source = shape[1], text
            else:
                kv_heads, kv_source = shape[1], text
        heads, kv_heads = heads or kv_heads, kv_heads or heads
    if heads is None:
        if kv_heads is not None:
            raise AttnError("‹kv_heads› needs ‹heads›, the number of query heads.")
        return
    kv_heads = kv_heads or heads
    if isinstance(heads, int) and isinstance(kv_heads, int) and heads % kv_heads:
        raise ShapeError(
            f"{heads} query heads ({source}) can't share {kv_heads} key heads ({kv_source}) "
            f"equally: {heads} is not a multiple of {kv_heads}."
        )
    if kv_heads == heads:
        sizes.bind("h", heads, source)
        return
    sizes.group("h", ("h_kv", "group_size"))
    sizes.bind("h", heads, source)
    sizes.bind("h_kv", kv_heads, kv_source)
    sizes.bind("group_size", quotient(heads, kv_heads), source)


def _refuse_mixed(given: Shapes, choices: Choices, split: Shapes) -> None:
    if choices.heads is not None or choices.kv_heads is not None:
        name, shape = next(iter(split.items()))
        raise ShapeError(
            f"‹heads› and ‹kv_heads› split packed arrays; {name} is {shape_text(shape)}, so its "
            "heads are split already. Leave them out."
        )
    flat = [name for name in ("q", "k", "v") if len(given.get(name, (0,) * 4)) != 4]
    if flat:
        raise ShapeError(
            f"{next(iter(split))} has 4 axes (batch, heads, rows, width) and {flat[0]} is "
            f"{shape_text(given[flat[0]])}.\nGive q, k and v the same layout, or pack the heads "
            "side by side in the last axis and add ‹heads›."
        )


def _key_head(sizes: Sizes) -> str | None:
    if "h" not in sizes:
        return None
    return "h_kv" if "h_kv" in sizes else "h"


def _lead(name: str, given: Shapes, head: str | None, sizes: Sizes) -> Axes:
    """Axes before the rows: a batch where the array has one axis more than it needs.

    An array that is not given has a batch when any other has.
    """
    own = () if head is None else (head,)
    named = [given[name]] if name in given else [given[one] for one in SEQUENCES if one in given]
    batched = any(len(shape) > 2 + len(own) for shape in named)
    return ("b", *own) if batched or (name not in given and "b" in sizes) else own


def _queries_keys_values(
    given: Shapes, sizes: Sizes, key_width: str | None
) -> tuple[dict[str, Axes], Defaults]:
    split = any(len(given.get(name, ())) == 4 for name in ("q", "k", "v"))
    row = "m_new" if "past_k" in given or "past_v" in given else "m"
    kv_head = _key_head(sizes)
    axes: dict[str, Axes] = {}
    for name, rows, head, width in (
        ("q", "n", "h" if kv_head else None, "d"),
        ("k", row, kv_head, key_width),
        ("v", row, kv_head, "d_v"),
    ):
        if width is None:
            continue
        lead = _lead(name, given, head if split else None, sizes)
        axes[name] = (*lead, rows, width if split or not head else f"({head} {width})")
    if "w_o" in given:
        axes["w_o"] = ("(h d_v)" if kv_head else "d_v", "d_out")
        _bias(axes, given, "w_o", "d_out")
    return axes, [("b", 1), ("n", LENGTH), (row, "n"), ("d", HEAD_WIDTH), ("d_v", "d")]


def _projections(
    given: Shapes, sizes: Sizes, key_width: str | None
) -> tuple[dict[str, Axes], Defaults]:
    row = "m_new" if "past_k" in given or "past_v" in given else "m"
    kv_head = _key_head(sizes)
    axes: dict[str, Axes] = {"x": (*_lead("x", given, None, sizes), "n", "d_model")}
    source = "d_model"
    defaults: Defaults = [("b", 1), ("n", LENGTH)]
    if "context" in given:
        source = "d_context"
        axes["context"] = (*_lead("context", given, None, sizes), row, source)
    else:
        defaults.append((row, "n"))
    for name, height, head, width in (
        ("w_q", "d_model", "h", "d"),
        ("w_k", source, kv_head, key_width),
        ("w_v", source, kv_head, "d_v"),
    ):
        if width is None:
            continue
        packed = f"({head} {width})" if kv_head else width
        axes[name] = (height, packed)
        _bias(axes, given, name, packed)
    whole = "(h d)" if kv_head else "d"
    if kv_head or "w_o" in given:
        axes["w_o"] = ("(h d_v)" if kv_head else "d_v", "d_out")
    _bias(axes, given, "w_o", "d_out")
    defaults += [(whole, "d_model"), ("d", HEAD_WIDTH), ("d_model", whole)]
    return axes, [*defaults, ("d_v", "d"), ("d_out", "d_model")]


def _bias(axes: dict[str, Axes], given: Shapes, matrix: str, width: str) -> None:
    """The bias of a projection, as wide as what its matrix makes; only where it is given."""
    name = f"b_{matrix.removeprefix('w_')}"
    if name in given and matrix in axes:
        axes[name] = (width,)


def _cache(given: Shapes, sizes: Sizes, key_width: str | None) -> dict[str, Axes]:
    axes: dict[str, Axes] = {}
    for name, width in (("past_k", key_width), ("past_v", "d_v")):
        if width is None:
            continue
        if name not in given:
            raise AttnError(f"{choice(name)} is missing: a cache holds keys and values.")
        axes[name] = (*_lead(name, given, _key_head(sizes), sizes), "m_past", width)
    return axes
