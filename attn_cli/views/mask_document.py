"""What the JSON document of `attn mask` has beside its steps."""

from __future__ import annotations

from math import prod
from typing import Any

from attn_cli.results.mask import FormShown, MaskReport
from attn_cli.views.document import plain_value


def described(report: MaskReport) -> dict[str, Any]:
    """Counts, comparisons and names; positions are counted from 0.

    kept_per_query has a list for each batch row and head along which the mask differs.
    """
    keys = _by_place(report.keys.tolist())
    apart, tiles, form = report.difference, report.tiles, report.form
    return {
        "mask": report.name,
        "rule": report.says,
        "n": report.n,
        "m": report.m,
        "kept": report.kept,
        "pairs": report.pairs,
        "fraction_kept": report.kept / report.pairs,
        "kept_per_query": keys,
        "empty_rows": _empty(keys),
        "tiles": None if tiles is None else tiles._asdict(),
        "diff": None if apart is None else {**apart._asdict(), "pairs": _apart(report)},
        "form": None if form is None else _form(form),
        "looks_like": list(report.looks_like),
        "called_elsewhere": list(report.called),
        "conventions": [
            {"library": one.library, **dict(zip(report.questions, one.answers, strict=True))}
            for one in report.conventions
        ],
    }


def _form(form: FormShown) -> dict[str, Any]:
    """Values in the form's own axes; where heads are repeated, (b, h, n, m) without them."""
    values = form.values
    if values is not None and values.size == prod(form.shape):
        values = values.reshape(form.shape)
    listed = None if values is None else plain_value(values.tolist())
    return {**form._asdict(), "shape": list(form.shape), "values": listed}


def _by_place(keys: list[Any]) -> list[Any]:
    """Counts (b, h, n) without the axes along which the mask is the same."""
    rows = [heads if len(heads) > 1 else heads[0] for heads in keys]
    return rows if len(rows) > 1 else rows[0]


def _empty(keys: list[Any]) -> list[Any]:
    """Positions of the queries that keep no key, nested as the counts are."""
    if keys and isinstance(keys[0], list):
        return [_empty(place) for place in keys]
    return [i for i, kept in enumerate(keys) if not kept]


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
