"""The numbers of a setting, of all queries or of some, and how far two runs are apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from attn_cli.faults.fault import Array, Setting
from attn_cli.program import Program, Step
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate_steps
from attn_cli.transforms import rows

Numbers = dict[str, Array]

BLOCK = 256
"""Queries that are computed at a time."""

ROUNDING: Mapping[str, float] = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
}
"""The unit roundoff of each float type (IEEE 754; bfloat16 has 8 bits of significand)."""

SLACK, ENDS = 8.0, 4.0
"""Times the rounding errors of our own float32 run, and times the rounding of the result."""


def computed(
    setting: Setting,
    wanted: Collection[str],
    queries: Array | None = None,
    kind: str = "float64",
) -> Numbers:
    """Some steps of a run; queries: of these rows alone, where the run allows it.

    kind: the float type that is computed in, unless the setting has its own.
    """
    program = setting.program.needed_for(wanted)
    kind = setting.kind if setting.in_kind else kind
    given = {
        name: array.astype(kind) if array.dtype.kind == "f" else array
        for name, array in setting.arrays.items()
    }
    after = dict(setting.after)
    parts = None if setting.whole else rows.split(program)
    frame = Frame.of(program.sizes)
    if parts is None:
        made = evaluate_steps(program, given, frame, after)
        return {name: _rows_of(program[name], made[name], queries) for name in wanted}
    once = rows.evaluate_once(program, parts, given, after)
    count = int(program.sizes.get("n", 0))
    chosen = np.arange(count) if queries is None else queries
    blocks = [chosen[at : at + BLOCK] for at in range(0, len(chosen), BLOCK)]
    found = [rows.evaluate_rows(program, parts, once, block, after) for block in blocks]
    return {
        name: _rows_of(program[name], once[name], queries)
        if name in once
        else np.concatenate([one[name] for one in found], axis=program[name].axes.index("n"))
        for name in wanted
    }


def _rows_of(step: Step, array: Array, queries: Array | None) -> Array:
    if queries is None or "n" not in step.axes:
        return array
    return array.take(queries, axis=step.axes.index("n"))


def some_rows(program: Program, arrays: Numbers, queries: Array | None) -> Numbers:
    """The same steps, of some queries alone."""
    return {name: _rows_of(program[name], one, queries) for name, one in arrays.items()}


def apart(ours: Array, theirs: Array) -> Array:
    """How far numbers are apart: 0 for equal infinities and where both are none, ∞ for one."""
    with np.errstate(all="ignore"):
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        distance = np.abs(np.where(same, 0, ours) - np.where(same, 0, theirs))
    return np.where(np.isnan(distance), np.inf, distance)


def bounds(setting: Setting, exact: Numbers, kind: str) -> dict[str, float]:
    """How far another correct implementation may be off, at each step, in a float type.

    Rounding errors of a run are in proportion to the type's unit roundoff (Higham 2002, chapter 3):
    those of our own float32 run against float64, scaled to the type, times SLACK; and the rounding
    of the result itself.
    """
    narrow = computed(setting, [*exact], kind="float32")
    unit = ROUNDING[kind]
    found = {}
    for name, numbers in exact.items():
        finite = numbers[np.isfinite(numbers)]
        largest = float(np.abs(finite).max(initial=0.0))
        errors = apart(narrow[name].astype(np.float64), numbers)
        measured = float(errors[np.isfinite(errors)].max(initial=0.0))
        scaled = SLACK * measured * unit / ROUNDING["float32"]
        found[name] = scaled + ENDS * unit * largest
    return found


def farthest(ours: Numbers, theirs: Numbers) -> dict[str, float]:
    """The largest distance at each step."""
    return {
        name: float(apart(ours[name], theirs[name]).max(initial=0.0))
        if ours[name].shape == theirs[name].shape
        else np.inf
        for name in theirs
    }


def beyond(distances: Mapping[str, float], allowed: Mapping[str, float]) -> float:
    """The largest distance relative to what is allowed: above 1 something differs."""
    return max(_ratio(distances[name], allowed[name]) for name in distances)


def _ratio(distance: float, allowed: float) -> float:
    if distance == 0:
        return 0.0
    return distance / allowed if allowed > 0 else float("inf")


def coarsest(kinds: Iterable[str]) -> str:
    """The float type with the fewest digits."""
    return max(kinds, key=lambda kind: ROUNDING[kind])
