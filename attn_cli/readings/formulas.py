"""Formulas as SymPy expressions: read from sizes, written for people, solved for crossovers.

User text never becomes an expression: sizes are integers or single names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from attn_cli.program import Size
from attn_cli.results.cost import Amount

ORDER = ("k", "r", "L", "b", "h", "h_kv", "n", "m", "w", "p", "T", "d", "d_v", "d_head", "d_model")
"""In which order letters stand in a product."""

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

Powers = dict[Any, Any]


def letter(name: str) -> Any:
    """A size that has no number."""
    return sympy.Symbol(name, integer=True, positive=True)


def expanded(size: Size) -> Any:
    """An expression multiplied out."""
    return sympy.expand(sympy.sympify(size)) if not isinstance(size, int) else sympy.Integer(size)


def value(size: Size, numbers: Mapping[str, int]) -> int | None:
    """The number of an expression, once every letter has one; None where one has not."""
    if isinstance(size, int):
        return size
    found = put_in(size, numbers)
    return int(found) if found.is_Integer else None


def amount(size: Size, numbers: Mapping[str, int]) -> Amount:
    """A formula with what comes of it for these numbers."""
    found = value(size, numbers)
    left = put_in(size, numbers) if found is None and numbers else None
    return Amount(
        found,
        plain(size),
        pretty(size),
        latex(size),
        plain(left) if left is not None else "",
        pretty(left) if left is not None else "",
    )


def put_in(size: Size, numbers: Mapping[str, int]) -> Any:
    """A formula with numbers for some of its letters."""
    return sympy.sympify(size).subs({letter(name): number for name, number in numbers.items()})


def plain(size: Size) -> str:
    """SymPy syntax, letters in our order: `2*n**2*d`."""
    return _written(size, "*", lambda base, power: base if power == 1 else f"{base}**{power}")


def pretty(size: Size) -> str:
    """For people: `2 n² d`."""

    def raised(base: str, power: Any) -> str:
        return base if power == 1 else f"{base}{str(power).translate(SUPERSCRIPTS)}"

    return _written(size, " ", raised)


def latex(size: Size) -> str:
    """For pages: `2 n^{2} d`."""

    def raised(base: str, power: Any) -> str:
        head, _, index = base.partition("_")
        named = rf"{head}_{{\mathrm{{{index}}}}}" if index else head
        return named if power == 1 else f"{named}^{{{power}}}"

    return _written(size, " ", raised)


Bounds = tuple[tuple[str, str], ...]
"""Letters of which the first is at most the second."""


def order(size: Size, bounds: Bounds = ()) -> Any:
    """The fastest-growing terms without their factors: 5 n² − 2 n is of order n².

    How many heads share a key head is a factor too: h_kv / h.
    """
    ungrouped = sympy.expand(expanded(size).subs(letter("h_kv"), letter("h")))
    terms = [_letters(term) for term in sympy.Add.make_args(ungrouped) if term != 0]
    unique = [term for place, term in enumerate(terms) if term not in terms[:place]]
    kept = [
        term
        for term in unique
        if not any(other != term and _at_most(term, other, bounds) for other in unique)
    ]
    return sum((sympy.Mul(*(base**power for base, power in t.items())) for t in kept), sympy.S(0))


def _at_most(small: Powers, large: Powers, bounds: Bounds) -> bool:
    """Whether a product is at most another, whatever the letters are: w² d is at most n w d."""
    ratio = {str(b): large.get(b, 0) - small.get(b, 0) for b in {**small, **large}}
    for less, more in bounds:
        moved = min(-ratio.get(less, 0), ratio.get(more, 0))
        if moved > 0:
            ratio[less] += moved
            ratio[more] -= moved
    return all(power >= 0 for power in ratio.values())


def leading(size: Size, bounds: Bounds = ()) -> Size:
    """The terms of a sum that outgrow all others, with their factors."""
    wanted = {plain(term) for term in sympy.Add.make_args(order(size, bounds))}
    return sum(term for term in sympy.Add.make_args(expanded(size)) if plain(order(term)) in wanted)


def crossing(name: str, left: Size, right: Size, bounds: Bounds = ()) -> Any | None:
    """Where the leading terms of two formulas are equal, as `solve_for` finds it."""
    return solve_for(name, leading(left, bounds), leading(right, bounds))


def solve_for(name: str, left: Size, right: Size) -> Any | None:
    """The positive value of a letter at which two formulas are equal, if there is just one.

    A value counts as positive unless SymPy knows better: 4 d − 1 does. None also where the
    value is no sum of products of letters.
    """
    unknown = letter(name)
    polynomial = sympy.Poly(expanded(left) - expanded(right), unknown)
    roots = [root for root in sympy.roots(polynomial) if not root.is_nonpositive]
    if len(roots) != 1:
        return None
    terms = sympy.Add.make_args(expanded(roots[0]))
    return roots[0] if all(base.is_Symbol for term in terms for base in _letters(term)) else None


def times(size: Size, name: str, numbers: Mapping[str, int]) -> str:
    """How many times a letter a size is, where that is a number: 1.25 d; "" elsewhere."""
    others = {other: number for other, number in numbers.items() if other != name}
    factor = sympy.simplify(put_in(size, others) / letter(name))
    return f"{float(factor):g} {name}" if factor.is_Rational and not factor.is_Integer else ""


WIDE = 10**2
FAR = {"n": 10**6, "m": 2 * 10**6, "T": 10**6, "w": 10**3}
"""Where open letters are taken to be: long sequences, no more queries than keys."""


def far(size: Size, numbers: Mapping[str, int]) -> Any:
    """The size where open letters are large: lengths far more than widths."""
    there = put_in(expanded(size), {**FAR, **numbers})
    return there.subs({symbol: FAR.get(symbol.name, WIDE) for symbol in there.free_symbols})


def positive(size: Size, numbers: Mapping[str, int]) -> Size:
    """The size where it is above 0, else 0; letters count as their numbers, open ones as far."""
    if isinstance(size, int):
        return max(size, 0)
    expression = expanded(size)
    there = put_in(expression, {**FAR, **numbers})
    there = there.subs(dict.fromkeys(there.free_symbols, FAR["n"]))
    return expression if there > 0 else 0


def _letters(term: Any) -> Powers:
    return {base: power for base, power in term.as_powers_dict().items() if base.free_symbols}


def _rank(base: Any) -> tuple[int, str]:
    name = str(base)
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _weight(term: Any) -> tuple[Any, ...]:
    """Terms of higher degree first, then in the order of their letters."""
    letters = _letters(term)
    degree = sum(letters.values())
    return (-degree, [(_rank(base), -power) for base, power in sorted(letters.items(), key=_first)])


def _first(item: tuple[Any, Any]) -> tuple[int, str]:
    return _rank(item[0])


def _written(size: Size, times: str, raised: Any) -> str:
    terms = sorted(sympy.Add.make_args(expanded(size)), key=_weight)
    text = ""
    for term in terms:
        factor, _ = term.as_coeff_Mul()
        sign = "-" if factor < 0 else "+"
        body = _product(abs(factor), _letters(term), times, raised)
        text += f" {sign} {body}" if text else ("-" if sign == "-" else "") + body
    return text


def _product(factor: Any, letters: Powers, times: str, raised: Any) -> str:
    ordered = sorted(letters.items(), key=_first)
    above = [raised(str(base), power) for base, power in ordered if power > 0]
    below = [raised(str(base), -power) for base, power in ordered if power < 0]
    apart = "" if times == "*" else ","
    if factor.p != 1 or not above:
        above.insert(0, f"{int(factor.p):{apart}}")
    if factor.q != 1:
        below.insert(0, f"{int(factor.q):{apart}}")
    if not letters and below:
        return f"{above[0]}/{below[0]}"
    over = times.join(above)
    if not below:
        return over
    under = times.join(below)
    under = f"({under})" if len(below) > 1 else under
    return f"{over}/{under}" if times == "*" else f"{over} / {under}"
