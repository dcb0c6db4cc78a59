"""Files written whole or not at all, and never over an existing one unless told to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from attn_cli.errors import AttnError, ImpossibleError


def check_path(path: Path | None, option: str, kinds: tuple[str, ...], force: bool) -> None:
    """Raise AttnError, before any work, when a file can't be written."""
    if path is None:
        return
    if path.suffix.lower() not in kinds:
        raise AttnError(f"{option}: {path} must end in {', '.join(kinds)}.")
    refuse_existing(path, force)


def refuse_existing(path: Path, force: bool) -> None:
    """Raise AttnError for a file that is there already, and for a folder that is not."""
    if os.path.lexists(path) and not force:
        raise AttnError(f"{path} exists already. Add ‹force› to write over it.")
    if path.is_dir():
        raise AttnError(f"{path} is a folder.")
    folder = _target(path).parent
    if not folder.is_dir():
        raise AttnError(f"{path}: there is no folder {str(folder)!r}.")
    if not os.access(folder, os.W_OK):
        raise AttnError(f"{path}: the folder {str(folder)!r} can't be written to.")


def write_whole(path: Path, write: Callable[[IO[bytes]], None], *, force: bool) -> None:
    """Write beside the file first, then put it in place in one go.

    Without `force` only one of several that write the same file at once succeeds. With it, a
    link is followed, a file keeps its permissions, and a pipe or a device is written to.
    Raises AttnError for a file that came in between, ImpossibleError where the disk takes no more.
    """
    try:
        _write(path, write, force)
    except FileExistsError:
        raise AttnError(f"{path} exists already. Add ‹force› to write over it.") from None
    except OSError as error:
        raise ImpossibleError(f"{path}: {error.strerror or error}.") from None


def write_bytes(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file from its bytes."""

    def write(stream: IO[bytes]) -> None:
        stream.write(data)

    write_whole(path, write, force=force)


def write_text(path: Path, parts: Iterable[str], *, force: bool) -> None:
    """Write a text file from its parts, in UTF-8."""

    def write(stream: IO[bytes]) -> None:
        for part in parts:
            stream.write(part.encode())

    write_whole(path, write, force=force)


def _write(path: Path, write: Callable[[IO[bytes]], None], force: bool) -> None:
    import tempfile

    target = _target(path) if force else path
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            write(stream)
        return
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".attn.")
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        os.chmod(name, _permissions(target))
        if force:
            os.replace(name, target)
        else:
            _placed(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _placed(name: str, target: Path) -> None:
    """Give a written file its name, if nothing else has it."""
    try:
        os.link(name, target)
        os.unlink(name)
    except FileExistsError:
        raise
    except OSError:
        # some file systems have no links: take the name first, then put the file there
        with target.open("xb"):
            pass
        os.replace(name, target)


def _target(path: Path) -> Path:
    """Where a link leads."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _permissions(path: Path) -> int:
    """Those that a file has, or that a new one gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
