"""A worked example read: the choices it states, its inputs, and the steps that are written down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.given import ARRAYS
from attn_cli.api.requests import Request
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief, listed, shape_text
from attn_cli.language import said
from attn_cli.mechanisms import MECHANISMS
from attn_cli.spec import Spec
from attn_cli.worked.entries import Entry, read_entry
from attn_cli.worked.marking import numbers
from attn_cli.worked.matrices import Matrix, matrices
from attn_cli.worked.names import candidates, head_of, known_names

Array = np.ndarray[Any, Any]

CHOICES = re.compile(r"<!--\s*attn\s+(\{.*?\})\s*-->", re.S)
"""Choices in a comment of Markdown: <!-- attn {"causal": true} -->."""

MOST_BYTES = 2**22
TEXTS = (".md", ".txt", ".json", ".markdown", ".tex", ".rst", "")


class Example(NamedTuple):
    """What stands in a worked example.

    name: of the file. choices: those it states. asked: the steps of an exercise that were to be
    filled in, none where all were. inputs: the arrays that are given. matrices: all
    that are written down.
    """

    name: str
    choices: Mapping[str, Any]
    asked: tuple[str, ...]
    inputs: Mapping[str, Array]
    matrices: tuple[Matrix, ...]


class Written(NamedTuple):
    """A step as it is written: entries and their lines, in the shape of the step."""

    entries: Array
    lines: Array


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
    return Example(
        name, Spec.of(choices).said(), asked if any(asked) else (), _inputs(found), tuple(found)
    )


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


def _array_names() -> dict[str, Sequence[str]]:
    """Every array that a run may be given."""
    return dict.fromkeys(ARRAYS, ())


def _inputs(found: Sequence[Matrix]) -> dict[str, Array]:
    """Matrices that are given and not computed: q, k and v are computed where x and W_Q are."""
    own = _own_arrays()
    known = known_names({**_array_names(), **dict.fromkeys(own, ())})
    by_name: dict[str, Array] = {}
    rows: dict[str, dict[int, Array]] = {}
    for one in found:
        first = next(iter(candidates(one.captions, known)), None)
        if first is None:
            continue
        name, slash, row = first.partition("/")
        array = numbers(one.entries)
        if name not in (*ARRAYS, *own) or np.isnan(array).any():
            continue
        array = array.reshape(-1) if own.get(name) == 1 else array
        if slash and one.entries.shape[0] == 1:
            rows.setdefault(name, {})[int(row)] = array[0]
        elif not slash:
            by_name.setdefault(name, array)
    for name, all_of in rows.items():
        by_name.setdefault(name, np.array([all_of[row] for row in sorted(all_of)]))
    if "x" in by_name and "w_v" in by_name:
        return {name: one for name, one in by_name.items() if name not in ("q", "k", "v")}
    return {
        name: one
        for name, one in by_name.items()
        if name not in ("x", "context", "w_q", "w_k", "w_v") or "v" not in by_name
    }


def _own_arrays() -> dict[str, int]:
    """Arrays that belong to one mode or another, and how many axes they have."""
    return {name: len(axes) for one in MECHANISMS for name, axes in one.parameters.items()}


def placed(
    example: Example, request: Request, ways: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Written], tuple[str, ...]]:
    """Matrices by the steps that they are, and notices about others.

    ways: symbols and formulas of the steps.
    """
    known = known_names({**dict.fromkeys(request.arrays, ()), **ways, **_array_names()})
    found: dict[str, Written] = {}
    skipped: list[Matrix] = []
    for one in example.matrices:
        name = _placed(one, known, request, found, ways)
        if name is None:
            skipped.append(one)
    if not found:
        names = [name for name in ways if request.program[name].operation != "allow"]
        raise AttnError(
            f"{example.name} holds no step of {request.mechanism.name} but what is given. "
            f"Its steps are {listed(names)}."
        )
    weights = request.program.last("weights")
    if weights is not None and weights.name in found:
        _no_weight(found[weights.name].entries)
    return found, tuple(_left_out(example, skipped, known, request))


def _no_weight(entries: Any) -> None:
    """Read dots as weights of 0, as pages here have them."""
    for at in np.ndindex(entries.shape):
        if entries[at].text == "·":
            entries[at] = Entry("·", 0.0)


def _left_out(
    example: Example, skipped: Sequence[Matrix], known: Mapping[str, str], request: Request
) -> Iterator[str]:
    """What is said of matrices that are no step."""
    masks = [one for one in skipped if {"mask", "masked"} & {*candidates(one.captions, known)}]
    if masks and request.choices.mask is None:
        yield said(
            "Line {line}: without a mask there is no such step. Add ‹causal› or ‹mask›.",
            line=masks[0].lines[0],
        )
    lines = [str(one.lines[0]) for one in skipped if not any(one is other for other in masks)]
    if lines:
        yield said(
            "Matrices whose name or shape is that of no step were left out: line {lines}.",
            lines=", ".join(lines),
        )


def _placed(
    one: Matrix,
    known: Mapping[str, str],
    request: Request,
    found: dict[str, Written],
    ways: Mapping[str, Sequence[str]],
) -> str | None:
    """Put a matrix in its place; None where it has none."""
    head = head_of(one.captions)
    for said_name in candidates(one.captions, known):
        name, slash, row = said_name.partition("/")
        if name in request.arrays:
            return name
        if name not in ways:
            continue
        shape = tuple(int(size) for size in request.program.shape(request.program[name]))
        if tuple(size for size in shape if size != 1) == tuple(
            size for size in one.entries.shape if size != 1
        ):
            if name in found:
                continue
            lines = np.repeat(one.lines, one.entries[0].size).reshape(shape)
            found[name] = Written(one.entries.reshape(shape), lines)
            return name
        part = _part(one, shape, head, int(row) if slash else None)
        if part is not None:
            own = found.setdefault(name, _empty(shape))
            own.entries[part] = one.entries.reshape(own.entries[part].shape)
            own.lines[part] = one.lines[0]
            return name
        if len(known) and name == next(iter(candidates(one.captions, known))):
            raise AttnError(
                f"{name} in line {one.lines[0]} is {shape_text(one.entries.shape)}, and "
                f"{shape_text(shape)} was meant."
            )
    return None


def _part(one: Matrix, shape: tuple[int, ...], head: int | None, row: int | None) -> int | None:
    """Which part of a step a matrix is: a head's, or a row."""
    at = head if len(shape) == 3 else row
    inside = one.entries.shape if len(shape) == 3 else one.entries.shape[1:]
    if at is None or not 0 <= at < shape[0] or shape[1:] != inside:
        return None
    return at


def _empty(shape: tuple[int, ...]) -> Written:
    entries = np.empty(shape, dtype=object)
    entries.fill(Entry(""))
    return Written(entries, np.zeros(shape, dtype=int))
