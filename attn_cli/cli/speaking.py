"""The language a command is asked to speak."""

from __future__ import annotations

from attn_cli import language
from attn_cli.cli.options import LanguageOptions
from attn_cli.errors import AttnError
from attn_cli.topics.library import LANGUAGES, catalogue


def speak(options: LanguageOptions) -> str:
    """Say meanings and notices in the language of --lang, and return its name.

    Raises AttnError for one that there is not.
    """
    wanted = (options.lang or "en").lower()
    if wanted not in LANGUAGES:
        raise AttnError(f"‹lang›: no language {options.lang!r}. Known: {', '.join(LANGUAGES)}.")
    language.speak(catalogue(wanted))
    return wanted
