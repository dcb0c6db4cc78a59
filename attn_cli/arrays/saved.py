"""Arrays out: every step of a run by its name, with the settings that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from attn_cli.arrays.arguments import SETTINGS


def write_npz(stream: IO[bytes], arrays: Mapping[str, np.ndarray[Any, Any]], settings: str) -> None:
    """Write an .npz archive to a stream."""
    named: dict[str, Any] = {**arrays, SETTINGS: np.array(settings)}
    np.savez(stream, **named)
