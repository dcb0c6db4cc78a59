"""Bytes and operations as people read them."""

from __future__ import annotations

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
THOUSANDS = ("", "k", "M", "G", "T", "P", "E", "Z")


def bytes_text(count: int) -> str:
    """Write a number of bytes with four digits and a unit: 17.25 GiB."""
    size = float(count)
    unit = 0
    while size >= 1024 and unit + 1 < len(UNITS):
        size, unit = size / 1024, unit + 1
    return f"{size:.4g} {UNITS[unit]}" if size < 1e6 else f"{size:.3e} {UNITS[unit]}"


def flops_text(count: int) -> str:
    """Write a number of operations with three digits and a unit: 50.9 PFLOPs."""
    size, sign = in_thousands(count)
    digits = f"{size:,.0f}" if not sign or size >= 1e6 else f"{size:.3g}"
    return f"{digits} {sign}FLOPs"


def in_thousands(number: float) -> tuple[float, str]:
    """A number by its thousands, and their sign: 10 and G of 10¹⁰."""
    size, unit = float(number), 0
    while size >= 999.5 and unit + 1 < len(THOUSANDS):
        size, unit = size / 1000, unit + 1
    return size, THOUSANDS[unit]
