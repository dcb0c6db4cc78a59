"""Which entries of a worked example are right, wrong, or follow from wrong ones before them.

Every step is computed four times: from the inputs alone; from the matrices before it as they are
written; the same with their wrong entries put right; and from the inputs with only those wrong
entries as they are written. Between the first and the third an entry is right: somebody who goes on
with rounded numbers, or with all digits, is right both times. Between the second and the fourth
it is carried forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from attn_cli.faults import Setting
from attn_cli.faults.evaluation import ROUNDING, computed
from attn_cli.faults.fault import Array
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import Hook, evaluate_steps
from attn_cli.worked.entries import Entry

Status = Literal["right", "rounded", "coarse", "loose", "carried", "wrong", "blank", "unsaid"]
"""What an entry is: rounded where it is right only for the rounded numbers before it, coarse where
it has fewer digits than those beside it and is right with these alone, loose where it is right for
given numbers that are rounded as they are written."""

FINE = 1e-9
"""What is allowed for float64, relative to the largest number of a step."""

LOWEST = -1e4
"""A score that is written for −∞, or lower."""

Index = tuple[int, ...]


class Mark(NamedTuple):
    """One entry held against what it should be.

    right: by the inputs alone; due: by the numbers before it as they are written.
    """

    step: str
    at: Index
    entry: Entry
    right: float
    due: float
    status: Status


def marked(
    meant: Setting,
    written: Mapping[str, Array],
    halves: Mapping[str, Array] = MappingProxyType({}),
    kind: str = "float64",
) -> dict[str, list[Mark]]:
    """The marks of every matrix, in the order of the program.

    written: arrays of Entry by their steps, in the shapes of these. halves: how far given numbers
    may be off by their rounding. kind: the float type that the numbers were computed in.
    """
    spread = _spread(meant, [*written], halves)
    allowed = value(meant, "mask", {}) if "mask" in meant.program else None
    found: dict[str, list[Mark]] = {}
    as_written: dict[str, Array] = {}
    corrected: dict[str, Array] = {}
    wrong: dict[str, Array] = {}
    for step in [one.name for one in meant.program if one.name in written]:
        ways = _Ways(
            exact=value(meant, step, {}),
            rounded=value(meant, step, corrected),
            written=value(meant, step, as_written),
            carried=value(meant, step, wrong),
        )
        entries = _unmasked(written[step], meant, step, allowed)
        room = _Room(entries, ways.exact, spread.get(step, 0.0), kind)
        found[step] = [_mark(step, at, entries, ways, room) for at in np.ndindex(entries.shape)]
        own = numbers(entries)
        faulty = _where(found[step], entries.shape, "wrong")
        unsure = faulty | _where(found[step], entries.shape, "carried")
        as_written[step] = own
        corrected[step] = np.where(unsure, np.nan, own)
        wrong[step] = np.where(faulty, own, np.nan)
    return found


def _unmasked(entries: Array, meant: Setting, step: str, allowed: Array | None) -> Array:
    """Scores that a later mask drops, written as −∞ already: nothing is said of them."""
    if allowed is None or meant.program[step].axes[-2:] != ("n", "m") or step == "masked":
        return entries
    dropped = np.broadcast_to(allowed == 0, entries.shape)
    made = entries.copy()
    for at in np.argwhere(dropped):
        one = entries[tuple(at)]
        if one.value is not None and one.value <= LOWEST:
            made[tuple(at)] = one._replace(value=None)
    return made


def numbers(entries: Array) -> Array:
    """The numbers that are written; NaN where none is."""
    flat = [np.nan if one.value is None else one.value for one in entries.flat]
    return np.array(flat, dtype=float).reshape(entries.shape)


def value(meant: Setting, step: str, given: Mapping[str, Array]) -> Array:
    """The numbers of a step, where others before it are given; those that are NaN are computed."""
    hooks = {**dict(meant.after), **{name: _written_over(one) for name, one in given.items()}}
    program = meant.program.needed_for([step])
    arrays = {name: array.astype(float) for name, array in meant.arrays.items()}
    found = evaluate_steps(program, arrays, Frame.of(program.sizes), hooks)
    return np.asarray(found[step], dtype=float)


def _written_over(array: Array) -> Hook:
    def over(made: Array) -> Array:
        if made.shape != array.shape:
            return made
        return np.where(np.isnan(array), made, array).astype(made.dtype)

    return over


class _Ways(NamedTuple):
    exact: Array
    rounded: Array
    written: Array
    carried: Array

    def at(self, place: Index) -> _Ways:
        return _Ways(*(np.asarray(one[place]) for one in self))


def _where(marks: list[Mark], shape: Index, status: Status) -> Array:
    return np.array([one.status == status for one in marks]).reshape(shape)


class _Room:
    """How far entries of a step may be off beside the rounding of their own digits.

    fine: for the float type; spread: for the rounding of given numbers, at each place.
    """

    def __init__(self, entries: Array, exact: Array, spread: Array | float, kind: str) -> None:
        largest = float(np.abs(exact[np.isfinite(exact)]).max(initial=0.0))
        self.fine = max(FINE, MANY * ROUNDING[kind]) * max(1.0, largest)
        self.spread = np.broadcast_to(spread, entries.shape)
        self.decimals = most_decimals(entries.flat)


MANY = 64.0
"""Roundings of a float type that a step may be off by, relative to its largest number."""

MOST_MOVED = 400
"""Given numbers that are moved one by one to see how far their rounding carries."""

CURVED = 1.25
"""Times the sum of those changes: they are taken one by one, and steps are not straight."""


def _spread(meant: Setting, steps: Sequence[str], halves: Mapping[str, Array]) -> dict[str, Array]:
    """How far each number of some steps may move while the given ones stay as they are written."""
    moved = [(name, at) for name, half in halves.items() for at in np.argwhere(half > 0)]
    if not moved or not steps or len(moved) > MOST_MOVED:
        return {}
    base = computed(meant, steps)
    found = {step: np.zeros(base[step].shape) for step in steps}
    for name, at in moved:
        array = meant.arrays[name].astype(float)
        array[tuple(at)] += halves[name][tuple(at)]
        other = computed(meant.given(**{name: array}), steps)
        for step in steps:
            with np.errstate(invalid="ignore"):
                found[step] += np.nan_to_num(np.abs(other[step] * 1.0 - base[step]))
    return {step: CURVED * one for step, one in found.items()}


def _mark(step: str, at: Index, entries: Array, ways: _Ways, room: _Room) -> Mark:
    entry = entries[at]
    here = ways.at(at)
    status = _status(entry, here, room.decimals, room.fine)
    if status in ("wrong", "carried"):
        wider = room.fine + float(room.spread[at])
        again = _status(entry, here._replace(written=here.exact), room.decimals, wider)
        status = "loose" if again in ("right", "rounded", "coarse") else status
    return Mark(step, at, entry, float(here.exact), float(here.written), status)


def most_decimals(entries: Iterable[Entry]) -> int:
    """The decimals of the entry that has most."""
    return max([one.decimals for one in entries if one.decimals is not None], default=0)


def _status(entry: Entry, ways: _Ways, decimals: int, fine: float) -> Status:
    if entry.value is None:
        return "blank" if entry.blank else "unsaid"
    whole = entry.decimals == 0 and decimals > 0
    half = 0.5 * 10.0**-decimals if whole else entry.half
    if entry.decimals is None and "/" in entry.text:  # 2/3 for .6698: a quotient is near enough
        half = max(half, 0.5e-2)
    narrow = half if entry.decimals is None else min(half, 0.5 * 10.0**-decimals)
    if _between(entry.value, (ways.exact,), narrow + fine):
        return "right"
    right = (ways.exact, ways.rounded)
    if _between(entry.value, right, narrow + fine):
        return "rounded"
    if _between(entry.value, right, half + fine):
        return "coarse"
    carried = _between(entry.value, (ways.written, ways.carried), half + fine)
    return "carried" if carried else "wrong"


def _between(value: float, ends: tuple[Array, ...], allowed: float) -> bool:
    """Whether a number lies between others, or as near as is allowed."""
    low, high = min(map(float, ends)), max(map(float, ends))
    if np.isneginf(low):
        return value <= LOWEST
    return bool(low - allowed <= value <= high + allowed)


def followed(
    meant: Setting, written: Mapping[str, Array], marks: Mapping[str, list[Mark]]
) -> dict[tuple[str, Index], list[Mark]]:
    """For each entry that is carried forward, the wrong ones that it follows from."""
    wrong = [one for step in marks.values() for one in step if one.status == "wrong"]
    found: dict[tuple[str, Index], list[Mark]] = {}
    for one in wrong[:MOST_FOLLOWED]:
        lone = np.full(written[one.step].shape, np.nan)
        lone[one.at] = one.entry.value
        for step, all_of in _carried(marks):
            if step == one.step:
                continue
            changed = value(meant, step, {one.step: lone}) != value(meant, step, {})
            for mark in all_of:
                if changed[mark.at]:
                    found.setdefault((step, mark.at), []).append(one)
    return found


MOST_FOLLOWED = 16
"""Wrong entries of which is told what follows from them."""


def _carried(marks: Mapping[str, list[Mark]]) -> Iterator[tuple[str, list[Mark]]]:
    for step, all_of in marks.items():
        carried = [one for one in all_of if one.status == "carried"]
        if carried:
            yield step, carried
