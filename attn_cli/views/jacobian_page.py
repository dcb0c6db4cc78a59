"""The page of a Jacobian: the map, the weights beside it, what they have in common."""

from __future__ import annotations

from typing import Any

from attn_cli.language import said
from attn_cli.results.jacobian import SCHEMA, Derivatives, JacobianReport
from attn_cli.views.advice import advice_lines
from attn_cli.views.compute_page import BETWEEN
from attn_cli.views.document import plain_value
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.page import Abreast, Block, Display, Grids, Heading, Lines, Part, Title


def jacobian_page(report: JacobianReport, display: Display, command: str | None) -> list[Block]:
    """Everything a person is shown of a Jacobian.

    command: what was typed, where it is told what to type next.
    """
    blocks: list[Block] = [
        Title(report.title, report.formula, report.source),
        Lines((BETWEEN.join(report.facts),), quiet=True, indented=False),
        Abreast(tuple(_part(table, display) for table in report.tables)),
    ]
    told = _told(report)
    if told:
        blocks += [Lines((), apart=True), Lines(tuple(told), indented=False)]
    if command is not None:
        topics = ("attn explain implicit-and-explicit", "attn explain softmax-jacobian")
        blocks += [Lines((), apart=True), *advice_lines(command, (), topics)]
    return blocks


def _part(table: Derivatives, display: Display) -> Part:
    heading = Heading("", table.caption, about=table.about, kind="weight" if table.share else "")
    return (heading, Grids(tuple(grids_of(_matrix(table), display))))


def _matrix(table: Derivatives) -> Matrix:
    rows, _ = table.values.shape
    return Matrix(
        caption="",
        values=table.values,
        positions=range(rows),
        total_rows=rows,
        row_names=table.rows,
        column_names=table.columns,
        look="share" if table.share else "signed",
        kind="",
        rows_are=table.rows_are,
        columns_are=table.columns_are,
        largest=float(abs(table.values).max(initial=0)),
    )


def _told(report: JacobianReport) -> list[str]:
    """How alike the map and the weights are."""
    if report.correlation is None:
        return []
    number = f"{report.correlation:.2f}"
    if not report.by_scores:
        return [said("Correlation of the map with the weights: {number}.", number=number)]
    return [
        said(
            "Correlation of the map with the weights: {number}. A weight says how much of a value "
            "is taken; what the output depends on may act through queries and keys as well.",
            number=number,
        )
    ]


def jacobian_document(report: JacobianReport) -> dict[str, Any]:
    """The document attn.jacobian/1."""
    return {
        "schema": SCHEMA,
        "command": "gradient",
        "of": report.of,
        "to": report.to,
        "seed": report.seed,
        "axes": [list(axes) for axes in report.axes],
        "shape": list(report.values.shape),
        "values": plain_value(report.values.tolist()),
        "tables": [
            {
                "name": table.name,
                "about": table.about,
                "rows": list(table.rows),
                "columns": list(table.columns),
                "values": plain_value(table.values.tolist()),
            }
            for table in report.tables
        ],
        "correlation": report.correlation,
    }
