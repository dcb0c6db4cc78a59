"""The Jacobian of one step with respect to another: implicit attention, beside the weights."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.api.cells import refuse_unknown, step_positions
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.jacobian_report import report_of
from attn_cli.api.looking import Look, Progress, is_asked, look_taken, silent
from attn_cli.api.requests import Request, request_of
from attn_cli.api.run import SAVED, display_of
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.slices import refuse_missing_slices
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief
from attn_cli.language import said
from attn_cli.program import Program
from attn_cli.readings.values import evaluate
from attn_cli.results.jacobian import JacobianReport, Side
from attn_cli.spec import Spec, refuse_other
from attn_cli.transforms.gradient import gradient as written
from attn_cli.transforms.jacobian import jacobian as derivatives
from attn_cli.views.jacobian_page import jacobian_document, jacobian_page
from attn_cli.views.page import Block

Array = np.ndarray[Any, Any]

SIDE = re.compile(r"\s*(?P<name>\w+)\s*(\[(?P<index>[^\]]*)\])?\s*")

MOST_PASSES, MOST_DERIVATIVES = 4_096, 4_000_000
"""Numbers of the first step at most, each a backward pass, and derivatives kept at most."""


class Jacobian(Documented):
    """How one step changes with another: every derivative, a map of their norms, its page."""

    saved = SAVED

    def __init__(self, report: JacobianReport, look: Look) -> None:
        self.report, self._look = report, look
        self.title, self.notices = report.title, report.notices

    @property
    def values(self) -> Array:
        """Every derivative: the free axes of the one step, then those of the other."""
        values: Array = self.report.values
        return values

    @property
    def map(self) -> Array:
        """What the page shows: norms of blocks, or derivatives where each step has one axis."""
        values: Array = next(one for one in self.report.tables if not one.share).values
        return values

    @property
    def correlation(self) -> float | None:
        """Pearson's, of the map with the weights beside it; None where there are none."""
        return self.report.correlation

    def page(self, frame: Frame) -> list[Block]:
        """The map, beside the weights where it is one of queries and keys."""
        return jacobian_page(self.report, display_of(self._look, frame), frame.command)

    def document(self) -> dict[str, Any]:
        """The document attn.jacobian/1."""
        return jacobian_document(self.report)

    def save(self, file: str | Path, *, force: bool = False) -> None:
        """Write the derivatives and the tables as .npz, or the document as .json.

        Raises AttnError for another suffix, and without force for a file that exists.
        """
        from attn_cli.arrays.writing import check_path, write_whole

        path = Path(file)
        if path.suffix.lower() != ".npz":
            super().save(path, force=force)
            return
        check_path(path, "‹save›", SAVED, force)
        tables = {table.name: table.values for table in self.report.tables}
        arrays = {"jacobian": self.values, **tables}
        write_whole(path, lambda stream: np.savez(stream, **arrays), force=force)


def jacobian(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    of: str = "output",
    to: str = "x",
    spec: Spec | None = None,
    **given: Any,
) -> Jacobian:
    """Compute how each number of one step changes with each of an earlier one.

    q, k, v and given: arrays and choices as for compute. of, to: two steps, the latter before the
    former; some of their positions alone by "output[,d0]" (an empty place is a whole axis). Of more
    than one axis each, the map has the norm of each block (Graves 2020, "implicit attention").
    What its page shows: head, batch_index, precision, everything.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    look = look_taken(given, "gradient")
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    return measured(arrays, chosen, look, f"{of}:{to}")


def measured(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    asked: str,
    sources: Sources | None = None,
    progress: Progress = silent,
) -> Jacobian:
    """The same from arrays and choices; asked: OF:TO; sources: where text is read."""
    refuse_other(spec, "gradient")
    for name in ("only", "start", "show_work", "steps"):
        if is_asked(getattr(look, name)):
            raise AttnError(f"‹{name}› has no effect on a ‹jacobian›, which has no steps.")
    request = request_of(spec, arrays, sources or Sources(None))
    program = request.program
    refuse_missing_slices(
        {"head": look.head, "batch_index": look.batch_index or None}, program.sizes
    )
    of, to = _sides(asked, request, look)
    _refuse_other_order(of, to, program)
    forward = program.up_to(of.name)
    values = evaluate(program, request.arrays)
    if values[to.name].dtype.kind != "f":
        raise AttnError(f"‹jacobian›: {to.name} holds no numbers that change by a little.")
    places = _places(of, program)
    _refuse_many(len(places), values[to.name].size)
    with progress(said("numbers")) as advance:
        rows = derivatives(forward, values, of.name, to.name, places, advance)
    if rows is None:
        raise AttnError(
            f"‹jacobian›: {of.name} does not change with {to.name} by a little: nothing reaches it."
        )
    shape = [size for size, at in _axes(of, program) if at is None]
    chosen = rows[(slice(None), *(slice(None) if at is None else at for at in to.at))]
    derived = chosen.reshape((*shape, *chosen.shape[1:]))
    made = written(forward, [to.name])
    return Jacobian(report_of(request, values, of, to, derived, look, made), look)


def _axes(side: Side, program: Program) -> list[tuple[int, int | None]]:
    return list(zip(program.shape(program[side.name]), side.at, strict=True))


def _sides(asked: str, request: Request, look: Look) -> tuple[Side, Side]:
    """Read OF:TO."""
    parts = re.split(r":(?![^\[]*\])", asked)
    if len(parts) != 2:
        raise AttnError(f"‹jacobian›: {brief(asked)!r} is not of the form OF:TO, as in output:x.")
    of, to = (_side(part, request, look) for part in parts)
    return of, to


def _side(text: str, request: Request, look: Look) -> Side:
    match = SIDE.fullmatch(text)
    if match is None:
        raise AttnError(f"‹jacobian›: {brief(text)!r} is neither a step nor positions of one.")
    refuse_unknown(match["name"], "‹jacobian›", request.program)
    step = request.program[match["name"]]
    at: tuple[int | None, ...] = (None,) * len(step.axes)
    if match["index"] is not None:
        at = step_positions(step, match["index"], request, "‹jacobian›", whole=True)
    looked = {"h": look.head, "b": look.batch_index or 0}
    return Side(
        step.name,
        tuple(
            looked.get(axis) if place is None else place
            for axis, place in zip(step.axes, at, strict=True)
        ),
    )


def _refuse_other_order(of: Side, to: Side, program: Program) -> None:
    names = [step.name for step in program]
    if names.index(to.name) >= names.index(of.name):
        raise AttnError(
            f"‹jacobian›: {to.name} does not come before {of.name}. Name the later step first, as "
            "in output:x."
        )


def _places(of: Side, program: Program) -> list[tuple[int, ...]]:
    ranges = [range(size) if at is None else [at] for size, at in _axes(of, program)]
    count = int(np.prod([len(one) for one in ranges], dtype=object))
    if count > MOST_PASSES:
        raise AttnError(
            f"‹jacobian›: {of.name} has {count:,} numbers, each a backward pass: {MOST_PASSES:,} "
            f"at most. Give some of its positions, as in {of.name}[{',' * (len(of.at) - 1)}0]."
        )
    return list(product(*ranges))


def _refuse_many(passes: int, size: int) -> None:
    if passes * size > MOST_DERIVATIVES:
        raise AttnError(
            f"‹jacobian›: {passes:,} × {size:,} derivatives are more than {MOST_DERIVATIVES:,}. "
            "Give smaller arrays, or some positions alone."
        )
