"""The page and the document of `attn compare`: small heat maps, then one line for each way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attn_cli.language import said
from attn_cli.results.comparison import SCHEMA, Way, WaysReport
from attn_cli.views.document import plain_value
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.labels import PREFIXES, Numbered
from attn_cli.views.numbers import short
from attn_cli.views.page import Block, Display, Grids, Heading, Lines, Title, listing

EXPLAINED = (
    "entropy: of a query's weights, in nats; keys: e^entropy of a query, as many as would share "
    "the weight evenly; both the mean of all queries",
    "change: the largest difference of any number of the output from the first line's",
    "FLOPs: of all steps; masked pairs are left out",
)


def ways_page(report: WaysReport, display: Display) -> list[Block]:
    """Everything a person is shown of a comparison."""
    grids = [
        grid
        for one in report.ways
        if one.weights is not None
        for grid in grids_of(_matrix(one, report), display)
    ]
    several = len({one.mode for one in report.ways}) > 1
    columns = ("way", "entropy", "keys", "change", "FLOPs", *(["formula"] if several else []))
    rows = [
        (
            one.name,
            "-" if one.entropy is None else f"{one.entropy:.3f}",
            "-" if one.keys is None else f"{one.keys:.2f}",
            "-" if one.change is None else short(one.change),
            f"{one.flops:,}",
            *([one.formula] if several else []),
        )
        for one in report.ways
    ]
    table = listing(
        columns,
        rows,
        right=("entropy", "keys", "change", "FLOPs"),
        spare=(*(["formula"] if several else []), "FLOPs", "keys"),
    )
    noted = tuple(dict.fromkeys(grid.note for grid in grids if grid.note))
    alone = tuple(grid._replace(note="") for grid in grids)
    drawn: list[Block] = [Heading("", "Weights"), Grids(alone, apart=True)]
    drawn += [Lines(noted, quiet=True, indented=False)] if noted else []
    weights = drawn if grids else []
    return [
        Title("Ways to attend", "", "the same inputs for all" if report.alike else ""),
        Lines(report.facts, quiet=True, indented=False),
        *weights,
        Heading("", "Side by side"),
        table,
        Lines(tuple(map(said, EXPLAINED)), quiet=True),
    ]


def _matrix(one: Way, report: WaysReport) -> Matrix:
    assert one.weights is not None
    m = one.weights.shape[1]
    looking, looked_at = one.looks
    names = _names(looking, one.rows, report)
    positions = range(one.rows) if one.queries is None else one.queries
    return Matrix(
        caption=one.name,
        values=one.weights,
        positions=positions,
        total_rows=one.rows,
        row_names=[names[at] for at in positions],
        column_names=_names(looked_at, m, report),
        look="share",
        kind="weight",
        rows_are="query",
        columns_are="key",
        largest=1,
        hidden=one.hidden,
        sums=None if _sum_to_one(one) else one.sums,
    )


def _sum_to_one(one: Way) -> bool:
    """Whether every row sums to 1, or to 0 where no key is allowed."""
    return all(min(abs(total), abs(total - 1)) < 1e-6 for total in one.sums)


def _names(axis: str, size: int, report: WaysReport) -> Sequence[str]:
    return report.labels.get(axis) or Numbered(PREFIXES.get(axis, "d"), size)


def ways_document(report: WaysReport) -> dict[str, Any]:
    """The JSON document, `attn.compare/1`.

    weights are of the batch row and head shown; of a large run those of `queries` alone.
    """
    return {
        "schema": SCHEMA,
        "command": "compare",
        "facts": list(report.facts),
        "notices": list(report.notices),
        "labels": {axis: list(names) for axis, names in report.labels.items()},
        "ways": [
            {
                "name": one.name,
                "mode": one.mode,
                "normalizer": one.normalizer,
                "mask": one.mask,
                "heads": one.heads,
                "formula": one.formula,
                "entropy": None if one.entropy is None else plain_value(one.entropy),
                "effective_keys": None if one.keys is None else plain_value(one.keys),
                "largest_change": None if one.change is None else plain_value(one.change),
                "flops": one.flops,
                "weights": None if one.weights is None else plain_value(one.weights.tolist()),
                **({} if one.queries is None else {"queries": list(one.queries)}),
            }
            for one in report.ways
        ],
    }
