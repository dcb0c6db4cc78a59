"""Which rule was missed: a fault that gives the written numbers, or a step that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from attn_cli.faults import FAULTS, Fault, Setting
from attn_cli.faults.fault import Array
from attn_cli.faults.search import settings_of
from attn_cli.worked.marking import Mark, numbers, value


class Rule(NamedTuple):
    """A fault that gives the wrong entries of a step; whole: and all its other entries too."""

    step: str
    fault: Fault
    setting: Setting
    whole: bool


def rules_missed(
    meant: Setting, written: Mapping[str, Array], marks: Mapping[str, Sequence[Mark]]
) -> Iterator[Rule]:
    """For every step with wrong entries, what explains it; those that explain all of it first.

    A single wrong entry is explained by no fault: too many give any one number.
    """
    before: dict[str, Array] = {}
    for step, own in marks.items():
        wrong = [one for one in own if one.status == "wrong"]
        if len(wrong) > 1:
            yield from _of_step(meant, step, own, before)
        before[step] = numbers(written[step])


def _of_step(
    meant: Setting, step: str, marks: Sequence[Mark], before: Mapping[str, Array]
) -> Iterator[Rule]:
    found = []
    half = 0.5 * 10.0 ** -max((one.entry.decimals or 0 for one in marks), default=0)
    for fault in FAULTS:
        for setting in settings_of(meant, fault):
            if step not in setting.program:
                continue
            made = value(setting, step, _kept(before, setting, meant))
            wrong = [one for one in marks if one.status == "wrong"]
            if all(_reads(made, one, half) for one in wrong):
                said = [one for one in marks if one.entry.value is not None]
                whole = all(_reads(made, one, half) for one in said)
                found.append(Rule(step, fault, setting, whole))
    best = [one for one in found if one.whole] or found
    # a rule that changes more than another which gives the same is not what was missed
    least = min((len(one.setting.touched) for one in best), default=0)
    yield from [one for one in best if len(one.setting.touched) == least][:MOST_RULES]


MOST_RULES = 3
"""Faults that are told of one step."""


def _kept(before: Mapping[str, Array], setting: Setting, meant: Setting) -> Mapping[str, Array]:
    """Written steps that a fault leaves as they are; one that it changes is computed by it."""
    return {
        name: one
        for name, one in before.items()
        if name in setting.program
        and np.array_equal(value(setting, name, {}), value(meant, name, {}), equal_nan=True)
    }


def _reads(made: Array, mark: Mark, half: float = np.inf) -> bool:
    """Whether a number reads as an entry does; half: of the last digit of those beside it."""
    there = len(mark.at) == made.ndim and all(
        at < size for at, size in zip(mark.at, made.shape, strict=True)
    )
    if not there:
        return False
    assert mark.entry.value is not None
    number = float(made[mark.at])
    return bool(
        number == mark.entry.value
        or abs(number - mark.entry.value) <= min(half, mark.entry.half) + 1e-9
    )


def carried_by(marks: Mapping[str, Sequence[Mark]], rules: Sequence[Rule]) -> dict[str, list[Mark]]:
    """The same marks, where what a missed rule gives in later steps is carried, and not wrong."""
    found, whole = {}, [one for one in rules if one.whole]
    for step, own in marks.items():
        made = [
            value(one.setting, step, {})
            for one in whole
            if one.step != step and step in one.setting.program
        ]
        found[step] = [
            mark._replace(status="carried")
            if mark.status == "wrong" and any(_reads(numbers, mark) for numbers in made)
            else mark
            for mark in own
        ]
    return found


def other_step(meant: Setting, marks: Sequence[Mark]) -> str | None:
    """The step whose numbers these are, where they are none of their own."""
    step = marks[0].step
    said = [one for one in marks if one.entry.value is not None]
    if not any(one.status == "wrong" for one in marks):
        return None
    shape = meant.program.shape(meant.program[step])
    for other in meant.program:
        alike = other.name != step and meant.program.shape(other) == shape
        if alike and all(_reads(value(meant, other.name, {}), one) for one in said):
            return other.name
    return None
