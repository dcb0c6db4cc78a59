"""What to type next: whole commands where they are short, else what to add to the one there is."""

from __future__ import annotations

from collections.abc import Sequence

from attn_cli.language import pasted, said
from attn_cli.spelling import spelled
from attn_cli.views.page import Lines

SHORT = 16
"""A command up to this long is written out with everything that can be added to it."""


def advice_lines(command: str, options: Sequence[str], others: Sequence[str] = ()) -> list[Lines]:
    """What can be added to the command, then other commands: those that begin with attn."""
    others = [*others, *(option for option in options if option.startswith("attn "))]
    typed = {*command.split()}
    added = [spelled(option) for option in options if not option.startswith("attn ")]
    added = [option for option in added if not {*_apart(option.split()[0])} & typed]
    others = [*map(spelled, others)]
    if not added and not others:
        return []
    if command and len(command) <= SHORT:
        whole = [f"{command} {option}" for option in added]
        return [_line(said("Try:"), [*whole, *others])]
    return [
        *([_line(said("Try, added to this:"), added)] if added else []),
        *([_line(said("Try:"), others)] if others else []),
    ]


OF_A_PAGE = ("--steps", "--all", "--percent", "--only", "--start", "--step")
APART = {"--show-work": OF_A_PAGE, "--only": ("--check",), "--steps": ("--show-work", "--only")}
"""Options that others typed before would be refused beside."""


def _apart(option: str) -> tuple[str, ...]:
    return (option, *APART.get(option, ()))


def _line(first: str, parts: Sequence[str]) -> Lines:
    told = "   ".join([first, *map(pasted, parts)])
    return Lines((told,), quiet=True, indented=False, kind="command")
