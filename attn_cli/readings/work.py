"""Worked arithmetic: how one number of a step comes about, with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, prod
from typing import Any, NamedTuple

from attn_cli.errors import brief
from attn_cli.program import ONE, Axes, Sizes, Step
from attn_cli.trace import WorkedCell

Index = tuple[int, ...]
Cell = Callable[[str, Index], float]
"""Looks a number up: the name of a step, and a position on each of its axes."""

Row = Callable[[str, Index, int], Any]
"""Looks a row up: the name of a step, a position, and the axis along which the row runs."""

Show = Callable[[float], str]


class Desk(NamedTuple):
    """What is at hand while working: the numbers, how to write them, how many terms to show."""

    sizes: Sizes
    cell: Cell
    row: Row
    show: Show
    terms: int

    def join(self, count: int, term: Callable[[int], str]) -> str:
        """A sum of `count` terms, its middle left out by count where it is long."""
        if count <= self.terms:
            return " + ".join(term(place) for place in range(count))
        kept = max(self.terms - 1, 2)
        first = [term(place) for place in range(kept - 1)]
        return " + ".join([*first, f"… {count - kept} more …", term(count - 1)])

    def factor(self, number: float) -> str:
        """A number inside a product: negative ones in brackets."""
        text = self.show(number)
        return f"({text})" if text.startswith("-") else text


def work_out(step: Step, index: Index, desk: Desk) -> WorkedCell:
    """Work one cell of a step out, from the cells of its operands."""
    numbers = WORK[step.operation](step, index, desk)
    result = desk.cell(step.name, index)
    shown = str(bool(result)) if step.operation in ("allow", "within") else desk.show(result)
    return WorkedCell(named(step.name, index), numbers.formula, numbers.put_in, shown, numbers.note)


def named(name: str, index: Index) -> str:
    """Write a cell: weights[0,1]."""
    return f"{name}[{','.join(map(str, index))}]"


class _Lines(NamedTuple):
    formula: str
    put_in: str
    note: str = ""


def _places(axes: Axes, index: Index, sizes: Sizes) -> dict[str, int]:
    """The position on every axis, those laid out together taken apart."""
    found: dict[str, int] = {}
    for axis, position in zip(axes, index, strict=True):
        for atom in reversed(sizes.atoms([axis])):
            position, found[atom] = divmod(position, sizes[atom])
    return found


def _index(axes: Axes, reads: Axes, places: Mapping[str, int], sizes: Sizes) -> Index:
    """Back from positions to an index; `reads` renames the axes' atoms."""
    names = iter(reads)
    index = []
    for axis in axes:
        position = 0
        for atom in sizes.atoms([axis]):
            position = position * sizes[atom] + places[next(names)]
        index.append(position)
    return tuple(index)


def _own(step: Step, place: int, index: Index, desk: Desk) -> Index:
    """The cell of an operand that stands at the same named position."""
    axes = step.operands[place].axes
    named_axes = dict(zip(step.axes, index, strict=True))
    if set(axes) <= {*named_axes, ONE}:
        return tuple(0 if axis == ONE else named_axes[axis] for axis in axes)
    return _index(axes, desk.sizes.atoms(axes), _places(step.axes, index, desk.sizes), desk.sizes)


def _input(step: Step, index: Index, desk: Desk) -> _Lines:
    return _Lines("as given", "")


def _allow(step: Step, index: Index, desk: Desk) -> _Lines:
    i, j = index[-2:]
    return _Lines(f"may query {i} attend key {j}?", brief(step.options["rule"].name))


def _within(step: Step, index: Index, desk: Desk) -> _Lines:
    operand, reach = step.operands[0].name, step.options["reach"]
    number = desk.show(desk.cell(operand, index))
    return _Lines(f"is |{named(operand, index)}| at most {reach}?", f"|{number}| ≤ {reach}")


def _tabulate(step: Step, index: Index, desk: Desk) -> _Lines:
    table = step.options["table"]
    return _Lines(table.formula, table.put_in(*index))


def _select(step: Step, index: Index, desk: Desk) -> _Lines:
    entries, places = step.operands
    at = _own(step, 1, index, desk)
    place = int(desk.cell(places.name, at))
    named_axes = dict(zip(step.axes, index, strict=True))
    rest = tuple(named_axes[axis] for axis in entries.axes[1:])
    return _Lines(named(entries.name, (place, *rest)), "", f"{named(places.name, at)} is {place}")


def _contract(step: Step, index: Index, desk: Desk) -> _Lines:
    sizes = desk.sizes
    left, right = step.options["reads"]
    places = _places(step.axes, index, sizes)
    summed = [axis for axis in left if axis not in places]
    first, second = step.operands

    def term(flat: int) -> str:
        at = dict(places)
        for axis in reversed(summed):
            flat, at[axis] = divmod(flat, sizes[axis])
        a = desk.cell(first.name, _index(first.axes, left, at, sizes))
        b = desk.cell(second.name, _index(second.axes, right, at, sizes))
        return f"{desk.factor(a)}·{desk.factor(b)}"

    terms = desk.join(prod(sizes[axis] for axis in summed), term)
    one = _pattern(first, left, places, summed, sizes)
    other = _pattern(second, right, places, summed, sizes)
    return _Lines(f"Σ over {', '.join(summed)} of {one} · {other}", terms)


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
            parts.append(str(_index((axis,), tuple(atoms), places, sizes)[0]))
    return f"{step.name}[{','.join(parts)}]"


def _rearrange(step: Step, index: Index, desk: Desk) -> _Lines:
    (reads,) = step.options["reads"]
    operand = step.operands[0]
    at = _index(operand.axes, reads, _places(step.axes, index, desk.sizes), desk.sizes)
    return _Lines(named(operand.name, at), "", "the same number in its new place")


def _append(step: Step, index: Index, desk: Desk) -> _Lines:
    past, new = step.operands
    axis = step.axes.index(step.options["over"])
    start = desk.sizes[past.axes[axis - len(step.axes)]]
    if index[axis] < start:
        return _Lines(named(past.name, index[-len(past.axes) :]), "", "from the cache")
    moved = (*index[:axis], index[axis] - start, *index[axis + 1 :])
    return _Lines(named(new.name, moved[-len(new.axes) :]), "", "new in this call")


def _scale(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0].name
    number = desk.cell(operand, index)
    axis = step.options["rsqrt"]
    if axis:
        by = f"/ √{desk.sizes[axis]}"
        return _Lines(f"{named(operand, index)} / √{axis}", f"{desk.show(number)} {by}")
    by = f"· {desk.factor(step.options['by'])}"
    return _Lines(f"{named(operand, index)} · scale", f"{desk.factor(number)} {by}")


def _softcap(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0].name
    cap = desk.show(step.options["cap"])
    number = desk.show(desk.cell(operand, index))
    return _Lines(f"cap · tanh({named(operand, index)} / cap)", f"{cap} · tanh({number} / {cap})")


def _add(step: Step, index: Index, desk: Desk) -> _Lines:
    x, y = step.operands
    own, other = _own(step, 0, index, desk), _own(step, 1, index, desk)
    a, b = desk.cell(x.name, own), desk.cell(y.name, other)
    return _Lines(
        f"{named(x.name, own)} + {named(y.name, other)}", f"{desk.show(a)} + {desk.factor(b)}"
    )


def _multiply(step: Step, index: Index, desk: Desk) -> _Lines:
    cells = [(o.name, _own(step, place, index, desk)) for place, o in enumerate(step.operands)]
    numbers = [desk.factor(desk.cell(*cell)) for cell in cells]
    return _Lines(" · ".join(named(*cell) for cell in cells), " · ".join(numbers))


def _rotate(step: Step, index: Index, desk: Desk) -> _Lines:
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
        return _Lines(text, f"{a}·sin {angle} + {b}·cos {angle}")
    text = f"{named(*one)} · cos - {named(*other)} · sin of {named(angles.name, at)}"
    return _Lines(text, f"{a}·cos {angle} - {b}·sin {angle}")


def _apply(step: Step, index: Index, desk: Desk) -> _Lines:
    operand, function = step.operands[0].name, step.options["function"]
    number = desk.show(desk.cell(operand, index))
    return _Lines(f"{function}({named(operand, index)})", FUNCTIONS[function].format(number))


FUNCTIONS = {
    "identity": "{}",
    "tanh": "tanh({})",
    "relu": "max(0, {})",
    "sigmoid": "1 / (1 + e^(-({})))",
    "exp": "e^({})",
}
"""Functions of one number with the number put in."""


def _unit(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0].name
    row = desk.row(operand, index, len(index) - 1)
    squares = desk.join(len(row), lambda place: f"{desk.factor(float(row[place]))}²")
    text = f"{named(operand, index)} / |{operand}[{','.join(map(str, index[:-1]))}]|"
    if not row.any():
        return _Lines(text, "0", "a row of zeros has no direction, and stays")
    return _Lines(text, f"{desk.show(desk.cell(operand, index))} / √({squares})")


def _pair(step: Step, index: Index, desk: Desk) -> _Lines:
    x, y = step.operands
    width = desk.sizes[x.axes[-1]]
    source, column = (x, index[-1]) if index[-1] < width else (y, index[-1] - width)
    places = _places(step.axes, index, desk.sizes)
    atoms = desk.sizes.atoms(source.axes)
    at = _index(source.axes, atoms, {**places, atoms[-1]: column}, desk.sizes)
    return _Lines(named(source.name, at), "", "the same number in its new place")


def _mask(step: Step, index: Index, desk: Desk) -> _Lines:
    x, allowed = step.operands
    at = named(allowed.name, _own(step, 1, index, desk))
    kept = named(x.name, _own(step, 0, index, desk))
    if desk.cell(allowed.name, _own(step, 1, index, desk)):
        return _Lines(kept, "", f"{at} is True")
    return _Lines(kept, "not allowed", f"{at} is False")


def _softmax(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0].name
    axis = step.axes.index(step.options["over"])
    row = desk.row(operand, index, axis)
    free = (*map(str, index[:axis]), "j", *map(str, index[axis + 1 :]))
    text = f"e^{named(operand, index)} / Σ over j of e^{operand}[{','.join(free)}]"
    largest = float(row.max())
    if largest == -inf:
        return _Lines(text, "0", "no key is allowed, so the row is 0")
    kept = (row != -inf).nonzero()[0]
    terms = desk.join(len(kept), lambda place: f"e^{desk.factor(float(row[kept[place]]))}")
    if len(step.operands) > 1:
        sink = desk.cell(step.operands[1].name, _own(step, 1, index, desk))
        text = text.replace("Σ", "(e^sink + Σ") + ")"
        terms = f"e^{desk.factor(sink)} + {terms}"
    score = float(row[index[axis]])
    own = "0" if score == -inf else f"e^{desk.factor(score)}"
    notes = ["masked keys add e^-∞ = 0"] if len(kept) < len(row) else []
    notes.append(f"computed with the largest, {desk.show(largest)}, taken off every exponent")
    return _Lines(text, f"{own} / ({terms})", "; ".join(notes))


def _reduce(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0]
    axis = operand.axes.index(step.options["over"])
    row = desk.row(operand.name, index, axis)
    free = (*map(str, index[:axis]), "j", *map(str, index[axis + 1 :]))
    text = f"{step.options['how']} over j of {operand.name}[{','.join(free)}]"
    if step.options["how"] == "sum":
        return _Lines(text, desk.join(len(row), lambda place: desk.factor(float(row[place]))))
    note = "0 where every one is -∞" if float(row.max()) == -inf else ""
    return _Lines(text, "", note)


def _subtract(step: Step, index: Index, desk: Desk) -> _Lines:
    return _pairwise(step, index, desk, "-")


def _divide(step: Step, index: Index, desk: Desk) -> _Lines:
    by = desk.cell(step.operands[1].name, _own(step, 1, index, desk))
    if by == 0:
        return _Lines(_pairwise(step, index, desk, "/").formula, "0", "nothing is shared out")
    return _pairwise(step, index, desk, "/")


def _pairwise(step: Step, index: Index, desk: Desk, sign: str) -> _Lines:
    cells = [(o.name, _own(step, place, index, desk)) for place, o in enumerate(step.operands)]
    one, other = (desk.cell(*cell) for cell in cells)
    return _Lines(
        f" {sign} ".join(named(*cell) for cell in cells),
        f"{desk.show(one)} {sign} {desk.factor(other)}",
    )


def _choose(step: Step, index: Index, desk: Desk) -> _Lines:
    operand = step.operands[0].name
    row = desk.row(operand, index, len(index) - 1)
    largest = float(row.max())
    ties = int((row == largest).sum())
    note = f"the largest is {desk.show(largest)}" if largest != -inf else "no key is allowed"
    if ties > 1 and largest != -inf:
        note += f", {ties} times: the first is chosen"
    return _Lines(f"[{named(operand, index)} is the largest of its row]", "", note)


def _draw(step: Step, index: Index, desk: Desk) -> _Lines:
    shares, uniform = step.operands
    number = desk.show(desk.cell(uniform.name, index[:-1]))
    row = desk.row(shares.name, index, len(index) - 1)
    before = desk.show(float(row[: index[-1]].sum()))
    after = desk.show(float(row[: index[-1] + 1].sum()))
    text = f"[{named(uniform.name, index[:-1])} = {number} lies between {before} and {after}]"
    return _Lines(text, "", "running sums of the shares before and with this key")


def _entmax(step: Step, index: Index, desk: Desk) -> _Lines:
    operand, alpha = step.operands[0].name, step.options["alpha"]
    row = desk.row(operand, index, len(index) - 1)
    weight = desk.cell(step.name, index)
    score = float(row[index[-1]])
    text = f"max(0, {alpha - 1:g} · {named(operand, index)} - t)^(1/{alpha - 1:g})"
    if weight == 0:
        return _Lines(text, "0", "at or below the threshold t")
    threshold = (alpha - 1) * score - weight ** (alpha - 1)
    numbers = f"({alpha - 1:g}·{desk.factor(score)} - {desk.factor(threshold)})^(1/{alpha - 1:g})"
    return _Lines(text, numbers, "t is such that the row sums to 1")


WORK: dict[str, Callable[[Step, Index, Desk], _Lines]] = {
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
    "softmax": _softmax,
    "reduce": _reduce,
    "subtract": _subtract,
    "divide": _divide,
    "choose": _choose,
    "draw": _draw,
    "entmax": _entmax,
}
