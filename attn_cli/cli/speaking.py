"""The language a command is asked to speak."""

from __future__ import annotations

from attn_cli import language
from attn_cli.errors import AttnError


def speak(wanted: str | None) -> str:
    """Say meanings and notices in the language of --lang, and return its name.

    Raises AttnError for one that there is not.
    """
    from attn_cli.topics.library import LANGUAGES, catalogue

    name = (wanted or "en").lower()
    if name not in LANGUAGES:
        raise AttnError(f"‹lang›: no language {wanted!r}. Known: {', '.join(LANGUAGES)}.")
    language.speak(catalogue(name))
    return name
