"""The language a command is asked to speak: by --lang, or by the environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise

ENVIRONMENT = ("ATTN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Variables that name a language, those first that are heeded first."""

OPTION = "--lang"


def speak(wanted: str | None) -> str:
    """Say everything in the language of --lang or of the environment, and return its name.

    Raises AttnError for one that there is not.
    """
    from attn_cli import language

    wanted = wanted or around()
    if wanted == "en":
        language.speak(language.ENGLISH)
        return wanted
    from attn_cli.api.languages import known
    from attn_cli.topics.library import catalogue

    name = known(wanted)
    language.speak(catalogue(name))
    return name


def around() -> str:
    """The language of the environment, where it is one that there is; English elsewhere."""
    said = next(filter(None, map(os.environ.get, ENVIRONMENT)), "")
    return "zh" if said.lower().startswith("zh") else "en"


def before_a_command(words: Sequence[str]) -> list[str]:
    """The words with --lang behind the command that it stands before."""
    if not words or words[0].partition("=")[0] != OPTION:
        return [*words]
    own = 1 if "=" in words[0] else 2
    rest = [*words[own:]]
    return [*rest, *words[:own]] if rest and not rest[0].startswith("-") else rest


def speak_early(words: Sequence[str]) -> None:
    """Say what is wrong with the words themselves in the language that is asked for among them."""
    from attn_cli.errors import AttnError

    named = [word.partition("=")[2] for word in words if word.startswith(f"{OPTION}=")]
    named += [after for word, after in pairwise(words) if word == OPTION]
    try:
        speak(next(iter(named), None))
    except AttnError:
        speak("en")
