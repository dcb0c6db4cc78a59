"""From a trace to where it goes: terminal, JSON, files."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

from attn_cli.cli import streams
from attn_cli.cli.options import DECIMALS, DisplayOptions, OutputOptions
from attn_cli.cli.output import EXPORTED, export_page, show_page, write_texts
from attn_cli.cli.paths import check_path, write_whole
from attn_cli.cli.progress import progress
from attn_cli.errors import AttnError
from attn_cli.trace import Trace
from attn_cli.views import document, matrix
from attn_cli.views.compute_page import compute_page, work_page
from attn_cli.views.page import Block, Display, Signs

SAVED = (".npz", ".json")


def check_output(output: OutputOptions, display: DisplayOptions) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    check_path(output.save, "‹save›", SAVED, output.force)
    check_path(output.export, "‹export›", EXPORTED, output.force)
    if output.json and display.quiet:
        raise AttnError("‹json› and ‹quiet› both decide what is on standard output: give one.")
    if display.only is not None and display.start is not None:
        raise AttnError("‹only› and ‹start› both decide which steps are shown: give one.")
    if display.only is not None and display.show_work is not None:
        raise AttnError("‹only› and ‹show_work› both decide what is shown: give one.")
    if display.show_work is not None:
        for option, given in (
            ("‹start›", display.start is not None),
            ("‹everything›", display.everything),
            ("‹step›", display.step),
        ):
            if given:
                raise AttnError(f"{option} has no effect on the one number of ‹show_work›.")
    if output.json or display.quiet:
        _refuse_page_options(display, output.json)


def _refuse_page_options(display: DisplayOptions, as_json: bool) -> None:
    whole = "‹json›" if as_json else "‹quiet›"
    for option, given in (
        ("‹show_work›", display.show_work is not None),
        ("‹start›", display.start is not None),
        ("‹head›", display.head is not None),
        ("‹batch_index›", display.batch_index != 0),
        ("‹step›", display.step),
        ("‹everything›", display.everything),
        ("‹precision›", as_json and display.precision is not None),
    ):
        if given:
            raise AttnError(f"{option} changes the page; {whole} prints none. Leave one out.")


def show(trace: Trace, display: DisplayOptions, output: OutputOptions) -> None:
    """Notices to standard error, the result to standard output and to files."""
    for notice in trace.notices:
        streams.note(notice)
    make = partial(_page, trace, display)
    if output.save is not None:
        _save(trace, output.save, display.only, force=output.force)
    if output.export is not None:
        export_page(output.export, make, trace.title, trace.notices, force=output.force)
    if output.json:
        _print_json(trace, display.only)
    elif display.quiet:
        _print_matrix(trace, display)
    else:
        show_page(make, plain=display.plain, stepwise=display.step)


def _page(trace: Trace, display: DisplayOptions, width: int, signs: Signs) -> list[Block]:
    if display.show_work is not None:
        return work_page(trace, display.show_work.partition("[")[0].strip())
    shown = Display(
        width=width,
        precision=DECIMALS if display.precision is None else display.precision,
        everything=display.everything,
        head=display.head,
        batch_index=display.batch_index,
        only=display.only,
        start=display.start,
        signs=signs,
    )
    return compute_page(trace, shown)


def _print_matrix(trace: Trace, display: DisplayOptions) -> None:
    step = trace.step(display.only or trace.steps[-1].name)
    for line in matrix.lines(step.values, display.precision):
        print(line)


def _print_json(trace: Trace, only: str | None) -> None:
    steps = [step for step in trace.steps if only in (None, step.name)]
    total = sum(step.values.size for step in steps)
    with progress("numbers") as advance:
        written = 0
        for part in document.parts(trace, only, ascii_only=not streams.shows_unicode(sys.stdout)):
            sys.stdout.write(part)
            written += part.count(",")
            advance(min(written, total), total)


def _save(trace: Trace, path: Path, only: str | None, *, force: bool) -> None:
    if path.suffix.lower() == ".npz":
        from attn_cli.matrices.saved import write_npz

        arrays = {step.name: step.values for step in trace.steps if only in (None, step.name)}
        settings = json.dumps(trace.settings)
        write_whole(path, lambda stream: write_npz(stream, arrays, settings), force=force)
    else:
        write_texts(path, document.parts(trace, only), force=force)
    streams.say(f"Saved {path}")
