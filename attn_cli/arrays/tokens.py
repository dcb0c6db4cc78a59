"""Sentences into tokens: words and signs, as a reader would count them."""

from __future__ import annotations

import re

from attn_cli.errors import AttnError

WITHOUT_SPACES = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts written without spaces between words: a sign is a token."""

UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]"
TOKEN = rf"[{WITHOUT_SPACES}]|[^\W{WITHOUT_SPACES}]+(?:['’\-][^\W{WITHOUT_SPACES}]+)*|[^\w\s]"


def tokens(text: str, option: str) -> list[str]:
    """Split a sentence; "The cat is sitting on the mat." has eight tokens.

    Raises AttnError when there is none.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AttnError(f"{option}: this is not text in UTF-8: {text[:40]!a}.") from None
    found: list[str] = re.findall(TOKEN, re.sub(UNPRINTABLE, " ", text))
    if not found:
        raise AttnError(f"{option}: there is no word in {text!r}.")
    return found
