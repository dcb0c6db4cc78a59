"""From a trace to where it goes: terminal, JSON, files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from attn_cli.cli import streams
from attn_cli.cli.options import DECIMALS, DisplayOptions, OutputOptions
from attn_cli.errors import AttnError
from attn_cli.matrices.saved import refuse_existing, write_npz, write_whole
from attn_cli.trace import Trace
from attn_cli.views import document, matrix
from attn_cli.views.ascii import ascii_page
from attn_cli.views.compute_page import compute_page, work_page
from attn_cli.views.page import ASCII_SIGNS, Block, Display, Heading, Signs

SAVED = (".npz", ".json")
EXPORTED = (".html", ".svg", ".md", ".txt", ".tex")


def check_output(output: OutputOptions, display: DisplayOptions) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    for path, option, kinds in (
        (output.save, "--save", SAVED),
        (output.export, "--export", EXPORTED),
    ):
        if path is None:
            continue
        if path.suffix.lower() not in kinds:
            raise AttnError(f"{option}: {path} must end in {', '.join(kinds)}.")
        refuse_existing(path, output.force)
    if output.json and display.quiet:
        raise AttnError("--json and --quiet both decide what is on standard output: give one.")
    if display.only is not None and display.start is not None:
        raise AttnError("--only and --from both decide which steps are shown: give one.")
    whole = "--json" if output.json else "--quiet"
    if not (output.json or display.quiet):
        return
    for option, given in (
        ("--show-work", display.show_work is not None),
        ("--from", display.start is not None),
        ("--head", display.head is not None),
        ("--batch-index", display.batch_index != 0),
        ("--step", display.step),
        ("--precision", output.json and display.precision != DECIMALS),
    ):
        if given:
            raise AttnError(f"{option} changes the page; {whole} prints none. Leave one out.")


def show(trace: Trace, display: DisplayOptions, output: OutputOptions) -> None:
    """Notices to standard error, the result to standard output and to files."""
    for notice in trace.notices:
        streams.say(f"Note: {notice}")
    if output.save is not None:
        _save(trace, output.save, display.only)
    if output.export is not None:
        _export(trace, output.export, display)
    if output.json:
        _print_json(trace, display.only)
    elif display.quiet:
        precision = None if display.precision == DECIMALS else display.precision
        for line in matrix.lines(
            trace.step(display.only or trace.steps[-1].name).values, precision
        ):
            print(line)
    else:
        _print_page(trace, display)


def _blocks(trace: Trace, display: DisplayOptions, width: int, signs: Signs) -> list[Block]:
    shown = Display(
        width=width,
        precision=display.precision,
        everything=display.everything,
        head=display.head,
        batch_index=display.batch_index,
        only=display.only,
        start=display.start,
        signs=signs,
    )
    if display.show_work is not None:
        return work_page(trace, display.show_work.partition("[")[0].strip())
    return compute_page(trace, shown)


def _print_page(trace: Trace, display: DisplayOptions) -> None:
    from rich.console import Console

    from attn_cli.views.terminal import print_page

    ascii_only = display.plain or not streams.shows_unicode(sys.stdout)
    plain: dict[str, Any] = {"no_color": True, "color_system": None} if display.plain else {}
    console = Console(highlight=False, markup=False, emoji=False, **plain)
    blocks = _blocks(trace, display, console.width, ASCII_SIGNS if ascii_only else Signs())
    if ascii_only:
        blocks = ascii_page(blocks)
    if display.step and sys.stdin.isatty() and sys.stdout.isatty():
        _reveal(blocks, console)
    else:
        print_page(blocks, console, beside=not display.plain)


def _reveal(blocks: list[Block], console: Any) -> None:
    """Show one part after another, each when a key is pressed; q ends it."""
    import typer

    from attn_cli.views.terminal import print_page

    starts = [place for place, block in enumerate(blocks) if place and isinstance(block, Heading)]
    for begin, end in zip([0, *starts], [*starts, len(blocks)], strict=True):
        print_page(blocks[begin:end], console)
        if end == len(blocks):
            return
        console.print()
        streams.say("— any key: next step, q: end —")
        if typer.getchar() in ("q", "Q", "\x1b"):
            return


def _print_json(trace: Trace, only: str | None) -> None:
    for part in document.parts(trace, only, ascii_only=not streams.shows_unicode(sys.stdout)):
        sys.stdout.write(part)


def _save(trace: Trace, path: Path, only: str | None) -> None:
    if path.suffix.lower() == ".npz":
        steps = [step for step in trace.steps if only in (None, step.name)]
        arrays = {step.name: step.values for step in steps}
        write_npz(path, arrays, json.dumps(trace.settings))
    else:
        write_whole(path, lambda stream: _write_text(stream, document.parts(trace, only)))
    streams.say(f"Saved {path}")


def _export(trace: Trace, path: Path, display: DisplayOptions) -> None:
    from attn_cli.views import export

    blocks = _blocks(trace, display, export.WIDTH, Signs())
    text = export.WRITERS[path.suffix.lower()](blocks, trace.title, trace.notices)
    write_whole(path, lambda stream: _write_text(stream, [text]))
    streams.say(f"Exported {path}")


def _write_text(stream: IO[bytes], parts: Iterable[str]) -> None:
    for part in parts:
        stream.write(part.encode())
