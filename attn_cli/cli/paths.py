"""Files written whole or not at all, and never over an existing one unless told to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from attn_cli.errors import AttnError


def check_path(path: Path | None, option: str, kinds: tuple[str, ...], force: bool) -> None:
    """Raise AttnError, before any work, when a file can't be written."""
    if path is None:
        return
    if path.suffix.lower() not in kinds:
        raise AttnError(f"{option}: {path} must end in {', '.join(kinds)}.")
    refuse_existing(path, force)


def refuse_existing(path: Path, force: bool) -> None:
    """Raise AttnError for a file that is there already, and for a folder that is not."""
    if path.exists() and not force:
        raise AttnError(f"{path} exists already. Add --force to write over it.")
    if path.is_dir():
        raise AttnError(f"{path} is a folder.")
    if not path.parent.is_dir():
        raise AttnError(f"{path}: there is no folder {str(path.parent)!r}.")
    if not os.access(path.parent, os.W_OK):
        raise AttnError(f"{path}: the folder {str(path.parent)!r} can't be written to.")


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file first, then put it in place in one go."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".attn.")
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
