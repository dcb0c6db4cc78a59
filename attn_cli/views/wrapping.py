"""Where lines may be broken that have no spaces: between Chinese characters, not before a comma."""

from __future__ import annotations

import re

BREAK = "\x1f"
"""A sign without width at which text may wrap; taken out again when it has."""

WIDE = r"[\u2e80-\u2fff\u3040-\u9fff\uf900-\ufaff]"
FIRST_WIDE = "\u2e80"
CLOSING = "，。：；、！？）》”’…"
OPENING = "（《“‘"

PLACES = rf"(?<={WIDE})(?=[^\s{CLOSING}])|(?<=[{CLOSING}])(?=[^\s{CLOSING}])"
BEFORE = rf"(?<=[^\s{OPENING}{BREAK}])(?=[{OPENING}]|{WIDE})"


def breakable(text: str) -> str:
    """Mark the places where a line of Chinese may end; other text stays as it is."""
    if max(text) < FIRST_WIDE and not {*CLOSING, *OPENING} & {*text}:
        return text
    return re.sub(BEFORE, BREAK, re.sub(PLACES, BREAK, text))


def unmarked(text: str) -> str:
    """The text without the marks."""
    return text.replace(BREAK, "")
