"""Standard streams: what they can show, and how errors and interruptions leave the program."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, NoReturn, TextIO

import typer

from attn_cli.errors import AttnError, Exit
from attn_cli.language import said, told
from attn_cli.spelling import TYPED, spelling
from attn_cli.views.visible import visible

UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EBADF)


def shows_unicode(stream: TextIO) -> bool:
    """Whether a stream can encode the signs that are used."""
    try:
        "√ᵀ·∞■…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def prepare() -> None:
    """Never fail on a sign that a terminal can't show, nor on a stream that is closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for name in ("COLUMNS", "LINES"):
        if name in os.environ and not _is_size(os.environ[name]):
            del os.environ[name]
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        with suppress(ValueError):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _ended)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not shows_unicode(stream):
            reconfigure(errors="replace")


MOST = 10_000
"""Columns or lines beyond this are no terminal's."""


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < MOST


def _ended(number: int, _: Any) -> NoReturn:
    """Leave as a program that a signal ends, once what was begun is cleaned up."""
    raise SystemExit(128 + number)


def say(text: str) -> None:
    """Write a line to standard error: notices and errors go there."""
    stream = sys.stderr
    text = visible(text)
    if not shows_unicode(stream):
        from attn_cli.views.ascii import in_ascii

        text = in_ascii(text)
    print(text, file=stream)


def report(done: str) -> None:
    """Say what was written, and where."""
    say(told(done))


def complain(message: str) -> None:
    """Say what is wrong."""
    with spelling(as_option):
        say(said("Error: {message}", message=told(message)))


def note(notice: str) -> None:
    """Say what a person has to know to read a result right."""
    with spelling(as_option):
        say(said("Note: {notice}", notice=told(notice)))


def note_unshown() -> None:
    """Say, in English, that standard output can't show the letters of the language."""
    if not shows_unicode(sys.stdout):
        print(
            f"Note: the encoding {sys.stdout.encoding} has no Chinese letters; each is shown as ?. "
            "Set PYTHONIOENCODING=utf-8, or add --lang en.",
            file=sys.stderr,
        )


def as_option(name: str, value: str | None) -> str:
    """Write a choice as an option of the command line: --heads, --align bottom-right."""
    option = f"--{TYPED.get(name, name).replace('_', '-')}"
    return option if value in (None, "True") else f"{option} {value}"


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The one error handler: a message and an exit status for whatever stops a command."""

    @wraps(command)
    def run(**given: Any) -> None:
        with spelling(as_option):
            caught(given)

    def caught(given: dict[str, Any]) -> None:
        try:
            command(**given)
            sys.stdout.flush()
        except AttnError as error:
            _leave(error.message, error.status, error)
        except KeyboardInterrupt as error:
            _leave("Interrupted.", Exit.INTERRUPTED, error)
        except OSError as error:
            if error.errno in UNWRITABLE and error.filename is None:
                raise typer.Exit(unwritten(error)) from None
            if error.filename is None:
                _leave(f"reading or writing failed: {error.strerror or error}.", Exit.NO, error)
            _leave(f"{error.filename}: {error.strerror or error}.", Exit.USAGE, error)
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


def unwritten(error: OSError) -> int:
    """Give standard output up after it took no more; a reader that left is no error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return Exit.FINE
    complain(f"standard output: {error.strerror or error}.")
    return Exit.NO


def _leave(message: str, status: Exit, error: BaseException) -> NoReturn:
    if os.environ.get("ATTN_DEBUG") == "1":
        raise error
    if message:
        if status is Exit.INTERRUPTED:
            say(said("Interrupted."))
        else:
            complain(message)
    raise typer.Exit(int(status))
