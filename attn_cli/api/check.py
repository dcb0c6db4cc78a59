"""Worked examples checked: which entry is wrong, which follows from one, which rule was missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.api.cells import names_along
from attn_cli.api.diagnose import cause_of
from attn_cli.api.evaluated import evaluated
from attn_cli.api.facts import facts
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.looking import Look
from attn_cli.api.requests import Request, request_of
from attn_cli.api.run import Run
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.worked_examples import Example, read_example
from attn_cli.api.worked_steps import Written, given_in, mask_written, placed
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, listed
from attn_cli.faults import Setting
from attn_cli.language import said
from attn_cli.results.check import CheckedEntry, CheckedStep, CheckReport, Missed
from attn_cli.spec import MASKS, Spec, refuse_other
from attn_cli.views.check_page import check_document, check_page
from attn_cli.views.numbers import short
from attn_cli.views.page import Block
from attn_cli.worked.entries import Entry
from attn_cli.worked.explaining import Rule, other_step, rules_missed
from attn_cli.worked.marking import Mark, followed, marked, most_decimals
from attn_cli.worked.matrices import Matrix
from attn_cli.worked.slips import Place, slip_of

Array = np.ndarray[Any, Any]
Follows = Mapping[tuple[str, tuple[int, ...]], list[Mark]]

MORE_DIGITS = 2
"""Decimals of the right number beyond those that are written."""


class Check(Documented):
    """A worked example that was checked."""

    def __init__(self, report: CheckReport) -> None:
        self.report = report
        self.title, self.notices = report.title, report.notices

    @property
    def match(self) -> bool:
        """Whether every number is right; of answers, whether none is missing either."""
        return self.report.match

    @property
    def wrong(self) -> tuple[CheckedEntry, ...]:
        """Entries that are wrong of themselves."""
        return self.report.having("wrong")

    @property
    def carried(self) -> tuple[CheckedEntry, ...]:
        """Entries that follow rightly from wrong ones before them."""
        return self.report.having("carried")

    @property
    def points(self) -> tuple[int, int]:
        """Entries that are right or follow rightly, and all there are."""
        return self.report.points

    def page(self, _: Frame) -> list[Block]:
        """What is wrong, why, and what follows from it."""
        return check_page(self.report)

    def document(self) -> dict[str, Any]:
        """The document attn.check/1."""
        return check_document(self.report)


def check(
    example: str | Path, *, answers: bool = False, spec: Spec | None = None, **given: Any
) -> Check:
    """Recompute a worked example, and say which of its rounded numbers are wrong.

    example: a file (Markdown, text, JSON), or a text of several lines. Matrices go by the names
    people give them: Q, K, V, S = QK^T, attention weights, output. Entries are held to half of
    their last digit. answers: mark every entry, as of a sheet that was filled in. given: choices
    and arrays as for compute, over those of the example.

    Raises AttnError (a ValueError) where nothing in it can be checked.
    """
    arrays, chosen = arranged(given, spec)
    return checked(example, arrays, chosen, answers=answers)


def checked(
    example: str | Path,
    arrays: Arrays,
    spec: Spec,
    *,
    answers: bool = False,
    sources: Sources | None = None,
) -> Check:
    """The same from arrays and choices; sources: where text is read."""
    refuse_other(spec, "check")
    sources = sources or Sources(None)
    read = read_example(example, sources)
    spec = spec.under(read.choices)
    found = given_in(read.matrices, spec)
    spec, arrays, told = _with_mask(
        spec, _with_inputs(arrays, found.arrays), read.matrices, stated=bool(read.choices)
    )
    if found.again:
        told.append(
            said(
                "Line {lines}: an input stands there again with other numbers; the first "
                "example alone is checked.",
                lines=", ".join(found.again),
            )
        )
    request = request_of(spec, arrays, sources)
    whole = Look(whole=True)
    run = Run(evaluated(request, whole), whole)
    ways = {step.name: (step.symbol, step.formula) for step in run.trace.steps if not step.given}
    if not request.drawn:
        written, notices = placed(read, request, ways)
    else:
        written, notices = _placed_beside_random(read, request, ways)
    _refuse_random(request, [*written])
    meant = Setting(request.mechanism, request.choices, request.arrays)
    entries = {name: one.entries for name, one in written.items()}
    marks = marked(meant, entries)
    follows = followed(meant, entries, marks)
    steps = tuple(
        _step(run, request, name, own, written[name].lines, follows, other_step(meant, own))
        for name, own in marks.items()
    )
    return Check(
        CheckReport(
            mode=request.mechanism.name,
            title=said("Check of {what}", what=read.name),
            formula=run.trace.formula,
            source=run.trace.source,
            seed=None,
            facts=facts(request),
            notices=(*told, *notices),
            answers=answers,
            asked=read.asked,
            steps=steps,
            missed=tuple(_missed(meant, rules_missed(meant, entries, marks))),
        )
    )


def _with_mask(
    spec: Spec, arrays: Arrays, found: Sequence[Matrix], *, stated: bool
) -> tuple[Spec, Arrays, list[str]]:
    """The mask that masked scores show, where none is chosen, and what is said of it.

    stated: whether the example states its choices, which are all there are.
    """
    shown = None if stated else mask_written(found)
    if shown is None or arrays.mask is not None or {*MASKS} & {*spec.said()}:
        return spec, arrays, []
    allowed, line = shown
    told = [said("The mask is that of the scores in line {line}.", line=line)]
    if np.array_equal(allowed, np.tri(*allowed.shape, dtype=bool)):
        return spec.but(causal=True), arrays, told
    return spec, arrays._replace(mask=allowed), told


def _placed_beside_random(
    read: Example, request: Request, ways: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Written], tuple[str, ...]]:
    """Steps of a run of which an array is missing: whose sizes are not known, so that is said."""
    try:
        return placed(read, request, ways)
    except AttnError:
        _refuse_random(request, [request.program.output.name])
        raise


def _with_inputs(arrays: Arrays, inputs: Mapping[str, Array]) -> Arrays:
    """The arrays of the example, and over them those that are given."""
    found = {name: one for name, one in inputs.items() if name in Arrays._fields}
    param = {name: one for name, one in inputs.items() if name not in Arrays._fields}
    given = {name: one for name, one in arrays._asdict().items() if one is not None}
    return Arrays(**{**found, **given, "param": {**param, **arrays.param}})


def _refuse_random(request: Request, wanted: list[str]) -> None:
    """Raise AttnError where what is checked depends on an array that nobody gave."""
    needed = request.program.needed_for(wanted)
    random = [step.name for step in needed if step.name in request.drawn]
    if random:
        raise AttnError(
            f"{listed(random)} {'is' if len(random) == 1 else 'are'} not in it: write "
            f"{'the matrix' if len(random) == 1 else 'the matrices'} with a name, as in "
            f"{random[0].upper()} = [[1, 0], [0, 1]], or give ‹{random[0]}›."
        )


def _step(
    run: Run,
    request: Request,
    name: str,
    marks: list[Mark],
    lines: Array,
    follows: Follows,
    other: str | None,
) -> CheckedStep:
    traced, axes = run.trace.step(name), request.program[name].axes
    names = [names_along(request, axis, name) for axis in axes]
    decimals = most_decimals(one.entry for one in marks)
    made = [_entry(run, one, lines, decimals, follows, marks) for one in marks]
    columns = names[-1]
    across = len(columns)
    rows = [tuple(made[at : at + across]) for at in range(0, len(made), across)]
    titles = [", ".join(_named(names[:-1], marks[at].at)) for at in range(0, len(made), across)]
    return CheckedStep(
        name=name,
        formula=traced.formula,
        meant=traced.meaning,
        line=int(lines[lines > 0].min(initial=lines.max())),
        decimals=decimals,
        columns=columns,
        rows=tuple(zip(titles, rows, strict=True)),
        other=other or "",
    )


def _named(names: list[tuple[str, ...]], at: tuple[int, ...]) -> list[str]:
    return [own[place] for own, place in zip(names, at, strict=False)]


def _entry(
    run: Run,
    mark: Mark,
    lines: Array,
    decimals: int,
    follows: Follows,
    marks: list[Mark],
) -> CheckedEntry:
    digits = decimals + MORE_DIGITS
    wrong = mark.status == "wrong"
    return CheckedEntry(
        cell=_cell(run, mark),
        line=int(lines[mark.at]),
        written=mark.entry.text,
        right=_number(mark.right, digits, mark.entry),
        due=_number(mark.due, digits, mark.entry),
        status=mark.status,
        work=run.work(f"{mark.step}[{','.join(map(str, mark.at))}]") if wrong else "",
        slip=_slip(mark, marks) if wrong else "",
        follows=tuple(_cell(run, one) for one in follows.get((mark.step, mark.at), ())),
    )


def _number(number: float, digits: int, entry: Entry) -> str:
    """A number as its entry is written: per cent beside per cent."""
    if not entry.percent:
        return short(number, digits)
    return f"{short(100 * number, max(digits - 2, 0))}%"


def _cell(run: Run, mark: Mark) -> str:
    request = run._found.request
    names = [names_along(request, axis, mark.step) for axis in request.program[mark.step].axes]
    return f"{mark.step}[{','.join(_named(names, mark.at))}]"


def _slip(mark: Mark, marks: list[Mark]) -> str:
    shape = tuple(at + 1 for at in marks[-1].at)
    due = np.array([one.due for one in marks]).reshape(shape)
    found = slip_of(Place(mark.entry, mark.due, due, mark.at))
    return said(found.says) if found is not None else ""


def _missed(meant: Setting, rules: Iterator[Rule]) -> Iterator[Missed]:
    for one in rules:
        cause = cause_of(one.fault, meant, one.setting)
        yield Missed(one.step, cause, ", ".join(one.setting.details), one.whole)
