"""Bytes as people read them."""

from __future__ import annotations

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def bytes_text(count: int) -> str:
    """Write a number of bytes with four digits and a unit: 17.25 GiB."""
    size = float(count)
    unit = 0
    while size >= 1024 and unit + 1 < len(UNITS):
        size, unit = size / 1024, unit + 1
    return f"{size:.4g} {UNITS[unit]}" if size < 1e6 else f"{size:.3e} {UNITS[unit]}"
