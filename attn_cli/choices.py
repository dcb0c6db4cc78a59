"""What is known of a choice: its type, range and words, and whether a value is one of its own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from math import isfinite, sqrt
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.spelling import choice

Command = Literal[
    "compute",
    "compare",
    "gradient",
    "train",
    "diagnose",
    "check",
    "complexity",
    "reconcile",
    "mask",
]

COMMANDS: tuple[Command, ...] = get_args(Command)

Kind = Literal["count", "size", "number", "flag", "name", "text", "counts", "names"]
"""What a choice holds: a whole number, a whole number or a letter, a number, yes or no, a name, a
text, whole numbers as in 5,3, or names with commas."""


class Choice(NamedTuple):
    """What is known of a choice beside its name and its default.

    takes: the commands that have it. group: the heading it stands under. helps: another help text
    in some commands. least, above, most: the range of a number. names: the words there are, where
    they are always the same. example: how a value is written.
    """

    kind: Kind
    group: str
    help: str
    takes: tuple[Command, ...]
    helps: Mapping[str, str] = MappingProxyType({})
    least: float | None = None
    above: float | None = None
    most: float | None = None
    names: tuple[str, ...] = ()
    example: str = "NAME"

    def help_for(self, command: str) -> str:
        """What the choice is, in a command."""
        return self.helps.get(command, self.help)

    def checked(self, name: str, value: Any) -> Any:
        """A value that the choice may have: whole numbers as int, lists as tuples.

        Raises AttnError, naming the choice, for another type and outside its range.
        """
        if value is None:
            return None
        if self.kind == "flag" and _is_true_or_false(value):
            return bool(value)
        return CHECKS[self.kind](self, name, value)


def declared(text: str, *takes: Command, kind: Kind, group: str, **more: Any) -> Any:
    """A field of a record of choices, which commands take (all, where none is named).

    The keywords are the fields of Choice, or the help text of one command.
    """
    helps: dict[str, str] = {one: more.pop(one) for one in COMMANDS if one in more}
    known = Choice(kind, group, text, takes or COMMANDS, helps, **more)
    return field(default=False if kind == "flag" else None, metadata={"choice": known})


def _wrong(name: str, value: Any) -> str:
    """The beginning of what is wrong with a value."""
    return f"{choice(name)}: {brief(repr(value))}"


def _is_true_or_false(value: Any) -> bool:
    """Whether a value is True or False, of Python or of an array library."""
    return isinstance(value, bool) or (
        str(getattr(value, "dtype", "")) == "bool" and not getattr(value, "shape", ())
    )


def _flag(known: Choice, name: str, value: Any) -> bool:
    raise AttnError(f"{_wrong(name, value)} is not True or False.")


def _whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _count(known: Choice, name: str, value: Any) -> int:
    try:
        whole = int(value) if _whole(value) else None
    except TypeError:
        whole = None
    if whole is None:
        raise AttnError(f"{_wrong(name, value)} is not a whole number.")
    _in_range(known, name, whole)
    return whole


def _in_range(known: Choice, name: str, value: float) -> float:
    """Raise AttnError for a number that is too small or too large."""
    for bound, holds, words in (
        (known.least, known.least is None or value >= known.least, "at least"),
        (known.above, known.above is None or value > known.above, "above"),
        (known.most, known.most is None or value <= known.most, "at most"),
    ):
        if not holds:
            raise AttnError(f"{choice(name)}: {_written(value)} is not {words} {bound:g}.")
    return value


def _written(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else brief(str(value))


def _size(known: Choice, name: str, value: Any) -> int | str:
    return _text(known, name, value) if isinstance(value, str) else _count(known, name, value)


def _number(known: Choice, name: str, value: Any) -> float:
    try:
        number = typed_number(value) if isinstance(value, str) else float(value)
        number = None if isinstance(value, bool) else number
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise AttnError(f"{_wrong(name, value)} is not a number.")
    if not isfinite(number):
        raise AttnError(f"{choice(name)}: {number:g} is not a finite number.")
    return _in_range(known, name, number)


DIGITS = r"\d+(?:\.\d*)?|\.\d+"
PART = rf"(?P<{{0}}n>{DIGITS})?\s*[*·]?\s*(?:(?:√|sqrt)\s*\(?\s*(?P<{{0}}r>{DIGITS})\s*\)?)?"
TYPED = re.compile(
    rf"(?P<sign>[-+]?)\s*{PART.format('a')}\s*(?:/\s*\(?\s*{PART.format('b')}\s*\)?)?", re.ASCII
)
"""A number, a root, a product of both, or a quotient of two such: 0.5, 1/2, √3, 1/√12."""


def typed_number(text: str) -> float | None:
    """A number as people type it: 0.5, 1e-3, 1/2, √3, 1/√12, 1/sqrt(12); None for another text.

    >>> typed_number("1/√16")
    0.25
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    try:
        return float(plain) if "_" not in plain else None
    except ValueError:
        pass
    found = TYPED.fullmatch(plain)
    if found is None or not (found["an"] or found["ar"]):
        return None
    above, below = (
        float(found[f"{part}n"] or 1) * sqrt(float(found[f"{part}r"] or 1)) for part in "ab"
    )
    if ("/" in plain and not (found["bn"] or found["br"])) or not below:
        return None
    return (-1 if found["sign"] == "-" else 1) * above / below


def _name(known: Choice, name: str, value: Any) -> str:
    found = _text(known, name, value)
    if known.names and found not in known.names:
        raise AttnError(
            f"{choice(name)}: there is no {brief(found)!r}. {did_you_mean(found, [*known.names])}"
        )
    return found


def _text(known: Choice, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise AttnError(f"{_wrong(name, value)} is not text.")
    return value


def _counts(known: Choice, name: str, value: Any) -> str:
    """Whole numbers as people type them: 3, or 5,3."""
    if isinstance(value, str):
        return value
    value = value.tolist() if hasattr(value, "tolist") else value
    several = value if isinstance(value, Sequence) else [value]
    if not several or not all(map(_whole, several)):
        raise AttnError(f"{_wrong(name, value)} is neither a whole number nor a list of them.")
    return ",".join(str(int(one)) for one in several)


def _names(known: Choice, name: str, value: Any) -> str:
    """Names as people type them: one, or several with commas."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise AttnError(f"{_wrong(name, value)} is neither text nor a list of texts.")
    return ",".join(value)


CHECKS: Mapping[Kind, Any] = {
    "count": _count,
    "size": _size,
    "number": _number,
    "flag": _flag,
    "name": _name,
    "text": _text,
    "counts": _counts,
    "names": _names,
}
