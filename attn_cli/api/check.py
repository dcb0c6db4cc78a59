"""Worked examples checked: which entry is wrong, which follows from one, which rule was missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.api.cells import names_along
from attn_cli.api.decode import wanted_request
from attn_cli.api.diagnose import cause_of
from attn_cli.api.evaluated import evaluated
from attn_cli.api.facts import facts
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.looking import Look
from attn_cli.api.requests import Request
from attn_cli.api.run import Run
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.worked_examples import Example, read_example
from attn_cli.api.worked_steps import Inputs, Written, given_in, mask_written, placed
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
from attn_cli.worked.explaining import Rule, carried_by, other_step, rules_missed
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
    first = _checked(read, arrays, spec, sources, answers=answers)
    if not first.having("wrong"):
        return Check(first)
    for words, changes in _otherwise(read, arrays, spec.under(read.choices)):
        try:
            other = _checked(read, arrays, spec.but(**changes), sources, answers=answers)
        except AttnError:
            continue
        if not other.having("wrong", "carried"):
            return Check(other._replace(notices=(said(words), *other.notices)))
    return Check(first)


UNSCALED = re.compile(
    r"(?i)\b(un-?scaled|no scal(e|ing)|without (the )?scal(e|ing)|not scaled|skip(ping)? the scal)"
    r"|不缩放|未缩放"
)


def _otherwise(read: Example, arrays: Arrays, spec: Spec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Choices that a page may have made without stating them, and what is said where they fit."""
    if not read.choices:
        if arrays.mask is None and not {*MASKS} & {*spec.said()}:
            yield "The numbers hold with ‹causal›, which is taken to be meant.", {"causal": True}
        if spec.scale is None and UNSCALED.search(read.words):
            yield "The numbers hold with ‹scale 1›, as the page says.", {"scale": 1.0}


def _checked(
    read: Example, arrays: Arrays, spec: Spec, sources: Sources, *, answers: bool
) -> CheckReport:
    spec = spec.under(read.choices)
    found = given_in(read, spec)
    on_page = found.arrays
    if read.given is not None:
        found = _not_drawn(read, found, arrays, spec, sources)
    halves = {n: one for n, one in found.halves.items() if getattr(arrays, n, None) is None}
    spec, arrays, told = _with_mask(
        spec,
        _with_inputs(arrays, found.arrays),
        read.matrices,
        stated=bool(read.choices) and "mask" not in (read.given or ()),
    )
    if found.again:
        told.append(
            said(
                "Line {lines}: an input stands there again with other numbers; the first "
                "example alone is checked.",
                lines=", ".join(found.again),
            )
        )
    request = wanted_request(spec, arrays, sources)
    whole = Look(whole=True)
    run = Run(evaluated(request, whole), whole)
    ways = {step.name: (step.symbol, step.formula) for step in run.trace.steps if not step.given}
    if not request.drawn or read.given is not None:
        written, notices = placed(read, request, ways)
    else:
        written, notices = _placed_beside_random(read, request, ways)
        _refuse_random(request, [*written])
    meant = Setting(request.mechanism, request.choices, request.arrays)
    halves = {
        name: one
        for name, one in halves.items()
        if name in request.arrays and request.arrays[name].shape == one.shape
    }
    marks, doubted = _without_guesses(meant, written, halves, read.kind)
    entries = {name: one.entries for name, one in written.items() if name in marks}
    rules = [*rules_missed(meant, entries, marks)]
    marks = carried_by(marks, rules)
    follows = followed(meant, entries, marks)
    steps = tuple(
        _step(run, name, own, written[name].lines, follows, other_step(meant, own))
        for name, own in marks.items()
    )
    numbers = _count(read, on_page, entries)
    return CheckReport(
        mode=request.mechanism.name,
        title=said("Check of {what}", what=read.name),
        formula=run.trace.formula,
        source=run.trace.source,
        seed=None,
        facts=facts(request),
        notices=(*_little(numbers), *told, *doubted, *_loose(steps), *notices),
        answers=answers,
        asked=read.asked,
        steps=steps,
        missed=tuple(_missed(meant, rules)),
        numbers=numbers,
    )


def _not_drawn(
    read: Example, found: Inputs, arrays: Arrays, spec: Spec, sources: Sources
) -> Inputs:
    """Arrays of an exported page but those that are as they were drawn: these have all digits.

    Raises AttnError for one that was given and is not on the page.
    """
    given = read.given or {}
    held = {name: np.array(one) for name, one in given.items() if one is not None}
    kept = {name: one for name, one in found.arrays.items() if name in given} | held
    missing = sorted({*given} - {*kept, "mask"})
    if missing:
        raise AttnError(
            f"This page was computed from {listed(missing)}, which it does not show: "
            "export it with ‹steps›, or save it."
        )
    drawn = wanted_request(spec, _with_inputs(arrays, kept), sources).arrays
    for name, one in found.arrays.items():
        own = drawn.get(name)
        half = found.halves.get(name, np.zeros(one.shape))
        alike = own is not None and own.shape == one.shape
        if alike and own is not None and not _reads_as(own, one, half):
            kept[name] = one
    halves = {name: one for name, one in found.halves.items() if name in kept and name not in held}
    return Inputs(kept, found.again, halves)


def _reads_as(drawn: Array, written: Array, half: Array) -> bool:
    allowed = np.maximum(half, 0.5 * 10.0 ** -_fewest(written)) + 1e-9 * np.abs(drawn)
    return bool((np.abs(drawn - written) <= allowed).all())


def _fewest(written: Array) -> int:
    """Decimals with which numbers are written, as far as their values tell."""
    for count in range(13):
        if (np.round(written, count) == written).all():
            return count
    return 13


def _without_guesses(
    meant: Setting, written: Mapping[str, Written], halves: Mapping[str, Array], kind: str
) -> tuple[dict[str, list[Mark]], tuple[str, ...]]:
    """The marks of all steps but those whose name is a guess and whose numbers are others.

    A page is never wrong for numbers that may be meant to be something else.
    """
    told: list[str] = []
    kept = dict(written)
    while True:
        marks = marked(meant, {name: one.entries for name, one in kept.items()}, halves, kind)
        doubted = [
            name
            for name, own in marks.items()
            if not kept[name].sure and any(one.status == "wrong" for one in own)
        ]
        if not doubted:
            return marks, tuple(told)
        if len(kept) == 1:
            raise AttnError(
                f"What may be {doubted[0]} here has other numbers, and nothing else is named: "
                f"name it, as in {doubted[0]} = …, to have it checked."
            )
        lines = kept.pop(doubted[0]).lines
        told.append(
            said(
                "Line {line} may be {step}, by the words beside it, and has other numbers: it is "
                "not judged. Name it, as in {step} = …, to have it checked.",
                line=_first_line(lines),
                step=doubted[0],
            )
        )


def _first_line(lines: Array) -> int:
    """The first line that is known of a matrix."""
    return int(lines[lines > 0].min(initial=lines.max()))


FEW = 0.8
"""A part of a page's numbers below which it is said how many were read."""


def _count(
    read: Example, inputs: Mapping[str, Array], steps: Mapping[str, Array]
) -> tuple[int, int]:
    """How many numbers stand in an example, and how many of them were read."""
    known = sum(one.size for one in inputs.values())
    known += sum(one.value is not None for each in steps.values() for one in each.flat)
    held = sum(e.value is not None for one in read.matrices for e in one.entries.flat)
    return max(held, min(read.numbers, loose_numbers(read.words)), known), known


def loose_numbers(words: str) -> int:
    """Decimal numbers of a page, as results have them: not those of headings and lists."""
    return len(re.findall(r"(?<![\w.])[-+−]?\d+\.\d+(?![\w.])", words))


def _little(numbers: tuple[int, int]) -> Iterator[str]:
    every, known = numbers
    if known < FEW * every:
        yield said("{read} of about {all} numbers were read.", read=known, all=every)


def _loose(steps: Sequence[CheckedStep]) -> Iterator[str]:
    """Names entries that hold only if what is given is rounded too."""
    loose = [one for step in steps for one in step.having("loose")]
    if loose:
        cells = ", ".join(f"{one.cell} = {one.written}" for one in loose[:MOST_LOOSE])
        yield said(
            "Right only if the given numbers are rounded as they are written: {cells}{more}.",
            cells=cells,
            more=", …" if len(loose) > MOST_LOOSE else "",
        )


MOST_LOOSE = 4


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
            f"It does not hold {listed(random)}: write each matrix with its name, as in "
            f"{random[0].upper()} = [[1, 0], [0, 1]], or give ‹{random[0]}›."
        )


def _step(
    run: Run,
    name: str,
    marks: list[Mark],
    lines: Array,
    follows: Follows,
    other: str | None,
) -> CheckedStep:
    traced, names = run.trace.step(name), _names(run, name)
    decimals = most_decimals(one.entry for one in marks)
    due = np.array([one.due for one in marks]).reshape([at + 1 for at in marks[-1].at])
    made = [_entry(run, one, names, lines, decimals, follows, due) for one in marks]
    columns = names[-1]
    across = len(columns)
    rows = [tuple(made[at : at + across]) for at in range(0, len(made), across)]
    titles = [", ".join(_named(names[:-1], marks[at].at)) for at in range(0, len(made), across)]
    return CheckedStep(
        name=name,
        formula=traced.formula,
        meant=traced.meaning,
        line=_first_line(lines),
        decimals=decimals,
        columns=columns,
        rows=tuple(zip(titles, rows, strict=True)),
        other=other or "",
    )


def _named(names: Sequence[Sequence[str]], at: tuple[int, ...]) -> list[str]:
    return [own[place] for own, place in zip(names, at, strict=False)]


def _entry(
    run: Run,
    mark: Mark,
    names: Sequence[Sequence[str]],
    lines: Array,
    decimals: int,
    follows: Follows,
    due: Array,
) -> CheckedEntry:
    digits = decimals + MORE_DIGITS
    wrong = mark.status == "wrong"
    return CheckedEntry(
        cell=_cell(names, mark),
        line=int(lines[mark.at]),
        written=mark.entry.text,
        right=_number(mark.right, digits, mark.entry),
        due=_number(mark.due, digits, mark.entry),
        status=mark.status,
        work=run.work(f"{mark.step}[{','.join(map(str, mark.at))}]") if wrong else "",
        slip=_slip(mark, due) if wrong else "",
        follows=tuple(
            _cell(_names(run, one.step), one) for one in follows.get((mark.step, mark.at), ())
        ),
    )


def _number(number: float, digits: int, entry: Entry) -> str:
    """A number as its entry is written: per cent beside per cent."""
    if not entry.percent:
        return short(number, digits)
    return f"{short(100 * number, max(digits - 2, 0))}%"


def _names(run: Run, step: str) -> list[tuple[str, ...]]:
    """What the places along each axis of a step are called."""
    request = run._found.request
    return [names_along(request, axis, step) for axis in request.program[step].axes]


def _cell(names: Sequence[Sequence[str]], mark: Mark) -> str:
    return f"{mark.step}[{','.join(_named(names, mark.at))}]"


def _slip(mark: Mark, due: Array) -> str:
    found = slip_of(Place(mark.entry, mark.due, due, mark.at))
    return said(found.says) if found is not None else ""


def _missed(meant: Setting, rules: Sequence[Rule]) -> Iterator[Missed]:
    for one in rules:
        cause = cause_of(one.fault, meant, one.setting)
        yield Missed(one.step, cause, ", ".join(one.setting.details), one.whole)
