"""Which matrices of a worked example are given, and which are steps of a run."""

from __future__ import annotations

import re
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
from attn_cli.readings.notation import letter
from attn_cli.spec import Spec
from attn_cli.worked.entries import DASHES, Entry
from attn_cli.worked.marking import LOWEST, numbers
from attn_cli.worked.matrices import Matrix
from attn_cli.worked.names import candidates, head_of, known_names, plain, surely

Array = np.ndarray[Any, Any]


class Written(NamedTuple):
    """A step as it is written: entries and their lines, in the shape of the step.

    sure: whether it is named as such, and not guessed from the words around it.
    """

    entries: Array
    lines: Array
    sure: bool = True


class Inputs(NamedTuple):
    """The arrays that are given; again: lines on which one stands again with other numbers.

    halves: how far each number may be off by its rounding, by array.
    """

    arrays: dict[str, Array]
    again: tuple[str, ...]
    halves: dict[str, Array]


LEAST_DECIMALS = 2
"""Decimals from which on a given array is taken to be rounded; 0.5 and 1.2 are chosen so."""


def given_in(read: Example, spec: Spec) -> Inputs:
    """Matrices that are given and not computed: q, k and v are computed where x and W_Q are."""
    found = read.matrices
    own = _own_arrays(spec)
    known = known_names({**dict.fromkeys(ARRAYS, ()), **dict.fromkeys(own, ())})
    by_name: dict[str, Array] = {}
    halves: dict[str, Array] = {}
    rows: dict[str, dict[int, Array]] = {}
    again = []
    for one in found:
        captions = one.captions if read.given is None else one.captions[-1:]
        first = next(iter(candidates(captions, known)), None)
        name, slash, row = (first or "").partition("/")
        array = numbers(one.entries)
        if name not in (*ARRAYS, *own) or np.isnan(array).any():
            continue
        array = array.reshape(-1) if own.get(name) == 1 else array
        halves.setdefault(name, _halves(one.entries).reshape(array.shape))
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
    _name_again(by_name, read.same, known)
    computed: tuple[str, ...] = ("q", "k", "v") if "x" in by_name and "w_v" in by_name else ()
    if not computed and "v" in by_name:
        computed = ("x", "context", "w_q", "w_k", "w_v")
    kept = {name: one for name, one in by_name.items() if name not in computed}
    halves = {n: one for n, one in halves.items() if n in kept and kept[n].shape == one.shape}
    return Inputs(kept, tuple(again), halves)


def _halves(entries: Array) -> Array:
    """Half of the last digit of each number, 0 where all are written with hardly any."""
    decimals = [one.decimals or 0 for one in entries.flat]
    if max(decimals, default=0) < LEAST_DECIMALS:
        return np.zeros(entries.shape)
    half = 0.5 * 10.0 ** -max(decimals)
    return np.array([half if one.decimals else 0.0 for one in entries.flat]).reshape(entries.shape)


def _name_again(
    by_name: dict[str, Array], same: Sequence[tuple[tuple[str, ...], str]], known: Mapping[str, str]
) -> None:
    """Arrays that are another one, or the identity of the size that fits."""
    for names, other in same:
        arrays = [known[name] for name in names if name in known and known[name] in ARRAYS]
        width = next((by_name[one].shape[-1] for one in ("x", "q") if one in by_name), None)
        if other == "I" and width is not None:
            by_name.update({one: np.eye(width) for one in arrays if one not in by_name})
        elif known.get(other) in by_name:
            array = by_name[known[other]]
            by_name.update({one: array for one in arrays if one not in by_name})
            if {"q", "k", "v"} <= {*arrays}:
                by_name.pop(known[other])


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
        if "mask" in names and not np.isnan(values).any() and np.isin(values, (0, 1)).all():
            allowed = values == 1
            if not np.diag(allowed).any():  # nobody attends itself: True is masked here
                allowed = ~allowed
            if not allowed.all():
                return allowed, one.lines[0]
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
    placing = _Placing(request, ways, example, read.shown if read.given is not None else None)
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


INDEXED = re.compile(r"\w\[\d+\]")
"""A row as a program counts it, from 0: weights[1]."""


class _Placing:
    """Steps found so far, and what could not be placed."""

    def __init__(
        self,
        request: Request,
        ways: Mapping[str, Sequence[str]],
        example: Sequence[Matrix],
        shown: Mapping[str, int] | None,
    ) -> None:
        self.request, self.ways = request, ways
        own = (*request.arrays, *ARRAYS)
        letters = {name: (letter(name),) if shown is not None else () for name in own}
        self.known = known_names({**letters, **ways})
        self.found: dict[str, Written] = {}
        self.skipped: list[Matrix] = []
        self.other_shapes: list[str] = []
        self.shown: Mapping[str, int] | None = shown
        rows = [self._names(one) for one in example]
        indexed = any(INDEXED.search(text) for one in example for text in one.captions[:1])
        zero = any(name.endswith("/0") for names in rows for name in names)
        self.first = 0 if zero or indexed else 1

    def _names(self, one: Matrix) -> list[str]:
        return [*candidates(self._captions(one), self.known)]

    def _captions(self, one: Matrix) -> Sequence[str]:
        """Where the name stands: on an exported page in the heading, above words of explanation."""
        return one.captions if self.shown is None else (one.captions[-1:] + one.captions)

    def place(self, one: Matrix) -> None:
        """Put a matrix in its place, if it has one; one that is named so is nothing else."""
        names = self._names(one)
        sure = surely(self._captions(one), self.known)
        last = self.request.program.last("weights")
        if last is not None and last.name != "weights":
            sure.discard("weights")  # a page may call both so
        for called in [*names]:
            name, slash, row = called.partition("/")
            if called not in names:
                continue
            if name in self.request.arrays or name == "mask":
                return
            if name in self.ways and self._is(one, name, int(row) if slash else None):
                self.found[name] = self.found[name]._replace(sure=name in sure)
                return
            if name in self.ways and name in sure:
                names = [one for one in names if one.partition("/")[0] == name]
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
            if name in self.found and not self._in_part(name):
                return False
            lines = np.repeat(one.lines, one.entries[0].size).reshape(shape)
            self.found[name] = Written(one.entries.reshape(shape), lines)
            return True
        if self.shown is not None:
            return self._is_part(one, name, shape)
        at = head_of(one.captions) if len(shape) == 3 else row
        at = at - self.first if at is not None and len(shape) == 2 else at
        inside = one.entries.shape if len(shape) == 3 else one.entries.shape[1:]
        if at is None or not 0 <= at < shape[0] or shape[1:] != inside:
            return False
        own = self.found.setdefault(name, _empty(shape, Entry("")))
        own.entries[at] = one.entries.reshape(own.entries[at].shape)
        own.lines[at] = one.lines[0]
        return True

    def _is_part(self, one: Matrix, name: str, shape: tuple[int, ...]) -> bool:
        """Take a matrix of an exported page for what the page shows of a step: a head, a row."""
        assert self.shown is not None
        places = {"h": self.shown.get("head"), "b": self.shown.get("batch_index", 0)}
        places |= {"n": self.request.query, "h": head_of(one.captions, places["h"])}
        at: list[Any] = []
        rest = list(one.entries.shape)
        for axis, size in zip(self.request.program[name].axes, shape, strict=True):
            left = len(shape) - len(at)
            if axis in places and places[axis] is not None and (left > len(rest) or rest[0] == 1):
                at.append(places[axis])
                rest = rest[1:] if left == len(rest) else rest
            elif rest and rest[0] == size:
                at.append(slice(None))
                rest = rest[1:]
            else:
                return False
        own = self.found.setdefault(name, _empty(shape, Entry("")))
        place = tuple(at)
        own.entries[place] = one.entries.reshape(own.entries[place].shape)
        own.lines[place] = one.lines[0]
        return True

    def _in_part(self, name: str) -> bool:
        """Whether only some rows of a step stand there so far."""
        return any(one == Entry("") for one in self.found[name].entries.flat)

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
