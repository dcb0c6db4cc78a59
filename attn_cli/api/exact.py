"""Attention without rounding: fractions, roots, powers of e, and letters in place of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.cells import read_cell, refuse_unknown, step_named
from attn_cli.api.evaluated import Evaluated
from attn_cli.api.exact_arrays import (
    each,
    exact_arrays,
    exact_change,
    letters_of,
    put_in,
    read_entries,
    stand_ins,
)
from attn_cli.api.facts import facts
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.gradient import ONES, wanted_of
from attn_cli.api.gradient_report import forward_of, meanings_of
from attn_cli.api.layouts import ONLY_QUERIES
from attn_cli.api.looking import Look, is_asked, look_taken
from attn_cli.api.notices import notices
from attn_cli.api.requests import request_of
from attn_cli.api.run import display_of
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.traces import formula_of
from attn_cli.arrays.sources import Sources
from attn_cli.choices import Command
from attn_cli.errors import AttnError
from attn_cli.language import said, told
from attn_cli.readings import exact as reading
from attn_cli.readings import exact_text as text
from attn_cli.readings.traced import Numbers, traced_steps, worked_cell
from attn_cli.readings.values import evaluate
from attn_cli.results.exact import ExactReport, ExactStep
from attn_cli.results.trace import TracedStep
from attn_cli.spec import Spec, refuse_other
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.transforms.gradient import Gradient as Written
from attn_cli.transforms.gradient import gradient as written
from attn_cli.views.exact_page import exact_document, exact_page, exact_work_page
from attn_cli.views.numbers import short
from attn_cli.views.page import Block

Array = np.ndarray[Any, Any]

FACTOR = r"(?:e\^)?[a-z]\w*\[[^\]]*\]"
SUM = re.compile(rf"(?:Σ|sum) over (?P<letter>\w) of (?P<term>{FACTOR}(?: · {FACTOR})*)")
PLACES = re.compile(r"(?P<name>[a-z]\w*)\[(?P<places>[^\]]*)\]")
ROOT = re.compile(r"√(?P<axis>[a-z]\w*)")
MOST_TERMS = 8
"""A sum over a letter, and as many of its terms as are written one by one."""

CELL = re.compile(r"\b([a-z]\w*)\[(\d+(?:,\d+)*)\]")


class Exact(Documented):
    """A run without rounding: its steps by name, as arrays of SymPy entries, and its page."""

    def __init__(self, report: ExactReport, found: Evaluated, look: Look) -> None:
        self.report, self._found, self._look = report, found, look
        self.title, self.notices = report.title, report.notices

    def __getitem__(self, name: str) -> Array:
        """The entries of a step, as SymPy has them.

        Raises AttnError for a step that there is not.
        """
        refuse_unknown(str(name), "‹step›", self._found.request.program)
        values: Array = self.report.step(name).step.values
        return values

    @property
    def output(self) -> Array:
        """What attention gives."""
        values: Array = self.report.steps[-1].step.values
        return values

    def work(self, cell: str) -> list[str]:
        """One number from its formula to its result: the lines of its page."""
        name, index = read_cell(cell, self._found.request)
        work = worked_cell(self._found.numbers, name, index, short, 4)
        step = self.report.step(name)
        lines = [work.formula]
        terms = SUM.sub(self._terms, ROOT.sub(self._root, work.formula))
        put = CELL.sub(self._inner, terms)
        result = step.texts[index]
        # a sum that is too long, or of several letters, is not written out
        whole = put not in (work.formula, result) and not PLACES.search(put)
        lines += [put] if whole else []
        lines.append(result)
        return lines

    def _terms(self, match: re.Match[str]) -> str:
        """The terms of a short sum over a letter, which runs along an axis of its factors."""
        letter = match["letter"]
        count = min(
            self.report.step(factor["name"]).texts.shape[place]
            for factor in PLACES.finditer(match["term"])
            for place, own in enumerate(factor["places"].split(","))
            if own == letter
        )
        if count > MOST_TERMS:
            return match[0]

        def at(number: int) -> str:
            return PLACES.sub(lambda factor: _placed(factor, letter, number), match["term"])

        summed = " + ".join(map(at, range(count)))
        return summed if match[0] == match.string else f"({summed})"

    def _root(self, match: re.Match[str]) -> str:
        """The root of a size, with its number."""
        sizes = self._found.request.program.sizes
        return f"√{sizes[match['axis']]}" if match["axis"] in sizes else match[0]

    def _inner(self, match: re.Match[str]) -> str:
        """A number in the place of its cell, in brackets where it is long."""
        index = tuple(int(at) for at in match[2].split(","))
        inner = str(self.report.step(match[1]).texts[index])
        return inner if re.fullmatch(r"[\w.₀-₉]+", inner) else f"({inner})"

    def page(self, frame: Frame) -> list[Block]:
        """The page, or the one number that is worked out."""
        look = self._look
        if look.show_work is not None:
            name, index = read_cell(look.show_work, self._found.request)
            return exact_work_page(
                self.report, name, index, self.work(look.show_work), look.precision
            )
        return exact_page(self.report, display_of(look, frame), frame.command)

    def document(self) -> dict[str, Any]:
        """The document attn.trace/1, its values in SymPy's syntax."""
        return exact_document(self.report, self._look.only)


def _placed(factor: re.Match[str], letter: str, number: int) -> str:
    """A factor of a sum at one of its places."""
    places = (str(number) if own == letter else own for own in factor["places"].split(","))
    return f"{factor['name']}[{','.join(places)}]"


def exact(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    symbolic: bool = False,
    at: str | Mapping[str, Any] | None = None,
    backward: bool = False,
    d_output: Any = ONES,
    spec: Spec | None = None,
    **given: Any,
) -> Exact:
    """Compute attention exactly: every step in fractions, roots, powers of e, and letters.

    q, k, v and given: arrays and choices as for compute; typed arrays may hold "1/2 √2; e^2 a".
    Floats stand for the simplest fractions that round to them; random numbers are whole ones.
    symbolic: arrays that are not given are letters (q_0_1). at: numbers for letters, "a=1,b=√2".
    backward: the gradient, as attn.gradient has it, with its d_output.
    What its page shows: only="weights", show_work="weights[0,1]", precision=3, everything=True.

    Raises AttnError (a ValueError); ImpossibleError for a step without an exact form.
    """
    command = "gradient" if backward else "compute"
    look = look_taken(given, command)
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    loss = d_output if backward else None
    return computed_exactly(arrays, chosen, look, symbolic=symbolic, at=at, d_output=loss)


def computed_exactly(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    sources: Sources | None = None,
    *,
    symbolic: bool = False,
    at: str | Mapping[str, Any] | None = None,
    d_output: Any = None,
) -> Exact:
    """The same from arrays and choices; d_output: where the gradient is wanted."""
    command: Command = "compute" if d_output is None else "gradient"
    refuse_other(spec, command)
    _refuse_choices(spec, look)
    sources = sources or Sources(None)
    typed, entries = read_entries(arrays)
    request = request_of(spec, typed, sources)
    given = exact_arrays(request, entries, symbolic=symbolic)
    named = request.drawn if symbolic else ()
    if symbolic:
        hints = tuple(hint for hint in request.hints if hint != ONLY_QUERIES)
        request = request._replace(random=(), embedded=(), again=(), hints=hints)
    made = None
    loss = ""
    if d_output is not None:
        made = written(request.program, wanted_of(request))
        given[made.given.name], loss = exact_change(d_output, request, sources)
        request = request._replace(program=made.program)
    if at is not None:
        given = put_in(given, at)
    floats = stand_ins(given)
    request = request._replace(arrays=floats)
    look = look._replace(only=step_named(look.only, request.program))
    if look.only is not None:
        refuse_unknown(look.only, "‹only›", request.program)
        if made is None:
            request = request._replace(program=request.program.up_to(look.only))
    values = reading.evaluate(request.program, given)
    numbers = Numbers(request.program, evaluate(request.program, floats))
    found = Evaluated(request, numbers, whole=True)
    return Exact(_report(found, values, made, loss, named), found, look)


def _refuse_choices(spec: Spec, look: Look) -> None:
    for name, given in (
        ("dtype", spec.dtype is not None),
        ("decode", bool(spec.decode)),
        ("query_index", spec.query_index is not None),
        *((name, is_asked(getattr(look, name))) for name in _PARTS),
    ):
        if given:
            raise AttnError(f"‹{name}› has no effect on ‹exact› numbers. Leave one out.")


_PARTS = ("start", "steps", "percent", "head", "batch_index")


def _report(
    found: Evaluated,
    values: Mapping[str, Array],
    made: Written | None,
    loss: str,
    named: tuple[str, ...],
) -> ExactReport:
    request, numbers, _ = found
    own = dict(request.mechanism.meanings)
    if "normalizer" in request.mechanism.takes:
        own.setdefault("weights", request.choices.normalizer.means)
    if made is not None:
        backward = {step.name for step in made.backward}
        own |= meanings_of(made, {step.name for step in made.program} - backward)
    steps = traced_steps(numbers, {**MEANINGS, **own}, short, 4)
    title = request.mechanism.title
    if made is not None:
        title = said("Gradient of {what}", what=told(title[:1].lower() + title[1:]))
    letters = letters_of({one.name: values[one.name] for one in request.program.inputs})
    before = request if made is None else forward_of(request, made)
    return ExactReport(
        command="compute" if made is None else "gradient",
        mode=request.mechanism.name,
        title=title,
        formula=f"loss = {loss}" if made is not None else formula_of(request),
        source=request.mechanism.source,
        seed=request.seed if request.drawn else None,
        facts=facts(before, exact=True, letters=named),
        notices=notices(
            before,
            Numbers(before.program, numbers.arrays, keys=numbers.keys),
            finite=all(_are_finite(values[one.name]) for one in before.program.inputs),
        ),
        steps=tuple(_exact_step(step, values[step.name]) for step in steps),
        labels=request.labels,
        letters=tuple(letter.name for letter in letters),
    )


def _are_finite(entries: Array) -> bool:
    """Whether no entry is infinite, or no number."""
    return entries.dtype.kind == "b" or all(one.is_finite is not False for one in entries.flat)


def _exact_step(step: TracedStep, values: Array) -> ExactStep:
    step = step._replace(values=values, work=None, dtype="exact")
    if values.dtype.kind == "b":
        words = np.where(values, "True", "False").astype(object)
        return ExactStep(step, words, words, np.full(values.shape, None, dtype=object))
    made = (each(one, values) for one in (text.written, text.latex, text.decimal))
    return ExactStep(step, *made)
