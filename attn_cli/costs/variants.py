"""Costs side by side: modes, head layouts, and one size swept over a range."""

from __future__ import annotations

from collections.abc import Sequence

from attn_cli import mechanisms
from attn_cli.costs.report import cost_report
from attn_cli.costs.symbolic import Shape
from attn_cli.errors import AttnError, did_you_mean, listed
from attn_cli.mechanisms import Mechanism
from attn_cli.mechanisms.head_layouts import LAYOUTS, kv_heads_of
from attn_cli.mechanisms.mechanism import BARE, CONTEXT, PAST
from attn_cli.results.cost import CostReport, Sweep, SweepRow, Variant


def variants(
    mechanism: Mechanism, shape: Shape, dtype: str, names: Sequence[str]
) -> tuple[Variant, ...]:
    """One row for each mode or head layout.

    Raises AttnError for a name that is neither, and for layouts without heads.
    """
    modes = [one.name for one in mechanisms.MECHANISMS]
    found = []
    for name in names:
        if name in LAYOUTS:
            found.append(_layout(mechanism, shape, dtype, name))
        elif name in modes:
            other = mechanisms.named(name)
            note = other.form.partition(":")[0]
            found.append(_row(name, cost_report(other, _for_mode(other, shape), dtype), note))
        else:
            raise AttnError(
                f"‹compare›: {name!r} is neither a mode nor a head layout. "
                f"{did_you_mean(name, [*modes, *LAYOUTS])}"
            )
    return tuple(found)


def _for_mode(mechanism: Mechanism, shape: Shape) -> Shape:
    """What a mode takes of a shape: without queries, the rows alone.

    Raises AttnError for keys of other rows, a cache or a mask that it does without.
    """
    if not mechanism.asks:
        return Shape(n=shape.n, d=shape.d, b=shape.b, L=shape.L)
    masked = shape.causal or shape.w is not None or shape.p is not None
    causal = shape.causal and shape.w is None and shape.p is None
    takes = mechanism.takes
    for option, wanted, needed in (
        ("‹cross›", shape.cross, CONTEXT),
        ("‹m›", shape.m is not None and not shape.cross, PAST),
        ("‹no_projections›", not shape.projections, BARE),
        ("‹causal›", causal and "mask" not in takes, "causal"),
        ("a mask", masked and not causal, "mask"),
    ):
        if wanted and needed not in takes:
            raise AttnError(f"‹compare {mechanism.name}›: this mode does without {option}.")
    return shape


def _row(name: str, report: CostReport, note: str = "") -> Variant:
    return Variant(
        name,
        note,
        report.totals["matmul"],
        report.totals["other"],
        report.memory["score_matrix"],
        report.kv_cache["per_token"],
    )


def _layout(mechanism: Mechanism, shape: Shape, dtype: str, name: str) -> Variant:
    found = kv_heads_of(name, shape.h, shape.h_kv, "compare")
    kv_heads = None if name == "mha" else found
    note = {"mha": "a key head for each", "mqa": "one key head"}.get(name, f"{kv_heads} key heads")
    return _row(name, cost_report(mechanism, shape._replace(h_kv=kv_heads), dtype), note)


def sweep(
    mechanism: Mechanism, shape: Shape, dtype: str, field: str, lengths: Sequence[int]
) -> Sweep:
    """The cost at several values of one size, the others as they are.

    Raises AttnError where another size is open.
    """
    rows = []
    for length in lengths:
        queries, keys = (length if field == own else getattr(shape, own) for own in ("n", "m"))
        if (
            isinstance(queries, int)
            and isinstance(keys, int)
            and keys < queries
            and not shape.cross
        ):
            raise AttnError(f"‹sweep›: {queries} queries have only {keys} keys; end before that.")
        at = cost_report(mechanism, _at(shape, field, length), dtype)
        core, rest, every = at.core.value, at.projections.value, at.totals["all"].value
        memory = at.memory["score_matrix"].value
        if core is None or rest is None or every is None or memory is None:
            open_ones = [one for one in at.sizes if at.sizes[one] is None]
            raise AttnError(
                f"‹sweep› needs a number for every other size: give {listed(open_ones)}, as ‹d 64›."
            )
        rows.append(SweepRow(length, core, rest, every, memory))
    return Sweep(shape.name(field), at.core.pretty, at.projections.pretty, tuple(rows))


def _at(shape: Shape, field: str, size: int) -> Shape:
    return Shape(**{**shape._asdict(), field: size})
