"""The command that is running, as it was typed: pages say what to add to it."""

from __future__ import annotations

from contextvars import ContextVar

_typed: ContextVar[str] = ContextVar("typed", default="")


def remember(command: str) -> None:
    """Keep the command that is about to run."""
    _typed.set(command)


def typed() -> str:
    """The command that is running; empty outside of one."""
    return _typed.get()
