"""Matrices in a text: in brackets, in LaTeX, in Markdown tables, in rows of plain numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from attn_cli.readings.subprogram import Array
from attn_cli.worked.entries import Entry, in_percent, read_entry


class Matrix(NamedTuple):
    """Numbers with what stands before them.

    captions: where its name may be, nearest first: left of it, above it, the heading. lines: of
    each row, counted from 1. entries: an array of Entry.
    """

    captions: tuple[str, ...]
    lines: tuple[int, ...]
    entries: Array


class _Span(NamedTuple):
    start: int
    end: int
    rows: list[list[str]]


LATEX = re.compile(
    r"(?:\\left\s*[\[(]\s*)?\\begin\{(?P<kind>[a-z]*matrix|array)\}(?:\{[^}]*\})?(?P<body>.*?)"
    r"\\end\{(?P=kind)\}(?:\s*\\right\s*[\])])?",
    re.S,
)
CALLS = re.compile(r"(?:np|numpy|torch|jnp|tf)?\.?(?:array|tensor|asarray|constant|Tensor)\(")
COMMENTED = re.compile(r"^([ \t]*)#(?=\s*\[)", re.M)
"""A comment that holds what a program printed."""
BRACKETS = re.compile(r"\[[^\[\]\n|]*\]|\[(?:\s*\[[^\[\]]*\]\s*[,;]?\s*)+\]")
SEPARATOR = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
HEADING = re.compile(r"\s{0,3}#{1,6}\s|\s*(\*\*|__).*(\*\*|__):?\s*$")
FENCE = re.compile(r"\s*(```|~~~|\$\$|\\\[|\\\])\s*\w*\s*$")
INLINE = re.compile(r"^[^=≈:|]{1,80}(?:=|≈|:)\s*(?P<rows>[^=≈:|\[\]\\(]+)$")
SUMS = ("sum", "total", "row sum", "Σ", "合计", "和", "总和")
"""Columns and rows of a table that are no part of its matrix."""
OPERATES = re.compile(
    r"[ \t]*(\\right\S?)?[ \t]*(\^|@|·|×|\*(?!\*)|/|\\times|\\cdot|\[|\\begin|\\left)"
)
"""What stands behind a matrix that is a factor and not a result."""


def matrices(text: str) -> list[Matrix]:
    """Every matrix of a text, in order; what is multiplied, or stands in a sentence, is none."""
    text = COMMENTED.sub(r"\1 ", text)
    text = CALLS.sub(lambda match: " " * len(match[0]), text)
    spans = [*_in_latex(text)]
    covered = _blanked(text, spans)
    spans += _in_brackets(covered)
    spans = [one for one in sorted(spans) if _is_result(text, one)]
    rest = _blanked(covered, _all_brackets(covered))
    spans += [*_in_tables(rest)]
    spans += [*_in_rows(_blanked(rest, spans))]
    found = []
    end = 0
    for span in sorted(spans):
        made = _matrix(text, span, end)
        if made is not None:
            found.append(made)
            end = span.end
    return found


def _blanked(text: str, spans: Sequence[_Span]) -> str:
    """The same text with spaces in the place of what has been read."""
    for one in spans:
        inside = re.sub(r"[^\n]", " ", text[one.start : one.end])
        text = text[: one.start] + inside + text[one.end :]
    return text


def _in_latex(text: str) -> Iterator[_Span]:
    for match in LATEX.finditer(text):
        rows = [row.split("&") for row in re.split(r"\\\\", match["body"]) if row.strip()]
        yield _Span(match.start(), match.end(), [[c.strip() for c in row] for row in rows])


def _all_brackets(text: str) -> list[_Span]:
    found = [_Span(one.start(), one.end(), _rows(one[0])) for one in BRACKETS.finditer(text)]
    return [one for one in found if any(one.rows)]


def _in_brackets(text: str) -> list[_Span]:
    """Brackets of more than one number; a single one may be a footnote or an index."""
    return [
        one
        for one in _all_brackets(text)
        if sum(map(len, one.rows)) > 1 or text[one.start : one.start + 2] == "[["
    ]


def _rows(text: str) -> list[list[str]]:
    inner = text.strip()[1:-1]
    if "[" in inner:
        return [_numbers(row) for row in re.findall(r"\[([^\[\]]*)\]", inner)]
    return [_numbers(row) for row in inner.split(";") if row.strip()]


def _numbers(row: str) -> list[str]:
    """Texts parted by commas, else by spaces."""
    parts = row.split(",") if "," in row else row.split()
    return [part.strip() for part in parts if part.strip()]


def _is_result(text: str, span: _Span) -> bool:
    """Whether it stands for itself: behind a sign of equality or at a line's start, no factor."""
    before = re.sub(r"(\\left|[\s$&({]|\\approx|\\\\|\\\[)+$", "", text[: span.start])
    line = text[: span.start].rpartition("\n")[2]
    opens = not re.sub(r"(\\left|[\s$&({>-])+", "", line)
    equals = before.endswith(("=", "≈", ":")) or text[: span.start].rstrip().endswith("\\approx")
    return (equals or opens) and not OPERATES.match(text[span.end :].split("\n\n")[0])


def _in_tables(text: str) -> Iterator[_Span]:
    """Markdown tables, without their heads and the names of their rows."""
    at = 0
    block: list[tuple[int, str]] = []
    for line in [*text.splitlines(keepends=True), ""]:
        if "|" in line.replace(r"\|", ""):
            block.append((at, line))
        elif block:
            yield from _table(block)
            block = []
        at += len(line)


def _table(block: list[tuple[int, str]]) -> Iterator[_Span]:
    rows = [(SEPARATOR.fullmatch(line.rstrip()), _cells(line)) for _, line in block]
    ruled = next((at for at, (rule, _) in enumerate(rows) if rule), None)
    body = [cells for rule, cells in rows if not rule]
    corner = body[0][0] if body and body[0] else ""
    labelled = ruled == 1 and (not corner or not all(map(read_entry, body[0])))
    if labelled:
        body = [row for row in body if not row or row[0].strip("*").lower() not in SUMS]
        if body and body[0][-1].strip("*").lower() in SUMS:
            body = [row[:-1] for row in body]
        body = body[1:]
    named = (labelled and not corner) or not all(row and read_entry(row[0]) for row in body)
    body = [row[1:] if named else row for row in body]
    if body and body[0]:
        end = block[-1][0] + len(block[-1][1])
        yield _Span(block[0][0], end, body)


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith(r"\|") else inner
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _in_rows(text: str) -> Iterator[_Span]:
    """Lines of numbers alone, below a name; and `name = 1 0; 0 1` on one."""
    at = start = 0
    block: list[list[str]] = []
    for line in [*text.splitlines(keepends=True), ""]:
        row = _numbers(line)
        if row and all(_is_number(one) for one in row):
            start = start if block else at
            block.append(row)
        else:
            if sum(map(len, block)) > 1:
                yield _Span(start, at, block)
            block = []
            yield from _on_a_line(line.rstrip(), at)
        at += len(line)


def _on_a_line(line: str, at: int) -> Iterator[_Span]:
    match = INLINE.match(line)
    if match is None:
        return
    rows = [_numbers(part) for part in match["rows"].split(";")]
    if sum(map(len, rows)) > 1 and all(_is_number(one) for row in rows for one in row):
        yield _Span(at + match.start("rows"), at + len(line), rows)


def _is_number(text: str) -> bool:
    entry = read_entry(text)
    return entry is not None and (entry.value is not None or entry.blank)


def _matrix(text: str, span: _Span, end: int) -> Matrix | None:
    """What is read of a span; None where it is no matrix of numbers."""
    rows = [[read_entry(one) for one in row] for row in span.rows]
    wide = {len(row) for row in rows}
    said = [one for row in rows for one in row if one is not None]
    count = sum(map(len, rows))
    if len(wide) != 1 or 2 * len(said) <= count:
        return None
    if not any(one.value is not None or one.blank for one in said):
        return None
    texts = [one for row in span.rows for one in row]
    flat = [one for row in rows for one in row]
    said = [
        Entry(text, blank=True) if one is None else one
        for text, one in zip(texts, flat, strict=True)
    ]
    captions = tuple(_captions(text, span, end))
    percent = any("%" in one or "per cent" in one for one in captions[:1])
    whole = percent and not any("%" in one.text for one in said)
    made = [in_percent(one) if whole else one for one in said]
    entries = np.empty(len(said), dtype=object)
    entries[:] = made if len(made) > 1 else made[:1]
    return Matrix(captions, _lines(text, span), entries.reshape(len(rows), -1))


def _lines(text: str, span: _Span) -> tuple[int, ...]:
    """The line of each row, as far as rows have lines of their own."""
    first = text.count("\n", 0, span.start) + 1
    inside = [
        first + at
        for at, line in enumerate(text[span.start : span.end].splitlines())
        if re.search(r"[\d_?∞]", line)
    ]
    count = len(span.rows)
    return tuple(inside[-count:]) if len(inside) >= count else (first,) * count


def _captions(text: str, span: _Span, end: int) -> Iterator[str]:
    """Where its name may stand: left of it, in a table's corner, above it, in the heading."""
    before = text[end : span.start]
    yield from _left_of(re.split(r"\n\s*\n|\$\$", before)[-1])
    corner = _cells(text[span.start : span.end].partition("\n")[0])
    if "|" in text[span.start : span.end] and corner[0]:
        yield corner[0]
    above = [line for line in before.splitlines() if line.strip() and not FENCE.match(line)]
    printed = PRINTED.search(above[-1]) if above else None
    if printed is not None:
        yield printed[1] or printed[2]
    elif above and (above[-1].rstrip().endswith((":", "=", "：")) or "%" in above[-1]):
        yield above[-1]
    lines = text[: span.start].splitlines()
    heading = next((line for line in reversed(lines) if HEADING.match(line)), None)
    if heading is not None:
        yield heading
    elif above and len(above[-1]) <= LONGEST_NAME:
        yield above[-1]


LONGEST_NAME = 40

PRINTED = re.compile(r"print\((\w+)\)\s*$|>>>\s*(\w+)\s*$")
"""What a session of Python shows."""


def _left_of(statement: str) -> Iterator[str]:
    """Lines before a matrix, nearest first, without the matrices that it is computed from."""
    plain = BRACKETS.sub(" ", LATEX.sub(" ", statement))
    lines = [one for one in plain.splitlines() if one.strip() and not FENCE.match(one)]
    for line in lines[:-3:-1]:
        printed = PRINTED.search(line)
        yield (printed[1] or printed[2]) if printed else line.strip()
