"""The languages that meanings, notices and explanations are said in."""

from __future__ import annotations

from contextlib import AbstractContextManager

from attn_cli import language
from attn_cli.errors import AttnError
from attn_cli.topics.library import LANGUAGES, catalogue


def speaking(name: str) -> AbstractContextManager[None]:
    """Say meanings and notices in a language, en or zh, inside a with statement.

    Raises AttnError for one that there is not.
    """
    return language.speaking(catalogue(known(name)))


def known(name: str | None) -> str:
    """The name of a language; English where nobody says.

    Raises AttnError for one that there is not.
    """
    found = str(name or "en").lower()
    if found not in LANGUAGES:
        raise AttnError(f"‹lang›: no language {name!r}. Known: {', '.join(LANGUAGES)}.")
    return found
