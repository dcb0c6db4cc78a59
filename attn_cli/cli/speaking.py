"""The language a command is asked to speak."""

from __future__ import annotations


def speak(wanted: str | None) -> str:
    """Say meanings and notices in the language of --lang, and return its name.

    Raises AttnError for one that there is not.
    """
    from attn_cli import language

    if wanted is None:
        language.speak(language.ENGLISH)
        return "en"
    from attn_cli.api.languages import known
    from attn_cli.topics.library import catalogue

    name = known(wanted)
    language.speak(catalogue(name))
    return name
