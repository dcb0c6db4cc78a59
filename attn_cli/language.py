"""The language that meanings and notices are said in: English, or what a catalogue has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from attn_cli.spelling import spelled

ENGLISH: Mapping[str, str] = MappingProxyType({})

_catalogue: ContextVar[Mapping[str, str]] = ContextVar("catalogue", default=ENGLISH)


def speak(catalogue: Mapping[str, str]) -> None:
    """Say everything from now on as a catalogue has it; an empty one is English."""
    _catalogue.set(catalogue)


@contextmanager
def speaking(catalogue: Mapping[str, str]) -> Iterator[None]:
    """Say everything inside a with statement as a catalogue has it."""
    token = _catalogue.set(catalogue)
    try:
        yield
    finally:
        _catalogue.reset(token)


def said(text: str, **fields: Any) -> str:
    """A text in the language that is spoken, its fields put in; English where it has no other."""
    found = _catalogue.get().get(text, text)
    return spelled(found.format(**fields) if fields else found)
