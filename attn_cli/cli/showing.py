"""From a run to where it goes: terminal, JSON, files."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from attn_cli.api.looking import Look, refuse_conflicts
from attn_cli.api.run import SAVED, Run
from attn_cli.api.shown import check_export
from attn_cli.arrays.writing import check_path
from attn_cli.cli import streams
from attn_cli.cli.output import export, show
from attn_cli.cli.progress import progress
from attn_cli.cli.reading import look_of
from attn_cli.errors import AttnError
from attn_cli.language import said
from attn_cli.views import matrix

if TYPE_CHECKING:
    from attn_cli.api.shown import Documented


def check_output(view: SimpleNamespace) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    check_path(view.save, "‹save›", SAVED, view.force)
    check_export(view.export, "‹export›", view.force)
    if view.json and view.quiet:
        raise AttnError("‹json› and ‹quiet› both decide what is on standard output: give one.")
    refuse_conflicts(look_of(view))
    if view.show_work is not None and view.step:
        raise AttnError("‹step› has no effect on the one number of ‹show_work›.")
    if view.json or view.quiet:
        _refuse_page_options(view)


def _refuse_page_options(view: SimpleNamespace) -> None:
    whole = "‹json›" if view.json else "‹quiet›"
    for option, given in (
        ("‹show_work›", view.show_work is not None),
        ("‹start›", view.start is not None),
        ("‹head›", view.head is not None),
        ("‹batch_index›", view.batch_index),
        ("‹step›", view.step),
        ("‹steps›", view.steps),
        ("‹percent›", view.percent),
        ("‹everything›", view.everything),
        ("‹precision›", view.json and view.precision is not None),
    ):
        if given:
            raise AttnError(f"{option} has no effect with {whole}. Leave one out.")


def kept_look(view: SimpleNamespace) -> Look:
    """What of a run is looked at, and what has to be kept for it."""
    whole = view.json or view.save is not None
    return look_of(view)._replace(whole=whole, focus=not view.quiet, steps=view.steps or view.step)


def note_and_write(run: Run | Documented, view: SimpleNamespace) -> None:
    """Notices to standard error, the result to the files that are asked for."""
    for notice in run.notices:
        streams.note(notice)
    if view.save is not None:
        run.save(view.save, force=view.force)
        streams.report(f"Saved {view.save}")
    if view.export is not None:
        export(run, view)


def show_run(run: Run, view: SimpleNamespace) -> None:
    """Notices to standard error, the result to standard output and to files."""
    note_and_write(run, view)
    if view.json:
        _print_json(run)
    elif view.quiet:
        _print_matrix(run, view.precision)
    else:
        show(run, view)


def _print_matrix(run: Run, precision: int | None) -> None:
    step = run.trace.step(run.only) if run.only else run.steps[-1]
    for line in matrix.lines(step.values, precision):
        print(line)


def _print_json(run: Run) -> None:
    steps = [step for step in run.steps if run.only in (None, step.name)]
    total = sum(step.values.size for step in steps)
    with progress(said("numbers")) as advance:
        written = 0
        for part in run.json(ascii_only=not streams.shows_unicode(sys.stdout)):
            sys.stdout.write(part)
            written += part.count(",")
            advance(min(written, total), total)
