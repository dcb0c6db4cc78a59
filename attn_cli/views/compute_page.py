"""The page of `attn compute`: what is given, every step, what to look at."""

from __future__ import annotations

from attn_cli.language import said
from attn_cli.results.trace import Trace
from attn_cli.spelling import spelled
from attn_cli.views.focus import focus_lines
from attn_cli.views.page import Block, Display, Grids, Heading, Lines, Title
from attn_cli.views.steps import left_out, step_blocks, step_grids


def compute_page(trace: Trace, display: Display) -> list[Block]:
    """Everything a person is shown of a run; parts of it where the display asks for parts."""
    computed = [step for step in trace.steps if not step.given]
    numbers = {step.name: str(place) for place, step in enumerate(computed, 1)}
    names = [step.name for step in trace.steps]
    steps = trace.steps[names.index(display.start) if display.start is not None else 0 :]
    if display.only is not None:
        steps = (trace.step(display.only),)
    missing = tuple(left_out(trace, steps, display))
    if display.only is not None:
        (step,) = steps
        blocks = step_blocks(step, numbers.get(step.name, ""), trace, display)
        beside = (*random_note(trace), *missing)
        return [*blocks, Lines(beside, quiet=True)] if beside else blocks
    blocks = [
        Title(trace.title, trace.formula, trace.source),
        Lines((*trace.facts, *missing), quiet=True, indented=False),
    ]
    given = [grid for s in steps if s.given for grid in step_grids(s, trace, display, titled=True)]
    if given:
        blocks += [Lines((), apart=True), Grids(tuple(given), apart=True)]
    for step in steps:
        if not step.given:
            blocks += step_blocks(step, numbers[step.name], trace, display)
    return blocks + _closing(trace)


def random_note(trace: Trace) -> tuple[str, ...]:
    """That numbers are random, where they are read."""
    if trace.seed is None:
        return ()
    return (said("random numbers (seed {seed}): no finding, only how it works", seed=trace.seed),)


def _closing(trace: Trace) -> list[Block]:
    blocks: list[Block] = []
    if trace.focus:
        told = (*random_note(trace), *focus_lines(trace))
        blocks += [Heading("", said("What to look at")), Lines(told)]
    if trace.summary:
        blocks += [Heading("", said("All queries")), Lines(trace.summary)]
    if trace.next_commands:
        line = said("Next: ") + " · ".join(map(spelled, trace.next_commands))
        blocks.append(Lines((line,), quiet=True, indented=False, apart=True))
    return blocks


def work_page(trace: Trace, name: str) -> list[Block]:
    """One number of a step, from its formula to its result."""
    step = trace.step(name)
    work = step.work
    assert work is not None
    lines = [f"= {part}" for part in (work.formula, work.numbers) if part]
    lines.append(f"{'=' if work.follows else '≈'} {work.result}")
    heading = Heading("", work.cell, name=work.cell, right=step.meaning)
    notes = (*([work.note] if work.note else []), *random_note(trace))
    note = [Lines(notes, quiet=True)] if notes else []
    return [heading, Lines(tuple(lines)), *note]
