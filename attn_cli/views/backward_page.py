"""What a gradient costs: its steps, beside the forward pass, and what is kept for it."""

from __future__ import annotations

from attn_cli.language import named, said
from attn_cli.results.cost import Amount, BackwardReport, CostReport
from attn_cli.views.amounts import amount_text, bytes_amount
from attn_cli.views.page import Block, Heading, Lines, listing


def backward_blocks(report: CostReport, backward: BackwardReport) -> list[Block]:
    """The steps of the gradient, then forward, backward and both."""
    known = backward.totals["all"].value is not None
    columns = ["step", "operation", "formula", *(["FLOPs"] if known else [])]
    rows = [
        [step.name, step.operation, step.flops.pretty, _number(step.flops)][: len(columns)]
        for step in backward.steps
    ]
    total = ["all", "", "", _number(backward.totals["all"])] if known else []
    steps = listing(
        columns, rows, right=("FLOPs",), wrap=("operation",), spare=("operation",), total=total
    )
    return [
        Heading("", said("Backward"), about=said("the gradient with respect to every array")),
        steps,
        Lines((), apart=True),
        _side_by_side(report, backward),
        Lines(
            (
                named(said("kept for it"), bytes_amount(backward.kept)),
                named(said("recomputed in blocks"), bytes_amount(backward.recomputed)),
            ),
            quiet=True,
            indented=False,
        ),
    ]


def _side_by_side(report: CostReport, backward: BackwardReport) -> Block:
    """Products and all else, of both passes; how many times the first the second costs."""
    columns = ["", said("matrix products"), said("everything else"), said("all")]
    rows = [
        [name, *(_told(totals[kind]) for kind in ("matmul", "other", "all"))]
        for name, totals in (
            (said("forward"), report.totals),
            (said("backward"), backward.totals),
        )
    ]
    ratios = [
        _ratio(backward.totals[kind], report.totals[kind]) for kind in ("matmul", "other", "all")
    ]
    if all(ratios):
        rows.append([said("times forward"), *ratios])
    return listing(columns, rows, right=columns[1:])


def _ratio(above: Amount, below: Amount) -> str:
    if above.value is None or not below.value:
        return ""
    return f"{above.value / below.value:.3g}"


def _told(amount: Amount) -> str:
    return amount_text(amount) if amount.value is None else f"{amount.value:,}"


def _number(amount: Amount) -> str:
    return "" if amount.value is None else f"{amount.value:,}"
