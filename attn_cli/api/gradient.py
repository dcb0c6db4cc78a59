"""The gradient of attention step by step: how the loss changes with every array."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from attn_cli.api.cells import CELL, read_cell, refuse_unknown, step_named
from attn_cli.api.evaluated import Evaluated, kept_keys, refuse_missing
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.gradient_report import forward_of, report_of
from attn_cli.api.looking import Look, Progress, look_taken, silent
from attn_cli.api.requests import Request, request_of
from attn_cli.api.run import Run, display_of, read_only
from attn_cli.api.shown import Frame, Recipe
from attn_cli.arrays.limits import refuse_above_memory
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, shape_text
from attn_cli.language import said
from attn_cli.mechanisms.normalizers import NOISE
from attn_cli.readings.cost import bytes_of_all
from attn_cli.readings.differences import central_differences
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.results.gradient import GradientReport
from attn_cli.results.trace import Trace
from attn_cli.spec import Spec, refuse_other
from attn_cli.transforms.gradient import Gradient as Written
from attn_cli.transforms.gradient import gradient as written
from attn_cli.views import document
from attn_cli.views.gradient_page import gradient_document, gradient_page
from attn_cli.views.page import Block

Array = np.ndarray[Any, Any]

ONES, RANDOM = "ones", "random"

MOST_CHECKED = 20_000
"""Numbers whose central differences are measured at most: two runs for each."""


class Gradient(Run):
    """A gradient: its steps by name, the array it gives for each input, and its own page."""

    def __init__(self, found: Evaluated, look: Look, made: Written, loss: str) -> None:
        super().__init__(found, look)
        self._made: Written = made
        self._loss = loss
        self._apart: dict[str, float] = {}

    @cached_property
    def report(self) -> GradientReport:
        """All of it as plain data, in the language that was spoken when it was computed."""
        return self._context.copy().run(
            report_of, self._found, self._look, self._made, self._loss, self._apart
        )

    @property
    def trace(self) -> Trace:
        """The steps of the gradient, from the output back to what is given."""
        return self.report.trace

    def __getitem__(self, name: str) -> Array:
        """The numbers of a step, of attention or of its gradient.

        Raises AttnError for a step that there is not.
        """
        refuse_unknown(str(name), "‹step›", self._found.request.program)
        return read_only(self._found.numbers.arrays[name])

    @property
    def gradients(self) -> dict[str, Array]:
        """How the loss changes with each array, by the array's name; 0 where nothing reaches it."""
        return {one.name: one.values for one in self.report.gained}

    @property
    def output(self) -> Array:
        """What attention gives: (…, n, d_v)."""
        return self[self._made.output.name]

    def page(self, frame: Frame) -> list[Block]:
        """What each array gets, then the steps back from the output."""
        shown = display_of(self._look, frame)
        return gradient_page(self.report, shown, self._look.show_work, frame.command)

    def json(self, *, ascii_only: bool = False) -> Iterator[str]:
        """The document as text, in pieces."""
        more = gradient_document(self.report)
        return document.parts(self.trace, self._look.only, ascii_only, more=more)

    @property
    def _recipe(self) -> Recipe | None:  # type: ignore[override]
        change = np.array(self[self._made.given.name])
        return read_again, (self._held, self._look, change, self._loss)

    @property
    def _forward(self) -> Request:
        return forward_of(self._found.request, self._made)

    @property
    def _saved(self) -> dict[str, Array]:
        """Every array of attention and of its gradient; a saved one is an input of compute."""
        return {name: self[name] for name in self._found.numbers.arrays}

    def check(self, progress: Progress = silent) -> dict[str, float]:
        """How far each gradient is from central differences at most; the page tells it too.

        Raises AttnError where that would take too long.
        """
        request, program = self._found.request, self._found.request.program
        forward = program.up_to(self._made.output.name)
        change = request.arrays[self._made.given.name]
        given = {step.name: request.arrays[step.name] for step in forward.inputs}
        count = sum(given[name].size for name in self._made.found)
        if count > MOST_CHECKED:
            raise AttnError(
                f"‹check› moves every number by a little: {count:,} are more than "
                f"{MOST_CHECKED:,}. Give smaller arrays."
            )
        done = 0
        with progress(said("numbers")) as advance:

            def moved() -> None:
                nonlocal done
                done += 1
                advance(done, count)

            for name, step in self._made.found.items():
                measured = central_differences(forward, given, name, change, moved)
                ours = self._found.numbers.arrays[step.name] if step is not None else 0.0
                self._apart[name] = float(np.abs(measured - ours).max(initial=0.0))
        self.__dict__.pop("report", None)
        return dict(self._apart)


def gradient(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    d_output: Any = ONES,
    check: bool = False,
    spec: Spec | None = None,
    **given: Any,
) -> Gradient:
    """Compute how a loss changes with every array that attention is computed from.

    q, k, v and given: arrays and choices as for compute. d_output: how the loss changes with the
    output: "ones" (the loss is its sum), "random", an array like it, or one cell such as
    "output[0,1]", which is the loss then. check: measure central differences too.
    What its page shows: only, start, show_work, steps, head, batch_index, precision, everything.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    look = look_taken(given, "gradient")
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    found = differentiated(arrays, chosen, look, d_output)
    if check:
        found.check()
    return found


def differentiated(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    d_output: Any = ONES,
    sources: Sources | None = None,
) -> Gradient:
    """The same from arrays and choices; sources: where text is read."""
    refuse_other(spec, "gradient")
    sources = sources or Sources(None)
    request = request_of(spec, arrays, sources)
    made = written(request.program, wanted_of(request))
    change, loss = change_of(d_output, request, sources)
    whole = request._replace(
        program=made.program, arrays={**request.arrays, made.given.name: change}
    )
    itemsize = change.dtype.itemsize
    needed = bytes_of_all(made.program, itemsize)
    refuse_above_memory(needed, "A gradient keeps every step, which", "Ask for fewer rows.")
    look = look._replace(
        only=step_named(look.only, made.program), start=step_named(look.start, made.program)
    )
    refuse_missing(look, made.program)
    numbers = evaluate(made.program, whole.arrays)
    keys = kept_keys(made.program, numbers)
    evaluated = Evaluated(whole, Numbers(made.program, numbers, keys=keys), whole=True)
    return Gradient(evaluated, look, made, loss)


def read_again(arrays: Mapping[str, Array], look: Look, change: Array, loss: str) -> Gradient:
    """A gradient that was pickled; loss: what the loss is, in words."""
    found = differentiated(Arrays(input=arrays), Spec(), look, change)
    found._loss = loss
    return found


def wanted_of(request: Request) -> list[str]:
    """Every array of numbers but noise, which nobody learns."""
    return [
        step.name
        for step in request.program.inputs
        if request.arrays[step.name].dtype.kind == "f" and step.name not in NOISE
    ]


def change_of(given: Any, request: Request, sources: Sources) -> tuple[Array, str]:
    """How the loss changes with the output, and what the loss is then."""
    output = request.program.output
    shape = request.program.shape(output)
    kind = next(iter(request.arrays.values())).dtype
    if not isinstance(given, str) or given not in (ONES, RANDOM):
        if isinstance(given, str) and CELL.fullmatch(given.strip()):
            return _of_cell(given, request, shape, kind)
        array = np.asarray(sources.one(given, "‹d_output›"), dtype=kind)
        if array.shape != shape:
            raise AttnError(
                f"‹d_output›: {shape_text(array.shape)}, but the output is {shape_text(shape)}."
            )
        return array, "Σ d_output ⊙ output"
    if given == RANDOM:
        drawn = np.random.default_rng((request.seed, 1)).standard_normal(shape).astype(kind)
        return drawn, f"Σ d_output ⊙ output, d_output random (seed {request.seed})"
    return np.ones(shape, kind), "the sum of the output"


def _of_cell(
    text: str, request: Request, shape: tuple[int, ...], kind: np.dtype[Any]
) -> tuple[Array, str]:
    name, index = read_cell(text, request, "‹d_output›")
    if name != request.program.output.name:
        raise AttnError(f"‹d_output›: the loss is of {request.program.output.name}, not of {name}.")
    change = np.zeros(shape, kind)
    change[index] = 1
    return change, re.sub(r"\s", "", text)
