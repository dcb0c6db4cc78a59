"""The options of a command as they are spelled, and the words that belong to none of them."""

import re
from collections.abc import Iterator, Sequence
from inspect import Parameter
from typing import Any, NamedTuple, get_args

from attn_cli.cli.streams import as_option

HELP = ("-h", "--help", "--help-all")

NEGATIVE = re.compile(r"-[\d.∞]")
"""How a word begins that is a number and no option."""


def is_option(word: str) -> bool:
    """Whether a word is meant as an option: -n, --n, --n=4; not -3, - and --."""
    return len(word) > 1 and word[0] == "-" and word != "--" and not NEGATIVE.match(word)


class Options(NamedTuple):
    """The options of a command.

    valued: those that take a value, with an example of one; flags: those that take none. loose:
    whether words without an option are taken.
    """

    valued: dict[str, str]
    flags: frozenset[str]
    loose: bool

    @property
    def known(self) -> frozenset[str]:
        """All of them."""
        return self.flags | {*self.valued}

    def outside_values(self, words: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Words that are no option's value, with their places."""
        places = iter(range(len(words)))
        for at in places:
            yield at, words[at]
            following = words[at + 1] if at + 1 < len(words) else "--"
            if words[at] in self.valued and not following.startswith("--"):
                next(places)

    def named(self, words: Sequence[str]) -> list[str]:
        """The options among words, as they are typed: --n, --causal=yes, -x."""
        return [word for _, word in self.outside_values(words) if is_option(word)]

    def places_of_loose(self, words: Sequence[str]) -> tuple[int, ...]:
        """Where words stand that belong to no option."""
        return tuple(at for at, word in self.outside_values(words) if not is_option(word))

    def need_reading(self, words: Sequence[str]) -> bool:
        """Whether a word belongs to no option, an option is not known, or lacks its value."""
        names = {word.partition("=")[0] for word in self.named(words)}
        if not names <= self.known:
            return True
        if self.flag_with_value(words) is not None or self.without_value(words) is not None:
            return True
        return not self.loose and bool(self.places_of_loose(words))

    def flag_with_value(self, words: Sequence[str]) -> str | None:
        """The first option that takes no value and has one: --causal=yes."""
        joined = (word for word in self.named(words) if "=" in word)
        return next((word for word in joined if word.partition("=")[0] in self.flags), None)

    def without_value(self, words: Sequence[str]) -> str | None:
        """The first option that has no value; --rope may stand alone."""
        for at, word in self.outside_values(words):
            following = words[at + 1] if at + 1 < len(words) else "--"
            if word in self.valued and word != "--rope" and following.startswith("--"):
                return word
        return None


def options_among(parameters: Sequence[Parameter]) -> Options:
    """The options of a command, by its parameters."""
    valued: dict[str, str] = {}
    flags = set()
    loose = False
    for one in parameters:
        kind, told = get_args(one.annotation)
        if not getattr(told, "param_decls", ()) and not _is_option(told):
            loose = True
        elif kind is bool:
            flags.add(as_option(one.name, None))
        else:
            valued[as_option(one.name, None)] = str(told.metavar or "VALUE")
    return Options(valued, frozenset(flags), loose)


def _is_option(told: Any) -> bool:
    return type(told).__name__ == "OptionInfo"
