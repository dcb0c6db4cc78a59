"""From the course of a training to what is told of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attn_cli.api.cells import names_along
from attn_cli.api.facts import facts
from attn_cli.api.notices import notices
from attn_cli.api.pairs import Pair, pair_name
from attn_cli.api.requests import Request
from attn_cli.language import said, told
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.results.training import Changed, Course, Snapshot, TrainingReport
from attn_cli.transforms.training import OPTIMIZERS, Trained

MOST_AXES = 3
"""Axes of weights that are shown: heads, queries, keys."""


def report_of(
    courses: Sequence[tuple[Request, Trained]],
    pairs: Sequence[Pair],
    optimizer: str,
    rate: float,
    by_target: bool,
) -> TrainingReport:
    """Put the course, the weights on the way and what changed together."""
    request, made = courses[0]
    snapshots = tuple(
        Snapshot(step, one.weights) for step, one in enumerate(made.kept) if one.weights is not None
    )
    steps = len(made.losses) - 1
    title = request.mechanism.title
    used = OPTIMIZERS[optimizer]
    weighing = request.program.last("weights")
    drawn = weighing is not None and weighing.operation == "draw"
    values = evaluate(request.program, request.arrays)
    return TrainingReport(
        mode=request.mechanism.name,
        title=said("Training of {what}", what=told(title[:1].lower() + title[1:])),
        loss=_loss(drawn=drawn, by_target=by_target),
        source=request.mechanism.source,
        seed=request.seed if request.drawn else None,
        facts=(*facts(request), f"{used.title} ({used.source}), {steps:,} steps of {rate:g}"),
        notices=notices(request, Numbers(request.program, values)),
        optimizer=optimizer,
        rate=rate,
        steps=steps,
        pair_names=tuple(pair_name(one, request) for one in pairs),
        courses=tuple(_course(*one) for one in courses),
        snapshots=tuple(one for one in snapshots if one.weights.ndim <= MOST_AXES),
        changed=tuple(_changed(name, request, made) for name in made.norms),
        rows=names_along(request, "n", "weights") if snapshots else (),
        columns=names_along(request, "m", "weights") if snapshots else (),
        elsewhere=_elsewhere(snapshots, pairs, request),
    )


def _loss(*, drawn: bool, by_target: bool) -> str:
    """What is made small, in words."""
    if by_target:
        return said("the mean square of output - target")
    if drawn:
        return said("how many pairs are not drawn, by the score function")
    return said("the mean of -ln weight of each pair")


def _course(request: Request, made: Trained) -> Course:
    found = tuple(one.pairs for one in made.kept if one.pairs)
    squares = [norm**2 for norm in made.norms.values() if norm is not None]
    return Course(request.mechanism.name, made.losses, found, float(np.sqrt(sum(squares))))


def shown_steps(steps: int) -> tuple[int, ...]:
    """Before, in between and after: the steps of which all weights are shown."""
    return tuple(dict.fromkeys((0, max(steps // 10, 1), steps)))


def _changed(name: str, request: Request, made: Trained) -> Changed:
    before = request.arrays[name]
    norm, change = (
        float(np.sqrt((array**2).sum())) for array in (before, made.arrays[name] - before)
    )
    return Changed(name, norm, change, made.norms[name])


def _elsewhere(
    snapshots: Sequence[Snapshot], pairs: Sequence[Pair], request: Request
) -> tuple[tuple[str, float], ...]:
    """How much the weights of every other row changed on average: they were not asked about."""
    if not snapshots or not pairs:
        return ()
    moved = np.abs(snapshots[-1].weights - snapshots[0].weights)
    asked = {i for i, _ in pairs}
    names = names_along(request, "n", "weights")
    return tuple(
        (name, float(moved[..., at, :].mean())) for at, name in enumerate(names) if at not in asked
    )
