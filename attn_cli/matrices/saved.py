"""Files written whole or not at all, and never over an existing one unless told to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from attn_cli.errors import AttnError
from attn_cli.matrices.files import SETTINGS


def refuse_existing(path: Path, force: bool) -> None:
    """Raise AttnError before any work when the file can't be written."""
    if path.exists() and not force:
        raise AttnError(f"{path} exists already. Add --force to write over it.")
    if not path.parent.is_dir():
        raise AttnError(f"{path}: there is no folder {str(path.parent)!r}.")


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file first, then put it in place in one go."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_npz(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], settings: str) -> None:
    """Write every array by name, and the settings that made them."""
    named: dict[str, Any] = {**arrays, SETTINGS: np.array(settings)}
    write_whole(path, lambda stream: np.savez(stream, **named))
