"""The page of `attn check`: what is wrong and why, or every entry with its mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attn_cli.language import said
from attn_cli.results.check import SCHEMA, CheckedEntry, CheckedStep, CheckReport, Missed
from attn_cli.views.compute_page import BETWEEN
from attn_cli.views.page import Block, Heading, Lines, Listing, Title, listing

EXPLAINED = 2
"""Wrong entries that are worked out where a rule explains them all."""
MOST_SHOWN = 12
"""Wrong entries that are worked out, and entries that are named in a line."""

RIGHT = ("right", "rounded", "coarse", "loose")

SIGNS = {"right": "✓", "rounded": "✓", "coarse": "✓", "loose": "✓", "carried": "✓→", "wrong": "✗"}
"""What stands behind an entry that is marked."""


LEGEND = (
    "✓ right; ✓→ right for what is written before it, which counts; ✗ wrong, and what is right "
    "for what is written before it; ___ left blank, and what is right."
)


def check_page(report: CheckReport) -> list[Block]:
    """Everything a person is shown of a check."""
    blocks: list[Block] = [
        Title(report.title, report.formula, report.source),
        Lines((BETWEEN.join(report.facts),), quiet=True, indented=False),
        Heading("", _verdict(report)),
        _counted(report),
    ]
    for step in report.steps:
        if report.is_asked(step):
            blocks += _answered(step)
        if step.having("wrong"):
            blocks += _wrong(step, [one for one in report.missed if one.step == step.name])
    carried = report.having("carried")
    if carried:
        blocks += [Heading("", said("Carried forward")), Lines(tuple(_carried(carried)))]
    blocks += _remarks(report)
    if report.answers:
        blocks.append(Lines((said(LEGEND),), quiet=True, indented=False, apart=True))
    return blocks


def _verdict(report: CheckReport) -> str:
    reached, all_of = report.points
    if report.answers:
        return said("{reached} of {all} points", reached=reached, all=all_of)
    wrong, carried = len(report.having("wrong")), len(report.having("carried"))
    written = all_of - len(report.having("blank"))
    if not written:
        return said("Nothing is filled in yet")
    if not wrong and report.notices:
        return said("The {count} numbers that were read hold", count=written)
    if not wrong:
        return said("All {count} numbers hold", count=written)
    told = said("{wrong} of {count} numbers: wrong", wrong=wrong, count=written)
    if not carried:
        return told
    return said("{told}; carried forward from them: {carried}", told=told, carried=carried)


def _counted(report: CheckReport) -> Listing:
    columns = [
        *(said("step"), said("line"), said("decimals"), said("right")),
        *(said("wrong"), said("carried forward"), said("left blank")),
    ]
    if not report.having("blank"):
        del columns[-1]
    rows = [
        [step.name, str(step.line), str(step.decimals), *_counts(step)][: len(columns)]
        for step in report.steps
    ]
    return listing(columns, rows, right=columns[1:], spare=[columns[2]])


def _counts(step: CheckedStep) -> Iterator[str]:
    for statuses in (RIGHT, ("wrong",), ("carried",), ("blank",)):
        yield str(len(step.having(*statuses)))


def _answered(step: CheckedStep) -> Iterator[Block]:
    """A step with a mark behind every entry."""
    yield Heading("", f"{step.name} = {step.formula}", name=step.name, about=step.meant)
    rows = [[name, *(_marked(one) for one in row)] for name, row in step.rows]
    yield listing(["", *step.columns], rows, right=step.columns)


def _marked(entry: CheckedEntry) -> str:
    if entry.status in ("blank", "unsaid"):
        return f"___ {entry.right}"
    sign = SIGNS.get(entry.status, "")
    if entry.status == "wrong":
        return f"{entry.written} {sign} {entry.due}"
    return f"{entry.written} {sign}".strip()


def _wrong(step: CheckedStep, missed: list[Missed]) -> Iterator[Block]:
    """The wrong entries of a step, and the rule that was missed."""
    wrong = step.having("wrong")
    head = said("Wrong in {step} = {formula}", step=step.name, formula=step.formula)
    yield Heading("", head, name=step.name, about=step.meant)
    if step.other:
        told = said("These are the right numbers of {other}: was that meant?", other=step.other)
        yield Lines((told,))
    if missed:
        yield Lines(tuple(line for rule in missed for line in _rule(rule)))
    explained = bool(step.other) or any(rule.whole for rule in missed)
    shown = EXPLAINED if explained else MOST_SHOWN
    lines: list[str] = []
    for one in wrong[:shown]:
        lines += _told(one, slips=not explained)
    if len(wrong) > shown:
        lines.append(said("and {count} more", count=len(wrong) - shown))
    yield Lines(tuple(lines), apart=bool(step.other or missed))


def _told(one: CheckedEntry, *, slips: bool) -> Iterator[str]:
    yield said(
        "line {line}: {cell} is {right}, not {written}. {slip}",
        line=one.line,
        cell=one.cell,
        right=one.right,
        written=one.written,
        slip=one.slip if slips else "",
    ).rstrip()
    yield f"  {one.work}"
    if one.due != one.right:
        yield said("  From the numbers before it, as they are written: {due}.", due=one.due)


def _rule(rule: Missed) -> Iterator[str]:
    """A fault in words, with what it gives."""
    cause = rule.cause
    name = f"{cause.id} ({rule.detail})" if rule.detail else cause.id
    explains = said("gives every number") if rule.whole else said("gives the wrong numbers")
    yield said("The rule that was missed, which {explains}: {name}", explains=explains, name=name)
    told = said("{does} Meant: {meant}", does=said(cause.does), meant=said(cause.meant))
    yield f"  {told}"
    if cause.option:
        yield f"  {said('the same here: {option}', option=cause.option)}"
    yield f"  {said('see: {source}', source=cause.source)}"


def _carried(carried: tuple[CheckedEntry, ...]) -> Iterator[str]:
    """Entries that follow from wrong ones, with these."""
    sources: dict[tuple[str, ...], list[str]] = {}
    for one in carried:
        sources.setdefault(one.follows, []).append(f"{one.cell} = {one.written}")
    for follows, cells in sources.items():
        shown = ", ".join(cells[:MOST_SHOWN]) + (", …" if len(cells) > MOST_SHOWN else "")
        if follows:
            yield said(
                "{cells}: right for what is written before; wrong because of {sources}.",
                cells=shown,
                sources=", ".join(follows),
            )
        else:
            yield said("{cells}: right for what is written before.", cells=shown)


def _remarks(report: CheckReport) -> Iterator[Block]:
    """What is no error, and worth a word."""
    lines = []
    rounded, coarse = report.having("rounded"), report.having("coarse")
    if rounded:
        told = said(
            "Right for the rounded numbers before; with all digits: {cells}.",
            cells=_listed(rounded),
        )
        lines.append(told)
    if coarse:
        told = said(
            "Right with the digits they have, but with fewer than those beside them: {cells}.",
            cells=_listed(coarse),
        )
        lines.append(told)
    blank = report.having("blank")
    if blank and not report.answers:
        lines.append(said("Left blank: {count}. ‹answers› shows them.", count=len(blank)))
    if lines:
        yield Lines(tuple(lines), quiet=True, indented=False, apart=True)


def _listed(entries: tuple[CheckedEntry, ...]) -> str:
    shown = [f"{one.cell} = {one.right}" for one in entries[:MOST_SHOWN]]
    return ", ".join(shown) + (", …" if len(entries) > MOST_SHOWN else "")


def check_document(report: CheckReport) -> dict[str, Any]:
    """The document attn.check/1."""
    reached, all_of = report.points
    return {
        "schema": SCHEMA,
        "command": "check",
        "mode": report.mode,
        "match": report.match,
        "points": {"reached": reached, "of": all_of},
        "steps": [
            {
                "name": step.name,
                "formula": step.formula,
                "line": step.line,
                "decimals": step.decimals,
                "right_numbers_of": step.other or None,
                "entries": [_entry(one) for one in step.entries],
            }
            for step in report.steps
        ],
        "rules_missed": [
            {
                "step": one.step,
                "fault": one.cause.id,
                "detail": one.detail,
                "gives_every_number": one.whole,
                "explanation": f"{one.cause.does} Meant: {one.cause.meant}",
            }
            for one in report.missed
        ],
        "notices": list(report.notices),
    }


def _entry(one: CheckedEntry) -> dict[str, Any]:
    return {
        "cell": one.cell,
        "line": one.line,
        "status": one.status,
        "written": one.written,
        "right": one.right,
        "due": one.due,
        "work": one.work,
        "slip": one.slip,
        "follows": list(one.follows),
    }
