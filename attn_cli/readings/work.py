"""Worked arithmetic: how one number of a step comes about, with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import cos, exp, inf, isfinite, prod, sin, sqrt, tanh

from attn_cli.errors import brief
from attn_cli.program import Axes, Sizes, Step
from attn_cli.readings.arithmetic import Arithmetic, exactly, factor, holding, number, put_in
from attn_cli.readings.work_context import (
    Index,
    Lines,
    WorkContext,
    index_of,
    made_at,
    named,
    own_cell,
    places_of,
)
from attn_cli.readings.work_gradients import SLOPES, WORK_OF_GRADIENTS
from attn_cli.readings.work_normalizers import WORK_OF_SHARES
from attn_cli.readings.work_scans import WORK_OF_RUNNING
from attn_cli.results.trace import WorkedCell


def work_out(step: Step, index: Index, context: WorkContext) -> WorkedCell:
    """Work one cell of a step out, from the cells of its operands."""
    formula, numbers, note = WORK[step.operation](step, index, context)
    cell, result = named(step.name, index), context.cell(step.name, index)
    shown = str(bool(result)) if step.operation in ("allow", "within") else context.show(result)
    if isinstance(numbers, str):
        return WorkedCell(cell, formula, numbers, shown, note, at=index)
    text, follows = holding(numbers, result, context.write, context.precision)
    if not follows and not isfinite(result):
        note = "beyond what its type holds"
    elif not follows:
        note = "; ".join(
            filter(None, (note, f"unrounded {result!r}, as its type rounds each step"))
        )
    return WorkedCell(cell, formula, text, shown, note, follows, index)


def _input(step: Step, index: Index, context: WorkContext) -> Lines:
    return Lines("as given")


def _allow(step: Step, index: Index, context: WorkContext) -> Lines:
    i, j = index[-2:]
    return Lines(f"may query {i} attend key {j}?", brief(step.options["rule"].name))


def _within(step: Step, index: Index, context: WorkContext) -> Lines:
    operand, reach = step.operands[0].name, step.options["reach"]
    apart = number(context.cell(operand, index))
    bound = put_in(f"|{{}}| ≤ {reach}", lambda x: abs(x) <= reach, apart)
    return Lines(f"is |{named(operand, index)}| at most {reach}?", bound)


def _tabulate(step: Step, index: Index, context: WorkContext) -> Lines:
    table = step.options["table"]
    return Lines(table.formula, exactly(table.put_in(*index), context.cell(step.name, index)))


def _gather(step: Step, index: Index, context: WorkContext) -> Lines:
    entries, places = step.operands
    at = own_cell(step, 1, index, context)
    place = int(context.cell(places.name, at))
    named_axes = dict(zip(step.axes, index, strict=True))
    rest = tuple(named_axes[axis] for axis in entries.axes[1:])
    return Lines(named(entries.name, (place, *rest)), note=f"{named(places.name, at)} is {place}")


def _contract(step: Step, index: Index, context: WorkContext) -> Lines:
    sizes = context.sizes
    left, right = step.options["reads"]
    places = made_at(step, index, sizes)
    summed = [axis for axis in left if axis not in places]
    first, second = step.operands

    def term(flat: int) -> Arithmetic:
        at = dict(places)
        for axis in reversed(summed):
            flat, at[axis] = divmod(flat, sizes[axis])
        a = context.cell(first.name, index_of(first.axes, left, at, sizes))
        b = context.cell(second.name, index_of(second.axes, right, at, sizes))
        return put_in("{}·{}", lambda x, y: x * y, factor(a), factor(b))

    terms = context.total(prod(sizes[axis] for axis in summed), term)
    one = _pattern(first, left, places, summed, sizes)
    other = _pattern(second, right, places, summed, sizes)
    return Lines(f"Σ over {', '.join(summed)} of {one} · {other}", terms)


def _pattern(
    step: Step, reads: Axes, places: Mapping[str, int], summed: list[str], sizes: Sizes
) -> str:
    """An operand's cell with the summed axes left as letters: k[1,d]."""
    names = iter(reads)
    parts = []
    for axis in step.axes:
        atoms = [next(names) for _ in sizes.atoms([axis])]
        if any(atom in summed for atom in atoms):
            parts.append(" ".join(atoms) if len(atoms) == 1 else f"({' '.join(atoms)})")
        else:
            parts.append(str(index_of((axis,), tuple(atoms), places, sizes)[0]))
    return f"{step.name}[{','.join(parts)}]"


def _rearrange(step: Step, index: Index, context: WorkContext) -> Lines:
    (reads,) = step.options["reads"]
    operand = step.operands[0]
    at = index_of(operand.axes, reads, made_at(step, index, context.sizes), context.sizes)
    return Lines(named(operand.name, at), note="the same number in its new place")


def _concat(step: Step, index: Index, context: WorkContext) -> Lines:
    past, new = step.operands
    axis = step.axes.index(step.options["over"])
    start = context.sizes[past.axes[axis - len(step.axes)]]
    if index[axis] < start:
        return Lines(named(past.name, index[-len(past.axes) :]), note="from the cache")
    moved = (*index[:axis], index[axis] - start, *index[axis + 1 :])
    return Lines(named(new.name, moved[-len(new.axes) :]), note="new in this call")


def _scale(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    x, axis = context.cell(operand, index), step.options["rsqrt"]
    if axis:
        size = context.sizes[axis]
        by = put_in(f"{{}} / √{size}", lambda x: x / sqrt(size), number(x))
        return Lines(f"{named(operand, index)} / √{axis}", by)
    by = put_in("{} · {}", lambda x, y: x * y, factor(x), factor(float(step.options["by"])))
    return Lines(f"{named(operand, index)} · scale", by)


def _softcap(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    cap, x = (number(one) for one in (step.options["cap"], context.cell(operand, index)))
    bent = put_in("{} · tanh({} / {})", lambda c, x, d: c * tanh(x / d), cap, x, cap)
    return Lines(f"cap · tanh({named(operand, index)} / cap)", bent)


def _add(step: Step, index: Index, context: WorkContext) -> Lines:
    return _pairwise(step, index, context, "+")


def _multiply(step: Step, index: Index, context: WorkContext) -> Lines:
    return _pairwise(step, index, context, "·")


def _rotate(step: Step, index: Index, context: WorkContext) -> Lines:
    x, angles = step.operands
    *rows, column = index
    half = context.sizes[x.axes[-1]] // 2
    interleaved = step.options["interleaved"]
    pair, second = divmod(column, 2) if interleaved else (column % half, column // half)
    columns = (2 * pair, 2 * pair + 1) if interleaved else (pair, pair + half)
    named_axes = dict(zip(step.axes, index, strict=True))
    at = (*(named_axes[axis] for axis in angles.axes[:-1]), pair)
    one, other = ((x.name, (*rows, c)) for c in columns)
    angle = number(context.cell(angles.name, at))
    parts = (factor(context.cell(*one)), angle, factor(context.cell(*other)), angle)
    if second:
        text = f"{named(*one)} · sin + {named(*other)} · cos of {named(angles.name, at)}"
        turned = put_in("{}·sin {} + {}·cos {}", lambda a, t, b, _: a * sin(t) + b * cos(t), *parts)
    else:
        text = f"{named(*one)} · cos - {named(*other)} · sin of {named(angles.name, at)}"
        turned = put_in("{}·cos {} - {}·sin {}", lambda a, t, b, _: a * cos(t) - b * sin(t), *parts)
    return Lines(text, turned)


def _apply(step: Step, index: Index, context: WorkContext) -> Lines:
    operand, function = step.operands[0].name, step.options["function"]
    text, rule = FUNCTIONS[function]
    if function == "identity":
        return Lines(named(operand, index), note="the same number")
    x = number(context.cell(operand, index))
    whole = put_in(text, lambda *same: rule(same[0]), *[x] * text.count("{}"))
    return Lines(f"{FUNCTION_NAMES.get(function, function)}({named(operand, index)})", whole)


FUNCTION_NAMES = {"elu+1": "1 + elu"}

FUNCTIONS: dict[str, tuple[str, Callable[[float], float]]] = {
    "identity": ("{}", lambda x: x),
    "tanh": ("tanh({})", tanh),
    "relu": ("max(0, {})", lambda x: max(0.0, x)),
    "sigmoid": ("1 / (1 + e^(-({})))", lambda x: 1 / (1 + exp(-x))),
    "exp": ("e^({})", exp),
    "elu+1": ("max(0, {}) + min(1, e^({}))", lambda x: x + 1 if x > 0 else exp(x)),
    **SLOPES,
}
"""Functions of one number: with the number put in, and as a rule."""


def _unit(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    row = context.row(operand, index, len(index) - 1)
    text = f"{named(operand, index)} / |{operand}[{','.join(map(str, index[:-1]))}]|"
    if not row.any():
        return Lines(text, exactly("0", 0.0), "a row of zeros has no direction, and stays")
    squares = context.total(
        len(row), lambda place: put_in("{}²", lambda x: x * x, factor(float(row[place])))
    )
    own = number(context.cell(operand, index))
    return Lines(text, put_in("{} / √({})", lambda x, total: x / sqrt(total), own, squares))


def _pair(step: Step, index: Index, context: WorkContext) -> Lines:
    x, y = step.operands
    width = context.sizes[x.axes[-1]]
    source, column = (x, index[-1]) if index[-1] < width else (y, index[-1] - width)
    places = places_of(step.axes, index, context.sizes)
    atoms = context.sizes.atoms(source.axes)
    at = index_of(source.axes, atoms, {**places, atoms[-1]: column}, context.sizes)
    return Lines(named(source.name, at), note="the same number in its new place")


def _mask(step: Step, index: Index, context: WorkContext) -> Lines:
    x, allowed = step.operands
    at = named(allowed.name, own_cell(step, 1, index, context))
    kept = named(x.name, own_cell(step, 0, index, context))
    if context.cell(allowed.name, own_cell(step, 1, index, context)):
        return Lines(kept, "", f"{at} is True")
    return Lines(kept, "not allowed", f"{at} is False")


def _subtract(step: Step, index: Index, context: WorkContext) -> Lines:
    lines = _pairwise(step, index, context, "-")
    lost = context.cell(step.operands[0].name, own_cell(step, 0, index, context)) == -inf
    return Lines(lines.formula, note="-∞ less anything is -∞") if lost else lines


def _divide(step: Step, index: Index, context: WorkContext) -> Lines:
    lines = _pairwise(step, index, context, "/")
    if context.cell(step.operands[1].name, own_cell(step, 1, index, context)) == 0:
        return Lines(lines.formula, exactly("0", 0.0), "nothing is shared out")
    return lines


PAIRWISE: dict[str, Callable[[float, float], float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "·": lambda x, y: x * y,
    "/": lambda x, y: x / y,
}


def _pairwise(step: Step, index: Index, context: WorkContext, sign: str) -> Lines:
    cells = [
        (o.name, own_cell(step, place, index, context)) for place, o in enumerate(step.operands)
    ]
    one, other = (context.cell(*cell) for cell in cells)
    first = factor(one) if sign == "·" else number(one)
    whole = put_in(f"{{}} {sign} {{}}", PAIRWISE[sign], first, factor(other))
    return Lines(f" {sign} ".join(named(*cell) for cell in cells), whole)


def _repeat(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0].name
    return Lines(named(operand, own_cell(step, 0, index, context)), note="the same number again")


def _slice(step: Step, index: Index, context: WorkContext) -> Lines:
    operand = step.operands[0]
    axis = operand.axes.index(step.options["over"])
    moved = (*index[:axis], index[axis] + step.options["within"].start, *index[axis + 1 :])
    return Lines(named(operand.name, moved), note="the same number, of this block")


def _larger(step: Step, index: Index, context: WorkContext) -> Lines:
    cells = [
        (o.name, own_cell(step, place, index, context)) for place, o in enumerate(step.operands)
    ]
    one, other = (number(context.cell(*cell)) for cell in cells)
    whole = put_in("max({}, {})", max, one, other)
    return Lines(f"max({', '.join(named(*cell) for cell in cells)})", whole)


WORK: dict[str, Callable[[Step, Index, WorkContext], Lines]] = {
    "input": _input,
    "allow": _allow,
    "within": _within,
    "tabulate": _tabulate,
    "gather": _gather,
    "contract": _contract,
    "rearrange": _rearrange,
    "concat": _concat,
    "scale": _scale,
    "softcap": _softcap,
    "add": _add,
    "multiply": _multiply,
    "rotate": _rotate,
    "apply": _apply,
    "unit": _unit,
    "pair": _pair,
    "mask": _mask,
    "subtract": _subtract,
    "divide": _divide,
    "repeat": _repeat,
    "slice": _slice,
    "larger": _larger,
    **WORK_OF_SHARES,
    **WORK_OF_RUNNING,
    **WORK_OF_GRADIENTS,
}
