"""Worked arithmetic: how one number of a step comes about, with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, prod

from attn_cli.errors import brief
from attn_cli.program import Axes, Sizes, Step
from attn_cli.readings.desk import Desk, Index, Lines, index_of, named, own_cell, places_of
from attn_cli.readings.work_running import WORK_OF_RUNNING
from attn_cli.readings.work_shares import WORK_OF_SHARES
from attn_cli.trace import WorkedCell


def work_out(step: Step, index: Index, desk: Desk) -> WorkedCell:
    """Work one cell of a step out, from the cells of its operands."""
    numbers = WORK[step.operation](step, index, desk)
    result = desk.cell(step.name, index)
    shown = str(bool(result)) if step.operation in ("allow", "within") else desk.show(result)
    return WorkedCell(named(step.name, index), numbers.formula, numbers.put_in, shown, numbers.note)


def _input(step: Step, index: Index, desk: Desk) -> Lines:
    return Lines("as given", "")


def _allow(step: Step, index: Index, desk: Desk) -> Lines:
    i, j = index[-2:]
    return Lines(f"may query {i} attend key {j}?", brief(step.options["rule"].name))


def _within(step: Step, index: Index, desk: Desk) -> Lines:
    operand, reach = step.operands[0].name, step.options["reach"]
    number = desk.show(desk.cell(operand, index))
    return Lines(f"is |{named(operand, index)}| at most {reach}?", f"|{number}| ≤ {reach}")


def _tabulate(step: Step, index: Index, desk: Desk) -> Lines:
    table = step.options["table"]
    return Lines(table.formula, table.put_in(*index))


def _select(step: Step, index: Index, desk: Desk) -> Lines:
    entries, places = step.operands
    at = own_cell(step, 1, index, desk)
    place = int(desk.cell(places.name, at))
    named_axes = dict(zip(step.axes, index, strict=True))
    rest = tuple(named_axes[axis] for axis in entries.axes[1:])
    return Lines(named(entries.name, (place, *rest)), "", f"{named(places.name, at)} is {place}")


def _contract(step: Step, index: Index, desk: Desk) -> Lines:
    sizes = desk.sizes
    left, right = step.options["reads"]
    places = places_of(step.axes, index, sizes)
    summed = [axis for axis in left if axis not in places]
    first, second = step.operands

    def term(flat: int) -> str:
        at = dict(places)
        for axis in reversed(summed):
            flat, at[axis] = divmod(flat, sizes[axis])
        a = desk.cell(first.name, index_of(first.axes, left, at, sizes))
        b = desk.cell(second.name, index_of(second.axes, right, at, sizes))
        return f"{desk.factor(a)}·{desk.factor(b)}"

    terms = desk.join(prod(sizes[axis] for axis in summed), term)
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


def _rearrange(step: Step, index: Index, desk: Desk) -> Lines:
    (reads,) = step.options["reads"]
    operand = step.operands[0]
    at = index_of(operand.axes, reads, places_of(step.axes, index, desk.sizes), desk.sizes)
    return Lines(named(operand.name, at), "", "the same number in its new place")


def _append(step: Step, index: Index, desk: Desk) -> Lines:
    past, new = step.operands
    axis = step.axes.index(step.options["over"])
    start = desk.sizes[past.axes[axis - len(step.axes)]]
    if index[axis] < start:
        return Lines(named(past.name, index[-len(past.axes) :]), "", "from the cache")
    moved = (*index[:axis], index[axis] - start, *index[axis + 1 :])
    return Lines(named(new.name, moved[-len(new.axes) :]), "", "new in this call")


def _scale(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    number = desk.cell(operand, index)
    axis = step.options["rsqrt"]
    if axis:
        by = f"/ √{desk.sizes[axis]}"
        return Lines(f"{named(operand, index)} / √{axis}", f"{desk.show(number)} {by}")
    by = f"· {desk.factor(step.options['by'])}"
    return Lines(f"{named(operand, index)} · scale", f"{desk.factor(number)} {by}")


def _softcap(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    cap = desk.show(step.options["cap"])
    number = desk.show(desk.cell(operand, index))
    return Lines(f"cap · tanh({named(operand, index)} / cap)", f"{cap} · tanh({number} / {cap})")


def _add(step: Step, index: Index, desk: Desk) -> Lines:
    x, y = step.operands
    own, other = own_cell(step, 0, index, desk), own_cell(step, 1, index, desk)
    a, b = desk.cell(x.name, own), desk.cell(y.name, other)
    return Lines(
        f"{named(x.name, own)} + {named(y.name, other)}", f"{desk.show(a)} + {desk.factor(b)}"
    )


def _multiply(step: Step, index: Index, desk: Desk) -> Lines:
    cells = [(o.name, own_cell(step, place, index, desk)) for place, o in enumerate(step.operands)]
    numbers = [desk.factor(desk.cell(*cell)) for cell in cells]
    return Lines(" · ".join(named(*cell) for cell in cells), " · ".join(numbers))


def _rotate(step: Step, index: Index, desk: Desk) -> Lines:
    x, angles = step.operands
    *rows, column = index
    half = desk.sizes[x.axes[-1]] // 2
    interleaved = step.options["interleaved"]
    pair, second = divmod(column, 2) if interleaved else (column % half, column // half)
    columns = (2 * pair, 2 * pair + 1) if interleaved else (pair, pair + half)
    named_axes = dict(zip(step.axes, index, strict=True))
    at = (*(named_axes[axis] for axis in angles.axes[:-1]), pair)
    one, other = ((x.name, (*rows, c)) for c in columns)
    angle = desk.show(desk.cell(angles.name, at))
    a, b = desk.factor(desk.cell(*one)), desk.factor(desk.cell(*other))
    if second:
        text = f"{named(*one)} · sin + {named(*other)} · cos of {named(angles.name, at)}"
        return Lines(text, f"{a}·sin {angle} + {b}·cos {angle}")
    text = f"{named(*one)} · cos - {named(*other)} · sin of {named(angles.name, at)}"
    return Lines(text, f"{a}·cos {angle} - {b}·sin {angle}")


def _apply(step: Step, index: Index, desk: Desk) -> Lines:
    operand, function = step.operands[0].name, step.options["function"]
    number = desk.show(desk.cell(operand, index))
    whole = FUNCTIONS[function].format(number)
    return Lines(f"{FUNCTION_NAMES.get(function, function)}({named(operand, index)})", whole)


FUNCTION_NAMES = {"elu+1": "1 + elu"}

FUNCTIONS = {
    "identity": "{}",
    "tanh": "tanh({})",
    "relu": "max(0, {})",
    "sigmoid": "1 / (1 + e^(-({})))",
    "exp": "e^({})",
    "elu+1": "max(0, {0}) + min(1, e^({0}))",
}
"""Functions of one number with the number put in."""


def _unit(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    row = desk.row(operand, index, len(index) - 1)
    squares = desk.join(len(row), lambda place: f"{desk.factor(float(row[place]))}²")
    text = f"{named(operand, index)} / |{operand}[{','.join(map(str, index[:-1]))}]|"
    if not row.any():
        return Lines(text, "0", "a row of zeros has no direction, and stays")
    return Lines(text, f"{desk.show(desk.cell(operand, index))} / √({squares})")


def _pair(step: Step, index: Index, desk: Desk) -> Lines:
    x, y = step.operands
    width = desk.sizes[x.axes[-1]]
    source, column = (x, index[-1]) if index[-1] < width else (y, index[-1] - width)
    places = places_of(step.axes, index, desk.sizes)
    atoms = desk.sizes.atoms(source.axes)
    at = index_of(source.axes, atoms, {**places, atoms[-1]: column}, desk.sizes)
    return Lines(named(source.name, at), "", "the same number in its new place")


def _mask(step: Step, index: Index, desk: Desk) -> Lines:
    x, allowed = step.operands
    at = named(allowed.name, own_cell(step, 1, index, desk))
    kept = named(x.name, own_cell(step, 0, index, desk))
    if desk.cell(allowed.name, own_cell(step, 1, index, desk)):
        return Lines(kept, "", f"{at} is True")
    return Lines(kept, "not allowed", f"{at} is False")


def _subtract(step: Step, index: Index, desk: Desk) -> Lines:
    lines = _pairwise(step, index, desk, "-")
    lost = desk.cell(step.operands[0].name, own_cell(step, 0, index, desk)) == -inf
    return Lines(lines.formula, "", "-∞ less anything is -∞") if lost else lines


def _divide(step: Step, index: Index, desk: Desk) -> Lines:
    by = desk.cell(step.operands[1].name, own_cell(step, 1, index, desk))
    if by == 0:
        return Lines(_pairwise(step, index, desk, "/").formula, "0", "nothing is shared out")
    return _pairwise(step, index, desk, "/")


def _pairwise(step: Step, index: Index, desk: Desk, sign: str) -> Lines:
    cells = [(o.name, own_cell(step, place, index, desk)) for place, o in enumerate(step.operands)]
    one, other = (desk.cell(*cell) for cell in cells)
    return Lines(
        f" {sign} ".join(named(*cell) for cell in cells),
        f"{desk.show(one)} {sign} {desk.factor(other)}",
    )


def _repeat(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0].name
    return Lines(named(operand, own_cell(step, 0, index, desk)), "", "the same number again")


def _part(step: Step, index: Index, desk: Desk) -> Lines:
    operand = step.operands[0]
    axis = operand.axes.index(step.options["over"])
    moved = (*index[:axis], index[axis] + step.options["within"].start, *index[axis + 1 :])
    return Lines(named(operand.name, moved), "", "the same number, of this block")


def _larger(step: Step, index: Index, desk: Desk) -> Lines:
    cells = [(o.name, own_cell(step, place, index, desk)) for place, o in enumerate(step.operands)]
    one, other = (desk.show(desk.cell(*cell)) for cell in cells)
    return Lines(f"max({', '.join(named(*cell) for cell in cells)})", f"max({one}, {other})")


WORK: dict[str, Callable[[Step, Index, Desk], Lines]] = {
    "input": _input,
    "allow": _allow,
    "within": _within,
    "tabulate": _tabulate,
    "select": _select,
    "contract": _contract,
    "rearrange": _rearrange,
    "append": _append,
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
    "part": _part,
    "larger": _larger,
    **WORK_OF_SHARES,
    **WORK_OF_RUNNING,
}
