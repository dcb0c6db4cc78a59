"""A worked example read: the choices that it states, and the matrices written down."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief
from attn_cli.language import said
from attn_cli.spec import Spec
from attn_cli.worked.entries import Entry, read_entry
from attn_cli.worked.matrices import Matrix, matrices
from attn_cli.worked.names import plain
from attn_cli.worked.web import plain_text

Array = np.ndarray[Any, Any]

CHOICES = re.compile(r"<!--\s*attn\s+(?P<choices>\{(?:(?!<!--).)*?\})\s*-->", re.S)
"""Choices in a comment of Markdown: <!-- attn {"causal": true} -->."""

MOST_BYTES = 2**22
TEXTS = (".md", ".txt", ".json", ".markdown", ".tex", ".rst", ".html", ".htm", "")


class Example(NamedTuple):
    """What stands in a worked example.

    name: of the file. choices: those it states. asked: the steps of an exercise that were to be
    filled in, none where all were. matrices: all that are written down. same: names that stand for
    another array, or for the identity, as in W_Q = W_K = I. words: what it says beside numbers.
    given: the arrays that were given, where it says which, with their numbers where it
    holds them; others are drawn again. shown: the head and the batch row that it shows. numbers:
    how many stand in it. kind: the float type that it was computed in.
    """

    name: str
    choices: Mapping[str, Any]
    asked: tuple[str, ...]
    matrices: tuple[Matrix, ...]
    same: tuple[tuple[tuple[str, ...], str], ...] = ()
    words: str = ""
    given: Mapping[str, Any] | None = None
    shown: Mapping[str, int] = MappingProxyType({})
    numbers: int = 0
    kind: str = "float64"


def read_example(example: str | Path, sources: Sources) -> Example:
    """Read a file, or a text of several lines."""
    name, text, kind = _text(example, sources)
    if kind == ".json":
        return _of_json(name, text)
    choices = _stated(text)
    if kind in (".html", ".htm") or text.lstrip()[:9].lower() in ("<!doctype", "<html"):
        text = plain_text(text)
    found = matrices(text)
    if not found:
        raise AttnError(
            f"{name} holds no matrix. Known are Q = [[1, 0], [0, 1]], LaTeX's bmatrix, "
            "Markdown tables below a heading, and rows of numbers below a name."
        )
    shown = {name: choices[name] for name in ("head", "batch_index") if name in choices}
    known, asked, given = _sorted({n: one for n, one in choices.items() if n not in shown})
    words = CHOICES.sub(" ", text)
    return Example(
        name,
        known,
        asked,
        tuple(found),
        given=given,
        shown=shown,
        same=tuple(_same(text)),
        words=words,
        numbers=len(NUMBER.findall(words)),
        kind=str(choices.get("dtype", "float64")),
    )


NUMBER = re.compile(r"(?<![\w.,])[-+−]?\d+(?:\.\d+)?(?![\w.]*\w)")
"""A number that stands alone, as entries of a matrix do."""

SAME = re.compile(
    r"^[\s>$*-]{0,8}(?P<names>(?:[\w^{}\\]{1,20} ?= ?){1,5})"
    r"(?P<same>(?:np\.|torch\.)?(?:I(?:_\{?\d+\}?)?|eye\(\d+\)|identity)|[A-Z]\w?)[\s.,;$]{0,4}$",
    re.M,
)
"""Several names for one matrix: Q = K = V = X, W_Q = W_K = I."""


def _same(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for match in SAME.finditer(text):
        names = tuple(plain(one) for one in match["names"].split("=") if one.strip())
        same = re.sub(r"^(np|torch)\.", "", match["same"])
        yield names, "I" if re.match(r"I(?![a-z])|eye|identity", same) else plain(same)


def _of_json(name: str, text: str) -> Example:
    """Lists of numbers by name, or a document that compute has printed."""
    found, choices, kind = _json(text)
    if not found:
        raise AttnError(f"{name} holds no matrix.")
    known, asked, given = _sorted(choices)
    return Example(name, known, asked, tuple(found), given=given, kind=kind)


def _sorted(
    stated: Mapping[str, Any],
) -> tuple[dict[str, Any], tuple[str, ...], Mapping[str, Any] | None]:
    """Choices; the steps of an exercise that were to be filled in; the arrays that were given."""
    choices = dict(stated)
    asked = tuple(one for one in str(choices.pop("steps", "")).split(",") if one)
    given = choices.pop("given", None)
    if given is None or isinstance(given, Mapping):
        return Spec.of(choices).said(), asked, given
    return Spec.of(choices).said(), asked, dict.fromkeys(filter(None, str(given).split(",")))


def _text(example: str | Path, sources: Sources) -> tuple[str, str, str]:
    """The name, the text and the kind of an example."""
    if isinstance(example, str) and _is_text(example):
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


MOST_OF_A_PATH = 255
"""Letters of a file's name: a longer one is a text."""


def _is_text(example: str) -> bool:
    """Whether it is a text and not a file's name."""
    longest = max(map(len, re.split(r"[/\\]", example)))
    return any(one in example for one in "\n=[<") or longest > MOST_OF_A_PATH


def _bytes(path: Path, kind: str) -> bytes:
    if not os.path.exists(path):
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
        found = json.loads(match["choices"])
    except ValueError:
        raise AttnError(f"The choices {brief(match['choices'])} are no JSON.") from None
    return dict(found)


class _Number(str):
    """A number of a JSON file as it is written."""

    __slots__ = ()


def _json(text: str) -> tuple[list[Matrix], Mapping[str, Any], str]:
    """Lists of numbers by name; `choices` states choices."""
    try:
        found = json.loads(text, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError) as error:
        raise AttnError(f"The example is not JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict):
        raise AttnError('Give matrices by name: {"q": [[1, 0]], "weights": [[0.67]]}.')
    if isinstance(found.get("steps"), list):
        named = {str(one["name"]): one["values"] for one in found["steps"] if "values" in one}
        stated: Mapping[str, Any] = found.get("choices") or {}
        kinds = {str(one.get("dtype")) for one in found["steps"]} & {*NARROW}
    else:
        named = {name: one for name, one in found.items() if isinstance(one, list)}
        stated = found.get("choices") or {}
        kinds = set()
    made = [_listed(name, one, text) for name, one in named.items()]
    kind = next((one for one in NARROW if one in {*kinds, stated.get("dtype")}), "float64")
    return made, {name: _plain(one) for name, one in stated.items()}, kind


NARROW = ("bfloat16", "float16", "float32")
"""Float types of which fewer digits are right than of float64, the narrowest first."""


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
    at = _place_of(name, text)
    line = text.count("\n", 0, max(at, 0)) + 1
    return Matrix((name,), (line,) * shape[0], entries.reshape(shape))


def _place_of(name: str, text: str) -> int:
    """Where an array begins: a step by its name, or a list by its key."""
    match = re.search(rf'"name":\s?"{re.escape(name)}"|"{re.escape(name)}"\s?:', text)
    return match.start() if match else 0
