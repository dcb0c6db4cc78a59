"""From numbers to a trace: each step with its formula, meaning, cost and one number worked out."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.api.cells import read_cell
from attn_cli.api.equal_runs import twin_facts
from attn_cli.api.evaluated import Evaluated
from attn_cli.api.facts import counted_pairs, facts, next_commands, summary
from attn_cli.api.looking import Look
from attn_cli.api.notices import notices
from attn_cli.api.requests import Request
from attn_cli.arrays.digests import digest
from attn_cli.readings.focus import focus_rows
from attn_cli.readings.notation import letter
from attn_cli.readings.traced import traced_steps, worked_cell
from attn_cli.results.trace import FocusRow, Trace, TracedStep
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.views.grids import ROWS_SHOWN
from attn_cli.views.numbers import short
from attn_cli.views.steps import HEADS_SHOWN

Array = np.ndarray[Any, Any]


def trace_of(found: Evaluated, look: Look) -> Trace:
    """What a person or a script is told of a run, at the decimals and the head looked at."""
    request, numbers, whole = found
    cell = read_cell(look.show_work, request) if look.show_work is not None else None
    place = {"h": look.head or 0, "b": look.batch_index or 0}
    output = numbers.arrays[request.program.output.name]
    decoded = decoded_facts(request, output)
    own = dict(request.mechanism.meanings)
    if "normalizer" in request.mechanism.takes:
        own.setdefault("weights", request.choices.normalizer.means)
    steps = traced_steps(numbers, {**MEANINGS, **own}, short, look.few_decimals, place)
    if cell is not None:
        work = worked_cell(numbers, *cell, short, look.decimals)
        steps = tuple(s._replace(work=work) if s.name == cell[0] else s for s in steps)
    made = {step.operation: step for step in steps}
    hidden = made["mask"].hidden if "mask" in made else None
    return Trace(
        command="compute",
        mode=request.mechanism.name,
        title=request.mechanism.title,
        formula=formula_of(request),
        source=request.mechanism.source,
        seed=request.seed if request.drawn else None,
        random=random_letters(request, look.only or (cell and cell[0])),
        facts=(
            *facts(request),
            *counted_pairs(numbers),
            *twin_facts(request, numbers),
            *decoded,
        ),
        notices=notices(request, numbers),
        steps=steps,
        labels=request.labels,
        looks=request.mechanism.looks,
        focus=_focus(steps, request.mechanism.looks, hidden, look),
        summary=() if whole else summary(request, numbers),
        next_commands=next_commands(request, steps),
    )


def random_letters(request: Request, shown: str | None = None) -> tuple[str, ...] | None:
    """The arrays that are random, where others are given: None where all are.

    shown: a step, of which it is those that it is made of.
    """
    given = [name for name in request.arrays if name not in (*request.drawn, *request.usual)]
    if not given:
        return None
    steps = request.program if shown is None else request.program.needed_for([shown])
    behind = {step.name for step in steps}
    return tuple(letter(name) for name in request.drawn if name in behind)


def formula_of(request: Request) -> str:
    """The mechanism in one line, with the normalizer and the scale that were asked for."""
    choices, formula = request.choices, request.mechanism.formula
    if not choices.normalizer.name.startswith("softmax"):
        formula = formula.replace("softmax", choices.normalizer.name)
    if choices.scale is not None:
        formula = formula.replace(" / √d)", f" · {choices.scale:g})")
    return formula


def decoded_facts(request: Request, output: Array) -> tuple[str, ...]:
    """What is true of a decode step; of one that was saved, where its output is still the same."""
    if request.whole is None:
        facts, content = request.saved_step
        return facts if facts and digest(output) == content else ()
    from attn_cli.api.decode import saved_by_cache

    return saved_by_cache(request, output)


def _focus(
    steps: tuple[TracedStep, ...],
    looks: tuple[str, str] | None,
    hidden: Array | None,
    look: Look,
) -> tuple[FocusRow, ...]:
    """Where those look that a page would show."""
    weights = next((step for step in reversed(steps) if step.role == "weights"), None)
    if not look.focus or weights is None or looks is None:
        return ()
    axes, values = weights.axes, weights.values
    if axes[-2:] != looks:
        axes, values = (*axes[:-2], *looks), values.swapaxes(-1, -2)
    shape = dict(zip(axes, values.shape, strict=True))
    most = {looks[0]: shape[looks[0]], "h": shape.get("h", 1)}
    if not look.everything:
        most = {looks[0]: min(most[looks[0]], ROWS_SHOWN), "h": min(most["h"], HEADS_SHOWN)}
    heads = range(most["h"]) if look.head is None else [look.head]
    shown = {"b": [look.batch_index or 0], "h": heads, looks[0]: range(most[looks[0]])}
    return focus_rows(values, hidden, axes, weights.queries, shown)
