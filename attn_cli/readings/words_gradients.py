"""The words reading of what gradients are made of beside other operations."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.program import Sizes, Step
from attn_cli.readings.notation import Notation


def _scatter(step: Step, sizes: Sizes, say: Notation) -> str:
    x, places = (say.symbol(operand.name) for operand in step.operands)
    return say.words("sum of ") + x + say.words(" where ") + places + say.words(" names the row")


def _power(step: Step, sizes: Sizes, say: Notation) -> str:
    exponent = step.options["exponent"]
    x = say.symbol(step.operands[0].name)
    if exponent == 0:
        return say.words("1 where ") + x + say.words(" is above 0, else 0")
    return say.power(x, f"{exponent:g}") + say.words(", 0 where it is 0")


def _place(step: Step, sizes: Sizes, say: Notation) -> str:
    within = step.options["within"]
    return say.symbol(step.operands[0].name) + say.words(f" at places {within.words}, else 0")


def _earlier(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.before(step.operands[0].name)


def _scan_back(step: Step, sizes: Sizes, say: Notation) -> str:
    """x_t + g_(t+1) (A_(t+1) - r k kᵀ A_(t+1)) with the names that stand for them."""
    x, key, *others = (say.symbol(operand.name) for operand in step.operands)
    roles = {role: others[place - 2] for role, place in step.options["roles"].items()}
    after = say.after(step.name)
    if step.options["erases"]:
        rate = f"{roles['rate']} " if "rate" in roles else ""
        after = f"({after} - {rate}{say.outer(key, say.product(say.transposed(key), after))})"
    gate = f"{roles['gate']} " if "gate" in roles else ""
    return f"{x}_t + {gate}{after}"


FORMULAS: dict[str, Callable[[Step, Sizes, Notation], str]] = {
    "scatter": _scatter,
    "power": _power,
    "place": _place,
    "earlier": _earlier,
    "scan_back": _scan_back,
}
