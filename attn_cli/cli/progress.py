"""A progress bar on standard error, when work takes over a second and a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from attn_cli.language import said

PATIENCE = 1.0
"""Seconds of silence before the bar appears."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield advance(done, total); the bar appears after its first call."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar: Any = None
    last = (0, 0)
    left = said("left")  # another thread would say it in English

    def appear() -> None:
        nonlocal bar
        bar = _bar(what, left, *last)

    waiting = Timer(PATIENCE, appear)
    waiting.daemon = True

    def advance(done: int, total: int) -> None:
        nonlocal last
        last = done, total
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)
        elif waiting.ident is None:
            waiting.start()

    try:
        yield advance
    finally:
        waiting.cancel()
        if waiting.ident is not None:
            waiting.join()
        if bar is not None:
            bar.stop()


def _bar(what: str, left: str, done: int, total: int) -> Any:
    """A bar that stands, and leaves what is printed meanwhile as it is."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn(left),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task(what, total=total, completed=done)
    bar.start()
    return bar
