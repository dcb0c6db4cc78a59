"""From the numbers of a gradient to what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.cells import read_cell
from attn_cli.api.evaluated import Evaluated
from attn_cli.api.facts import counted_pairs, facts
from attn_cli.api.looking import Look
from attn_cli.api.notices import notices
from attn_cli.api.requests import Request
from attn_cli.api.traces import random_letters
from attn_cli.errors import listed
from attn_cli.language import said, told
from attn_cli.program import Step
from attn_cli.readings.traced import Numbers, traced_steps, worked_cell
from attn_cli.results.gradient import Gained, GradientReport
from attn_cli.results.trace import Trace, TracedStep
from attn_cli.topics.en.gradients import ENDINGS, GIVEN, SUMMED_OVER, THROUGH, WHOLE
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.transforms.gradient import Gradient as Written
from attn_cli.views.numbers import short

Array = np.ndarray[Any, Any]


def report_of(
    found: Evaluated, look: Look, made: Written, loss: str, apart: Mapping[str, float]
) -> GradientReport:
    """Put the steps, what each array gets and the norms together."""
    request, numbers, _ = found
    forward = {step.name for step in request.program} - {step.name for step in made.backward}
    before = forward_of(request, made)
    own = Numbers(before.program, numbers.arrays, keys=numbers.keys)
    place = {"h": look.head or 0, "b": look.batch_index or 0}
    meanings = {**MEANINGS, **request.mechanism.meanings, **meanings_of(made, forward)}
    steps = traced_steps(numbers, meanings, short, look.few_decimals, place)
    if look.show_work is not None:
        name, index = read_cell(look.show_work, request)
        work = worked_cell(numbers, name, index, short, look.decimals)
        steps = tuple(s._replace(work=work) if s.name == name else s for s in steps)
    title = request.mechanism.title
    trace = Trace(
        command="gradient",
        mode=request.mechanism.name,
        title=said("Gradient of {what}", what=told(title[:1].lower() + title[1:])),
        formula=f"loss = {loss}",
        source=request.mechanism.source,
        seed=request.seed if request.drawn else None,
        random=random_letters(before),
        facts=(*facts(before), *counted_pairs(own)),
        notices=(*notices(before, own), *stopped(made)),
        steps=_shown(steps, made, look),
        labels=request.labels,
        next_commands=("‹check›", "‹steps›", f"‹only {made.backward[-1].name}›"),
    )
    return GradientReport(
        trace=trace,
        loss=loss,
        gained=tuple(_gained(name, step, numbers, apart) for name, step in made.found.items()),
        norms={step.name: _norm(numbers.arrays[step.name]) for step in made.backward},
    )


def forward_of(request: Request, made: Written) -> Request:
    """The run of attention alone, of a request that has its gradient too."""
    given = {name: one for name, one in request.arrays.items() if name != made.given.name}
    return request._replace(program=request.program.up_to(made.output.name), arrays=given)


def _shown(steps: tuple[TracedStep, ...], made: Written, look: Look) -> tuple[TracedStep, ...]:
    """The gradient of the output and its steps; of those before it what is asked for by name."""
    wanted = {made.given.name, *(step.name for step in made.backward), look.only}
    if look.show_work is not None:
        wanted.add(look.show_work.partition("[")[0].strip())
    return tuple(step for step in steps if step.name in wanted)


def _gained(name: str, step: Step | None, numbers: Numbers, apart: Mapping[str, float]) -> Gained:
    values = np.zeros_like(numbers.arrays[name]) if step is None else numbers.arrays[step.name]
    largest = float(np.abs(values).max(initial=0.0))
    made = None if step is None else step.name
    return Gained(name, made, values.shape, values, _norm(values), largest, apart.get(name))


def _norm(array: Array) -> float:
    return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def stopped(made: Written) -> list[str]:
    """Where the gradient ends before it reaches an array."""
    lost = [name for name, step in made.found.items() if step is None]
    told = [
        said(
            "No gradient goes through {step}: what is chosen does not change by a little.",
            step=step.name,
        )
        for step in made.stops
    ]
    told += [
        said(
            "The gradient goes straight through {step}, as if nothing had been chosen: it is not "
            "that of what is computed.",
            step=step.name,
        )
        for step in made.through
    ]
    if lost:
        told.append(said("Nothing reaches {names}: the gradient is 0.", names=listed(lost)))
    return told


def meanings_of(made: Written, forward: set[str]) -> dict[str, str]:
    """What each step of a gradient means, by its name."""
    found = {made.given.name: said(GIVEN)}
    for step in made.backward:
        found[step.name] = _meaning(step.name, forward)
    return found


def _meaning(name: str, forward: set[str]) -> str:
    whole = name.removeprefix("d_")
    for own in (whole, re.sub(r"_\d+$", "", whole)):
        if name.startswith("d_") and own in forward:
            return said(WHOLE, name=own)
    through = re.search(r"_from_(\w+?)(_again)?$", name)
    if through and through[1] in forward:
        return said(THROUGH, user=through[1])
    summed = re.search(r"_over_(\w+)$", name)
    if summed:
        return said(SUMMED_OVER, axis=summed[1])
    fitting = [ending for ending in ENDINGS if name.endswith(f"_{ending}")]
    return said(ENDINGS[max(fitting, key=len)]) if fitting else ""
