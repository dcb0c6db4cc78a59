"""A worked example read: the choices that it states, and the matrices written down."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief
from attn_cli.language import said
from attn_cli.spec import Spec
from attn_cli.worked.entries import Entry, read_entry
from attn_cli.worked.matrices import Matrix, matrices

Array = np.ndarray[Any, Any]

CHOICES = re.compile(r"<!--\s*attn\s+(\{.*?\})\s*-->", re.S)
"""Choices in a comment of Markdown: <!-- attn {"causal": true} -->."""

MOST_BYTES = 2**22
TEXTS = (".md", ".txt", ".json", ".markdown", ".tex", ".rst", "")


class Example(NamedTuple):
    """What stands in a worked example.

    name: of the file. choices: those it states. asked: the steps of an exercise that were to be
    filled in, none where all were. matrices: all that are written down.
    """

    name: str
    choices: Mapping[str, Any]
    asked: tuple[str, ...]
    matrices: tuple[Matrix, ...]


def read_example(example: str | Path, sources: Sources) -> Example:
    """Read a file, or a text of several lines."""
    name, text, kind = _text(example, sources)
    found, choices = _json(text) if kind == ".json" else (matrices(text), _stated(text))
    if not found:
        raise AttnError(
            f"{name} holds no matrix. Known are Q = [[1, 0], [0, 1]], LaTeX's bmatrix, "
            "Markdown tables below a heading, and rows of numbers below a name."
        )
    choices = dict(choices)
    asked = tuple(str(choices.pop("steps", "")).split(","))
    return Example(name, Spec.of(choices).said(), asked if any(asked) else (), tuple(found))


def _text(example: str | Path, sources: Sources) -> tuple[str, str, str]:
    """The name, the text and the kind of an example."""
    if isinstance(example, str) and "\n" in example:
        return said("the text"), example, _kind("", example)
    if str(example) == "-":
        raw, name, kind = sources.stream("the example"), said("standard input"), ""
    else:
        path = Path(example)
        name, kind = path.name, path.suffix.lower()
        raw = _bytes(path, kind)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AttnError(f"{name} is no text in UTF-8.") from None
    if not text.strip():
        raise AttnError(f"There is nothing in {name}.")
    return name, text, _kind(kind, text)


def _bytes(path: Path, kind: str) -> bytes:
    if not path.exists():
        raise AttnError(f"There is no file {brief(str(path))}.")
    if path.is_dir():
        raise AttnError(f"{brief(str(path))} is a folder, not a worked example.")
    if kind not in TEXTS:
        raise AttnError(
            f"{path.name} is no Markdown, text or JSON; arrays of other kinds are "
            "compared by attn diagnose."
        )
    if path.stat().st_size > MOST_BYTES:
        raise AttnError(f"{path.name} has more than {MOST_BYTES >> 20} MiB.")
    return path.read_bytes()


def _kind(kind: str, text: str) -> str:
    return kind if kind == ".json" or not text.lstrip().startswith("{") else ".json"


def _stated(text: str) -> Mapping[str, Any]:
    match = CHOICES.search(text)
    if match is None:
        return {}
    try:
        found = json.loads(match[1])
    except ValueError:
        raise AttnError(f"The choices {brief(match[1])} are no JSON.") from None
    return dict(found)


class _Number(str):
    """A number of a JSON file as it is written."""

    __slots__ = ()


def _json(text: str) -> tuple[list[Matrix], Mapping[str, Any]]:
    """Lists of numbers by name; `choices` states choices."""
    try:
        found = json.loads(text, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError) as error:
        raise AttnError(f"The example is not JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict):
        raise AttnError('Give matrices by name: {"q": [[1, 0]], "weights": [[0.67]]}.')
    if isinstance(found.get("steps"), list):
        named = {str(one["name"]): one["values"] for one in found["steps"] if "values" in one}
        stated: Mapping[str, Any] = {}
    else:
        named = {name: one for name, one in found.items() if isinstance(one, list)}
        stated = found.get("choices") or {}
    made = [_listed(name, one, text) for name, one in named.items()]
    return made, {name: _plain(one) for name, one in stated.items()}


def _plain(value: Any) -> Any:
    """A choice, whose numbers were read as they are written."""
    return json.loads(value) if isinstance(value, _Number) else value


def _leaf(part: Any) -> Entry | None:
    """A number of a JSON file, True and False among them; null is left blank."""
    if part is None:
        return Entry("", blank=True)
    return read_entry(str(int(part)) if isinstance(part, bool) else str(part))


def _listed(name: str, value: Any, text: str) -> Matrix:
    leaves: list[Entry] = []

    def shape_of(part: Any) -> tuple[int, ...]:
        if not isinstance(part, list):
            entry = _leaf(part)
            if entry is None:
                raise AttnError(f"{name} holds {brief(repr(part))}, which is no number.")
            leaves.append(entry)
            return ()
        shapes = {shape_of(one) for one in part}
        if len(shapes) != 1:
            raise AttnError(f"The rows of {name} are not as long as each other.")
        return (len(part), *shapes.pop())

    shape = shape_of(value)
    entries = np.empty(len(leaves), dtype=object)
    entries[:] = leaves if len(leaves) > 1 else leaves[:1]
    shape = shape if len(shape) > 1 else (1, *shape)
    at = text.find(f'"{name}"')
    line = text.count("\n", 0, max(at, 0)) + 1
    return Matrix((name,), (line,) * shape[0], entries.reshape(shape))
