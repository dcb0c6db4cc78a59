"""The page of `attn mask`: the rule in words, the picture, counts, and what others call it."""

from __future__ import annotations

from attn_cli.data.libraries import QUESTIONS
from attn_cli.errors import brief
from attn_cli.language import named, told
from attn_cli.results.mask import Convention, FormShown, MaskReport
from attn_cli.results.trace import Trace
from attn_cli.spelling import spelled
from attn_cli.views.advice import advice_lines
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.mask_catalogue import library_blocks
from attn_cli.views.mask_grids import caption, names, picture_blocks
from attn_cli.views.page import Block, Display, Grids, Heading, Lines, Title, listing
from attn_cli.views.steps import left_out, step_blocks

LONGEST_NAME = 200


def mask_page(
    report: MaskReport,
    display: Display,
    *,
    libraries: bool = False,
    command: str | None = None,
) -> list[Block]:
    """Everything a person is shown of one mask.

    libraries: what every library makes of masks, not only of what is at stake here. command: what
    was typed, where it is told what to type next.
    """
    blocks: list[Block] = [
        Title(brief(report.name, LONGEST_NAME), brief(told(report.says), LONGEST_NAME), ""),
        Lines(report.trace.facts, quiet=True, indented=False),
        Lines((), apart=True),
        *picture_blocks(report, display),
    ]
    if report.places > len(report.pictures):
        shown = f"shown: {len(report.pictures)} of {report.places} batch rows and heads"
        others = spelled("‹everything› shows the others")
        blocks.append(Lines((f"{shown}; {others}",), quiet=True))
    blocks += _difference(report)
    blocks += _bias(report, display)
    if report.form is not None:
        blocks += _form(report, report.form, display)
    if report.looks_like:
        blocks += [Heading("", "What it looks like"), Lines(report.looks_like)]
    if report.called:
        blocks += [Heading("", "Others would call this"), Lines((" · ".join(report.called),))]
    if libraries:
        blocks += library_blocks()
    elif report.conventions:
        blocks += _conventions(report.questions, report.conventions, display.width)
    if command is not None:
        blocks += [Lines((), apart=True), *advice_lines(command, report.trace.next_commands)]
    return blocks


def bias_page(trace: Trace, display: Display) -> list[Block]:
    """A bias without a mask: its steps."""
    facts = (*trace.facts, *left_out(trace, trace.steps, display))
    blocks: list[Block] = [
        Title(trace.title, "", ""),
        Lines(facts, quiet=True, indented=False),
    ]
    computed = [step for step in trace.steps if not step.given]
    for place, step in enumerate(computed, 1):
        blocks += step_blocks(step, str(place), trace, display)
    return blocks


def _difference(report: MaskReport) -> list[Block]:
    if report.difference is None:
        return []
    apart = report.difference
    if not apart.here and not apart.there:
        line = f"Both keep the same {apart.both:,} pairs."
    elif not apart.both and apart.here + apart.there == report.pairs:
        line = "Each keeps what the other drops: one is the opposite of the other."
    else:
        line = (
            f"{apart.both:,} pairs kept by both, {apart.here:,} by the mask alone, "
            f"{apart.there:,} by the other alone."
        )
    blocks: list[Block] = [Heading("", f"Beside {brief(apart.other)}"), Lines((line,))]
    if report.placed and "offset=" in apart.other:
        note = "‹offset› and ‹align› place both masks; (offset=0) in ‹diff› is top-left"
        blocks.append(Lines((spelled(note),), quiet=True))
    return blocks


def _bias(report: MaskReport, display: Display) -> list[Block]:
    """How the bias comes about, then mask and bias together."""
    steps = [step for step in report.trace.steps if step.role not in ("input", "mask")]
    if not steps:
        return []
    more = tuple(left_out(report.trace, report.trace.steps, display))
    formula = next(step.formula for step in steps if step.name == "bias")
    blocks: list[Block] = [
        Heading("", "With the bias"),
        Lines((f"bias = {formula}, added to the scores before the mask",)),
        *([Lines(more, quiet=True)] if more else []),
    ]
    for place, step in enumerate((s for s in steps if s.name != "bias"), 1):
        look = "veiled" if step.role == "masked" else step.look
        blocks += step_blocks(step._replace(look=look), str(place), report.trace, display)
    return blocks


def _form(report: MaskReport, form: FormShown, display: Display) -> list[Block]:
    shape = "×".join(f"{size:,}" for size in form.shape)
    heading = Heading("", f"As {form.name}", right=f"{form.dtype}, {shape}, {form.letters}")
    blocks: list[Block] = [heading, Lines((form.says,))]
    if form.values is None:
        return blocks
    grids = []
    for picture in report.pictures:
        at = dict(picture.place)
        matrix = Matrix(
            caption=caption(picture),
            values=form.values[at.get("b", 0), at.get("h", 0)],
            positions=range(report.n),
            total_rows=report.n,
            row_names=names("n", report.n, report.trace),
            column_names=names("m", report.m, report.trace),
            look="boolean" if form.dtype == "bool" else "plain",
            kind="",
            rows_are="query",
            columns_are="key",
            largest=0,
        )
        grids += grids_of(matrix, display)
    return [*blocks, Grids(tuple(grids), apart=True)]


def _conventions(
    questions: tuple[str, ...], conventions: tuple[Convention, ...], width: int
) -> list[Block]:
    rows = [[one.library, *map(told, one.answers)] for one in conventions]
    columns = ["library", *questions]
    needed = sum(max(len(row[j]) for row in [columns, *rows]) + 2 for j in range(len(columns)))
    if needed <= width:
        table = listing(columns, rows)
        return [Heading("", "What others make of it"), table, *_counting(questions)]
    blocks: list[Block] = [Heading("", "What others make of it")]
    for place, question in enumerate(questions):
        answers = tuple(f"  {named(row[0], row[place + 1])}" for row in rows)
        blocks += [Lines((named(told(question), "").rstrip(),)), Lines(answers)]
    return [*blocks, *_counting(questions)]


def _counting(questions: tuple[str, ...]) -> list[Block]:
    if QUESTIONS["window"] not in questions:
        return []
    return [Lines(("w counts the query's own key; w-1 counts the keys beside it",), quiet=True)]
