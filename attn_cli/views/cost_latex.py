"""The steps of a cost as a LaTeX table, to paste into a document with amsmath."""

from __future__ import annotations

from attn_cli.results.cost import Amount, CostReport
from attn_cli.views.latex import text


def cost_table(report: CostReport) -> str:
    """A tabular with a row for each step and one for each total."""
    rows = [
        (text(step.name), text(step.kind), _formula(step.flops), _number(step.flops))
        for step in report.steps
    ]
    totals = [
        (text(name), "", _formula(amount), _number(amount))
        for name, amount in report.totals.items()
    ]
    lines = [
        r"\begin{tabular}{lllr}",
        r"step & kind & FLOPs & value \\ \hline",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\hline",
        *(" & ".join(row) + r" \\" for row in totals),
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _formula(amount: Amount) -> str:
    return f"${amount.latex}$"


def _number(amount: Amount) -> str:
    return "" if amount.value is None else f"{amount.value:,}".replace(",", r"\,")
