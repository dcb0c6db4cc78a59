"""The page and the JSON of a model's attention."""

from __future__ import annotations

from typing import Any

from attn_cli.results.cost import ModelReport
from attn_cli.units import bytes_text
from attn_cli.views.page import Block, Heading, Lines, Title, listing


def model_page(report: ModelReport, more: list[Block], *, details: bool = False) -> list[Block]:
    """What new tokens cost, and what the cache holds, for each kind of layer; then `more`.

    details: counting conventions too.
    """
    rows = [
        [
            kind.name + (f", {kind.form}" if kind.form else ""),
            f"{kind.layers}",
            f"{kind.keys:,}",
            f"{kind.projections:,}",
            f"{kind.core:,}",
            bytes_text(kind.cache_per_key),
            bytes_text(report.batch * kind.layers * kind.cached * kind.cache_per_key),
        ]
        for kind in report.kinds
    ]
    columns = [
        *("kind of layer", "layers", "keys", "projections", "core"),
        *(("cache for each key", "cache in all") if report.decodes else ()),
    ]
    table = listing(
        columns,
        [row[: len(columns)] for row in rows],
        right=columns[1:],
        spare=("cache for each key", "keys", "layers", "projections", "core"),
    )
    notes = [f"not read: {', '.join(report.not_read)}"] if report.not_read else []
    return [
        Title(f"Attention of {report.name}", f"{report.context:,} tokens of context", report.dtype),
        Lines((*report.facts, *notes), quiet=True, indented=False),
        Heading("", f"In each layer, FLOPs for {_passes(report)}"),
        table,
        Lines((), apart=True),
        Lines(tuple(_totals(report))),
        *more,
        *_conventions(report, details=details),
    ]


def _conventions(report: ModelReport, *, details: bool) -> list[Block]:
    if not details:
        return []
    return [Heading("", "Counting conventions"), Lines(report.conventions, quiet=True)]


def _passes(report: ModelReport) -> str:
    rows = f" in each of {report.batch:,} sequences" if report.batch > 1 else ""
    if not report.decodes:
        return f"one pass over {report.tokens:,} positions{rows}"
    return (f"{report.tokens:,} new tokens" if report.tokens > 1 else "a new token") + rows


def _totals(report: ModelReport) -> list[str]:
    forms = {kind.form for kind in report.kinds if not kind.counted}
    folded = "; the folded form counted" if "unfolded" in forms else ""
    folded += "; the encoder runs once, before" if "once" in forms else ""
    lines = [f"all layers     {report.flops:,} FLOPs for {_passes(report)}{folded}"]
    if not report.decodes:
        return [*lines, "KV cache       none: an encoder reads all positions at once"]
    each, late = report.cache_per_token, report.cache_per_late_token
    held = f"{report.batch:,} sequences" if report.batch > 1 else "one sequence"
    lines.append(f"KV cache       {bytes_text(report.cache)} for {held}, {report.kv_dtype}")
    text = f"each token     {each:,} bytes in all layers"
    if late != each:
        text += f" while no window is full, {late:,} afterwards"
    lines.append(text)
    fixed = sum(
        kind.layers * kind.cached * kind.cache_per_key for kind in report.counted if not kind.grows
    )
    if fixed:
        lines.append(f"the source     {bytes_text(fixed)}, made once and kept")
    return lines


def model_document(report: ModelReport) -> dict[str, Any]:
    """The report as JSON has it; flops_per_token is a fraction where tokens differ."""
    each = report.flops / (report.batch * report.tokens)
    return {
        "schema": "attn.model/1",
        "command": "complexity",
        "model": report.name,
        "context": report.context,
        "tokens": report.tokens,
        "batch": report.batch,
        "dtype": report.dtype,
        "kv_dtype": report.kv_dtype,
        "layers": [kind._asdict() for kind in report.kinds],
        "totals": {
            "flops": report.flops,
            "flops_per_token": int(each) if each.is_integer() else each,
            "kv_cache_bytes": report.cache,
            "kv_cache_bytes_per_token": report.cache_per_token,
            "kv_cache_bytes_per_token_beyond_windows": report.cache_per_late_token,
        },
        "not_read": list(report.not_read),
        "facts": list(report.facts),
        "conventions": list(report.conventions),
    }
