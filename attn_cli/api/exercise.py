"""Exercises: a sheet with blanks, made of small whole numbers, and its solution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.api.cells import names_along, refuse_unknown
from attn_cli.api.evaluated import evaluated
from attn_cli.api.given import ARRAYS, Arrays
from attn_cli.api.looking import Look
from attn_cli.api.requests import Request, request_of
from attn_cli.api.run import Run
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.language import said
from attn_cli.results.trace import TracedStep
from attn_cli.spec import Spec, refuse_other
from attn_cli.worked.exercises import (
    LEVELS,
    Level,
    Sheet,
    SheetStep,
    as_markdown,
    mixes,
    teaches,
    whole_numbers,
)

SIZES = ("n", "m", "d", "d_v", "seed")
"""Choices that a sheet need not state: its matrices show them."""

SUFFIXES = (".md", ".txt")
MOST_NUMBERS = 100
MOST_DRAWS = 200


class Exercise:
    """An exercise in Markdown: sheet, with blanks, and solution."""

    def __init__(self, sheet: Sheet) -> None:
        self.title = sheet.title
        self.sheet = as_markdown(sheet, solved=False)
        self.solution = as_markdown(sheet, solved=True)

    def __str__(self) -> str:
        """The sheet."""
        return self.sheet

    def save(self, file: str | Path, *, force: bool = False) -> Path:
        """Write the sheet, and its solution beside it; the path of the solution.

        Raises AttnError for another suffix, and without force where either exists.
        """
        from attn_cli.arrays.writing import check_path, write_text

        path = Path(file)
        solution = solution_of(path)
        for one in (path, solution):
            check_path(one, "‹file›", SUFFIXES, force)
        write_text(solution, iter([self.solution]), force=force)
        try:
            write_text(path, iter([self.sheet]), force=force)
        except AttnError:
            if not force:
                solution.unlink(missing_ok=True)
            raise
        return solution


def solution_of(path: Path) -> Path:
    """Where the solution of a sheet goes."""
    return path.with_name(f"{path.stem}-solution{path.suffix}")


def exercise(
    *,
    level: int = 1,
    seed: int = 0,
    steps: str | None = None,
    spec: Spec | None = None,
    **given: Any,
) -> Exercise:
    """Make an exercise of small whole numbers.

    level: 1 dot products and softmax, 2 scaled, 3 causal, 4 projected from rows. seed: which one.
    steps: those to fill in, as "scores,weights"; the others are filled. given: choices over those
    of the level (mode, n, m, d, causal, heads, …).

    Raises AttnError for a level and a step that there is not, and for more than can be worked out
    by hand.
    """
    chosen = (spec or Spec()).but(**given)
    return made(chosen, level, seed, steps)


def made(spec: Spec, level: int | None, seed: int | None, steps: str | None) -> Exercise:
    """The same from choices."""
    refuse_other(spec, "check")
    number, seed = 1 if level is None else level, seed or 0
    if not 0 < number <= len(LEVELS):
        raise AttnError(f"‹level›: {number} is not between 1 and {len(LEVELS)}.")
    known = LEVELS[number - 1]
    other = spec.mode not in (None, known.choices["mode"])
    choices = {name: one for name, one in known.choices.items() if not (other and name == "m")}
    spec = spec.but(seed=None).under(choices)
    shapes = {name: np.zeros(shape) for name, shape in known.given.items()}
    empty = request_of(spec, _named(shapes), Sources(None))
    _refuse_large(empty)
    request, run = _drawn(spec, empty, known, np.random.default_rng(seed))
    asked = _asked(steps, request)
    own = {name: one for name, one in known.choices.items() if name not in SIZES}
    other = {name: one for name, one in spec.said().items() if name not in SIZES} != own
    says = run.trace.title if other else said(known.says)
    title = said("Exercise {seed}, level {level}: {says}", seed=seed, level=number, says=says)
    stated = {name: one for name, one in spec.said().items() if name not in SIZES}
    stated["steps"] = ",".join(asked)
    return Exercise(
        Sheet(
            title,
            f"{run.trace.formula} — {run.trace.source}",
            json.dumps(stated),
            tuple(_sheet_step(run, request, one, asked) for one in run.steps if _written(one)),
        )
    )


def _drawn(
    spec: Spec, empty: Request, level: Level, stream: np.random.Generator
) -> tuple[Request, Run]:
    """Inputs from which something can be learned: the best of several."""
    look = Look(whole=True, focus=False)
    for _ in range(MOST_DRAWS):
        arrays = {
            name: whole_numbers(one.shape, level, stream)
            for name, one in empty.arrays.items()
            if name not in empty.usual
        }
        request = request_of(spec, _named(arrays), Sources(None))
        run = Run(evaluated(request, look), look)
        weights = run.trace.last("weights")
        if all(map(teaches, arrays.values())) and (weights is None or mixes(weights.values)):
            break
    return request, run


def _named(arrays: dict[str, Any]) -> Arrays:
    """Arrays by their options, those of a mode's own among them."""
    own = {name: one for name, one in arrays.items() if name in ARRAYS}
    return Arrays(**own, param={name: one for name, one in arrays.items() if name not in ARRAYS})


def _written(step: TracedStep) -> bool:
    """Whether a step is a matrix on the sheet: a mask shows in the scores that it drops."""
    return step.operation != "allow"


def _refuse_large(request: Request) -> None:
    for step in request.program:
        shape = request.program.shape(step)
        if step.operation != "allow" and not 1 <= len(shape) <= 3:
            raise AttnError(
                f"‹new›: {step.name} has the axes ({', '.join(step.axes)}); an exercise has "
                "tables, one for each head."
            )
        if int(np.prod(shape)) > MOST_NUMBERS:
            raise AttnError(
                f"‹new›: {step.name} would have {int(np.prod(shape)):,} numbers, too many to work "
                "out by hand. Take smaller sizes."
            )


def _asked(steps: str | None, request: Request) -> tuple[str, ...]:
    """The steps to fill in."""
    computed = [step.name for step in request.program if step.operation not in ("input", "allow")]
    if steps is None:
        return tuple(computed)
    names = [one.strip() for one in steps.split(",") if one.strip()]
    for name in names:
        refuse_unknown(name, "‹steps›", request.program)
        if name not in computed:
            raise AttnError(f"‹steps›: {name} is given. Computed are {', '.join(computed)}.")
    if not names:
        raise AttnError(f"‹steps›: name some of {', '.join(computed)}.")
    return tuple(names)


def _sheet_step(run: Run, request: Request, step: TracedStep, asked: tuple[str, ...]) -> SheetStep:
    names = [names_along(request, axis, step.name) for axis in step.axes]
    work = step.work
    return SheetStep(
        heading=step.symbol if step.given else f"{step.name} = {step.formula}",
        meaning=step.meaning,
        rows=names[-2] if len(names) > 1 else ("",),
        columns=names[-1],
        values=np.atleast_2d(np.asarray(step.values, dtype=float)),
        filled=step.name not in asked,
        work=run.work(work.cell) if work is not None and not step.given else "",
    )
