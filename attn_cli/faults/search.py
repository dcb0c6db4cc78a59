"""Which faults explain numbers: tried one at a time on some rows, then in pairs, then in full."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from attn_cli.errors import AttnError
from attn_cli.faults.dropout import DROPOUT, recognised
from attn_cli.faults.evaluation import (
    Numbers,
    apart,
    beyond,
    bounds,
    computed,
    farthest,
    some_rows,
)
from attn_cli.faults.fault import Array, Fault, Setting

FEW_ROWS, FEWER_ROWS, MANY_ROWS = 12, 4, 256
"""Queries that single faults and pairs are tried on, and that show whether one changes anything."""

PROMISING = 64.0
"""Times what the meant run may be off by: beyond, a fault is not looked at again."""

CLOSEST, NEARER = 3, 0.5
"""Faults that come nearest, of those that leave at most this part of the difference."""

EQUALLY = 10.0
"""Times the smallest error of what explains numbers: beyond, it does not explain them as well."""


class Found(NamedTuple):
    """A fault, or two, done to a run.

    error: the largest distance of its numbers from those compared with. beyond: that relative to
    what rounding allows: up to 1 it explains them. seen: whether it changes anything on the rows
    that are tried.
    """

    faults: tuple[Fault, ...]
    setting: Setting
    error: float
    beyond: float
    seen: bool = True


class Search(NamedTuple):
    """What was found.

    fitting: what explains the numbers; closest: what comes nearest, where nothing does. unseen:
    faults that change nothing on these inputs. tried: how many faults can happen here.
    """

    fitting: tuple[Found, ...]
    closest: tuple[Found, ...]
    unseen: tuple[Fault, ...]
    tried: int


def search(
    meant: Setting,
    reference: Numbers,
    theirs: Numbers,
    faults: Sequence[Fault],
    allowed: Mapping[str, float],
) -> Search:
    """Try every fault, then pairs of those that change something.

    reference: the numbers of the meant run; theirs: those compared with, of the same steps;
    allowed: how far each step may be off.
    """
    rows = _telling_rows(meant, reference, theirs, FEW_ROWS)
    tried, unseen = _tried(meant, faults, reference, theirs, allowed, rows)
    tried += _recognised(meant, theirs, allowed, rows)
    fitting = _confirmed(tried, theirs, allowed)
    if not fitting and any(_tells(meant, name, one) for name, one in theirs.items()):
        pairs = _pairs(meant, tried, theirs, allowed, rows[:FEWER_ROWS])
        fitting = _confirmed([*pairs], theirs, allowed)
    fitting = _as_near(fitting)
    apart = max(farthest(reference, theirs).values())
    near = [one for one in sorted(tried, key=_rank) if one.error <= NEARER * apart < np.inf]
    closest = () if fitting else tuple(near[:CLOSEST])
    named = {fault for one in fitting for fault in one.faults}
    unseen = tuple(fault for fault in unseen if fault not in named)
    return Search(tuple(fitting), closest, unseen, len({one.faults for one in tried}))


def _tells(meant: Setting, name: str, numbers: Array) -> bool:
    """Whether numbers tell two faults from others: 0 alone, or equal rows, come of too many."""
    axes = meant.program[name].axes
    alike = "n" in axes and numbers.shape[axes.index("n")] > 1
    if alike:
        rows = np.moveaxis(numbers, axes.index("n"), 0)
        alike = bool((rows == rows[:1]).all())
    return bool(numbers.any() and np.isfinite(numbers).any() and not alike)


def _as_near(fitting: list[Found]) -> list[Found]:
    """Those that come about as near as the nearest, or as near as numbers can be told apart."""
    least = min((one.beyond for one in fitting), default=0.0)
    return [one for one in fitting if one.beyond <= max(EQUALLY * least, 1 / EQUALLY)]


def _rank(found: Found) -> tuple[int, float]:
    return len(found.faults), found.error


def _telling_rows(meant: Setting, reference: Numbers, theirs: Numbers, most: int) -> Array:
    """Queries at which the two are farthest apart, then some others."""
    count = meant.size("n")
    distance = np.zeros(count)
    for numbers in farthest_by_query(meant, reference, theirs).values():
        largest = numbers[np.isfinite(numbers)].max(initial=0.0) or 1.0
        distance += np.where(np.isfinite(numbers), numbers / largest, 1.0)
    order = np.argsort(-distance, kind="stable")
    spread = np.linspace(0, count - 1, min(count, most // 2)).astype(int)
    chosen = [*order[: most - len(spread)], *spread]
    return np.array([*dict.fromkeys(int(at) for at in chosen)])


def farthest_by_query(meant: Setting, reference: Numbers, theirs: Numbers) -> Numbers:
    """The largest distance at each query, of the steps that have queries."""
    found = {}
    for name, ours in reference.items():
        axes = meant.program[name].axes
        if "n" in axes:
            others = tuple(at for at, axis in enumerate(axes) if axis != "n")
            found[name] = apart(ours, theirs[name]).max(axis=others, initial=0.0)
    return found


def settings_of(meant: Setting, fault: Fault) -> Iterator[Setting]:
    """What a fault makes of a run; nothing where its sizes don't go together."""
    try:
        for setting in fault.edit(meant):
            if setting.program is not None:
                yield setting
    except AttnError:
        return


def _makes(setting: Setting, wanted: Collection[str]) -> bool:
    """Whether a run has the steps that are compared."""
    return all(name in setting.program for name in wanted)


def _tried(
    meant: Setting,
    faults: Sequence[Fault],
    reference: Numbers,
    theirs: Numbers,
    allowed: Mapping[str, float],
    rows: Array,
) -> tuple[list[Found], tuple[Fault, ...]]:
    """Each fault on some rows, and those that change nothing anywhere."""
    own, given = (some_rows(meant.program, one, rows) for one in (reference, theirs))
    tried: list[Found] = []
    unseen = []
    for fault in faults:
        settings = [one for one in settings_of(meant, fault) if _makes(one, theirs)]
        seen = False
        for setting in settings:
            numbers = computed(setting, [*theirs], rows)
            changes = beyond(farthest(numbers, own), allowed) > 1
            seen = seen or changes
            found = _found((fault,), setting, numbers, given, allowed)
            tried.append(found._replace(seen=changes))
        if settings and not seen and not _changes(settings, reference, allowed):
            unseen.append(fault)
    return tried, tuple(unseen)


def _recognised(
    meant: Setting, theirs: Numbers, allowed: Mapping[str, float], rows: Array
) -> Iterator[Found]:
    """What can't be done again, since it is random, but shows."""
    given = some_rows(meant.program, theirs, rows)
    for setting in recognised(meant, theirs):
        yield _found((DROPOUT,), setting, computed(setting, [*theirs], rows), given, allowed)


def _changes(settings: Sequence[Setting], reference: Numbers, allowed: Mapping[str, float]) -> bool:
    """Whether any of them changes something in any row, of very many in some all over."""
    count = settings[0].size("n")
    rows = np.unique(np.linspace(0, count - 1, min(count, MANY_ROWS)).astype(int))
    own = some_rows(settings[0].program, reference, rows)
    return any(
        beyond(farthest(computed(one, [*reference], rows), own), allowed) > 1 for one in settings
    )


def _found(
    faults: tuple[Fault, ...],
    setting: Setting,
    numbers: Numbers,
    theirs: Numbers,
    allowed: Mapping[str, float],
) -> Found:
    distances = farthest(numbers, theirs)
    return Found(faults, setting, max(distances.values()), beyond(distances, allowed))


def _confirmed(tried: Sequence[Found], theirs: Numbers, least: Mapping[str, float]) -> list[Found]:
    """Those that explain every row, within what their own numbers may be off by, or `least`."""
    fitting = []
    for one in tried:
        if not one.beyond <= PROMISING:
            continue
        numbers = computed(one.setting, [*theirs])
        own = bounds(one.setting, numbers, one.setting.kind)
        allowed = {name: max(own[name], least[name]) for name in own}
        found = _found(one.faults, one.setting, numbers, theirs, allowed)
        if found.beyond <= 1:
            fitting.append(found)
    return sorted(fitting, key=_rank)


def _pairs(
    meant: Setting,
    tried: Sequence[Found],
    theirs: Numbers,
    allowed: Mapping[str, float],
    rows: Array,
) -> Iterator[Found]:
    """Two faults at once, on a few rows; what they are done to allows both."""
    given = some_rows(meant.program, theirs, rows)
    for one, other in combinations(tried, 2):
        if not one.seen and not other.seen:
            continue
        (second,) = other.faults
        if one.faults == other.faults:
            continue
        for setting in settings_of(one.setting, second):
            details = (*one.setting.details, *other.setting.details)
            if setting.details == details and _makes(setting, theirs):
                numbers = computed(setting, [*theirs], rows)
                yield _found((*one.faults, second), setting, numbers, given, allowed)
