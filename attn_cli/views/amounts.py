"""Formulas with their numbers, bytes and seconds, as people read them."""

from __future__ import annotations

from attn_cli.results.cost import Amount
from attn_cli.units import bytes_text

TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def amount_text(amount: Amount) -> str:
    """A formula with its number: `4 n² d = 67,108,864`."""
    if amount.value is None:
        known = amount.open_pretty and amount.open_pretty != amount.pretty
        return f"{amount.pretty} = {amount.open_pretty}" if known else amount.pretty
    if amount.pretty == str(amount.value):
        return f"{amount.value:,}"
    return f"{amount.pretty} = {amount.value:,}"


def bytes_amount(amount: Amount) -> str:
    """A formula in bytes with its number in a unit: `1 MiB (4 n² bytes)`."""
    if amount.value is None:
        return f"{amount.pretty} bytes"
    formula = "" if amount.pretty == str(amount.value) else f" ({amount.pretty} bytes)"
    return f"{bytes_text(amount.value)}{formula}"


def seconds_text(seconds: float) -> str:
    """A time in the unit that keeps it short: 3.2 µs."""
    for unit, name in TIMES:
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds / 1e-9:.3g} ns"
