"""The page of `attn reconcile`: a number, and the conventions that give it."""

from __future__ import annotations

from typing import Any

from attn_cli.language import named, said
from attn_cli.results.reconciliation import SCHEMA, Reading, ReconciliationReport
from attn_cli.views.page import Block, Heading, Lines, Title

OURS_FLOPS = (
    "as attn counts: a multiply and an add are two, projections, softmax and all else, the forward "
    "pass, all layers, tokens and heads"
)
OURS_BYTES = "as attn counts: keys and values of all layers, tokens and batch rows"
OURS_PARAMS = "as attn counts: W_Q, W_K, W_V and W_O of all layers, no biases"
OURS = {"FLOPs": OURS_FLOPS, "bytes": OURS_BYTES, "parameters": OURS_PARAMS}


def reconciliation_page(report: ReconciliationReport) -> list[Block]:
    """What gives the number, then our own; what comes nearest where nothing does."""
    blocks: list[Block] = [
        Title(report.title, "", ""),
        Lines(report.facts, quiet=True, indented=False),
    ]
    if not report.match:
        blocks += [
            Heading("", said("No convention gives it")),
            Lines(
                (
                    said("{count} combinations were counted.", count=f"{report.tried:,}"),
                    said("nearest: {reading}", reading=_told(report.nearest, report)),
                )
            ),
        ]
    elif not report.found[0].conventions:
        blocks += [Heading("", said("It is ours")), Lines((said(OURS[report.what]),))]
    else:
        blocks += [
            Heading("", said("It is this, where ours is otherwise")),
            Lines(tuple(_told(one, report) for one in report.found)),
        ]
    ours = said("ours: {number}", number=f"{report.ours:,.0f}")
    return [*blocks, Lines((f"{ours}, {said(OURS[report.what])}",), quiet=True, apart=True)]


def _told(one: Reading, report: ReconciliationReport) -> str:
    ways = said("; ").join(said(way) for way in one.conventions) or said("ours")
    return named(f"{_number(one.value)} {said(report.what)}", ways)


def _number(value: float) -> str:
    """All digits of a whole number."""
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.10g}"


def reconciliation_document(report: ReconciliationReport) -> dict[str, Any]:
    """The document attn.reconciliation/1."""
    return {
        "schema": SCHEMA,
        "command": "reconcile",
        "what": report.what,
        "given": report.given,
        "match": report.match,
        "ours": int(report.ours) if report.ours.is_integer() else report.ours,
        "found": [one._asdict() for one in report.found],
        "nearest": report.nearest._asdict(),
        "tried": report.tried,
    }
