"""Who looks most at whom: for each query its strongest keys, their share, and how wide it looks."""

from __future__ import annotations

from math import isnan

from attn_cli.language import said
from attn_cli.results.trace import FocusRow, Trace
from attn_cli.views.bars import bar
from attn_cli.views.labels import named
from attn_cli.views.page import Heading, Lines, Listing, Part, listing
from attn_cli.views.steps import AXIS_WORDS, sizes_of

NAMED = 3
BAR_WIDTH = 8

MORE = {
    "n": "… {count} more queries; ‹everything› shows them",
    "T": "… {count} more time steps; ‹everything› shows them",
    "d": "… {count} more features; ‹everything› shows them",
}
LOOKED_AT = {"m": "keys", "T": "steps", "d": "features"}
LOOKING = {"n": "query", "T": "step", "d": "feature"}


def focus_parts(trace: Trace) -> list[Part]:
    """One part for each head that is shown."""
    looking = (trace.looks or ("n", "m"))[0]
    queries = sizes_of(trace)[looking]
    parts: list[Part] = []
    for place in dict.fromkeys(row.place for row in trace.focus):
        rows = [row for row in trace.focus if row.place == place]
        where = _where(place)
        heading = Heading("", said("Who looks most at whom"), about=where)
        missing = queries - len(rows)
        more = said(MORE.get(looking, MORE["n"]), count=f"{missing:,}")
        note = [Lines((more,), quiet=True)] if missing and not _alone(trace) else []
        parts.append((heading, _table(rows, trace, alone=not where), *note))
    return parts


def _where(place: tuple[tuple[str, int], ...]) -> str:
    """The head that a table is of; nothing where it is the only one shown."""
    return ", ".join(f"{AXIS_WORDS[axis]} {at}" for axis, at in place if axis in AXIS_WORDS)


def explained(trace: Trace) -> tuple[str, ...]:
    """What spread means, where some query looks at several keys unequally; tables have it alone."""
    what = said(LOOKED_AT.get((trace.looks or ("n", "m"))[1], "keys"))
    alone = [row for row in trace.focus if not _where(row.place)]
    if not any(row.strongest and len(row.strongest) < row.allowed for row in alone):
        return ()
    return (said("spread: as many {what} as would share the weight evenly, e^entropy", what=what),)


def _alone(trace: Trace) -> bool:
    """Whether one query alone was computed."""
    return any(step.queries is not None and len(step.queries) == 1 for step in trace.steps)


def _table(rows: list[FocusRow], trace: Trace, *, alone: bool) -> Listing:
    """A row for each query; how wide it looks is told where one head stands alone."""
    looking, looked_at = trace.looks or ("n", "m")
    what = said(LOOKED_AT.get(looked_at, "keys"))
    columns = (said(LOOKING.get(looking, "query")), said("most"), "", said("spread"))
    shown = len(columns) - (not alone)
    return listing(
        columns[:shown],
        [
            (named(looking, row.query, trace), *_told(row, looked_at, what, trace))[:shown]
            for row in rows
        ],
        spare=(columns[3],),
        kinds=((columns[0], "query"), (columns[1], "key"), ("", "weight")),
    )


def _told(row: FocusRow, looked_at: str, what: str, trace: Trace) -> tuple[str, str, str]:
    """What is looked at, its share with a bar, and over how many it spreads."""
    if isnan(row.share):
        return said("not numbers"), "", ""
    if not row.strongest:
        return said("nothing allowed"), "", ""
    keys = [named(looked_at, key, trace) for key in row.strongest[:NAMED]]
    more = len(row.strongest) - len(keys)
    share = f"{percent(row.share):>4} {bar(row.share, BAR_WIDTH)}"
    if row.allowed == 1:
        return said("{key} alone", key=keys[0]), share, ""
    if len(row.strongest) == row.allowed:
        told = said("all {count} {what} alike", count=f"{row.allowed:,}", what=what)
        return told, f"{share} {said('each')}", ""
    spread = f"{row.spread:.1f}" if row.spread < 100 else f"{row.spread:,.0f}"
    among = said("{spread} of {count} {what}", spread=spread, count=f"{row.allowed:,}", what=what)
    if more:
        listed = said("{keys} and {more} more", keys=", ".join(keys), more=f"{more:,}")
        return listed, f"{share} {said('each')}", among
    if len(keys) > 1:
        return ", ".join(keys), f"{share} {said('each')}", among
    return keys[0], share, among


def percent(share: float) -> str:
    """A share in whole per cent; 100 % only where it is all, 0 % only where it is nothing."""
    part = 100 * share
    if part >= 99.5 and share < 1:
        return f"{part:.3g} %" if part < 99.95 else said("over {share} %", share="99.9")
    return f"{part:.0f} %" if part >= 1 or part == 0 else f"{part:.1g} %"
