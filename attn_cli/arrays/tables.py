"""Tables of numbers in text: rows and columns, which may have words for names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays import literals
from attn_cli.arrays.tokens import labels, printable
from attn_cli.errors import AttnError

Array = np.ndarray[Any, Any]

SIGNS_OF_LITERALS = r"[;\[/\u2212]"
"""What a typed matrix may have and a table of numbers may not."""

DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Names(NamedTuple):
    """Words that name the rows and the columns of an array; empty where there are none."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Table(NamedTuple):
    """An array, with the names that its file has for it."""

    array: Array
    names: Names = Names()


def read_table(data: bytes, kind: str, option: str) -> Table:
    """Read rows of numbers; a first row or a first column of words names columns and rows.

    Raises AttnError for a cell that is neither, and for rows of different lengths.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AttnError(f"{option}: this is neither text in UTF-8 nor a known format.") from None
    lines = [line for line in map(_without_remark, text.splitlines()) if line.strip()]
    if not lines:
        raise AttnError(f"{option}: there is nothing in it.")
    delimiter = DELIMITERS.get(kind, "," if "," in lines[0] else None)
    try:
        found = Table(np.loadtxt(lines, delimiter=delimiter, ndmin=2, comments=None))
    except ValueError:
        if kind == ".txt" and re.search(SIGNS_OF_LITERALS, text):
            return Table(literals.parse("\n".join(lines), option))
        found = _named(lines, delimiter, option)
    if np.isinf(found.array).any() and "inf" not in text.lower():
        raise AttnError(f"{option}: a number is beyond float64, whose largest is 1.798e308.")
    return found


PIECE = re.compile(r"\s*##\w+\s*[,\t ]\s*[-+.\d]")
"""A row of a piece of a word as BERT's tokenizer writes it: ##ing."""


def _without_remark(line: str) -> str:
    return line if PIECE.match(line) else line.partition("#")[0]


def _named(lines: Sequence[str], delimiter: str | None, option: str) -> Table:
    """A table with words in its first row, its first column, or both."""
    rows = [_cells(line, delimiter) for line in lines]
    columns: tuple[str, ...] = ()
    first = 0
    if len(rows) > 1 and all(map(_is_name, rows[0])):
        first = 1
    worded = all(row and _is_name(row[0]) for row in rows[first:])
    numbers = [row[1:] if worded else row for row in rows[first:]]
    wrong = _explained(numbers, lines[first:], first, int(worded), delimiter)
    if wrong or not numbers[0]:
        raise AttnError(f"{option}: {wrong or 'there is no number in it.'}")
    width = len(numbers[0])
    if first:
        if len(rows[0]) not in (width, width + worded):
            raise AttnError(
                f"{option}: the first row has {len(rows[0])} words for {width} columns.\n"
                f"  {lines[0][:72]}"
            )
        columns = tuple(printable(cell, option) for cell in rows[0][-width:])
    names = labels([row[0] for row in rows[first:]], option) if worded else ()
    return Table(
        np.array([[float(cell) for cell in row] for row in numbers]), Names(names, columns)
    )


def _cells(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line; between quotes a comma is one."""
    if delimiter is None:
        return line.split()
    import csv

    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _explained(
    rows: Sequence[Sequence[str]],
    lines: Sequence[str],
    before: int,
    left: int,
    delimiter: str | None,
) -> str:
    """Name the first cell that is no number, or the first row of another length; "" for none.

    before, left: rows and columns of words, which are counted too.
    """
    for at, (cells, line) in enumerate(zip(rows, lines, strict=True)):
        row = at + before + 1
        wrong = next((place for place, cell in enumerate(cells) if not _is_number(cell)), None)
        if wrong is not None:
            column = wrong + left + 1
            what = f"row {row}, column {column} is not a number: {cells[wrong]!r}."
            return f"{what}\n  {line[:72]}{_hint(line, cells[wrong], row)}"
        if len(cells) != len(rows[0]):
            count = f"row {row} has {len(cells)} numbers, row {before + 1} has {len(rows[0])}"
            return f"{count}.\n  {line[:72]}"
    return ""


NUMBER_LIKE = re.compile(r"\d|[-+−±$€£¥￥].|(?=.*\d)[\W\d_]+$")
"""A number that was mistyped or has a unit: begins with a digit, a sign or a currency, or has a
digit and no letter. No name is taken to look so."""


def _is_name(text: str) -> bool:
    return not _is_number(text) and not NUMBER_LIKE.match(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _hint(line: str, cell: str, row: int) -> str:
    """What may be meant by a line that is no list of numbers."""
    if ";" in line:
        return "\nColumns are parted by commas here; write them so, and decimals with a point."
    if re.fullmatch(r"[-+−]?\d+,\d+", cell):
        return "\nDecimals are written with a point."
    if NUMBER_LIKE.match(cell):
        return (
            "\nA name of a column or a row doesn't begin with a digit, a sign or a currency; "
            "numbers stand alone, without a unit."
        )
    if row == 1 and re.search(r"[^\W\d_]", cell):
        return "\nNames of columns fill the first row, names of rows the first column."
    return ""
