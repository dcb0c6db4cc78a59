"""What one run of attention leaves: every step, what is said of them, and its own page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attn_cli.api.cells import read_cell, refuse_unknown
from attn_cli.api.decode import wanted_request
from attn_cli.api.evaluated import Evaluated, evaluated
from attn_cli.api.given import Arrays
from attn_cli.api.looking import Look
from attn_cli.api.requests import Request
from attn_cli.api.shown import Frame, Recipe, Shown, strict_json
from attn_cli.api.traces import decoded_facts, trace_of
from attn_cli.arrays.arguments import SETTINGS
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.readings.traced import worked_cell
from attn_cli.results.trace import Trace, TracedStep
from attn_cli.spec import Spec
from attn_cli.views import document
from attn_cli.views.compute_page import compute_page, work_page
from attn_cli.views.numbers import short
from attn_cli.views.page import Block, Display
from attn_cli.views.steps import worked_line

if TYPE_CHECKING:
    from attn_cli.transforms.gradient import Gradient

Array = np.ndarray[Any, Any]

SAVED = (".npz", ".json")

MOST_HELD = 4000
"""Numbers of given arrays that an exported page holds beside what it shows of them."""


class Run(Shown):
    """A run: its steps by name, its facts and notices, and one number worked out on demand."""

    _made: Gradient | None = None

    def __init__(
        self, found: Evaluated, look: Look, choices: Mapping[str, Any] | None = None
    ) -> None:
        self._found = found
        self._look = look
        self._choices = choices

    @cached_property
    def trace(self) -> Trace:
        """All of it as plain data, in the language that was spoken when it was computed."""
        return self._context.copy().run(trace_of, self._found, self._look)

    @property
    def title(self) -> str:  # type: ignore[override]
        """The mechanism's name in words."""
        return self.trace.title

    @property
    def steps(self) -> tuple[TracedStep, ...]:
        """Every step in order, inputs first: name, role, formula, meaning, axes, values, flops."""
        return self.trace.steps

    @property
    def only(self) -> str | None:
        """The one step that is looked at, where it is one."""
        return self._look.only

    @property
    def given(self) -> dict[str, Array]:
        """The arrays that it is computed from, random ones among them, by name."""
        return {name: read_only(array) for name, array in self._found.request.arrays.items()}

    @property
    def output(self) -> Array:
        """What attention gives: (…, n, d_v)."""
        return read_only(self.trace.steps[-1].values)

    def __getitem__(self, name: str) -> Array:
        """The numbers of a step.

        Raises AttnError for a step that there is not, and for one of which only some queries
        were kept.
        """
        refuse_unknown(str(name), "‹step›", self._found.request.program)
        step = self.trace.step(name)
        if step.queries is not None and self._found.request.query is None:
            raise AttnError(f"{name} was not kept whole: it is too large. Give ‹keep all›.")
        return read_only(step.values)

    @property
    def notices(self) -> tuple[str, ...]:  # type: ignore[override]
        """What has to be known to read the numbers right."""
        return self.trace.notices

    @property
    def facts(self) -> tuple[str, ...]:
        """Sizes, where arrays come from, and every convention that was used."""
        return self.trace.facts

    @property
    def spec(self) -> Spec:
        """The choices, those of a saved run among them."""
        return self._found.request.spec

    def work(self, cell: str) -> str:
        """One number from its formula to its result: weights[0,1] = … = 0.5.

        Raises AttnError for a cell that there is not.
        """
        name, index = read_cell(cell, self._found.request)
        work = worked_cell(self._found.numbers, name, index, short, self._look.decimals)
        return worked_line(self.trace.step(name), work, self.trace)

    def code(self, library: str = "numpy", files: Mapping[str, str] | None = None) -> str:
        """A script for an array library that gives the same numbers: numpy, torch or jax.

        Small arrays are written into it. files: where the others may be loaded from, by name:
        {"q": "q.npy", "k": "run.npz:k"}; a file that holds other numbers is not used.
        Raises AttnError for another library, and for a large array that no file holds.
        """
        from attn_cli.api.code import Wanted, library_of, script_of

        wanted = Wanted(
            self._found.request, library_of(library), self._made, self._look.only, files or {}
        )
        return self._context.copy().run(script_of, wanted)

    def page(self, frame: Frame) -> list[Block]:
        """The page, or the part of it that is looked at."""
        look = self._look
        if look.show_work is not None:
            return work_page(self.trace, look.show_work.partition("[")[0].strip())
        return compute_page(self.trace, display_of(look, frame), frame.command)

    @property
    def choices(self) -> dict[str, Any]:
        """The choices by which `check` makes the run again, and the arrays that were given."""
        if self._choices is not None:
            return {**self._choices}
        request = self._forward
        drawn = (*request.drawn, *request.usual)
        given = [name for name in request.arrays if name not in drawn]
        if request.table:
            given.append("mask")
        return {**self.spec.said(), "given": ",".join(given)}

    @property
    def made_by(self) -> str:
        """The choices, as JSON that a comment can hold."""
        import json

        arrays = {**self._forward.arrays, **({"mask": self["mask"]} if self._forward.table else {})}
        choices = self.choices
        held: Any = choices["given"]
        names = held.split(",")
        if sum(arrays[name].size for name in names if name) <= MOST_HELD:
            held = {name: arrays[name].tolist() for name in names if name}
        shown = {"head": self._look.head, "batch_index": self._look.batch_index}
        shown = {name: one for name, one in shown.items() if one is not None}
        stated = {**choices, **shown, "given": held}
        text = json.dumps(stated, ensure_ascii=False, default=str)
        return _in_a_comment(text.replace("Infinity", "1e999"))

    def to_dict(self) -> dict[str, Any]:
        """The document attn.trace/1, as --json prints it."""
        return strict_json(self.json())

    def json(self, *, ascii_only: bool = False) -> Iterator[str]:
        """The document as text, in pieces."""
        more = {"choices": self.choices}
        return document.parts(self.trace, self._look.only, ascii_only, self._settings, more)

    @cached_property
    def _settings(self) -> dict[str, Any]:
        """By which a saved run is read back."""
        from attn_cli.api.settings import settings_of

        request = self._forward
        output = self._found.numbers.arrays[request.program.output.name]
        decoded = self._context.copy().run(decoded_facts, request, output)
        return settings_of(request, decoded, output)

    @property
    def _recipe(self) -> Recipe | None:  # type: ignore[override]
        """As a saved run is read back: its inputs and its mask, and the choices beside them."""
        narrow = self.spec.dtype if self.spec.dtype == "bfloat16" else None
        return read_again, (self._held, Spec(dtype=narrow), self._look, self.choices)

    @property
    def _held(self) -> dict[str, Array]:
        """What a run is read back from: its inputs, its mask and its settings."""
        import json

        steps = [s for s in self._forward.program if s.operation in ("input", "allow")]
        arrays = {step.name: np.array(self[step.name]) for step in steps}
        return {**arrays, SETTINGS: np.array(json.dumps(self._settings))}

    @property
    def _forward(self) -> Request:
        """The run that is read back: attention alone."""
        return self._found.request

    @property
    def _saved(self) -> dict[str, Array]:
        """Every array that is saved, by name."""
        return {step.name: step.values for step in self.steps}

    def save(
        self, file: str | Path, *, force: bool = False, more: Mapping[str, Array] | None = None
    ) -> None:
        """Write every array by its step's name as .npz, or the document as .json.

        more: arrays that stand beside those of the steps.

        Raises AttnError for another suffix, and without force for a file that exists.
        """
        import json

        from attn_cli.arrays.saved import write_npz
        from attn_cli.arrays.writing import check_path, write_text, write_whole

        path, only = Path(file), self._look.only
        check_path(path, "‹save›", SAVED, force)
        if path.suffix.lower() == ".json":
            write_text(path, self.json(), force=force)
            return
        arrays = {name: one for name, one in self._saved.items() if only in (None, name)}
        for name in arrays:
            self[name]
        arrays.update(more or {})
        settings = json.dumps(self._settings)
        write_whole(path, lambda stream: write_npz(stream, arrays, settings), force=force)


def display_of(look: Look, frame: Frame) -> Display:
    """How much of a run is shown, and how wide."""
    return Display(
        width=frame.width,
        precision=look.precision,
        everything=look.everything,
        head=look.head,
        batch_index=look.batch_index or 0,
        only=look.only,
        start=look.start,
        steps=look.steps,
        percent=look.percent,
        signs=frame.signs,
    )


def read_only(values: Array) -> Array:
    """An array that can't be changed, since the run is told from it."""
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view


def _in_a_comment(text: str) -> str:
    """JSON that neither ends a comment nor looks like a tag."""
    for sign, code in (("--", "-\\u002d"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(sign, code)
    return text


def read_again(
    arrays: Mapping[str, Array], spec: Spec, look: Look, choices: Mapping[str, Any]
) -> Run:
    """A run that was pickled: as one that was saved is read back."""
    request = wanted_request(spec, Arrays(input=arrays), Sources(None))
    return Run(evaluated(request, look), look, choices)
