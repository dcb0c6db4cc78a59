"""How a choice is called where it is read: heads= in Python, another way on a command line.

A text names a choice between ‹ and ›, alone or with a value: ‹heads›, ‹align bottom-right›.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CHOICE = re.compile(r"‹(?P<name>\w+)(?: (?P<value>[^›]+))?›(?P<before>(?=:)| (?=-?\d))?")

Spelling = Callable[[str, str | None], str]
"""Writes the name of a choice, and its value where there is one."""


QUOTE = '"'
"""Stands around a value that a shell would split; Python has signs of its own."""

TYPED = {
    "global_tokens": "global",
    "everything": "all",
    "start": "from",
    "as_form": "as",
    "import_file": "import",
    "is_form": "is",
}
"""Choices whose own word Python has another use for, with the word that people type."""


def as_parameter(name: str, value: str | None) -> str:
    """Write a choice as a parameter of a function: heads=, align='bottom-right'."""
    if value is None:
        return f"{name}="
    if name == "param":
        return f"param[{value!r}]"
    if re.fullmatch(r"[-\d.]+|True", value):
        return f"{name}={value}"
    return f"{name}={value.strip(QUOTE)!r}"


_spelling: ContextVar[Spelling] = ContextVar("spelling", default=as_parameter)


@contextmanager
def spelling(way: Spelling) -> Iterator[None]:
    """Write choices in another way inside a with statement."""
    token = _spelling.set(way)
    try:
        yield
    finally:
        _spelling.reset(token)


def current() -> Spelling:
    """The way in which choices are written now."""
    return _spelling.get()


def choice(name: str, value: object = None) -> str:
    """A choice as texts name it, with its value."""
    return f"‹{name}›" if value is None else f"‹{name} {value}›"


def spelled(text: str) -> str:
    """A text whose choices are called as its reader calls them."""
    if "‹" not in text:
        return text
    return CHOICE.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    way, name, value = _spelling.get(), found["name"], found["value"]
    written = way(name, value)
    if value is None and way is as_parameter:
        return name if found["before"] == "" else written
    return written + (found["before"] or "")
