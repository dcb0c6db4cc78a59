"""Arrays of exact numbers: read from text, made of letters, with numbers put in for letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from attn_cli.api.cells import CELL
from attn_cli.api.given import ARRAYS, Arrays
from attn_cli.api.gradient import ONES, RANDOM, change_of
from attn_cli.api.requests import Request
from attn_cli.arrays import exact_literals
from attn_cli.arrays.arguments import SUFFIXES, path_and_name
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.readings.exact import rational
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]
Entries = dict[str, Array]

SPREAD = 1.5
"""How widely random whole numbers spread."""

AT = re.compile(r"\s*(?P<letter>[A-Za-z]\w*)\s*=\s*(?P<number>.+?)\s*", re.S)


def read_entries(arrays: Arrays) -> tuple[Arrays, Entries]:
    """Read typed arrays exactly, and put the numbers of their entries in their place.

    What is a file or an array stays as it is: its floats stand for the simplest fractions.
    """
    entries: Entries = {}
    places: dict[str, Any] = {}
    for name in ARRAYS:
        given = getattr(arrays, name)
        if _is_typed(given):
            entries[name] = exact_literals.parse(given, choice(name))
            places[name] = _numbered(entries[name])
    param = {}
    for name, given in arrays.param.items():
        param[name] = given
        if _is_typed(given):
            entries[name] = exact_literals.parse(given, choice("param", name))
            param[name] = _numbered(entries[name])
    return arrays._replace(**places, param=param), entries


def _is_typed(given: Any) -> bool:
    if not isinstance(given, str) or given == "-" or not given.strip():
        return False
    path, _ = path_and_name(given)
    return path.suffix.lower() not in SUFFIXES and not Path(given).exists()


def _numbered(entries: Array) -> Array:
    """The number of each entry, from which it is found again wherever it is laid."""
    return np.arange(entries.size, dtype=np.float64).reshape(entries.shape)


def exact_arrays(request: Request, entries: Entries, *, symbolic: bool) -> Entries:
    """The arrays of a program, exactly: as typed, as letters, or as the floats they are.

    Random numbers are rounded to whole ones, or are letters where symbolic.
    """
    found: Entries = {}
    for name, array in request.arrays.items():
        if name in entries:
            found[name] = entries[name].reshape(-1)[array.astype(int)]
        elif name in request.drawn and symbolic:
            found[name] = _letters(name, array.shape)
        elif array.dtype.kind == "f":
            found[name] = _random(array) if name in request.drawn else _simplest(array)
        else:
            found[name] = array
    return found


def exact_change(given: Any, request: Request, sources: Sources) -> tuple[Array, str]:
    """How the loss changes with the output, as `change_of` has it; typed numbers as they are."""
    typed = isinstance(given, str) and given not in (ONES, RANDOM)
    if typed and not CELL.fullmatch(given.strip()) and _is_typed(given):
        entries = exact_literals.parse(given, "‹d_output›")
        places, loss = change_of(_numbered(entries), request, sources)
        return entries.reshape(-1)[places.astype(int)], loss
    change, loss = change_of(given, request, sources)
    return (_random if given == RANDOM else _simplest)(change), loss


def _simplest(array: Array) -> Array:
    """The simplest fractions that floats are nearest to."""
    return each(lambda number: rational(float(number)), array)


def _random(array: Array) -> Array:
    """Random numbers as small whole ones; those from 0 to 1 as tenths, shares of 1 as such."""
    if array.min() < 0 or array.max() > 1:
        return _simplest(np.round(SPREAD * array / (float(array.std()) or 1.0)))
    tenths = _simplest(np.maximum(np.round(10 * array), 1) / 10)
    shares = np.allclose(array.sum(axis=-1), 1)
    return tenths / tenths.sum(axis=-1, keepdims=True) if shares else tenths


def _letters(name: str, shape: tuple[int, ...]) -> Array:
    """q_0_1 for the entry of q in row 0, column 1."""
    return _made(
        shape, lambda at: sp.Symbol("_".join([name, *map(str, at)]) if at else name, real=True)
    )


def each(function: Callable[[Any], Any], array: Array) -> Array:
    """A function of every entry of an array."""
    return _made(array.shape, lambda at: function(array[at]))


def _made(shape: tuple[int, ...], make: Any) -> Array:
    found = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        found[place] = make(place)
    return found


def letters_of(arrays: Mapping[str, Array]) -> list[Any]:
    """Every letter in some arrays, by name."""
    found = {
        letter
        for array in arrays.values()
        if array.dtype == object
        for entry in array.flat
        for letter in entry.free_symbols
    }
    return sorted(found, key=lambda letter: letter.name)


def put_in(arrays: Entries, at: str | Mapping[str, Any]) -> Entries:
    """The same with numbers for some letters: "a=1,b=√2", or a mapping.

    Raises AttnError for what is not of that form and for a letter that there is not.
    """
    known = {letter.name: letter for letter in letters_of(arrays)}
    numbers = {}
    for name, number in _pairs(at):
        if name not in known:
            hint = did_you_mean(name, [*known]) if known else "There are no letters."
            raise AttnError(f"‹at›: there is no letter {brief(name)!r}. {hint}")
        numbers[known[name]] = exact_literals.number(str(number), "‹at›")
    return {
        name: each(lambda entry: entry.xreplace(numbers), array) if array.dtype == object else array
        for name, array in arrays.items()
    }


def _pairs(at: str | Mapping[str, Any]) -> list[tuple[str, Any]]:
    if isinstance(at, Mapping):
        return [*at.items()]
    found = []
    for part in re.split(r",(?![^()]*\))", at):
        match = AT.fullmatch(part)
        if match is None:
            raise AttnError(f"‹at›: {brief(part)!r} is not of the form a=1,b=√2.")
        found.append((match["letter"], match["number"]))
    return found


def stand_ins(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Floats of the same shapes, some number for each letter: what is asked of shapes alone."""
    letters = letters_of(arrays)
    some = np.random.default_rng(0).standard_normal(len(letters))
    numbers = dict(zip(letters, some, strict=True))
    return {
        name: each(lambda entry: float(entry.xreplace(numbers)), array).astype(np.float64)
        if array.dtype == object
        else array
        for name, array in arrays.items()
    }
