"""Matrices in a text: in brackets, in LaTeX, in Markdown tables, in rows of plain numbers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from attn_cli.readings.subprogram import Array
from attn_cli.worked.entries import Entry, in_percent, read_entry
from attn_cli.worked.names import HEAD


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
COMMENTED = re.compile(r"^([ \t]*)#(?=\s*(?:\[|tensor\(|array\())", re.M)
"""A comment that holds what a program printed."""
REMARK = re.compile(r"(?<=[\])\d,;])[ \t]+(?:#|//|←|<-|⟵).*")
"""Words behind a row: # cat, ← cat, <- first."""
BRACKETS = re.compile(r"\[\s*+(?>\[[^\[\]]*+\]\s*+(?:[,;]\s*+)?+)++\]|\[[^\[\]\n|]*+\]")
RULE = re.compile(r":?-+:?")
HEADING = re.compile(r"\s{0,3}#{1,6}\s|\s{0,8}(\*\*|__)[^\n]{0,180}(\*\*|__):?\s{0,8}$")
FENCE = re.compile(r"(```|~~~|\$\$|\\\[|\\\])\s?\w{0,20}$")
INLINE = re.compile(r"^[^=≈:|]{1,80}(?:=|≈|:)\s*(?P<rows>[^=≈:|\[\]\\(]+)$")
SUMS = ("sum", "total", "row sum", "Σ", "合计", "和", "总和")
"""Columns and rows of a table that are no part of its matrix."""
OPERATES = re.compile(
    r"[ \t]*+(\\right\S?)?[ \t]*+"
    r"(\^|@|·|×|\*(?!\*)|/|\\times|\\cdot|\[|\\begin|\\left|[+−-][ \t]*+(?=[\[\d\\])"
    r"|\n?[ \t]*+&?(=|≈|\\approx)[ \t]*+(?=\[|\\begin|\\left))"
)
"""What stands behind a matrix that is a factor, a summand or a step towards the result."""
NEAR = 200
"""Letters before and behind a matrix by which it is told whether it is a result."""


def matrices(text: str) -> list[Matrix]:
    """Every matrix of a text, in order; what is multiplied, or stands in a sentence, is none."""
    text = COMMENTED.sub(r"\1 ", text)
    text = CALLS.sub(lambda match: " " * len(match[0]), text)
    text = REMARK.sub(lambda match: " " * len(match[0]), text)
    text = apart(text)
    page = _Page(text)
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
        made = _matrix(page, span, end)
        if made is not None:
            found.append(made)
            end = span.end
    return found


def _blanked(text: str, spans: Sequence[_Span]) -> str:
    """The same text with spaces in the place of what has been read."""
    parts, end = [], 0
    for one in sorted(spans):
        if one.start >= end:
            parts += [text[end : one.start], re.sub(r"[^\n]", " ", text[one.start : one.end])]
            end = one.end
    return "".join([*parts, text[end:]])


def _in_latex(text: str) -> Iterator[_Span]:
    if "\\end{" not in text:
        return
    for match in LATEX.finditer(text):
        # a page that was pasted from a chat may have lost one of two backslashes
        ends = r"\\\\" if "\\\\" in match["body"] else r"\\(?=\s|$)"
        rows = [row.split("&") for row in re.split(ends, match["body"]) if row.strip()]
        yield _Span(match.start(), match.end(), [[c.strip() for c in row] for row in rows])


def _all_brackets(text: str) -> list[_Span]:
    found = [_Span(one.start(), one.end(), _rows(one[0])) for one in BRACKETS.finditer(text)]
    return [one for one in found if any(one.rows)]


def _in_brackets(text: str) -> list[_Span]:
    """Brackets of more than one number; a single one may be a footnote or an index."""
    found: list[_Span] = []
    for one in _all_brackets(text):
        if sum(map(len, one.rows)) <= 1 and text[one.start : one.start + 2] != "[[":
            continue
        if found and _goes_on(text, found[-1], one):
            before = found.pop()
            before.rows.extend(one.rows)
            one = before._replace(end=one.end)
        found.append(one)
    return found


def _goes_on(text: str, before: _Span, one: _Span) -> bool:
    """Whether a bracket is the next row of a matrix whose rows stand on lines of their own."""
    between = text[before.end : one.start]
    begins = text.rfind("\n", 0, before.start) + 1
    return (
        len(between) <= NEAR
        and between.strip(" \t,;") == "\n"
        and not text[begins : before.start].strip()
        and len(one.rows) == 1
        and len(before.rows[0]) == len(one.rows[0])
    )


BESIDE = re.compile(r"[A-Za-z]\w{0,15}\s{0,3}=\s{0,3}\[\[")
"""The beginning of a matrix that may stand beside others on the same lines."""


def apart(text: str) -> str:
    """The same text with matrices that stand side by side one behind the other.

    Each is on the first of their lines, parted by a vertical tab, which is no new line of the text.
    """
    lines, made = text.split("\n"), []
    at = 0
    while at < len(lines):
        starts = [one.start() for one in BESIDE.finditer(lines[at])]
        count = _lines_beside(lines, at, starts) if len(starts) > 1 else 1
        if count == 1:
            made.append(lines[at])
        else:
            ends = [*starts[1:], None]
            columns = [
                " ".join(line[start:end] for line in lines[at : at + count])
                for start, end in zip([0, *starts[1:]], ends, strict=True)
            ]
            made += ["\v".join(columns), *[""] * (count - 1)]
        at += count
    return "\n".join(made)


MOST_BESIDE = 64


def _lines_beside(lines: Sequence[str], at: int, starts: Sequence[int]) -> int:
    """How many lines matrices take that begin on one; 1 where each ends on that line."""
    columns = [*zip([0, *starts[1:]], [*starts[1:], None], strict=True)]
    open_ones = [0] * len(columns)
    for count, line in enumerate(lines[at : at + MOST_BESIDE], 1):
        for place, (start, end) in enumerate(columns):
            part = line[start:end]
            open_ones[place] += part.count("[") - part.count("]")
        if not any(open_ones):
            return count
    return 1


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
    near = text[max(0, span.start - NEAR) : span.start]
    before = _undressed(near)
    line = near.replace("\v", "\n").rpartition("\n")[2]
    opens = not re.sub(r"\\left|[\s$&({>-]", "", line)
    equals = before.endswith(("=", "≈", ":", "：", "→")) or near.rstrip().endswith("\\approx")
    behind = text[span.end : span.end + NEAR].split("\n\n")[0]
    return (equals or opens) and not OPERATES.match(behind)


DRESS = ("\\left", "\\approx", "\\\\", "\\[")


def _undressed(text: str) -> str:
    """What stands before a matrix, without spaces, brackets and signs of layout at its end."""
    while True:
        plain = text.rstrip().rstrip("$&({")
        for sign in DRESS:
            plain = plain.removesuffix(sign)
        if plain == text:
            return text
        text = plain


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
    rows = [(_is_rule(cells), cells) for cells in (_cells(line) for _, line in block)]
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


def _is_rule(cells: Sequence[str]) -> bool:
    """Whether a row of a table is the line below its head."""
    return all(RULE.fullmatch(cell) for cell in cells)


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


class _Page:
    """A text with what is looked up for each of its matrices: lines and headings."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [at for at, sign in enumerate(text) if sign == "\n"]
        self.headings: list[tuple[int, str]] = []
        at = 0
        for line in text.split("\n"):
            if HEADING.match(line[:NEAR]):
                self.headings.append((at, line))
            at += len(line) + 1

    def line(self, at: int) -> int:
        """The line of a place, counted from 1."""
        return bisect_left(self.breaks, at) + 1

    def since_heading(self, at: int) -> str:
        """The first lines between the last heading and a place: what a table shows."""
        place = bisect_left(self.headings, (at, ""))
        start = self.headings[place - 1][0] if place else 0
        return self.text[start : min(at, start + 3 * NEAR)]

    def heading(self, at: int) -> str | None:
        """The last heading before a place."""
        place = bisect_left(self.headings, (at, ""))
        return self.headings[place - 1][1] if place else None


def _matrix(page: _Page, span: _Span, end: int) -> Matrix | None:
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
    captions = tuple(_captions(page, span, end))
    near = page.since_heading(span.start)
    percent = any(sign in one for one in (*captions[:2], near) for sign in PER_CENT)
    large = any(one.value is not None and one.value > 1 for one in said)
    whole = percent and large and not any("%" in one.text for one in said)
    made = [in_percent(one) if whole else one for one in said]
    entries = np.empty(len(said), dtype=object)
    entries[:] = made if len(made) > 1 else made[:1]
    return Matrix(captions, _lines(page, span), entries.reshape(len(rows), -1))


PER_CENT = ("%", "per cent", "percent", "百分比")


def _lines(page: _Page, span: _Span) -> tuple[int, ...]:
    """The line of each row, as far as rows have lines of their own."""
    first = page.line(span.start)
    inside = [
        first + at
        for at, line in enumerate(page.text[span.start : span.end].split("\n"))
        if re.search(r"[\d_?∞]", line)
    ]
    count = len(span.rows)
    return tuple(inside[-count:]) if len(inside) >= count else (first,) * count


def _captions(page: _Page, span: _Span, end: int) -> Iterator[str]:
    """Where its name may stand: left of it, in a table's corner, above it, in the heading."""
    text = page.text
    before = text[max(end, span.start - FAR) : span.start]
    yield from _left_of(re.split(r"\n\s*\n|\$\$", before)[-1])
    corner = _cells(text[span.start : span.end].partition("\n")[0])
    if "|" in text[span.start : span.end] and corner[0]:
        yield corner[0]
    above = [line for line in before.splitlines() if line.strip() and not FENCE.match(line.strip())]
    printed = PRINTED.search(above[-1]) if above else None
    if printed is not None:
        yield printed[1] or printed[2]
    elif (
        above
        and (
            above[-1].rstrip().endswith((":", "=", "："))
            or any(one in above[-1] for one in PER_CENT)
        )
    ) or (above and len(above[-1]) <= LONGEST_NAME and HEAD.search(above[-1])):
        yield above[-1]
    heading = page.heading(span.start)
    if heading is not None:
        yield heading
    elif above and len(above[-1]) <= LONGEST_NAME:
        yield above[-1]


LONGEST_NAME = 40

FAR = 2000
"""Letters before a matrix in which its name may stand."""

PRINTED = re.compile(r"print\((\w+)\)\s*$|>>>\s*(\w+)\s*$")
"""What a session of Python shows."""


def _left_of(statement: str) -> Iterator[str]:
    """Lines before a matrix, nearest first, without the matrices that it is computed from."""
    plain = BRACKETS.sub(" ", LATEX.sub(" ", statement))
    lines = [one for one in plain.splitlines() if one.strip() and not FENCE.match(one.strip())]
    for line in lines[:-3:-1]:
        printed = PRINTED.search(line)
        yield (printed[1] or printed[2]) if printed else line.strip()
