"""Arrays from files and streams, safely: no pickle, no code, no size taken on trust."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from attn_cli.arrays import literals
from attn_cli.arrays.arguments import MANY, SETTINGS
from attn_cli.arrays.limits import refuse_above_memory
from attn_cli.arrays.literals import nested
from attn_cli.arrays.tables import Names, Table, read_table
from attn_cli.arrays.tokens import labels
from attn_cli.errors import AttnError, brief, listed, shape_text
from attn_cli.results.trace import SCHEMA
from attn_cli.units import bytes_text

Array = np.ndarray[Any, Any]

TENSOR_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}

MOST_AXES = 8
MOST_UNPACKED = 2**30
"""Bytes that an archive's array may unpack to, however small it is packed."""
HEADER_WIDTHS = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
LONGEST_HEADER = 10_000
TEXT_COST = 24
"""Bytes of memory that reading a byte of text takes, at most."""

LABELS = {"labels": "n", "key_labels": "m"}
"""Entries of words that name rows: those of queries, and those of keys."""


def read_one(data: bytes | Path, kind: str, name: str | None, option: str) -> Table:
    """Read one array, with names of its rows, from a file or from the bytes of a stream.

    kind: the suffix that says how. name: which of several, by default the option's own.
    """
    if kind in MANY:
        wanted = name or option.split()[-1].strip("‹›")
        several = read_many(data, kind, option)
        if not isinstance(several, Mapping):
            return Table(several)
        named = taken_labels(several, option)
        if name is None and wanted not in several and len(several) == 1:
            (wanted,) = several
        if wanted not in several:
            raise AttnError(
                f"{option}: {_called(data)} holds no array {brief(wanted)!r}. "
                f"It holds: {listed(several)}."
            )
        keys = wanted in ("k", "v", "context")
        rows = named.get("m", ()) if keys else named.get("n", ())
        return Table(load(several[wanted], option), Names(rows))
    if kind == ".npy":
        if isinstance(data, Path):
            with data.open("rb") as stream:
                return Table(_npy(stream, data.stat().st_size, option))
        return Table(_npy(io.BytesIO(data), len(data), option))
    return read_table(_text_bytes(data, option), kind, option)


class Member:
    """An array inside an archive, not read yet."""

    def __init__(self, read: Any, size: int = 0, value: Any = None) -> None:
        self.read = read
        self.size = size
        self.value = value


def load(member: Member | Array, option: str) -> Array:
    """Read an array that may still lie in its archive."""
    return member.read(option) if isinstance(member, Member) else member


def taken_labels(held: dict[str, Any], option: str) -> dict[str, tuple[str, ...]]:
    """Take names of rows out of what a file holds: those of queries "n" and those of keys "m".

    Raises AttnError for an entry of that name that is no list of words.
    """
    found = {}
    for name, axis in LABELS.items():
        if name not in held:
            continue
        member = held.pop(name)
        value = getattr(member, "value", None)
        if value is None:
            array = load(member, f"{option}, {name}")
            value = [str(one) for one in array.tolist()] if array.dtype.kind == "U" else None
        if not isinstance(value, list | str) or not all(isinstance(one, str) for one in value):
            raise AttnError(f"{option}, {name}: a list of words is wanted, one for each row.")
        found[axis] = labels(value, f"{option}, {name}")
    return found


def read_many(data: bytes | Path, kind: str, option: str) -> dict[str, Member | Array] | Array:
    """Read the names of the arrays in an archive; a JSON file may also be one array."""
    if kind == ".npz":
        return _npz(data, option)
    if kind == ".safetensors":
        return _safetensors(data, option)
    raw = _text_bytes(data, option)
    try:
        value = literals.json_value(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AttnError(f"{option}: {_called(data)} is not JSON: {str(error)[:80]}") from None
    if isinstance(value, dict):
        if value.get("schema") == SCHEMA:
            return _trace(value, option)
        return {key: _later(item) for key, item in value.items()}
    return nested(value, option)


def _trace(document: dict[str, Any], option: str) -> dict[str, Member | Array]:
    """The arrays of a run's own document, and how it was made."""
    import json

    try:
        arrays = {
            str(step["name"]): _later(step["values"], step.get("dtype"))
            for step in document["steps"]
        }
    except (KeyError, TypeError):
        raise AttnError(f"{option}: a step of this run has no name or no values.") from None
    return {**arrays, SETTINGS: np.array(json.dumps(document.get("settings", {})))}


def _text_bytes(data: bytes | Path, option: str) -> bytes:
    """The bytes of a text, if there is memory to read it."""
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    refuse_above_memory(TEXT_COST * size, f"{option}: {_called(data)}", "Save it as .npy.")
    return data.read_bytes() if isinstance(data, Path) else data


def _later(value: Any, dtype: str | None = None) -> Member:
    """An array of a JSON file; a run's own document says which float type its numbers have."""

    def read(option: str) -> Array:
        array = nested(value, option)
        return array.astype(dtype) if dtype in FLOATS and array.dtype.kind == "f" else array

    return Member(read, value=value)


FLOATS = ("float16", "float32", "float64")


def sniff(data: bytes) -> str:
    """Tell the format of a stream from its first bytes."""
    if data.startswith(b"\x93NUMPY"):
        return ".npy"
    if data.startswith(b"PK"):
        return ".npz"
    return ".json" if data.lstrip()[:1] in (b"[", b"{") else ".txt"


def _called(data: bytes | Path) -> str:
    return str(data) if isinstance(data, Path) else "standard input"


def _npy(stream: IO[bytes], size: int, option: str) -> Array:
    """Read an .npy stream of `size` bytes, after holding its header against that size."""
    shape, fortran, dtype = _header(stream, option)
    if dtype.hasobject:
        raise AttnError(
            f"{option}: the array holds Python objects, which could run code when read.\n"
            "Save numbers: np.save(file, array.astype(float))."
        )
    if dtype.kind == "V" and dtype.itemsize == 2 and dtype.names is None:
        raise AttnError(
            f"{option}: the array holds raw numbers of two bytes (dtype V2), as bfloat16 is saved. "
            "Save it as array.astype(np.float32), or as .safetensors."
        )
    if dtype.shape or not dtype.itemsize or len(shape) > MOST_AXES or not all(shape):
        raise AttnError(f"{option}: {shape_text(shape)} of {dtype} is not an array of numbers.")
    claimed, there = prod(shape) * dtype.itemsize, size - stream.tell()
    if claimed > there:
        raise AttnError(
            f"{option}: the header claims {shape_text(shape)} {dtype} = {bytes_text(claimed)}, "
            f"but only {bytes_text(max(there, 0))} follow. The file is cut short or made up."
        )
    refuse_above_memory(2 * claimed, f"{option}: the array", "Give a smaller part of it.")
    data = stream.read(claimed)
    if len(data) < claimed:
        raise AttnError(f"{option}: the file ends after {bytes_text(len(data))} of numbers.")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes], option: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of an .npy stream; whatever is wrong with it is one message."""
    problem = f"{option}: this is not a NumPy array file"
    start = stream.read(8)
    if not start:
        raise AttnError(f"{option}: the file is empty.")
    width = HEADER_WIDTHS.get(start[6:8])
    if not start.startswith(npy.MAGIC_PREFIX) or width is None:
        raise AttnError(f"{problem}.")
    counted = stream.read(width)
    length = int.from_bytes(counted, "little")
    if length > LONGEST_HEADER:
        raise AttnError(f"{problem}: its header claims {length:,} bytes.")
    read = npy.read_array_header_1_0 if width == 2 else npy.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, fortran, dtype = read(io.BytesIO(counted + stream.read(length)))
    except Exception as error:
        # a made-up header can fail in the tokenizer, in literal_eval or in dtype, each its own way
        raise AttnError(f"{problem}: {str(error)[:80]}") from None
    if not all(type(extent) is int and extent >= 0 for extent in shape):
        raise AttnError(f"{problem}: its shape is {str(shape)[:40]}.")
    return shape, fortran, dtype


def _npz(data: bytes | Path, option: str) -> dict[str, Member | Array]:
    import zipfile
    import zlib

    source = data if isinstance(data, Path) else io.BytesIO(data)
    broken = (
        *(zipfile.BadZipFile, zlib.error, OSError, EOFError),
        *(RuntimeError, NotImplementedError, ValueError),
    )
    try:
        archive = zipfile.ZipFile(source)
    except broken:
        raise AttnError(f"{option}: {_called(data)} is not an .npz archive.") from None

    def member(info: zipfile.ZipInfo) -> Member:
        def read(option: str) -> Array:
            if info.file_size > MOST_UNPACKED and info.file_size > 100 * info.compress_size:
                raise AttnError(
                    f"{option}: {brief(info.filename)} unpacks from "
                    f"{bytes_text(info.compress_size)} to {bytes_text(info.file_size)}. Save it "
                    "with np.savez, unpacked, if it is meant."
                )
            try:
                with archive.open(info) as stream:
                    return _npy(stream, info.file_size, option)
            except AttnError:
                raise
            except broken as error:
                raise AttnError(
                    f"{option}: {brief(info.filename)} can't be read: {str(error)[:80]}"
                ) from None

        return Member(read, info.file_size)

    infos = archive.infolist()
    found: dict[str, Member | Array] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in found:
            raise AttnError(f"{option}: {_called(data)} has two arrays called {brief(name)!r}.")
        found[name] = member(info)
    return found


def _safetensors(data: bytes | Path, option: str) -> dict[str, Member | Array]:
    try:
        import ml_dtypes
        from safetensors import SafetensorError, deserialize
    except ImportError:
        raise AttnError(
            f"{option}: .safetensors files need pip install safetensors ml_dtypes (the extra "
            "attn-cli[safetensors])."
        ) from None
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    refuse_above_memory(2 * size, f"{option}: {_called(data)}", "Save the array alone, as .npy.")
    raw = data.read_bytes() if isinstance(data, Path) else data
    try:
        tensors = deserialize(raw)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise AttnError(f"{option}: {_called(data)} can't be read: {error}") from None

    def member(name: str, tensor: Mapping[str, Any]) -> Member:
        def read(option: str) -> Array:
            kind = tensor["dtype"]
            dtype = ml_dtypes.bfloat16 if kind == "BF16" else TENSOR_TYPES.get(kind)
            if dtype is None:
                raise AttnError(f"{option}: {name} is of type {kind}, which is not computed with.")
            shape = tuple(tensor["shape"])
            if len(shape) > MOST_AXES or not all(shape):
                raise AttnError(f"{option}: {name} is {shape_text(shape)}: no array of numbers.")
            return np.frombuffer(tensor["data"], dtype=dtype).reshape(shape)

        return Member(read)

    return {name: member(name, tensor) for name, tensor in tensors}
