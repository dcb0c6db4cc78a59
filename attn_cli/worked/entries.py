"""One number as somebody wrote it: what it says, and how far its rounding lets it be off."""

from __future__ import annotations

import re
from math import inf, isfinite, isinf
from typing import NamedTuple

from attn_cli.arrays import literals
from attn_cli.errors import AttnError


class Entry(NamedTuple):
    """One place of a matrix.

    value: None where nothing is written. half: half of the last digit, 0 where it is exact.
    decimals: how many are written, None where it is no decimal number. blank: whether it is to be
    filled in. percent: whether it is written in hundredths.
    """

    text: str
    value: float | None = None
    half: float = 0.0
    decimals: int | None = None
    blank: bool = False
    percent: bool = False

    @property
    def digits(self) -> int:
        """How many digits are written, without zeros before them."""
        return len(re.sub(r"\D", "", self.text).lstrip("0"))


BLANK = re.compile(r"(\\?_)+|\?+|□|…|\.\.\.|-{2,}|(?i:n/?a|none|null)")
DASHES = ("·", "-", "–", "—")
UNSAID = ("", *DASHES)
"""What stands where nothing is said: an entry that a mask drops, or an empty place."""

BOOLEANS = {"true": 1.0, "false": 0.0, "■": 1.0}
"""What a mask may be written with."""

DECIMAL = re.compile(r"(?P<whole>[-+]?\d*)(\.(?P<part>\d*))?([eE](?P<power>[-+]?\d{1,3}))?")
USUAL = re.compile(r"(?P<whole>[-+]?\d+)(\.(?P<part>\d+))?(?P<power>)")
"""What most entries are: seen first, since a page may hold a hundred thousand."""
THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
INFINITE = re.compile(r"(?i)([-+]?)(∞|inf|infinity)")
BOUND = re.compile(r"(?P<sign>[<>])(?P<number>\d*\.?\d+)")
EXACT = re.compile(r"[-+*/^·√().\d\se]|sqrt|exp")
"""Signs of which an exact number is made: 1/3, √2/2, e^1/(1 + e^2)."""

CLEARED = (
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\sqrt\s*(\d+)"), r"sqrt(\1)"),
    (re.compile(r"\\d?frac\s*(\d)"), r"\\frac{\1}"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"\\d?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"(\1)/(\2)"),
    (re.compile(r"\\(?:text|mathrm|mathbf|boldsymbol|textbf|underline)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\infty"), "∞"),
    (re.compile(r"\\[,;:! ]|\\q?quad|\\phantom\{[^}]*\}|[$`*~&]|\\(?=%)"), " "),
)
"""What is taken off a number's dress in Markdown and LaTeX."""


def read_entry(text: str) -> Entry | None:
    """Read one place of a matrix; None where it is neither a number nor left empty."""
    plain = text.strip()
    usual = USUAL.fullmatch(plain)
    if usual:
        return _decimal(plain, usual)
    if BLANK.fullmatch(plain):
        return Entry(plain, blank=True)
    if plain in UNSAID:
        return Entry(plain)
    if plain.lower() in BOOLEANS:
        return Entry(plain, BOOLEANS[plain.lower()])
    for pattern, new in CLEARED:
        plain = pattern.sub(new, plain)
    plain = plain.replace("−", "-").strip()
    percent = plain.endswith("%")
    found = _number(plain.removesuffix("%").strip())
    if found is None:
        return None
    return found._replace(text=text.strip()) if not percent else in_percent(found, text.strip())


def in_percent(entry: Entry, text: str = "") -> Entry:
    """A number of hundredths, as a share of 1."""
    if entry.value is None:
        return entry
    decimals = None if entry.decimals is None else entry.decimals + 2
    return entry._replace(
        text=text or entry.text,
        value=entry.value / 100,
        half=entry.half / 100,
        decimals=decimals,
        percent=True,
    )


def _number(text: str) -> Entry | None:
    infinite = INFINITE.fullmatch(text)
    if infinite:
        return Entry(text, -inf if infinite[1] == "-" else inf)
    bound = BOUND.fullmatch(text)
    if bound:
        return _bound(bound)
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[-+]?\d*,\d+", text):
        text = text.replace(",", ".")
    decimal = DECIMAL.fullmatch(text)
    if decimal and re.search(r"\d", decimal["whole"] + (decimal["part"] or "")):
        return _decimal(text, decimal)
    return _exact(text)


def _decimal(text: str, match: re.Match[str]) -> Entry | None:
    value = float(text)
    if isinf(value):
        return None
    decimals = len(match["part"] or "") - int(match["power"] or 0)
    return Entry(text, value, 0.5 * 10.0**-decimals, decimals)


def _bound(match: re.Match[str]) -> Entry:
    """What is too small, or too near to 1 or 100, to be written with the digits there are."""
    decimals = len(match["number"].partition(".")[2])
    half = 0.5 * 10.0**-decimals
    near = 0.0 if match["sign"] == "<" else float(match["number"]) + 2 * half
    return Entry(match[0], near, half, decimals)


def _exact(text: str) -> Entry | None:
    """A fraction, a root or a power; None where it is no number."""
    if not re.search(r"\d", text) or EXACT.sub("", text) or re.search(r"\d\s+\d", text):
        return None
    value = literals.number(text)
    if value is None:
        from attn_cli.arrays import exact_literals

        try:
            value = float(exact_literals.number(text.replace(" ", ""), ""))
        except (AttnError, TypeError):
            return None
    if not isfinite(value):
        return None
    return Entry(text, value, _of_parts(text, value))


ROUNDED = re.compile(r"\d*\.\d+")


def _of_parts(text: str, value: float) -> float:
    """How far a quotient or a product of rounded numbers may be off: as far as each of them."""
    parts = [(float(one), len(one.partition(".")[2])) for one in ROUNDED.findall(text)]
    return abs(value) * sum(0.5 * 10.0**-decimals / one for one, decimals in parts if one)
