"""Examples in topics, which are lines for a command, read as calls of the library."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from attn_cli.spec import CHOICES
from attn_cli.spelling import TYPED

IN_PYTHON = {word: name for name, word in TYPED.items()}

FLAGS = ("everything", "steps")
NUMBERS = ("head", "batch_index", "precision")
LOOKS = ("only", "start", "show_work", *FLAGS, *NUMBERS)
"""What of a result is looked at."""


class Example(NamedTuple):
    """A command with its choices and arrays, and what of the result is looked at."""

    command: str
    values: dict[str, Any]
    look: dict[str, Any]


def read_example(line: str) -> Example:
    """Read `attn compute --n 3 --causal`; texts of topics are ours, so they are well formed."""
    _, command, *words = shlex.split(line)
    values: dict[str, Any] = {}
    look: dict[str, Any] = {}
    while words:
        written = words.pop(0).removeprefix("--").replace("-", "_")
        name = IN_PYTHON.get(written, written)
        if name in LOOKS:
            look[name] = True if name in FLAGS else _looked_at(name, words.pop(0))
        elif name == "param":
            own, _, array = words.pop(0).partition("=")
            values.setdefault("param", {})[own] = array
        else:
            values[name] = _value(name, words)
    return Example(command, values, look)


def _looked_at(name: str, word: str) -> int | str:
    return int(word) if name in NUMBERS else word


def _value(name: str, words: list[str]) -> Any:
    known = CHOICES.get(name)
    kind = known.kind if known is not None else "array"
    if kind == "flag":
        return True
    if name == "rope" and (not words or words[0].startswith("--")):
        return "half-split"
    word = words.pop(0)
    if kind == "count" or (kind == "size" and word.isdigit()):
        return int(word)
    return float(word) if kind == "number" else word
