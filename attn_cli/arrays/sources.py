"""One argument, one array: a file, `-` for standard input, or a literal."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from attn_cli.arrays.arguments import (
    MANY,
    PICKLES,
    SUFFIXES,
    looks_like_literal,
    part_of,
    path_and_name,
)
from attn_cli.arrays.limits import available_bytes
from attn_cli.arrays.outside import as_array
from attn_cli.errors import AttnError, ImpossibleError, shape_text

if TYPE_CHECKING:
    from attn_cli.arrays import files
    from attn_cli.arrays.tables import Names, Table

Array = np.ndarray[Any, Any]

EXAMPLES = (
    'Give a file (q.npy, run.npz:q, q.csv, q.json), - for standard input, or numbers: "1 0; 0 1".'
)


class Sources:
    """Reads arguments into arrays; standard input, where there is one, is read once.

    names: words for rows and columns that files had, by the option that named the file.
    """

    def __init__(self, stdin: IO[bytes] | None) -> None:
        self._stdin = stdin
        self._stdin_taken_by: str | None = None
        self._data = b""
        self.names: dict[str, Names] = {}

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
            return self._named(files.read_one(data, kind, None, option), option)
        argument, part = part_of(argument)
        if part is not None:
            return _part(self.one(argument, option), part, option)
        path, name = path_and_name(argument)
        if os.path.isfile(path):
            return self._named(files.read_one(path, _kind(path, option), name, option), option)
        if os.path.exists(path) and stat.S_ISFIFO(path.stat().st_mode):
            with path.open("rb") as stream:
                data = _bounded(stream, option, argument)
            return self._named(files.read_one(data, files.sniff(data), name, option), option)
        if os.path.isdir(path):
            raise AttnError(f"{option}: {argument!r} is a folder.\n{EXAMPLES}")
        if path.suffix.lower() in (*SUFFIXES, *PICKLES) or not looks_like_literal(argument):
            raise AttnError(f"{option}: there is no file {argument!r}.\n{EXAMPLES}")
        return literals.parse(argument, option)

    def _named(self, table: Table, option: str) -> Array:
        if any(table.names):
            self.names[option] = table.names
        return table.array

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
        _refuse_pickle(str(argument), kind, option)
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


CONVERTS = (
    "f = lambda x, n='': {{n or 'x': x.detach().float().numpy()}} if torch.is_tensor(x) else "
    "{{k: v for i, y in (x.items() if hasattr(x, 'items') else enumerate(x) "
    "if isinstance(x, (list, tuple)) else ()) "
    "for k, v in f(y, f'{{n}}.{{i}}'.strip('.')).items()}}; "
    "np.savez('{name}.npz', **f(torch.load('{file}', weights_only=False, map_location='cpu')))"
)
"""What makes arrays of tensors, whatever holds them: a dict, a tuple, a model's output."""


def _refuse_pickle(file: str, kind: str, option: str) -> None:
    """Raise AttnError for a file that may run code when it is read, with what converts it."""
    if kind in PICKLES:
        line = CONVERTS.format(name=Path(file).stem, file=file)
        raise AttnError(
            f"{option}: {file} is a pickle, which could run code when it is read. Convert it "
            f'where you trust it:\n  python -c "import numpy as np, torch; {line}"'
        )


def _part(array: Array, text: str, option: str) -> Array:
    """A part of an array: [0], [:,2:4]."""
    try:
        index = tuple(_index(one) for one in text.split(","))
        found = array[index]
    except (ValueError, IndexError) as error:
        raise AttnError(
            f"{option}: [{text}] is no part of an array of {shape_text(array.shape)}: "
            f"{str(error)[:80]}."
        ) from None
    return np.ascontiguousarray(found)


def _index(text: str) -> int | slice:
    if ":" not in text:
        return int(text)
    return slice(*(int(one) if one.strip() else None for one in text.split(":")))


def _kind(path: Path, option: str) -> str:
    kind = path.suffix.lower()
    _refuse_pickle(str(path), kind, option)
    if kind not in SUFFIXES:
        raise AttnError(f"{option}: {path} is not a known kind of file: {', '.join(SUFFIXES)}.")
    return kind


def _decoded(data: bytes, option: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AttnError(f"{option}: standard input is neither text nor a known format.") from None
