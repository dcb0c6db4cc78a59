"""The exact reading: the numbers of every step as fractions, roots, powers of e and letters.

Arrays hold SymPy entries. Most rules are those of the value reading, which work on any entries;
the table below has those that must differ. What has no exact form is said by its step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from attn_cli.errors import ImpossibleError
from attn_cli.program import Program, Step
from attn_cli.readings import values
from attn_cli.readings.exact_normalizers import SHARES
from attn_cli.readings.subprogram import Array, Frame, Rule, aligned, spread

MOST_NUMBERS, MOST_TERMS = 400, 50_000
"""Numbers of a step at most, and terms of all its numbers together."""

SHORT, FEW_LETTERS = 120, 4
"""Operations up to which a number is made shorter, letters in it up to which it is factored."""

SIMPLE = 10**6
"""A float stands for the fraction with the smallest denominator up to this that rounds to it."""

TIDIED = frozenset({"contract", "add", "subtract", "multiply", "divide", "reduce"})
"""Operations that add or multiply, after which a number may be written shorter."""

AS_VALUES = frozenset(
    {
        "allow",
        "contract",
        "rearrange",
        "concat",
        "add",
        "multiply",
        "pair",
        "repeat",
        "slice",
        "cumsum",
        "scan",
        "earlier",
        "scan_back",
        "place",
    }
)
"""Operations whose rule of values adds, multiplies and moves entries, whatever they are."""


def evaluate(program: Program, given: Mapping[str, Array]) -> dict[str, Array]:
    """Compute every step exactly, in order; given: arrays of SymPy entries, or of booleans.

    Raises ImpossibleError, naming the step, for what has no exact form and for what grows too long.
    """
    arrays = dict(given)
    frame = Frame.of(program.sizes)
    for step in program:
        refuse_long(step, program, arrays)
        if step.operation != "input":
            operands = [arrays[operand.name] for operand in step.operands]
            # SymPy leaves marks of overflow behind, which NumPy would take for its own
            with np.errstate(all="ignore"):
                arrays[step.name] = _entries(step, _computed(step, operands, frame))
    return {step.name: arrays[step.name] for step in program}


def rational(number: float) -> sp.Basic:
    """The simplest fraction that a float is nearest to: 0.1 is 1/10."""
    if number in (np.inf, -np.inf):
        return sp.oo if number > 0 else -sp.oo
    found = Fraction(number).limit_denominator(SIMPLE)
    exact = found if float(found) == number else Fraction(repr(float(number)))
    return sp.Rational(exact.numerator, exact.denominator)


def refuse_long(step: Step, program: Program, arrays: Mapping[str, Array]) -> None:
    """Raise ImpossibleError before a step has too many numbers, or too many terms in them."""
    shape = program.shape(step)
    count = prod(shape)
    if count > MOST_NUMBERS:
        raise ImpossibleError(
            f"exact numbers: {step.name} has {count:,} numbers, {MOST_NUMBERS} at most. "
            "Give smaller sizes."
        )
    terms = count * _terms_of_each(step, program, arrays)
    if terms > MOST_TERMS:
        raise ImpossibleError(
            f"exact numbers: {step.name} would have about {terms:,} terms, {MOST_TERMS:,} at "
            "most. Give smaller sizes, or fewer letters."
        )


def _terms_of_each(step: Step, program: Program, arrays: Mapping[str, Array]) -> int:
    """About how many terms a number of a step has: its operands', for each that is summed."""
    longest = [_longest(arrays[operand.name]) for operand in step.operands]
    if step.operation == "input":
        return _longest(arrays[step.name])
    if step.operation == "contract":
        left, right = step.options["reads"]
        summed = {*left, *right} - {*step.options["makes"]}
        return sum(longest) * prod(program.sizes[axis] for axis in summed)
    over = step.options.get("over")
    along = program.sizes[over] if over and step.operation in SUMMING else 1
    return max(sum(longest), 1) * int(along)


SUMMING = ("softmax", "reduce", "cumsum")


def _longest(array: Array) -> int:
    if array.dtype.kind == "b":
        return 1
    return max((1 + int(entry.count_ops()) for entry in array.flat), default=1)


def _computed(step: Step, operands: list[Array], frame: Frame) -> Array:
    rule = EXACT.get(step.operation)
    if rule is None and step.operation in AS_VALUES:
        rule = values.RULES[step.operation]
    if rule is None:
        raise ImpossibleError(
            f"exact numbers: {step.name} has no exact form here ({step.operation})."
        )
    try:
        return rule(step, operands, frame, None)
    except TypeError:
        # SymPy does not compare letters
        raise ImpossibleError(
            f"exact numbers: {step.name} compares numbers, and letters have no order. "
            "Put numbers in for them (‹at›)."
        ) from None


def _entries(step: Step, array: Array) -> Array:
    """Every entry as SymPy has it; a float would be no exact number."""
    if array.dtype.kind == "b":
        return array
    found = np.empty(array.shape, dtype=object)
    for place in np.ndindex(*array.shape):
        entry = sp.sympify(array[place])
        if step.operation in TIDIED:
            entry = _tidy(entry)
        if entry.atoms(sp.Float):
            raise ImpossibleError(f"exact numbers: {step.name} has no exact form here: {entry}.")
        found[place] = entry
    return found


def _each(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of one number, or of several side by side, for whole arrays."""

    def whole(*arrays: Array) -> Array:
        several = np.broadcast_arrays(*arrays)
        found = np.empty(several[0].shape, dtype=object)
        for place in np.ndindex(*found.shape):
            found[place] = function(*(array[place] for array in several))
        return found

    return whole


def _tidy(entry: Any) -> Any:
    """The same number, shorter: powers of e over one denominator, roots multiplied out."""
    if entry.count_ops() > SHORT or entry.has(sp.sin, sp.cos, sp.tanh):
        return entry
    if entry.has(sp.exp):
        return _factored(entry)
    return entry if entry.free_symbols else sp.expand(entry)


def _tabulate(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    shape = frame.sizes.shape(step.axes)
    table = np.empty(shape, dtype=object)
    for place in product(*(range(size) for size in shape)):
        table[place] = _of_place(step.options["table"].number, place)
    return table


def _at_places(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    """Entries by their places, as values are; places are entries too, but whole numbers."""
    x, places = operands
    return values.RULES[step.operation](step, [x, places.astype(np.int64)], frame, out)


def _factored(entry: Any) -> Any:
    """Over one denominator, factored, with powers of e and roots taken as letters: that is fast."""
    powers = entry.atoms(sp.exp)
    roots = {one for one in entry.atoms(sp.Pow) if one.exp.is_Rational and not one.exp.is_Integer}
    found = sorted([*powers, *roots], key=sp.default_sort_key)  # sets have another order each run
    letters = {one: sp.Dummy(positive=True) for one in found}
    if len(letters) > FEW_LETTERS:
        return sp.together(entry)
    plain = entry.xreplace(letters)
    return sp.factor(plain).xreplace({letter: one for one, letter in letters.items()})


def _of_place(number: Callable[..., Any], place: tuple[int, ...]) -> Any:
    """The number of a place.

    A rule that compares places works on Python's numbers alone, where floats of few bits are exact.
    """
    try:
        return number(sp, *map(sp.Integer, place))
    except TypeError:
        found = number(np, *place)
        exact = Fraction(found)
        return sp.Rational(*exact.as_integer_ratio()) if exact.denominator <= SIMPLE else found


def _scale(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis = step.options["rsqrt"]
    by = 1 / sp.sqrt(frame.sizes[axis]) if axis else rational(float(step.options["by"]))
    return np.multiply(operands[0], by)


def _softcap(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    cap = rational(float(step.options["cap"]))
    return _each(lambda x: cap * sp.tanh(x / cap))(operands[0])


def _apply(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return _each(FUNCTIONS[step.options["function"]])(operands[0])


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "tanh": sp.tanh,
    "relu": lambda x: sp.Max(0, x),
    "sigmoid": lambda x: 1 / (1 + sp.exp(-x)),
    "exp": sp.exp,
    "elu+1": lambda x: x + 1 if x > 0 else sp.exp(x),
    "tanh'": lambda x: 1 - sp.tanh(x) ** 2,
    "relu'": lambda x: sp.Integer(bool(x > 0)),
    "sigmoid'": lambda x: sp.exp(-x) / (1 + sp.exp(-x)) ** 2,
    "elu+1'": lambda x: sp.Integer(1) if x > 0 else sp.exp(x),
}


def _unit(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    lengths = _each(sp.sqrt)((x * x).sum(axis=-1, keepdims=True))
    return _each(lambda number, length: number / length if length != 0 else number)(x, lengths)


def _rotate(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, axes = operands[0], step.operands[1].axes
    angles = aligned(operands[1], axes, (*step.axes[:-1], axes[-1]))
    cosine, sine = _each(sp.cos)(angles), _each(sp.sin)(angles)
    first, second = values.halves(x.shape[-1], step.options["interleaved"])
    turned = np.empty_like(x)
    turned[..., first] = x[..., first] * cosine - x[..., second] * sine
    turned[..., second] = x[..., first] * sine + x[..., second] * cosine
    return turned


def _mask(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, allowed = operands
    kept = aligned(allowed, step.operands[1].axes, step.axes)
    x = aligned(x, step.operands[0].axes, step.axes)
    return _each(lambda number, may: number if may else -sp.oo)(x, kept)


def _subtract(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    less = _each(lambda x, y: -sp.oo if x == -sp.oo else x - y)
    return less(*spread(step, operands, frame.sizes)).reshape(frame.sizes.shape(step.axes))


def _divide(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return _each(lambda x, y: x / y if y != 0 else x)(*spread(step, operands, frame.sizes))


def _larger(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return _each(sp.Max)(*operands)


def _power(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    exponent = rational(float(step.options["exponent"]))
    return _each(lambda x: x**exponent if x > 0 else sp.Integer(0))(operands[0])


def _within(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    reach = rational(float(step.options["reach"]))
    return _each(lambda x: bool(abs(x) <= reach))(operands[0]).astype(bool)


EXACT: dict[str, Rule] = {
    "tabulate": _tabulate,
    "gather": _at_places,
    "scatter": _at_places,
    "scale": _scale,
    "softcap": _softcap,
    "apply": _apply,
    "unit": _unit,
    "rotate": _rotate,
    "mask": _mask,
    "subtract": _subtract,
    "divide": _divide,
    "larger": _larger,
    "power": _power,
    "within": _within,
    **SHARES,
}
"""Rules that differ from those of the value reading."""
