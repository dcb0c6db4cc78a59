"""What to look at: where each query looks, in a sentence."""

from __future__ import annotations

from math import isnan

from rich.cells import cell_len

from attn_cli.language import said
from attn_cli.results.trace import FocusRow, Trace
from attn_cli.views.labels import quoted
from attn_cli.views.steps import AXIS_WORDS, sizes_of

ROWS_SHOWN = 12
NAMED = 5
EXPLAINED = "spread: as many {what} as would share the weight evenly, e^entropy"
MORE = {
    "n": "… {count} more queries; ‹everything› shows them",
    "T": "… {count} more time steps; ‹everything› shows them",
    "d": "… {count} more features; ‹everything› shows them",
}
LOOKED_AT = {"m": "keys", "T": "steps", "d": "features"}


def focus_lines(trace: Trace) -> tuple[str, ...]:
    """One line for each query that is shown, by head, then what `spread` means."""
    looking, looked_at = trace.looks or ("n", "m")
    queries = sizes_of(trace)[looking]
    lines: list[str] = []
    for place in dict.fromkeys(row.place for row in trace.focus):
        named = ", ".join(f"{AXIS_WORDS[axis]} {at}" for axis, at in place if axis in AXIS_WORDS)
        lines += [named] if named else []
        rows = [row for row in trace.focus if row.place == place]
        names = [quoted(looking, row.query, trace) for row in rows]
        width = max(map(cell_len, names))
        for name, row in zip(names, rows, strict=False):
            lines.append(
                f"{name}{' ' * (width - cell_len(name))} {_sentence(row, looked_at, trace)}"
            )
        if len(rows) < queries and not _alone(trace):
            count = f"{queries - len(rows):,}"
            lines.append(said(MORE.get(looking, MORE["n"]), count=count))
    spread = any(row.strongest and len(row.strongest) < row.allowed for row in trace.focus)
    explained = said(EXPLAINED, what=said(LOOKED_AT.get(looked_at, "keys")))
    return (*lines, said("({explained})", explained=explained)) if spread else tuple(lines)


def _alone(trace: Trace) -> bool:
    """Whether one query alone was computed."""
    return any(step.queries is not None and len(step.queries) == 1 for step in trace.steps)


def _sentence(row: FocusRow, looked_at: str, trace: Trace) -> str:
    what = said(LOOKED_AT.get(looked_at, "keys"))
    if isnan(row.share):
        return said("has weights that are not numbers")
    if not row.strongest:
        return said("may look at nothing")
    keys = [quoted(looked_at, key, trace) for key in row.strongest[:NAMED]]
    more = len(row.strongest) - len(keys)
    share = _percent(row.share)
    if row.allowed == 1:
        return said("sees only {key}", key=keys[0])
    if len(row.strongest) == row.allowed:
        text = "looks at all its {count} {what} alike, {share} each"
        return said(text, count=row.allowed, what=what, share=share)
    spread = f"{row.spread:.1f}" if row.spread < 100 else f"{row.spread:,.0f}"
    among = said(
        "spread over {spread} of {count} {what}", spread=spread, count=f"{row.allowed:,}", what=what
    )
    return said("{most}; {among}", most=_most(keys, more, share), among=among)


def _most(keys: list[str], more: int, share: str) -> str:
    """Which are looked at most: one, or several alike."""
    if more:
        text = "looks most at {keys} and {more} more, {share} each"
        return said(text, keys=", ".join(keys), more=f"{more:,}", share=share)
    if len(keys) > 1:
        text = "looks most at {keys} and {last}, {share} each"
        return said(text, keys=", ".join(keys[:-1]), last=keys[-1], share=share)
    return said("looks most at {key}, {share}", key=keys[0], share=share)


def _percent(share: float) -> str:
    """A share in whole per cent; 100 % only where it is all, 0 % only where it is nothing."""
    percent = 100 * share
    if percent >= 99.5 and share < 1:
        return f"{percent:.3g} %" if percent < 99.95 else "over 99.9 %"
    return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{percent:.1g} %"
