"""From complexity's options to a shape: sizes that go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attn_cli.cli.placement import refuse_placement
from attn_cli.cli.sizes import size
from attn_cli.errors import AttnError, ShapeError, option_of
from attn_cli.reports.symbolic import Shape

if TYPE_CHECKING:
    from attn_cli.cli.complexity import CountOptions, SizeOptions


def shape_of(sizes: SizeOptions, count: CountOptions) -> Shape:
    """Check that the sizes go together.

    Raises AttnError or ShapeError, naming the options that do not.
    """
    read = {field: size(getattr(sizes, name), option_of(name)) for field, name in FIELDS.items()}
    window = size(count.window, "--window")
    _refuse_unequal(read)
    _refuse_same_names({**read, "w": window})
    if count.no_projections and read["d_model"] is not None:
        raise AttnError("--d-model changes nothing without projections.")
    refuse_placement(count.causal, count.offset, count.align)
    if count.cross and read["m"] is None:
        raise AttnError("--cross needs --m, the number of other rows.")
    if count.mask is not None:
        return _with_mask(_shape(read, window, count), count)
    n, m = read["n"], read["m"]
    if m == n and not count.cross:
        read["m"] = None
    if not count.cross and isinstance(n, int) and isinstance(m, int) and m < n:
        raise AttnError(
            f"--m {m} is less than --n {n}: with a cache there are at least as many keys as new "
            "tokens. Keys from other rows are --cross."
        )
    return _shape(read, window, count)


def _shape(
    read: dict[str, int | str | None], window: int | str | None, count: CountOptions
) -> Shape:
    return Shape(
        **read,  # type: ignore[arg-type]
        w=window,
        causal=count.causal or window is not None,
        offset=0 if count.align == "top-left" else count.offset,
        bottom_right=count.align == "bottom-right",
        projections=not count.no_projections,
        cross=count.cross,
    )


FIELDS = {
    "n": "n",
    "m": "m",
    "d": "d",
    "d_v": "dv",
    "h": "heads",
    "h_kv": "kv_heads",
    "d_head": "head_dim",
    "d_model": "d_model",
    "L": "layers",
    "b": "batch",
}


def _refuse_same_names(read: dict[str, int | str | None]) -> None:
    """Two sizes can't go by one letter, given or their own."""
    used = {field: given for field, given in read.items() if given is not None}
    used = {"n": "n", "d": "d", **used}
    names = [given if isinstance(given, str) else field for field, given in used.items()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AttnError(f"Two sizes are called {twice}: give each a letter of its own.")


def _refuse_unequal(read: dict[str, int | str | None]) -> None:
    heads, width, kv_heads = read["h"], read["d"], read["h_kv"]
    if isinstance(heads, int) and read["d_head"] is None:
        for option, whole in (("--d", width), ("--dv", read["d_v"])):
            if isinstance(whole, int) and whole % heads:
                raise ShapeError(
                    f"--heads {heads} does not divide {option} {whole}: give --head-dim, or a "
                    "number of heads that does."
                )
    head = read["d_head"]
    numbers = isinstance(heads, int) and isinstance(head, int) and isinstance(width, int)
    if numbers and heads * head != width:  # type: ignore[operator]
        raise ShapeError(
            f"--heads {heads} of --head-dim {head} are {heads} × {head} wide, not --d {width}. "
            "The width of the model's rows is --d-model."
        )
    if kv_heads is not None and heads is None:
        raise AttnError("--kv-heads needs --heads, the number of query heads.")
    if isinstance(heads, int) and isinstance(kv_heads, int) and heads % kv_heads:
        raise ShapeError(
            f"--heads {heads} is not a multiple of --kv-heads {kv_heads}: every key head serves "
            "as many query heads."
        )


def _with_mask(shape: Shape, count: CountOptions) -> Shape:
    """Count the pairs of a given n×m table, and of the other masks with it."""
    from attn_cli.cli.counted import counted_pairs

    assert count.mask is not None
    pairs, rows, n, m = counted_pairs(count.mask, shape)
    return shape._replace(n=n, m=m if m != n or shape.cross else None, p=pairs, rows=rows)
