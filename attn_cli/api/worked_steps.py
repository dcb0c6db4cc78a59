"""Which matrices of a worked example are given, and which are steps of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from attn_cli import mechanisms
from attn_cli.api.given import ARRAYS
from attn_cli.api.requests import Request
from attn_cli.api.worked_examples import Example
from attn_cli.errors import AttnError, listed, shape_text
from attn_cli.language import said
from attn_cli.mechanisms import local
from attn_cli.mechanisms.biases import TABLE
from attn_cli.spec import Spec
from attn_cli.worked.entries import DASHES, Entry
from attn_cli.worked.marking import LOWEST, numbers
from attn_cli.worked.matrices import Matrix
from attn_cli.worked.names import candidates, head_of, known_names, plain

Array = np.ndarray[Any, Any]


class Written(NamedTuple):
    """A step as it is written: entries and their lines, in the shape of the step."""

    entries: Array
    lines: Array


class Inputs(NamedTuple):
    """The arrays that are given; again: lines on which one stands again with other numbers."""

    arrays: dict[str, Array]
    again: tuple[str, ...]


def given_in(found: Sequence[Matrix], spec: Spec) -> Inputs:
    """Matrices that are given and not computed: q, k and v are computed where x and W_Q are."""
    own = _own_arrays(spec)
    known = known_names({**dict.fromkeys(ARRAYS, ()), **dict.fromkeys(own, ())})
    by_name: dict[str, Array] = {}
    rows: dict[str, dict[int, Array]] = {}
    again = []
    for one in found:
        first = next(iter(candidates(one.captions, known)), None)
        name, slash, row = (first or "").partition("/")
        array = numbers(one.entries)
        if name not in (*ARRAYS, *own) or np.isnan(array).any():
            continue
        array = array.reshape(-1) if own.get(name) == 1 else array
        alike = [one.partition("/")[0] for one in _assigned(one, known)]
        if len(alike) > 1 and {*alike} <= {*ARRAYS}:
            by_name |= {other: array for other in alike if other not in by_name}
        elif slash and one.entries.shape[0] == 1:
            rows.setdefault(name, {})[int(row)] = array[0]
        elif not slash and name in by_name:
            again += [] if np.array_equal(by_name[name], array) else [str(one.lines[0])]
        elif not slash:
            by_name[name] = array
    for name, all_of in rows.items():
        by_name.setdefault(name, np.array([all_of[row] for row in sorted(all_of)]))
    computed: tuple[str, ...] = ("q", "k", "v") if "x" in by_name and "w_v" in by_name else ()
    if not computed and "v" in by_name:
        computed = ("x", "context", "w_q", "w_k", "w_v")
    kept = {name: one for name, one in by_name.items() if name not in computed}
    return Inputs(kept, tuple(again))


def _assigned(one: Matrix, known: Mapping[str, str]) -> list[str]:
    """The arrays of Q = K = V = …; those before the last sign of equality."""
    parts = one.captions[0].split("=")[:-1] if one.captions else []
    names = [known.get(plain(part)) for part in parts if part.strip()]
    return [name for name in names if name is not None] if None not in names else []


def _own_arrays(spec: Spec) -> dict[str, int]:
    """Arrays of the mode's own, and how many axes they have."""
    mechanism = mechanisms.named(spec.mode or mechanisms.DEFAULT)
    axes = {**mechanism.parameters, **(local.PARAMETERS if spec.local == "p" else {})}
    return {**{name: len(one) for name, one in axes.items()}, TABLE: 2}


SHOW_MASKS = ("masked", "mask", "scores", "scaled")
"""Steps in whose numbers a mask may be seen."""


def mask_written(found: Sequence[Matrix]) -> tuple[Array, int] | None:
    """Which pairs masked scores keep, and the line on which they stand; None where there are none.

    True = may attend.
    """
    known = known_names(dict.fromkeys(SHOW_MASKS, ()))
    for one in found:
        names = {*candidates(one.captions, known)} & {*SHOW_MASKS}
        values = numbers(one.entries)
        dropped = values <= LOWEST
        if {"masked"} & names:
            dropped = dropped | _dashes(one.entries)
        if names and dropped.any() and not dropped.all():
            return ~dropped, one.lines[0]
    return None


def _dashes(entries: Array) -> Array:
    flat = [one.text in DASHES for one in entries.flat]
    return np.array(flat, dtype=bool).reshape(entries.shape)


def placed(
    read: Example, request: Request, ways: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Written], tuple[str, ...]]:
    """Matrices by the steps that they are, and notices about others.

    ways: symbols and formulas of the steps. Steps of an exercise that are not there are blank.
    """
    example, name, asked = read.matrices, read.name, read.asked
    placing = _Placing(request, ways, example)
    for one in example:
        placing.place(one)
    if not placing.found:
        _refuse_nothing(name, placing)
    for step in asked:
        if step in ways and step not in placing.found:
            placing.found[step] = _empty(placing.shape(step), Entry("", blank=True))
    weights = request.program.last("weights")
    for step, written in placing.found.items():
        if weights is not None and step == weights.name:
            _fill(written.entries, 0.0)
        elif step == "masked":
            _fill(written.entries, -np.inf)
    return placing.found, tuple(placing.notices())


def _fill(entries: Any, value: float) -> None:
    """Read dashes and dots as what a masked pair has."""
    for at in np.ndindex(entries.shape):
        if entries[at].text in DASHES:
            entries[at] = Entry(entries[at].text, value)


def _refuse_nothing(name: str, placing: _Placing) -> None:
    if placing.other_shapes:
        raise AttnError(placing.other_shapes[0])
    request = placing.request
    names = [one for one in placing.ways if request.program[one].operation != "allow"]
    raise AttnError(
        f"{name} holds nothing that is computed, of the mode {request.mechanism.name}: "
        f"{listed(names)}."
    )


class _Placing:
    """Steps found so far, and what could not be placed."""

    def __init__(
        self, request: Request, ways: Mapping[str, Sequence[str]], example: Sequence[Matrix]
    ) -> None:
        self.request, self.ways = request, ways
        self.known = known_names({**dict.fromkeys((*request.arrays, *ARRAYS), ()), **ways})
        self.found: dict[str, Written] = {}
        self.skipped: list[Matrix] = []
        self.other_shapes: list[str] = []
        rows = [self._names(one) for one in example]
        self.first = 0 if any(name.endswith("/0") for names in rows for name in names) else 1

    def _names(self, one: Matrix) -> list[str]:
        return [*candidates(one.captions, self.known)]

    def place(self, one: Matrix) -> None:
        """Put a matrix in its place, if it has one."""
        names = self._names(one)
        for called in names:
            name, slash, row = called.partition("/")
            if name in self.request.arrays:
                return
            if name in self.ways and self._is(one, name, int(row) if slash else None):
                return
        own = next((name for name in names if name in self.ways), None)
        if own is None or own in self.found:
            self.skipped.append(one)
            return
        shape = self.shape(own)
        self.other_shapes.append(
            said(
                "Line {line}: {step} is {given}, and {meant} was meant.",
                line=one.lines[0],
                step=own,
                given=shape_text(one.entries.shape),
                meant=shape_text(shape),
            )
        )

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a step."""
        return tuple(int(size) for size in self.request.program.shape(self.request.program[name]))

    def _is(self, one: Matrix, name: str, row: int | None) -> bool:
        """Take a matrix for a step, or for a row or a head of it, where its shape is that."""
        shape = self.shape(name)
        if row is None and _without_ones(shape) == _without_ones(one.entries.shape):
            if name in self.found:
                return False
            lines = np.repeat(one.lines, one.entries[0].size).reshape(shape)
            self.found[name] = Written(one.entries.reshape(shape), lines)
            return True
        at = head_of(one.captions) if len(shape) == 3 else row
        at = at - self.first if at is not None and len(shape) == 2 else at
        inside = one.entries.shape if len(shape) == 3 else one.entries.shape[1:]
        if at is None or not 0 <= at < shape[0] or shape[1:] != inside:
            return False
        own = self.found.setdefault(name, _empty(shape, Entry("")))
        own.entries[at] = one.entries.reshape(own.entries[at].shape)
        own.lines[at] = one.lines[0]
        return True

    def notices(self) -> Iterator[str]:
        """What is said of matrices that are no step."""
        yield from self.other_shapes
        lines = [str(one.lines[0]) for one in self.skipped]
        if lines:
            yield said(
                "Matrices that are no step here, or a second one of a step, were left out: line "
                "{lines}.",
                lines=", ".join(lines),
            )


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _empty(shape: tuple[int, ...], entry: Entry) -> Written:
    entries = np.empty(shape, dtype=object)
    entries.fill(entry)
    return Written(entries, np.zeros(shape, dtype=int))
