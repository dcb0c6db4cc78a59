"""What the JSON document of `attn mask` has beside its steps."""

from __future__ import annotations

from typing import Any

from attn_cli.mask_report import MaskReport
from attn_cli.views.document import plain_value


def described(report: MaskReport) -> dict[str, Any]:
    """Counts, comparisons and names; positions are counted from 0.

    kept_per_query has a list for each batch row or head along which the mask differs.
    """
    keys = [picture.keys.tolist() for picture in report.pictures]
    apart, tiles, form = report.difference, report.tiles, report.form
    return {
        "mask": report.name,
        "rule": report.says,
        "n": report.n,
        "m": report.m,
        "kept": report.kept,
        "pairs": report.pairs,
        "fraction_kept": report.kept / report.pairs,
        "kept_per_query": keys if report.places > 1 else keys[0],
        "empty_rows": _empty(keys, report.places > 1),
        "tiles": tiles and tiles._asdict(),
        "diff": apart and {**apart._asdict(), "pairs": _apart(report)},
        "form": form
        and {
            **form._asdict(),
            "shape": list(form.shape),
            "values": None if form.values is None else plain_value(form.values.tolist()),
        },
        "looks_like": list(report.looks_like),
        "called_elsewhere": list(report.called),
        "conventions": [
            {"library": one.library, **dict(zip(report.questions, one.answers, strict=True))}
            for one in report.conventions
        ],
    }


def _empty(keys: list[list[int]], several: bool) -> list[Any]:
    rows = [[i for i, kept in enumerate(place) if not kept] for place in keys]
    return rows if several else rows[0]


def _apart(report: MaskReport) -> dict[str, Any] | None:
    """Pairs [query, key] that only one of the masks keeps, where the tables are small."""
    (picture, *others) = report.pictures
    if picture.codes is None or others:
        return None
    codes = picture.codes.tolist()
    return {
        name: [[i, j] for i, row in enumerate(codes) for j, code in enumerate(row) if code == own]
        for name, own in (("here", 2), ("there", 3))
    }
