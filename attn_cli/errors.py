"""Errors a person can act on: one message, one exit status, never a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from attn_cli.spelling import spelled

ENDLESS = re.compile(r"(?<=')[^']{200,}(?=')|\S{200,}")
"""What no message repeats: somebody's file in place of its name."""

CARET_WIDTH = 72
"""Signs of a line that are shown around a caret."""


class Exit(IntEnum):
    """Exit statuses, as scripts may rely on them."""

    FINE = 0
    NO = 1
    USAGE = 2
    INTERRUPTED = 130


class AttnError(ValueError):
    """Wrong usage or unreadable input; the message says what, where, and what to try.

    It is English, so that it can be searched for; a command line tells it in the language that is
    asked for. message: the same with the names of choices between ‹ and ›.
    """

    status = Exit.USAGE

    def __init__(self, message: str) -> None:
        """Call choices in the message as the caller calls them (see attn_cli.spelling)."""
        self.message = ENDLESS.sub(lambda match: brief(match[0]), message)
        super().__init__(spelled(self.message))


class ImpossibleError(AttnError):
    """The request is well-formed, but this machine can't carry it out."""

    status = Exit.NO


class ShapeError(AttnError):
    """Arrays whose sizes do not fit together."""


def shape_text(shape: tuple[object, ...]) -> str:
    """Write a shape the way people do: (3, 2) is 3×2."""
    return "×".join(str(size) for size in shape) if shape else "a single number"


def did_you_mean(word: str, known: list[str]) -> str:
    """Name the known word that is a slip away, if there is one, and list the rest."""
    near = one_slip_away(word, known)
    return (f"Did you mean {near}? " if near else "") + f"Known: {', '.join(known)}."


SLIP = 0.72
"""How alike two words are that are one but for a slip: wieghts, weights; not gqa, gated."""


SHORTEST = 3
"""Letters of a word that may stand for the one that begins so."""


def one_slip_away(word: str, known: Iterable[str]) -> str | None:
    """The known word that is no more than a slip away, or the only one that begins so."""
    from difflib import get_close_matches

    word, known = word.lower(), [*known]
    begun = [one for one in known if one.startswith(word)]
    if len(word) >= SHORTEST and len(begun) == 1:
        return begun[0]
    near = get_close_matches(word, known, n=1, cutoff=SLIP)
    return near[0] if near else None


def caret(text: str, at: int) -> str:
    """Show the line a position is on, with a caret under the position."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)].replace("\t", " ")
    column = at - begin
    shift = max(0, column - CARET_WIDTH // 2)
    shown = line[shift : shift + CARET_WIDTH]
    before, after = "…" * (shift > 0), "…" * (shift + CARET_WIDTH < len(line))
    return f"  {before}{shown}{after}\n  {' ' * (column - shift + len(before))}^"


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names with commas, long ones shortened and many counted."""
    every = [brief(str(name)) for name in names]
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return (", ".join(every[:most]) + more) or "nothing"


def brief(text: str, longest: int = 60) -> str:
    """A text that may be very long, its middle left out."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[: longest - 1 - half]}…{text[-half:]}"
