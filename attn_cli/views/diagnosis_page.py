"""The page of `attn diagnose`: the verdict, where numbers differ, and which fault explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attn_cli.language import said, told
from attn_cli.results.diagnosis import SCHEMA, Compared, DiagnosisReport, Hypothesis
from attn_cli.views.advice import advice_lines
from attn_cli.views.compute_page import BETWEEN
from attn_cli.views.document import plain_value
from attn_cli.views.numbers import short
from attn_cli.views.page import Block, Heading, Lines, Listing, Title, listing

MOST_SHOWN = 6
"""Faults that explain the numbers equally, of which this many are told in full."""


def diagnosis_page(report: DiagnosisReport, command: str | None) -> list[Block]:
    """Everything a person is shown of a diagnosis.

    command: what was typed, where it is told what to type next.
    """
    blocks: list[Block] = [
        Title(report.title, report.formula, report.source),
        Lines((BETWEEN.join(report.facts),), quiet=True, indented=False),
        Heading("", _verdict(report)),
        _compared(report),
    ]
    seen = [*(_farthest(one) for one in report.compared if one.differs), *report.observed]
    if seen:
        blocks.append(Lines(tuple(seen)))
    if not report.match:
        blocks += _explained(report)
    if command is not None and report.ambiguous:
        blocks += [Lines((), apart=True), *advice_lines(command, ("‹separate› other.npz",))]
    return blocks


def _verdict(report: DiagnosisReport) -> str:
    if report.match and report.within:
        return said("Equal, within {what}", what=said(report.within))
    if report.match:
        return said("Equal, within what rounding in {kind} allows", kind=report.kind)
    first = next(one for one in report.compared if one.differs)
    if len(report.compared) > 1:
        return said("Not what was meant, from {step} on", step=first.name)
    return said("Not what was meant: {step}", step=first.name)


def _compared(report: DiagnosisReport) -> Listing:
    columns = [
        said("step"),
        said("shape"),
        said("largest difference"),
        said("allowed"),
        said("numbers that differ"),
    ]
    rows = [
        [
            one.name,
            "×".join(map(str, one.shape)) or "1",
            short(one.largest, 6),
            f"{one.allowed:.1e}",
            said("{beyond} of {count}", beyond=f"{one.beyond:,}", count=f"{one.all:,}"),
        ]
        for one in report.compared
    ]
    return listing(columns, rows, right=columns[2:])


def _farthest(one: Compared) -> str:
    text = "{at}: yours {theirs}, meant {ours}. Where they differ: {where}."
    if not one.where:
        text = "{at}: yours {theirs}, meant {ours}."
    numbers = {"theirs": short(one.theirs, 6), "ours": short(one.ours, 6)}
    return said(text, at=one.at, where=one.where, **numbers)


def _explained(report: DiagnosisReport) -> Iterator[Block]:
    """What explains the numbers, or what is known where nothing does."""
    if not report.hypotheses:
        yield Heading("", said("No fault that is known explains it"))
        yield Lines((_unexplained(report),))
        yield from _closest(report.closest)
    elif report.ambiguous:
        text = said(
            "{count} faults explain it equally on these inputs", count=len(report.hypotheses)
        )
        yield Heading("", text)
    else:
        yield Heading("", said("What explains it"))
    for one in report.hypotheses[:MOST_SHOWN]:
        yield from _hypothesis(one)
    if len(report.hypotheses) > MOST_SHOWN:
        rest = ", ".join(_name(one) for one in report.hypotheses[MOST_SHOWN:])
        yield Lines((said("And: {names}.", names=rest),))
    if report.unseen:
        names = ", ".join(report.unseen)
        text = said(
            "Invisible on these inputs, so neither found nor excluded: {names}.", names=names
        )
        yield Lines((text,), quiet=True, indented=False, apart=True)


def _unexplained(report: DiagnosisReport) -> str:
    if not report.tried:
        return said(
            "No fault was tried: inputs hold NaN or infinity, and so does every difference."
        )
    text = said(
        "{count} faults that can happen here were tried, alone and in pairs.", count=report.tried
    )
    if not report.earlier:
        return text
    more = said(
        "Give an earlier step too (‹expected {step}=…›): the first that differs tells where to "
        "look.",
        step=report.earlier,
    )
    return f"{text} {more}"


def _closest(found: Sequence[Hypothesis]) -> Iterator[Block]:
    columns = [said("closest"), said("largest difference that is left")]
    rows = [[_name(one), short(one.max_error, 6)] for one in found]
    if rows:
        yield listing(columns, rows, right=columns[1:])


def _name(one: Hypothesis) -> str:
    names = " + ".join(cause.id for cause in one.causes)
    return f"{names} ({one.detail})" if one.detail else names


def _hypothesis(one: Hypothesis) -> Iterator[Block]:
    """A fault in words: what happens, what was meant, what usually brings it about."""
    left = said("off by {error} at most", error=short(one.max_error, 2))
    yield Heading("", _name(one), name=_name(one), right=left)
    for cause in one.causes:
        lines = [
            said("{does} Meant: {meant}", does=said(cause.does), meant=said(cause.meant)),
            said("usual cause: {line}", line=told(cause.cause)),
        ]
        if cause.option:
            lines.append(said("the same here: {option}", option=told(cause.option)))
        lines.append(said("see: {source}", source=told(cause.source)))
        yield Lines(tuple(lines))


def diagnosis_document(report: DiagnosisReport) -> dict[str, Any]:
    """The document attn.diagnosis/1."""
    return {
        "schema": SCHEMA,
        "command": "diagnose",
        "mode": report.mode,
        "match": report.match,
        "ambiguous": report.ambiguous,
        "dtype": report.kind,
        "compared": [
            {
                **one._asdict(),
                "shape": list(one.shape),
                "differs": one.differs,
                "largest": plain_value(one.largest),
                "theirs": plain_value(one.theirs),
                "ours": plain_value(one.ours),
            }
            for one in report.compared
        ],
        "observed": list(report.observed),
        "hypotheses": [_told(one) for one in report.hypotheses],
        "closest": [_told(one) for one in report.closest],
        "invisible": list(report.unseen),
        "notices": list(report.notices),
    }


def _told(one: Hypothesis) -> dict[str, Any]:
    return {
        "faults": [cause.id for cause in one.causes],
        "detail": one.detail,
        "step": one.step,
        "max_error": plain_value(one.max_error),
        "explanation": " ".join(f"{cause.does} Meant: {cause.meant}" for cause in one.causes),
        "causes": [cause.cause for cause in one.causes],
        "options": [cause.option for cause in one.causes],
        "sources": [cause.source for cause in one.causes],
    }
