"""One argument, one array: a file, `-` for standard input, or a literal."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from attn_cli.arrays.arguments import MANY, SUFFIXES, looks_like_literal, path_and_name
from attn_cli.arrays.limits import available_bytes
from attn_cli.arrays.outside import as_array
from attn_cli.errors import AttnError, ImpossibleError

if TYPE_CHECKING:
    from attn_cli.arrays import files

Array = np.ndarray[Any, Any]

EXAMPLES = (
    'Give a file (q.npy, run.npz:q, q.csv, q.json), - for standard input, or numbers: "1 0; 0 1".'
)


class Sources:
    """Reads arguments into arrays; standard input, where there is one, is read once."""

    def __init__(self, stdin: IO[bytes] | None) -> None:
        self._stdin = stdin
        self._stdin_taken_by: str | None = None
        self._data = b""

    def one(self, argument: Any, option: str) -> Array:
        """Read the array an argument is, or stands for."""
        if isinstance(argument, os.PathLike):
            argument = os.fspath(argument)
        if not isinstance(argument, str):
            return as_array(argument, option)
        from attn_cli.arrays import files, literals

        if not argument.strip():
            raise AttnError(f"{option}: nothing is given.\n{EXAMPLES}")
        if argument == "-":
            data = self.stream(option)
            kind = files.sniff(data)
            if kind == ".txt":
                return literals.parse(_decoded(data, option), option)
            return files.read_one(data, kind, None, option)
        path, name = path_and_name(argument)
        if os.path.isfile(path):
            return files.read_one(path, _kind(path, option), name, option)
        if os.path.exists(path) and stat.S_ISFIFO(path.stat().st_mode):
            with path.open("rb") as stream:
                data = _bounded(stream, option, argument)
            return files.read_one(data, files.sniff(data), name, option)
        if os.path.isdir(path):
            raise AttnError(f"{option}: {argument!r} is a folder.\n{EXAMPLES}")
        if path.suffix.lower() in SUFFIXES or not looks_like_literal(argument):
            raise AttnError(f"{option}: there is no file {argument!r}.\n{EXAMPLES}")
        return literals.parse(argument, option)

    def many(self, argument: Any, option: str) -> Mapping[str, files.Member | Array]:
        """Read the names of all arrays in one file, or in a mapping."""
        if isinstance(argument, Mapping):
            return {name: as_array(one, f"{option}, {name}") for name, one in argument.items()}
        from attn_cli.arrays import files

        argument = str(argument)
        if argument == "-":
            data: bytes | Path = self.stream(option)
            kind = files.sniff(data)  # type: ignore[arg-type]
        else:
            data = Path(argument)
            kind = data.suffix.lower()
            if not os.path.isfile(data):
                raise AttnError(f"{option}: there is no file {argument!r}.")
        if kind not in MANY:
            raise AttnError(f"{option}: several arrays come in {', '.join(MANY)}.")
        several = files.read_many(data, kind, option)
        if not isinstance(several, dict):
            raise AttnError(f'{option}: the arrays need names: {{"q": [[...]], "k": ...}}.')
        return several

    def stream(self, option: str) -> bytes:
        """All of standard input, which one option alone may read."""
        if self._stdin_taken_by == option:
            return self._data
        if self._stdin_taken_by:
            raise AttnError(f"{option}: {self._stdin_taken_by} reads standard input already.")
        if self._stdin is None:
            raise AttnError(f"{option}: standard input is read by the command line alone.")
        self._stdin_taken_by = option
        self._data = _bounded(self._stdin, option, "standard input")
        return self._data


def _bounded(stream: IO[bytes], option: str, name: str) -> bytes:
    """All of a stream, as far as there is memory to read it."""
    from attn_cli.arrays import files

    most = available_bytes() // files.TEXT_COST
    data = stream.read(most + 1)
    if len(data) > most:
        raise ImpossibleError(f"{option}: {name} is too long. Give a file.")
    return data


def _kind(path: Path, option: str) -> str:
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise AttnError(f"{option}: {path} is not a known kind of file: {', '.join(SUFFIXES)}.")
    return kind


def _decoded(data: bytes, option: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AttnError(f"{option}: standard input is neither text nor a known format.") from None
