"""Help on a command: examples and the most used options first, the others by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from attn_cli.errors import AttnError, did_you_mean
from attn_cli.language import said
from attn_cli.spelling import spelled
from attn_cli.views.page import Block, Heading, Lines, Title, listing

WORDS = {
    "How arrays are read": "reading",
    "What is counted": "counting",
    "Forms of libraries": "forms",
    "More to see": "more",
}
"""Groups that are asked for by another word than their first."""

NAMED = 4
"""Options of a group that its line names."""

ALL = "all"


class Option(NamedTuple):
    """An option: how it is typed, what it does, the group it is in."""

    name: str
    typed: str
    text: str
    group: str


def word_for(group: str) -> str:
    """The word that asks for a group: masks, of `Masks (True = may attend)`."""
    return WORDS.get(group, group.split()[0].lower())


def groups_of(options: Sequence[Option]) -> Mapping[str, list[Option]]:
    """Options by the word of their group."""
    groups: dict[str, list[Option]] = {}
    for one in options:
        groups.setdefault(word_for(one.group), []).append(one)
    return groups


def help_page(
    name: str, text: str, examples: Sequence[str], used: Sequence[str], options: Sequence[Option]
) -> list[Block]:
    """What a command is for, examples, the most used options, and a line for each group."""
    most = [one for want in used for one in options if one.name == want]
    groups = [(word, _in_short(held)) for word, held in groups_of(options).items()]
    rows = [*groups, (ALL, f"{len(options)}")]
    return [
        Title(f"attn {name}", "", f"attn {name} [OPTIONS]"),
        Lines(tuple(text.split("\n\n")), indented=False),
        Heading("", said("Examples")),
        Lines(tuple(examples)),
        Heading("", said("Most used options")),
        _listed(most),
        Heading("", said("All options, by group")),
        two_columns([(spelled(f"‹help {word}›"), told) for word, told in rows]),
    ]


def group_page(name: str, word: str, options: Sequence[Option]) -> list[Block]:
    """Every option of a group, or of all.

    Raises AttnError for a word that is no group.
    """
    groups = groups_of(options)
    if word == ALL:
        shown = groups
    elif word in groups:
        shown = {word: groups[word]}
    else:
        raise AttnError(f"‹help›: there is no group {word[:40]!r}. {_known(word, groups)}")
    blocks: list[Block] = [Title(f"attn {name}", "", f"attn {name} [OPTIONS]")]
    for held in shown.values():
        blocks += [Heading("", held[0].group), _listed(held)]
    return blocks


def _known(word: str, groups: Mapping[str, list[Option]]) -> str:
    return did_you_mean(word, [*groups, ALL])


def _listed(options: Sequence[Option]) -> Block:
    return two_columns([(one.typed, one.text) for one in options])


def two_columns(rows: Sequence[tuple[str, str]]) -> Block:
    """What is typed, and what it does."""
    return listing(("", " "), rows, wrap=(" ",), kinds=(("", "query"),))


def _in_short(options: Sequence[Option]) -> str:
    names = [one.typed.split()[0] for one in options]
    more = f" … {len(names)} in all" if len(names) > NAMED else ""
    return f"{options[0].group}: {' '.join(names[:NAMED])}{more}"
