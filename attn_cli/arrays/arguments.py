"""What an array's argument is, told without reading it."""

from __future__ import annotations

import os
import re
from pathlib import Path

SETTINGS = "attn"
"""The entry of a saved run that says how it was made: text, beside the arrays."""

SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".txt", ".json", ".safetensors")
MANY = (".npz", ".json", ".safetensors")
LITERAL_START = r"(?i)\s*([-+.\d\[−;]|inf\b|nan\b)"
BARE_WORD = r"[A-Za-z][\w-]*"
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
"""Files that may run code when they are read."""
PART = re.compile(
    rf"(?P<file>.+({'|'.join(map(re.escape, SUFFIXES))})(:[^\[\]]+)?)\[(?P<part>[-\d:,\s]*)\]", re.I
)
BOOLEAN_START = r"(?i)\s*(true|false)\b"


def looks_like_literal(text: str) -> bool:
    """Whether a person meant numbers, and not the name of a file."""
    return bool(re.match(LITERAL_START, text))


def path_and_name(argument: str) -> tuple[Path, str | None]:
    """Split `file.npz:name`."""
    before, colon, name = argument.rpartition(":")
    if colon and Path(before).suffix.lower() in MANY:
        return Path(before), name
    return Path(argument), None


def part_of(argument: str) -> tuple[str, str | None]:
    """Split `file.npz:name[0]`, a file and which part of its array."""
    match = PART.fullmatch(argument)
    return (match["file"], match["part"]) if match else (argument, None)


def names_array(argument: str) -> bool:
    """Whether an argument stands for an array: standard input, a file, or numbers.

    A bare word is a name, though a file may be called so: files of numbers have a suffix.
    """
    path, _ = path_and_name(part_of(argument)[0])
    return (
        argument == "-"
        or not argument.strip()
        or path.suffix.lower() in SUFFIXES
        or looks_like_literal(argument)
        or bool(re.match(BOOLEAN_START, argument))
        or (os.path.exists(path) and not re.fullmatch(BARE_WORD, argument))
    )
