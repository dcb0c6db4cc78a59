"""Whether a terminal is dark or light: what is said, what the terminal answers, or COLORFGBG."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

from attn_cli.errors import AttnError
from attn_cli.views.palette import Ground, ground_of

ASK = "\x1b]11;?\x1b\\\x1b[c"
"""What is your background (OSC 11), then who are you: every terminal answers the second."""

ANSWER = re.compile(rb"\x1b\]11;rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")
LAST = re.compile(rb"\x1b\[\?[\d;]*c")
PATIENCE = 0.15
"""Seconds that an answer may take; over a slow line the page is drawn for either ground."""

THEMES = ("auto", "dark", "light")


def ground(wanted: str | None, *, coloured: bool) -> Ground:
    """The ground that is said by --theme or ATTN_THEME, else the one that is found.

    coloured: whether there are any colours; else it is not asked.
    Raises AttnError for another word than auto, dark and light.
    """
    said = wanted or os.environ.get("ATTN_THEME") or "auto"
    refuse_theme(said)
    if not coloured:
        return "unknown"
    if said == "auto" and (told := _answered()) is not None:
        return told
    return ground_of(said, os.environ.get("COLORFGBG", ""))


def refuse_theme(said: str) -> None:
    """Raise AttnError for another word than auto, dark and light."""
    if said not in THEMES:
        raise AttnError(f"‹theme›: there is no {said[:40]!r}. Known: {', '.join(THEMES)}.")


def _answered() -> Ground | None:
    """What the terminal says; None where there is none, or it does not tell."""
    dumb = os.environ.get("TERM", "dumb") in ("dumb", "unknown", "linux")
    if dumb or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    with suppress(ImportError, OSError, ValueError):
        return read_answer(_asked(sys.stdin.fileno()))
    return None


def read_answer(answer: bytes) -> Ground | None:
    """Dark or light by the brightness of the background that a terminal told."""
    found = ANSWER.search(answer)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return "dark" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "light"


def _asked(stream: int) -> bytes:
    """Ask without echo, and read until the terminal has said who it is."""
    import select
    import termios
    import time
    import tty

    before = termios.tcgetattr(stream)
    answer = b""
    try:
        tty.setcbreak(stream, termios.TCSANOW)
        os.write(sys.stdout.fileno(), ASK.encode())
        end = time.monotonic() + PATIENCE
        while not LAST.search(answer) and (left := end - time.monotonic()) > 0:
            if not select.select([stream], [], [], left)[0]:
                break
            answer += os.read(stream, 256)
    finally:
        termios.tcsetattr(stream, termios.TCSANOW, before)
    return answer
