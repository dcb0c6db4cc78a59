"""Sentences into tokens: words and signs, as a reader would count them; words that name rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attn_cli.errors import AttnError, brief

WITHOUT_SPACES = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts written without spaces between words: a sign is a token, unless spaces part words."""

UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]"
ADDED = r"[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
"""What changes the look of the sign before it: a colour of skin, a style."""
SIGN = rf"[\U0001f1e6-\U0001f1ff]{{2}}|[^\w\s]{ADDED}(?:\u200d[^\s]{ADDED})*"
"""A flag of two letters, or a sign with those that are joined to it: 👩‍🌾 is one."""


LONGEST_NAME = 60


def tokens(text: str, option: str) -> list[str]:
    """Split a sentence; "The cat is sitting on the mat." has eight tokens.

    Chinese and Japanese are split into signs, or where spaces stand between those, there.
    Raises AttnError when there is none.
    """
    _refuse_bytes(text, option)
    clean = re.sub(UNPRINTABLE, " ", text)
    found: list[str] = re.findall(_pattern(clean), clean)
    if not found:
        raise AttnError(f"{option}: there is no word in {text!r}.")
    return found


COMMAS = "[,，、]"


def labels(given: str | Sequence[str], option: str) -> tuple[str, ...]:
    """Names of rows: a list; or text that commas part, else spaces; one word is one name.

    Raises AttnError where there is none, or an empty one.
    """
    parts: Sequence[str] = given
    if isinstance(given, str):
        text = given.strip()
        parts = re.split(COMMAS, text) if re.search(COMMAS, text) else text.split()
    if not parts:
        raise AttnError(f"{option}: there is no word in {str(given)!r}.")
    found = tuple(printable(one, option) for one in parts)
    if not all(found):
        raise AttnError(f"{option}: name {found.index('') + 1} is empty.")
    return found


def printable(text: str, option: str) -> str:
    """A name without signs that can't be shown.

    Raises AttnError for one that no table has room for.
    """
    _refuse_bytes(text, option)
    name = " ".join(re.sub(UNPRINTABLE, " ", text).split())
    if len(name) > LONGEST_NAME:
        raise AttnError(
            f"{option}: a name has at most {LONGEST_NAME} letters, {brief(name)!r} {len(name)}."
        )
    return name


def _refuse_bytes(text: str, option: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AttnError(f"{option}: this is not text in UTF-8: {text[:40]!a}.") from None


def _pattern(text: str) -> str:
    """What a token of this text looks like; marks belong to the letter before them."""
    import unicodedata

    marks = "".join({re.escape(sign) for sign in text if unicodedata.category(sign)[0] == "M"})
    marked = f"[{marks}]*" if marks else ""
    letter = rf"(?:[^\W{WITHOUT_SPACES}]{marked})"
    spaced = re.search(rf"[{WITHOUT_SPACES}]\s+[{WITHOUT_SPACES}]", text)
    signs = f"[{WITHOUT_SPACES}]{marked}"
    word = rf"{letter}+(?:['’\-]{letter}+)*"
    if spaced:
        word = rf"(?:{signs}|{letter})+(?:['’\-]{letter}+)*"
    return rf"{word}|{SIGN}" if spaced else rf"{signs}|{word}|{SIGN}"
