"""The page of `attn train`: what was learned, the weights on the way, what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attn_cli.language import said
from attn_cli.results.training import SCHEMA, Course, Noise, Snapshot, TrainingReport
from attn_cli.views.advice import advice_lines
from attn_cli.views.bars import bar
from attn_cli.views.compute_page import BETWEEN
from attn_cli.views.document import plain_value
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.numbers import fixed, percent, short
from attn_cli.views.page import (
    Abreast,
    Block,
    Curve,
    Curves,
    Display,
    Grids,
    Heading,
    Lines,
    Listing,
    Part,
    Title,
    listing,
)

BAR_WIDTH, DIGITS = 10, 4
SHOWN_HEADS = 4
MOST_BARS = 3
"""Pairs beside whose weights there is room for bars."""

SEVERAL = 400
"""Draws whose mean is held against one."""

KINDS = ("weight", "query", "key", "value")


def training_page(
    report: TrainingReport, display: Display, command: str | None, *, curves: bool
) -> list[Block]:
    """Everything a person is shown of a training; curves: drawn too, where that is possible.

    command: what was typed, where it is told what to type next.
    """
    weights = [part for one in report.snapshots for part in _weights(one, report, display)]
    blocks: list[Block] = [
        Title(report.title, said("loss = {loss}", loss=report.loss), report.source),
        Lines((BETWEEN.join(report.facts),), quiet=True, indented=False),
        Heading("", said("What was learned")),
        _course(report),
    ]
    if weights:
        blocks += [Abreast(tuple(weights)), Lines(_elsewhere(report), quiet=True, indented=False)]
    blocks += [Heading("", said("How much each array changed")), _changed(report)]
    if report.noise is not None:
        blocks += [
            Heading("", said("How noisy draws are, before the first step")),
            *_noise(report.noise),
        ]
    if len(report.courses) > 1:
        blocks += [Heading("", said("The same training of another mode")), _against(report)]
    if curves:
        blocks += _curves(report)
    if command is not None:
        topics = ("attn compute --input run.npz", "attn explain softmax-jacobian")
        blocks += [Lines((), apart=True), *advice_lines(command, ("‹save run.npz›",), topics)]
    return blocks


def _course(report: TrainingReport) -> Listing:
    """The loss and the weight of each pair, at some steps that grow by tens."""
    course = report.courses[0]
    columns = [said("step"), said("loss"), *(f"{name}, %" for name in report.pair_names)]
    rows = []
    width = BAR_WIDTH if len(report.pair_names) <= MOST_BARS else 0
    for step in _places(report.steps):
        pairs = course.pairs[step] if course.pairs else ()
        shown = [f"{percent(weight):>4} {bar(weight, width):<{width}}".rstrip() for weight in pairs]
        rows.append([f"{step:,}", fixed(course.losses[step], DIGITS), *shown])
    return listing(columns, rows, right=columns[:2])


def _places(steps: int) -> Iterator[int]:
    """0, 1, 3, 10, 30 … and the last."""
    found, step, factor = [0], 1, 3
    while step < steps:
        found.append(step)
        step, factor = (step * 3, 10) if factor == 3 else (step // 3 * 10, 3)
    return iter([*found, steps])


def _weights(one: Snapshot, report: TrainingReport, display: Display) -> Iterator[Part]:
    """The weights after some steps, a table for each head."""
    several = one.weights.ndim > 2
    heads = one.weights if several else one.weights[None]
    for head, values in enumerate(heads[:SHOWN_HEADS]):
        where = f", {said('head')} {head}" if several else ""
        told = said("before") if one.step == 0 else said("after step {step}", step=f"{one.step:,}")
        matrix = Matrix(
            caption="",
            values=values,
            positions=range(len(report.rows)),
            total_rows=len(report.rows),
            row_names=report.rows,
            column_names=report.columns,
            look="percent",
            kind="",
            rows_are="query",
            columns_are="key",
            largest=1.0,
        )
        heading = Heading("", told + where, kind="weight", about=said("% of each row"))
        yield (heading, Grids(tuple(grids_of(matrix, display))))


def _elsewhere(report: TrainingReport) -> tuple[str, ...]:
    if report.noise is not None and min(report.courses[0].losses) == 1:
        return (
            said(
                "No pair was drawn in {steps} steps, so nothing was learned: a reward that never "
                "comes teaches nothing.",
                steps=f"{report.steps:,}",
            ),
        )
    if not report.elsewhere or not any(change for _, change in report.elsewhere):
        return ()
    most = max(report.elsewhere, key=lambda one: one[1])
    return (
        said(
            "Rows in no pair change too, since they share the matrices: {row} the most, each "
            "weight by {change} on average.",
            row=f'"{most[0]}"',
            change=fixed(most[1], 2),
        ),
    )


def _changed(report: TrainingReport) -> Listing:
    columns = [
        said("array"),
        said("norm before"),
        said("norm of the change"),
        said("first gradient"),
    ]
    rows = [
        [
            one.name,
            fixed(one.before, DIGITS),
            fixed(one.change, DIGITS),
            said("none") if one.gradient is None else fixed(one.gradient, DIGITS),
        ]
        for one in report.changed
    ]
    return listing(columns, rows, right=columns[1:])


def _noise(noise: Noise) -> list[Block]:
    """What a gradient by draws costs, beside the exact one."""
    columns = [
        said("gradient"),
        said("one draw off by"),
        said("mean of {count} off by", count=SEVERAL),
        said("draws for 10 %"),
    ]
    rows = [[said("soft: exact"), "0 %", "0 %", "1"]]
    for name, spread in (
        (said("drawn"), noise.plain),
        (said("drawn, with a baseline"), noise.steady),
    ):
        draws = f"{(10 * spread) ** 2:,.0f}"
        mean = f"{100 * spread / SEVERAL**0.5:,.0f} %"
        rows.append([name, f"{100 * spread:,.0f} %", mean, draws])
    told = said(
        "distances from the exact gradient of the mean reward, relative to its norm: roots of mean "
        "squares over all that may be drawn"
    )
    return [listing(columns, rows, right=columns[1:]), Lines((told,), quiet=True)]


def _against(report: TrainingReport) -> Listing:
    columns = [said("mode"), said("first gradient"), said("loss before"), said("loss after")]
    pairs = [said("weight of a pair")] if report.pair_names else []
    rows = [
        [
            one.mode,
            short(one.gradient, DIGITS),
            short(one.losses[0], DIGITS),
            short(one.losses[-1], DIGITS),
            *([f"{percent(_mean(one))} %"] if pairs else []),
        ]
        for one in report.courses
    ]
    columns += pairs
    return listing(columns, rows, right=columns[1:])


def _mean(course: Course) -> float:
    return sum(course.pairs[-1]) / len(course.pairs[-1])


def _curves(report: TrainingReport) -> list[Block]:
    """The loss over the steps, and the weight of each pair, on logarithmic axes."""
    found = []
    for one, kind in zip(report.courses, KINDS, strict=False):
        told = said("loss, {mode}", mode=one.mode) if len(report.courses) > 1 else said("loss")
        found.append(Curve(told, _points(one.losses), kind))
    for place, (name, kind) in enumerate(zip(report.pair_names, KINDS[1:], strict=False)):
        weights = tuple(pairs[place] for pairs in report.courses[0].pairs)
        found.append(Curve(name, _points(weights), kind))
    shown = tuple(curve for curve in found if len(curve.points) > 1)
    return [
        Heading("", said("Loss and weights over the steps")),
        Curves(shown, said("step + 1, on a logarithmic scale"), said("loss, weight")),
    ]


def _points(numbers: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((float(step), number) for step, number in enumerate(numbers, 1) if number > 0)


def training_document(report: TrainingReport) -> dict[str, Any]:
    """The document attn.training/1."""
    first = report.courses[0]
    return {
        "schema": SCHEMA,
        "command": "train",
        "mode": report.mode,
        "seed": report.seed,
        "optimizer": report.optimizer,
        "lr": report.rate,
        "steps": report.steps,
        "pairs": list(report.pair_names),
        "loss": plain_value(list(first.losses)),
        "pair_weight": plain_value([list(pairs) for pairs in first.pairs]),
        "weights": {str(one.step): plain_value(one.weights.tolist()) for one in report.snapshots},
        "changed": [one._asdict() for one in report.changed],
        "against": [
            {"mode": one.mode, "first_gradient": one.gradient, "loss": plain_value([*one.losses])}
            for one in report.courses
        ],
        **({} if report.noise is None else {"noise": report.noise._asdict()}),
        "notices": list(report.notices),
    }
