"""The first page of a run: what is given, the answer, and a list of the steps behind it.

A small run is shown step by step, tables side by side. Of a larger one the weights come first,
then who looks most at whom, then every step with its cost and how to see it.
"""

from __future__ import annotations

from attn_cli.language import said
from attn_cli.results.trace import Trace, TracedStep
from attn_cli.spelling import spelled
from attn_cli.views.focus import explained, focus_parts
from attn_cli.views.grids import grids_of
from attn_cli.views.page import (
    Abreast,
    Block,
    Display,
    Grids,
    Heading,
    Lines,
    Listing,
    Part,
    Raster,
    listing,
)
from attn_cli.views.pictures import is_handy, is_long, picture_of
from attn_cli.views.steps import (
    KINDS,
    about_of,
    given_parts,
    matrices,
    step_tables,
    unit_of,
    work_lines,
)

FEW_LINES = 48
"""Lines of a page that is shown step by step."""

FEW_COLUMNS = 8
"""Columns up to which a table stands beside others."""

USUAL_WIDTH = 80
PART_WIDTH = 39
STEP_LINES = 5
"""Lines of a step beside those of its numbers: heading, meaning, names, worked cell, a blank."""


def first_page(
    trace: Trace, numbers: dict[str, str], display: Display, *, options: bool
) -> list[Block]:
    """The page without its title: step by step where that is short, else the answer first.

    options: whether each step is listed with the option that shows it.
    """
    if is_small(trace, display):
        return _step_by_step(trace, numbers, display)
    return _answer_first(trace, numbers, display, options=options)


def is_small(trace: Trace, display: Display) -> bool:
    """Whether all steps fit on one page: one head, few rows and columns, few steps."""
    steps = _shown(trace)
    tables = [step for step in trace.steps if step.given or step in steps]
    if any(len(step.shape) > 2 or step.queries is not None for step in tables):
        return False
    if any(step.shape[-1] > FEW_COLUMNS for step in tables):
        return False
    rows = max(step.shape[-2] if len(step.shape) > 1 else 1 for step in tables)
    width = max(display.width, USUAL_WIDTH)
    abreast = max(width // PART_WIDTH, 1)
    given = -(-sum(step.given for step in tables) // max(width // (PART_WIDTH - 13), 1))
    parts = -(-(len(steps) + 2) // abreast)
    return given * (rows + 3) + parts * (rows + STEP_LINES) <= FEW_LINES


def _shown(trace: Trace) -> list[TracedStep]:
    """Steps that have a table: which pairs are allowed is seen in the masked scores."""
    masks = any(step.operation == "mask" for step in trace.steps)
    return [
        step for step in trace.steps if not step.given and not (masks and step.operation == "allow")
    ]


def _step_by_step(trace: Trace, numbers: dict[str, str], display: Display) -> list[Block]:
    parts: list[Part] = []
    for step in _shown(trace):
        parts.append(step_part(step, _number(step, numbers, trace), trace, display))
        if step.role == "weights" and trace.focus:
            parts += focus_parts(trace)
    parts.append(_cost(trace))
    given = given_parts(trace.steps, trace, display, sizes=False)
    return [*given, Abreast(tuple(parts))]


def _number(step: TracedStep, numbers: dict[str, str], trace: Trace) -> str:
    """The number of a step; of masked scores that of their mask too, which has no table here."""
    hidden = [one for one in trace.steps if one.operation == "allow"]
    if step.operation == "mask" and len(hidden) == 1:
        return f"{numbers[hidden[0].name]}, {numbers[step.name]}"
    return numbers[step.name]


def step_part(step: TracedStep, number: str, trace: Trace, display: Display) -> Part:
    """One step in short: what it is and means, its tables, one cell worked out."""
    heading = Heading(
        number,
        f"{step.name} = {_formula(step)}",
        name=step.name,
        right=f"{step.flops:,} FLOPs" if step.flops else "",
        latex=step.latex,
        kind=KINDS.get(step.name, ""),
        about=about_of(step, trace, display),
        brief=True,
    )
    return (heading, *step_tables(step, trace, display), *work_lines(step, trace))


def _formula(step: TracedStep) -> str:
    """A step's formula without what its meaning says as well."""
    return (step.formula or step.symbol).removesuffix(", over the keys")


def _cost(trace: Trace) -> Part:
    """Operations of all steps, and how much of them is products of matrices."""
    flops = sum(step.flops for step in trace.steps)
    products = sum(step.flops for step in trace.steps if step.operation == "contract")
    part = round(100 * products / flops) if flops else 0
    lines = [said("{part} % in matrix products", part=part)] if products else []
    return (
        Heading("", f"{flops:,} FLOPs"),
        Lines((*lines, *explained(trace)), quiet=True, indented=False),
    )


def _answer_first(
    trace: Trace, numbers: dict[str, str], display: Display, *, options: bool
) -> list[Block]:
    blocks: list[Block] = []
    weights = trace.last("weights")
    if weights is not None:
        blocks.append(Abreast(tuple(_weights(weights, numbers, trace, display))))
    output = trace.steps[-1]
    if weights is None or not trace.focus:
        blocks.append(Abreast((step_part(output, numbers[output.name], trace, display),)))
    if trace.focus:
        blocks.append(Abreast(tuple(focus_parts(trace))))
        told = explained(trace)
        blocks += [Lines(told, quiet=True, indented=False)] if told else []
    return [*blocks, Lines((), apart=True), step_list(trace, numbers, options=options)]


def _weights(
    step: TracedStep, numbers: dict[str, str], trace: Trace, display: Display
) -> list[Part]:
    """The weights of every head that is shown, in per cent where no decimals are asked for."""
    percent = display.precision is None and step.look == "share"
    shown = display._replace(percent=percent)
    about = f"{step.name}, {unit_of(step, trace)}" if percent else step.name
    parts: list[Part] = []
    drawn: Raster | Grids
    many = matrices(step, trace, shown)
    for matrix in many:
        title = matrix.caption or f"{step.name} = {_formula(step)}"
        number = "" if matrix.caption else numbers[step.name]
        bare = matrix._replace(caption="", marked=None)
        handy = is_handy(bare, shown)
        if not handy and is_long(matrix, shown):
            told, drawn = step.name, picture_of(bare, shown, min(len(many), 2))
        else:
            whole = shown._replace(everything=shown.everything or handy)
            told, drawn = about, Grids(tuple(grids_of(bare, whole)))
        told = told if matrix.caption or told != step.name else ""
        parts.append((Heading(number, title, kind="weight", about=told), drawn))
    return parts


def step_list(trace: Trace, numbers: dict[str, str], *, options: bool) -> Listing:
    """Every step with its formula, shape and cost; options: and the one that shows it."""
    steps = [step for step in trace.steps if not step.given]
    rows = [
        (
            f"{numbers[step.name]:>2} {step.name}",
            _formula(step),
            "×".join(map(str, step.shape)),
            f"{step.flops:,}" if step.flops else "",
            spelled(f"‹only {step.name}›"),
        )
        for step in steps
    ]
    columns = (said("step"), said("formula"), said("shape"), "FLOPs", said("look at it"))
    total = (said("all"), "", "", f"{sum(step.flops for step in steps):,}", spelled("‹steps›"))
    shown = len(columns) - (not options)
    weights = trace.last("weights")
    return listing(
        columns[:shown],
        [row[:shown] for row in rows],
        right=("FLOPs",),
        spare=(columns[4], columns[1], columns[2]),
        wrap=(columns[1],),
        total=total[:shown],
        strong=[f"{numbers[weights.name]:>2} {weights.name}"] if weights is not None else [],
        kinds=((columns[4], "query"),),
    )
