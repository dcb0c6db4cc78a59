"""What stands behind a cost: memory, other layers, counting conventions."""

from __future__ import annotations

from attn_cli.language import said
from attn_cli.results.cost import CostReport
from attn_cli.views.amounts import bytes_amount
from attn_cli.views.page import Block, Heading, Lines, listing


def detail_blocks(report: CostReport) -> list[Block]:
    """Three parts, each under its heading."""
    return [
        *_memory(report),
        *_layers(report),
        Heading("", said("Counting conventions")),
        Lines(tuple(map(said, report.conventions)), quiet=True),
    ]


def _memory(report: CostReport) -> list[Block]:
    memory, cache = report.memory, report.kv_cache
    rows = [
        (name, f"{bytes_amount(amount)}{note}")
        for name, amount, note in (
            ("parameters", memory["weights_of_projections"], ""),
            ("score matrix", memory["score_matrix"], ""),
            ("peak", memory["peak"], f" after {report.peak_at}"),
        )
        if amount.value != 0
    ]
    if cache["per_token"].value != 0:
        each, whole = (bytes_amount(cache[name]) for name in ("per_token", "all"))
        rows.append(("KV cache", f"{each} for each key, {whole} in all"))
    elif cache["all"].value != 0:
        rows.append(("state", f"{bytes_amount(cache['all'])}, at any length"))
    through, fused = report.intensity["through_memory"], report.intensity["fused"]
    if through is not None and fused is not None:
        intensity = (
            f"{through:.3g} FLOPs for each byte when scores go through memory, "
            f"{fused:.3g} when fused"
        )
        rows.append(("intensity", intensity))
    return [Heading("", f"Memory, {report.dtype}"), listing(("", " "), rows, wrap=(" ",))]


def _layers(report: CostReport) -> list[Block]:
    known = report.layers[0].operations.value is not None
    rows = [
        [
            layer.name,
            f"O({layer.operations.pretty})",
            *(
                [f"{layer.operations.value:,}" if layer.operations.value is not None else "-"]
                if known
                else []
            ),
            layer.sequential,
            layer.path,
        ]
        for layer in report.layers
    ]
    columns = ["layer", "operations", *(["value"] if known else []), "in sequence", "longest path"]
    table = listing(columns, rows, right=("value",), spare=("value", "longest path", "in sequence"))
    title = Heading(
        "", "Against other layers", right="Vaswani 2017, Table 1: no projections", brief=True
    )
    return [title, table]
