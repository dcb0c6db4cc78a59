"""The page of `attn compute`: what is given, the answer, and the steps as far as asked for."""

from __future__ import annotations

from attn_cli.language import said
from attn_cli.results.trace import Trace
from attn_cli.views.advice import advice_lines
from attn_cli.views.focus import explained, focus_parts
from attn_cli.views.labels import cell_name
from attn_cli.views.overview import first_page
from attn_cli.views.page import Abreast, Block, Display, Heading, Lines, Title
from attn_cli.views.steps import cells_named, given_parts, left_out, step_blocks

BETWEEN = " · "


def compute_page(trace: Trace, display: Display, command: str | None = None) -> list[Block]:
    """Everything a person is shown of a run; parts of it where the display asks for parts.

    command: what was typed, where it is told what to type next.
    """
    numbers = numbered(trace)
    if display.only is not None:
        return one_step(trace, numbers, display)
    every = display.steps or display.start is not None
    steps = trace.steps[_place_of(display.start, trace) :]
    stacked = steps if every else [step for step in steps if step.role == "weights"]
    missing = tuple(left_out(trace, stacked, display))
    blocks: list[Block] = [
        Title(trace.title, trace.formula, trace.source),
        Lines((BETWEEN.join((*trace.facts, *missing)),), quiet=True, indented=False),
    ]
    if every:
        blocks += _every_step(trace, numbers, display)
    else:
        blocks += first_page(trace, numbers, display, options=command is not None)
    if trace.summary:
        blocks += [Heading("", said("All queries")), Lines(trace.summary)]
    if command is not None:
        blocks += [Lines((), apart=True), *_advice(trace, command, every=every)]
    return blocks


def numbered(trace: Trace) -> dict[str, str]:
    """The number of every computed step, by its name."""
    computed = [step for step in trace.steps if not step.given]
    return {step.name: str(number) for number, step in enumerate(computed, 1)}


def _place_of(start: str | None, trace: Trace) -> int:
    return 0 if start is None else [step.name for step in trace.steps].index(start)


def one_step(trace: Trace, numbers: dict[str, str], display: Display) -> list[Block]:
    """One step alone, with what has to be known beside it."""
    step = trace.step(display.only or "")
    blocks = step_blocks(step, numbers.get(step.name, ""), trace, display)
    beside = (*random_note(trace), *left_out(trace, (step,), display))
    return [*blocks, Lines(beside, quiet=True)] if beside else blocks


def _every_step(trace: Trace, numbers: dict[str, str], display: Display) -> list[Block]:
    steps = trace.steps[_place_of(display.start, trace) :]
    blocks = given_parts(steps, trace, display, sizes=True)
    for step in steps:
        if not step.given:
            blocks += step_blocks(step, numbers[step.name], trace, display)
    if trace.focus:
        blocks.append(Abreast(tuple(focus_parts(trace))))
        blocks.append(Lines((*random_note(trace), *explained(trace)), quiet=True, indented=False))
    return blocks


def random_note(trace: Trace) -> tuple[str, ...]:
    """That numbers are random, where they are read."""
    seed = trace.seed
    if seed is None:
        return ()
    if trace.random is not None:
        names = ", ".join(trace.random)
        return (said("random: {names} (seed {seed})", names=names, seed=seed),) if names else ()
    told = "random numbers (seed {seed}): they show how it works and mean nothing"
    return (said(told, seed=seed),)


def _advice(trace: Trace, command: str, *, every: bool) -> list[Lines]:
    options = trace.next_commands if every else (*trace.next_commands, "‹steps›")
    return advice_lines(command, options, (f"attn explain {trace.mode}",))


def work_page(trace: Trace, name: str) -> list[Block]:
    """One number of a step, from its formula to its result."""
    step = trace.step(name)
    work = step.work
    assert work is not None
    lines = [f"= {part}" for part in (cells_named(work.formula, trace), work.numbers) if part]
    lines.append(f"{'=' if work.follows else '≈'} {work.result}")
    cell = cell_name(step, work.at, trace.labels)
    heading = Heading("", cell, name=cell, right=step.meaning)
    told = cells_named(work.note, trace)
    notes = (*([told] if told else []), *random_note(trace))
    note = [Lines(notes, quiet=True)] if notes else []
    return [heading, Lines(tuple(lines)), *note]
