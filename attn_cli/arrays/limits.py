"""What fits in memory; asked before anything is allocated."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from attn_cli.errors import ImpossibleError
from attn_cli.units import bytes_text


def available_bytes() -> int:
    """Memory that can be had without swapping."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 2**30


def refuse_beyond_space(path: Path, needed: int, option: str) -> None:
    """Raise ImpossibleError when a file of `needed` bytes has no room beside a path."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return
    if needed > free:
        raise ImpossibleError(
            f"{option}: {path} needs {bytes_text(needed)}; {bytes_text(free)} are free there."
        )


def refuse_above_memory(needed: int, what: str, instead: str) -> None:
    """Raise ImpossibleError when `needed` bytes are not to be had."""
    free = available_bytes()
    if needed > free:
        raise ImpossibleError(
            f"{what} needs {bytes_text(needed)} of memory; {bytes_text(free)} are free.\n{instead}"
        )
