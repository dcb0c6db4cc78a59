"""The page of `attn gradient`: what each array gets, then the steps back from the output."""

from __future__ import annotations

from typing import Any

from attn_cli.language import said
from attn_cli.results.gradient import Gained, GradientReport
from attn_cli.results.trace import Trace
from attn_cli.views.advice import advice_lines
from attn_cli.views.compute_page import numbered, one_step, work_page
from attn_cli.views.grids import grids_of
from attn_cli.views.numbers import short
from attn_cli.views.overview import is_small, step_part
from attn_cli.views.page import (
    Abreast,
    Block,
    Display,
    Grids,
    Heading,
    Lines,
    Listing,
    Part,
    Title,
    listing,
)
from attn_cli.views.steps import given_parts, left_out, matrices, step_blocks

BETWEEN = " · "
DIGITS = 4


def gradient_page(
    report: GradientReport, display: Display, work: str | None, command: str | None
) -> list[Block]:
    """Everything a person is shown of a gradient, or the one step or number asked for.

    command: what was typed, where it is told what to type next.
    """
    trace = report.trace
    numbers = numbered(trace)
    if work is not None:
        return work_page(trace, work.partition("[")[0].strip())
    if display.only is not None:
        return one_step(trace, numbers, display)
    blocks: list[Block] = [
        Title(trace.title, trace.formula, trace.source),
        Lines((BETWEEN.join(trace.facts),), quiet=True, indented=False),
        Heading("", said("What each array gets"), about=said("d loss / d each of its numbers")),
        _gained(report),
        *_steps(report, numbers, display),
    ]
    if command is not None:
        blocks += [
            Lines((), apart=True),
            *advice_lines(command, trace.next_commands, ("attn explain softmax",)),
        ]
    return blocks


def _gained(report: GradientReport) -> Listing:
    checked = any(one.apart is not None for one in report.gained)
    columns = [said("array"), said("gradient"), said("shape"), said("norm"), said("largest")]
    if checked:
        columns.append(said("from central differences"))
    rows = [_row(one, checked=checked) for one in report.gained]
    return listing(columns, rows, right=columns[3:], spare=(columns[1], columns[2]))


def _row(one: Gained, *, checked: bool) -> list[str]:
    shape = "×".join(f"{size:,}" for size in one.shape)
    row = [one.name, one.step or "0", shape, short(one.norm, DIGITS), short(one.largest, DIGITS)]
    return [*row, f"{one.apart or 0:.1e}"] if checked else row


def _steps(report: GradientReport, numbers: dict[str, str], display: Display) -> list[Block]:
    trace = report.trace
    if display.steps or display.start is not None:
        return _every_step(trace, numbers, display)
    if is_small(trace, display):
        parts = [
            step_part(step, numbers[step.name], trace, display)
            for step in trace.steps
            if not step.given
        ]
        return [*given_parts(trace.steps, trace, display, sizes=False), Abreast(tuple(parts))]
    return [
        *_of_scores(trace, numbers, display),
        Lines((), apart=True),
        _step_list(report, numbers),
    ]


def _of_scores(trace: Trace, numbers: dict[str, str], display: Display) -> list[Block]:
    """How the loss changes with each score, of every head that is shown."""
    pairs = [
        step
        for step in trace.steps
        if step.axes[-2:] == ("n", "m") and step.name.startswith("d_") and not step.given
    ]
    if not pairs:
        return []
    last = pairs[-1]
    parts: list[Part] = []
    for matrix in matrices(last, trace, display):
        bare = matrix._replace(caption="", marked=None)
        heading = Heading(
            "" if matrix.caption else numbers[last.name],
            matrix.caption or last.name,
            about=last.name if matrix.caption else last.meaning,
        )
        parts.append((heading, Grids(tuple(grids_of(bare, display)))))
    beside = (*left_out(trace, (last,), display),)
    return [Abreast(tuple(parts)), *([Lines(beside, quiet=True)] if beside else [])]


def _every_step(trace: Trace, numbers: dict[str, str], display: Display) -> list[Block]:
    names = [step.name for step in trace.steps]
    steps = trace.steps[names.index(display.start) if display.start in names else 0 :]
    blocks = given_parts(steps, trace, display, sizes=True)
    for step in steps:
        if not step.given:
            blocks += step_blocks(step, numbers[step.name], trace, display)
    return blocks


def _step_list(report: GradientReport, numbers: dict[str, str]) -> Listing:
    """Every step with the norm of its numbers: where it falls, the gradient dies."""
    steps = [step for step in report.trace.steps if not step.given]
    gradients = {one.step for one in report.gained}
    rows = [
        [
            f"{numbers[step.name]:>2} {step.name}",
            step.formula or step.symbol,
            "×".join(map(str, step.shape)),
            short(report.norms[step.name], DIGITS),
            f"{step.flops:,}" if step.flops else "",
        ]
        for step in steps
    ]
    columns = [said("step"), said("formula"), said("shape"), said("norm"), "FLOPs"]
    total = [said("all"), "", "", "", f"{sum(step.flops for step in steps):,}"]
    strong = [row[0] for row, step in zip(rows, steps, strict=True) if step.name in gradients]
    return listing(
        columns,
        rows,
        right=columns[3:],
        wrap=(columns[1],),
        total=total,
        strong=strong,
    )


def gradient_document(report: GradientReport) -> dict[str, Any]:
    """What --json adds to the steps."""
    return {
        "loss": report.loss,
        "gradients": [
            {
                "array": one.name,
                "step": one.step,
                "shape": list(one.shape),
                "norm": one.norm,
                "largest": one.largest,
                **({} if one.apart is None else {"from_central_differences": one.apart}),
            }
            for one in report.gained
        ],
        "norms": report.norms,
    }
