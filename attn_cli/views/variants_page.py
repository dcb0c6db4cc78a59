"""Costs side by side: variants, a sweep over one size, a machine's limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from attn_cli.results.cost import Amount, Crossover, Sweep, Timing, Variant
from attn_cli.units import bytes_text
from attn_cli.views.amounts import amount_text, bytes_amount, seconds_text
from attn_cli.views.bars import bar
from attn_cli.views.page import Block, Curve, Curves, Heading, Lines, listing


def variant_blocks(variants: tuple[Variant, ...]) -> list[Block]:
    """One row for each variant: products, the rest, score matrix, cache for each key."""
    columns = ["", "what", "matrix products", "the rest", "score matrix", "cache for each key"]
    rows = [
        [
            one.name,
            one.note,
            _operations(one.matmul),
            _operations(one.other),
            bytes_amount(one.score_matrix),
            bytes_amount(one.kv_per_token),
        ]
        for one in variants
    ]
    if not any(one.note for one in variants):
        columns.remove("what")
        rows = [[row[0], *row[2:]] for row in rows]
    table = listing(
        columns,
        rows,
        right=("matrix products", "the rest"),
        spare=("score matrix", "the rest", "matrix products", "what"),
    )
    return [Heading("", "Side by side"), table]


def _operations(amount: Amount) -> str:
    return amount.pretty if amount.value is None else f"{amount.value:,}"


def sweep_blocks(sweep: Sweep) -> list[Block]:
    """One row for each size, with a bar for the part between queries and keys."""
    rows = [
        [
            f"{row.size:,}",
            f"{row.core:,}",
            f"{row.projections:,}",
            bytes_text(row.score_bytes),
            f"{bar(_part(row.core, row.projections), 12):12} {_percent(row.core, row.projections)}",
        ]
        for row in sweep.rows
    ]
    table = listing(
        [sweep.letter, f"{sweep.core}", f"{sweep.projections}", "score matrix", "core's part"],
        rows,
        right=(sweep.core, sweep.projections, "score matrix"),
        spare=("score matrix", sweep.projections, "core's part"),
    )
    heading = Heading("", f"Over {sweep.letter}", right="core against projections, FLOPs")
    return [heading, table]


def sweep_curves(sweep: Sweep, crossovers: Iterable[Crossover]) -> list[Block]:
    """Both parts over the sizes on logarithmic axes, marked where one overtakes the other.

    A part that costs nothing at some size has no place on such an axis, and is not drawn there.
    """
    told = {"core": sweep.core, "projections": sweep.projections}
    curves = []
    for name, kind in (("core", "weight"), ("projections", "query")):
        numbers = [(row.size, getattr(row, name)) for row in sweep.rows]
        points = tuple((float(size), float(flops)) for size, flops in numbers if flops)
        if points:
            curves.append(Curve(f"{name} = {told[name]}", points, kind))
    sizes = [row.size for row in sweep.rows]
    marks = tuple(
        (float(one.at.value), f"{sweep.letter} = {amount_text(one.at)}: equal, by leading terms")
        for one in crossovers
        if one.between == ("core", "projections") and one.letter == sweep.letter
        if one.at.value is not None and min(sizes) <= one.at.value <= max(sizes)
    )
    across = f"{sweep.letter}, on a logarithmic scale"
    return [
        Heading("", f"FLOPs over {sweep.letter}"),
        Curves(tuple(curves), across, "FLOPs", marks),
    ]


def _part(core: int, rest: int) -> float:
    return core / (core + rest) if core + rest else 0.0


def _percent(core: int, rest: int) -> str:
    """In whole per cent, 100 for all of it alone."""
    part = 100 * _part(core, rest)
    return f"{'>99' if 99.5 <= part < 100 else format(part, '3.0f')} %"


def sweep_csv(sweep: Sweep) -> str:
    """The sweep as comma-separated values, every number whole."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([sweep.letter, "core", "projections", "all", "score_matrix_bytes"])
    writer.writerows(sweep.rows)
    return text.getvalue()


def timing_blocks(timing: Timing) -> list[Block]:
    """The least time by operations and by bytes, and which of the two binds."""
    rows = [
        [floor.way, seconds_text(floor.compute), seconds_text(floor.memory), floor.bound]
        for floor in timing.floors
    ]
    table = listing(
        ["", "by operations", "by bytes", "bound by"],
        rows,
        right=("by operations", "by bytes"),
        spare=("bound by",),
    )
    limits = (
        f"{timing.peak / 1e12:,.4g} TFLOP/s, {timing.bandwidth / 1e9:,.4g} GB/s: equal at "
        f"{timing.balance:,.3g} FLOPs for each byte"
    )
    return [
        Heading("", f"At best on {timing.machine}"),
        Lines((timing.what, limits)),
        table,
        Lines((f"rates: {timing.source}",), quiet=True),
    ]
