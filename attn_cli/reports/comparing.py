"""Costs side by side: modes, head layouts, and one size swept over a range."""

from __future__ import annotations

from collections.abc import Sequence

from attn_cli import mechanisms
from attn_cli.cost_report import CostReport, Sweep, SweepRow, Variant
from attn_cli.errors import AttnError, did_you_mean
from attn_cli.mechanisms import Mechanism
from attn_cli.reports.costed import cost_report
from attn_cli.reports.symbolic import Shape

LAYOUTS = ("mha", "gqa", "mqa")
GQA_SHARE = 4
"""Query heads for each key head in gqa, where --kv-heads does not say."""


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
            found.append(_row(name, cost_report(mechanisms.named(name), shape, dtype)))
        else:
            raise AttnError(
                f"--compare: {name!r} is neither a mode nor a head layout. "
                f"{did_you_mean(name, [*modes, *LAYOUTS])}"
            )
    return tuple(found)


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
    heads = shape.h
    if heads is None:
        raise AttnError(f"--compare {name} needs --heads.")
    kv_heads: int | str | None = {"mha": None, "mqa": 1}.get(name, shape.h_kv)
    if name == "gqa" and kv_heads is None:
        if not isinstance(heads, int) or heads % GQA_SHARE:
            raise AttnError("--compare gqa needs --kv-heads.")
        kv_heads = heads // GQA_SHARE
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
            raise AttnError(f"--sweep: {queries} queries have only {keys} keys; end before that.")
        at = cost_report(mechanism, _at(shape, field, length), dtype)
        core, rest, every = at.core.value, at.projections.value, at.totals["all"].value
        memory = at.memory["score_matrix"].value
        if core is None or rest is None or every is None or memory is None:
            raise AttnError("--sweep needs a number for every other size.")
        rows.append(SweepRow(length, core, rest, every, memory))
    return Sweep(shape.name(field), at.core.pretty, at.projections.pretty, tuple(rows))


def _at(shape: Shape, field: str, size: int) -> Shape:
    return Shape(**{**shape._asdict(), field: size})
