"""The page of `attn compute`: what is given, every step, what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from attn_cli.trace import FocusRow, Trace, TracedStep, WorkedCell
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.page import Block, Display, Grid, Grids, Heading, Lines, Title

HEADS_SHOWN = 4
FOCUS_SHOWN = 12
PREFIXES = {"n": "q", "m": "k", "m_new": "k", "m_past": "past"}
KINDS = {"q": "query", "k": "key", "v": "value", "weights": "weight", "w_q": "query", "w_k": "key"}
KINDS |= {"w_v": "value", "x": "input", "context": "input"}
AXIS_KINDS = {"n": "query", "m": "key", "m_new": "key", "m_past": "key"}
AXIS_WORDS = {"b": "batch row", "h": "head", "h_kv": "key head"}


class Numbered(Sequence[str]):
    """Names made when asked for: q0, q1 and so on."""

    def __init__(self, prefix: str, count: int) -> None:
        self.prefix = prefix
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: Any) -> Any:
        return f"{self.prefix}{position}"


def compute_page(trace: Trace, display: Display) -> list[Block]:
    """Everything a person is shown of a run; parts of it where the display asks for parts."""
    computed = [step for step in trace.steps if not step.given]
    numbers = {step.name: str(place) for place, step in enumerate(computed, 1)}
    if display.only is not None:
        step = trace.step(display.only)
        return step_blocks(step, numbers.get(step.name, ""), trace, display)
    blocks: list[Block] = [
        Title(trace.title, trace.formula, trace.source),
        Lines(trace.facts, quiet=True, indented=False),
    ]
    first = 0
    if display.start is None:
        given = [step for step in trace.steps if step.given]
        tables = tuple(g for s in given for g in _given_grids(s, trace, display))
        blocks += [Lines((), apart=True), Grids(tables)]
    else:
        names = [step.name for step in computed]
        first = names.index(display.start) if display.start in names else 0
    for step in computed[first:]:
        blocks += step_blocks(step, numbers[step.name], trace, display)
    if trace.focus:
        blocks += [Heading("", "What to look at"), Lines(_focus_lines(trace, display))]
    if trace.summary:
        blocks += [Heading("", "All queries"), Lines(trace.summary)]
    if trace.next_commands:
        blocks.append(
            Lines(
                ("Next: " + " · ".join(trace.next_commands),),
                quiet=True,
                indented=False,
                apart=True,
            )
        )
    return blocks


def step_blocks(step: TracedStep, number: str, trace: Trace, display: Display) -> list[Block]:
    """One step: its formula, its shapes and cost, its meaning, its numbers, one cell worked."""
    formula = f"{step.name} = {step.formula}" if step.formula else f"{step.name} = {step.symbol}"
    latex = step.latex and rf"\mathrm{{{step.name.replace('_', chr(92) + '_')}}} = {step.latex}"
    blocks: list[Block] = [
        Heading(
            number,
            formula,
            name=step.name,
            right=_right(step),
            latex=latex,
            kind=KINDS.get(step.name, ""),
        ),
        Lines((step.meaning, *_left_out(step, display))),
        Grids(tuple(g for m in _matrices(step, trace, display) for g in grids_of(m, display))),
    ]
    if step.work is not None:
        blocks.append(Lines((worked_line(step.work),), quiet=True))
    return blocks


def worked_line(work: WorkedCell) -> str:
    """One worked cell in a line: scores[2,2] = 1·1 + 1·1 = 2."""
    if work.numbers:
        return f"{work.cell} = {work.numbers} = {work.result}"
    note = f"   ({work.note})" if work.note else ""
    return f"{work.cell} = {work.formula} = {work.result}{note}"


def work_page(trace: Trace, name: str) -> list[Block]:
    """One number of a step, from its formula to its result."""
    step = trace.step(name)
    work = step.work
    assert work is not None
    lines = [f"= {part}" for part in (work.formula, work.numbers, work.result) if part]
    heading = Heading("", work.cell, name=work.cell, right=step.meaning)
    note = [Lines((work.note,), quiet=True)] if work.note else []
    return [heading, Lines(tuple(lines)), *note]


def _given_grids(step: TracedStep, trace: Trace, display: Display) -> list[Grid]:
    return [g for m in _matrices(step, trace, display) for g in grids_of(m, display)]


def _right(step: TracedStep) -> str:
    price = f"   {step.price} = {step.flops:,} FLOPs" if step.price else ""
    return f"{step.sizes}{price}"


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _left_out(step: TracedStep, display: Display) -> list[str]:
    lines = []
    for axis, size in zip(step.axes[:-2], step.shape[:-2], strict=True):
        if axis == "b" and size > 1:
            lines.append(f"batch row {display.batch_index} of {size}; --batch-index shows another")
        if axis in ("h", "h_kv") and display.head is None and size > _heads_shown(display):
            lines.append(f"heads 0 to {HEADS_SHOWN - 1} of {size}; --head shows another, --all all")
    return lines


def _heads_shown(display: Display) -> int:
    return 10**9 if display.everything else HEADS_SHOWN


def _matrices(step: TracedStep, trace: Trace, display: Display) -> list[Matrix]:
    values, axes = step.values, step.axes
    if len(axes) == 1:
        values, axes = values.reshape(1, -1), ("1", *axes)
    choices = [
        _positions(axis, size, trace, display)
        for axis, size in zip(axes[:-2], values.shape[:-2], strict=True)
    ]
    total_rows = step.shape[-2] if len(step.shape) > 1 else 1
    rows, columns = axes[-2:]
    return [
        Matrix(
            caption=_caption(step, axes, place),
            values=values[place],
            positions=step.queries if step.queries is not None else range(total_rows),
            total_rows=total_rows,
            row_names=_RowNames(_names(rows, total_rows, step, trace), step.queries),
            column_names=_names(columns, values.shape[-1], step, trace),
            look=step.look,
            kind=KINDS.get(step.name, ""),
            rows_are=AXIS_KINDS.get(rows, ""),
            columns_are=AXIS_KINDS.get(columns, ""),
            hidden=_hidden(step, trace, place),
            sums=values[place].sum(axis=-1).tolist() if step.look == "share" else None,
        )
        for place in product(*choices)
    ]


class _RowNames(Sequence[str]):
    """Names of the rows that are held, which may be some of all."""

    def __init__(self, names: Sequence[str], positions: tuple[int, ...] | None) -> None:
        self.names = names
        self.positions = positions

    def __len__(self) -> int:
        return len(self.names if self.positions is None else self.positions)

    def __getitem__(self, place: Any) -> Any:
        return self.names[place if self.positions is None else self.positions[place]]


def _positions(axis: str, size: int, trace: Trace, display: Display) -> list[int]:
    if axis == "b":
        return [display.batch_index]
    if axis == "h" and display.head is not None:
        return [display.head]
    if axis == "h_kv" and display.head is not None:
        heads = max(s.shape[s.axes.index("h")] for s in trace.steps if "h" in s.axes)
        return [display.head * size // heads]
    return list(range(min(size, _heads_shown(display))))


def _caption(step: TracedStep, axes: tuple[str, ...], place: tuple[int, ...]) -> str:
    named = [
        f"{AXIS_WORDS[axis]} {at}"
        for axis, at in zip(axes[:-2], place, strict=True)
        if axis in AXIS_WORDS and (axis != "b" or step.shape[step.axes.index("b")] > 1)
    ]
    if not step.given:
        return ", ".join(named)
    where = f", {', '.join(named)}" if named else ""
    return f"{step.symbol}  {_times(step.shape)}{where}  {step.meaning}"


def _names(axis: str, size: int, step: TracedStep, trace: Trace) -> Sequence[str]:
    if axis in trace.labels:
        return trace.labels[axis]
    own = {"x": "x", "context": "c"}.get(step.name, "q")
    if axis == "n":
        return Numbered(own, size)
    if axis == "m" and step.name == "context":
        return Numbered("c", size)
    return Numbered(PREFIXES.get(axis, "d"), size)


def _hidden(step: TracedStep, trace: Trace, place: tuple[int, ...]) -> Any:
    masked = next((s for s in trace.steps if s.name == "masked"), None)
    if masked is None or step.name not in ("masked", "weights"):
        return None
    return masked.values[place] == float("-inf")


def _focus_lines(trace: Trace, display: Display) -> tuple[str, ...]:
    queries, keys = _labels(trace, "n", "q"), _labels(trace, "m", "k")
    rows = [row for row in trace.focus if _is_shown(row, trace, display)]
    width = max((len(queries(row.query)) for row in rows), default=0)
    lines: list[str] = []
    place: tuple[tuple[str, int], ...] = ()
    shown = 0
    for row in rows:
        if row.place != place or not lines:
            place, shown = row.place, 0
            named = ", ".join(f"{AXIS_WORDS[a]} {at}" for a, at in place if a != "b")
            lines += [named] if named else []
        shown += 1
        if shown <= FOCUS_SHOWN or display.everything:
            lines.append(f"{queries(row.query).ljust(width)} {_focus_text(row, keys)}")
        elif shown == FOCUS_SHOWN + 1:
            count = sum(other.place == place for other in rows)
            lines.append(f"… {count - FOCUS_SHOWN} more queries; --all shows them")
    return tuple(lines)


def _is_shown(row: FocusRow, trace: Trace, display: Display) -> bool:
    sizes = {axis: size for s in trace.steps for axis, size in zip(s.axes, s.shape, strict=True)}
    return all(at in _positions(a, sizes[a], trace, display) for a, at in row.place)


def _labels(trace: Trace, axis: str, prefix: str) -> Any:
    names = trace.labels.get(axis)
    return lambda position: f'"{names[position]}"' if names else f"{prefix}{position}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def _focus_text(row: FocusRow, keys: Any) -> str:
    if not row.allowed:
        return "may look at no key"
    share = _percent(row.share)
    spread = f"{row.spread:.1f}" if row.spread < 100 else f"{row.spread:,.0f}"
    among = f"spread over {spread} of {row.allowed:,} keys"
    if row.allowed == 1:
        return f"sees only {keys(row.strongest[0])}"
    if len(row.strongest) == row.allowed:
        return f"looks at all its {row.allowed} keys alike, {share} each"
    if len(row.strongest) > 1:
        named = ", ".join(keys(j) for j in row.strongest[:-1]) + f" and {keys(row.strongest[-1])}"
        return f"looks most at {named}, {share} each; {among}"
    return f"looks most at {keys(row.strongest[0])}, {share}; {among}"
