"""The page and the JSON of a model's attention."""

from __future__ import annotations

from typing import Any

from attn_cli.cost_report import ModelReport
from attn_cli.units import bytes_text
from attn_cli.views.page import Block, Grids, Heading, Lines, Title
from attn_cli.views.texts import text_table


def model_page(report: ModelReport, width: int) -> list[Block]:
    """What one new token costs, and what the cache holds, for each kind of layer."""
    rows = [
        [
            kind.name,
            f"{kind.layers}",
            f"{kind.keys:,}",
            f"{kind.projections:,}",
            f"{kind.core:,}",
            bytes_text(kind.cache_per_key),
            bytes_text(kind.layers * kind.keys * kind.cache_per_key),
        ]
        for kind in report.kinds
    ]
    columns = [
        *("kind of layer", "layers", "keys", "projections", "core"),
        *("cache for each key", "cache in all"),
    ]
    table = text_table(
        columns,
        rows,
        width=width,
        right=columns[1:],
        spare=("cache for each key", "keys", "layers", "projections", "core"),
    )
    return [
        Title(f"Attention of {report.name}", f"{report.context:,} tokens of context", report.dtype),
        Lines(report.facts, quiet=True, indented=False),
        Heading("", "In each layer, FLOPs for a new token"),
        Grids((table,)),
        Lines((), apart=True),
        Lines(
            (
                f"all layers     {_total(report):,} FLOPs for a new token",
                f"KV cache       {bytes_text(_cache(report))} for one sequence",
            )
        ),
        Heading("", "Counted so"),
        Lines(report.conventions, quiet=True),
    ]


def model_document(report: ModelReport) -> dict[str, Any]:
    """The report as JSON has it; all numbers are integers."""
    return {
        "schema": "attn.model/1",
        "command": "complexity",
        "model": report.name,
        "context": report.context,
        "dtype": report.dtype,
        "layers": [kind._asdict() for kind in report.kinds],
        "totals": {"flops_per_token": _total(report), "kv_cache_bytes": _cache(report)},
        "facts": list(report.facts),
        "conventions": list(report.conventions),
    }


def _total(report: ModelReport) -> int:
    return sum(kind.layers * (kind.projections + kind.core) for kind in report.kinds)


def _cache(report: ModelReport) -> int:
    return sum(kind.layers * kind.keys * kind.cache_per_key for kind in report.kinds)
