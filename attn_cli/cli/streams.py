"""Standard streams: what they can show, and how errors and interruptions leave the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TextIO, cast

import typer

from attn_cli.errors import AttnError, Exit

ASCII = str.maketrans(
    {
        "√": "sqrt ",
        "ᵀ": "^T",
        "·": "*",
        "→": "->",
        "×": "x",
        "∞": "inf",
        "Σ": "sum",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "−": "-",
        "■": "#",
        "²": "^2",
        "’": "'",
        "─": "-",
    }
)


class Transliterated:
    """A text stream on which every sign of ours is written in ASCII; user text stays."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text.translate(ASCII))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def shows_unicode(stream: TextIO) -> bool:
    """Whether a stream can encode the signs that are used."""
    try:
        "√ᵀ·∞■…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def stdout(plain: bool = False) -> TextIO:
    """Standard output, in ASCII where it has to be or is wanted."""
    if plain or not shows_unicode(sys.stdout):
        return cast(TextIO, Transliterated(sys.stdout))
    return sys.stdout


def prepare() -> None:
    """Never fail on a sign that a terminal can't show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not shows_unicode(stream):
            reconfigure(errors="replace")


def say(text: str) -> None:
    """Write a line to standard error: notices and errors go there."""
    stream = sys.stderr
    print(text if shows_unicode(stream) else text.translate(ASCII), file=stream)


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The one error handler: a message and an exit status for whatever stops a command."""

    @wraps(command)
    def run(**given: Any) -> None:
        try:
            command(**given)
            sys.stdout.flush()
        except AttnError as error:
            _leave(str(error), error.status, error)
        except KeyboardInterrupt as error:
            _leave("", Exit.INTERRUPTED, error)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except MemoryError as error:
            _leave("This needs more memory than there is. Ask for less at once.", Exit.NO, error)
        except typer.Exit:
            raise
        except Exception as error:
            kind = type(error).__name__
            _leave(
                f"attn failed on this, which it should not: {kind}: {error}\n"
                "ATTN_DEBUG=1 shows where. Please report it with the command.",
                Exit.NO,
                error,
            )

    return run


def _leave(message: str, status: Exit, error: BaseException) -> NoReturn:
    if os.environ.get("ATTN_DEBUG") == "1":
        raise error
    if message:
        say(f"Error: {message}")
    raise typer.Exit(int(status))
