"""From a mask to where it goes: terminal, JSON, arrays, pictures."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from attn_cli import masks
from attn_cli.api.looking import Look
from attn_cli.api.mask import Destinations, reported, table_to_save
from attn_cli.api.mask_requests import MaskRequest
from attn_cli.cli import streams
from attn_cli.cli.output import EXPORTED, export_page, show_page
from attn_cli.cli.progress import progress
from attn_cli.errors import AttnError
from attn_cli.libraries import LIBRARIES, QUESTIONS
from attn_cli.mask_report import MaskReport
from attn_cli.matrices.writing import check_path, write_whole
from attn_cli.mechanisms.biases import BIASES
from attn_cli.spec import Spec
from attn_cli.spelling import choice
from attn_cli.trace import Trace
from attn_cli.views import document
from attn_cli.views.mask_catalogue import catalogue_page
from attn_cli.views.mask_document import described
from attn_cli.views.mask_page import bias_page, mask_page
from attn_cli.views.page import Block, Display, Signs

PAGE_ONLY = ("precision", "head", "batch_index", "everything")


def check_output(view: SimpleNamespace) -> None:
    """Refuse what can't be written before any work."""
    check_path(view.save, "‹save›", (".npy",), view.force)
    check_path(view.export, "‹export›", EXPORTED, view.force)
    for name in PAGE_ONLY:
        if view.json and _is_given(view, name):
            raise AttnError(f"{choice(name)} has no effect with ‹json›. Leave one out.")


def _is_given(view: SimpleNamespace, name: str) -> bool:
    return getattr(view, name) is not None and getattr(view, name) is not False


def show_catalogue(view: SimpleNamespace) -> None:
    """List every mask and bias, and what libraries make of masks."""
    for name in PAGE_ONLY:
        if _is_given(view, name):
            raise AttnError(
                f"{choice(name)} is about a mask: add one, such as ‹causal›. "
                "attn mask alone lists them all."
            )
    for name in ("save", "json"):
        if _is_given(view, name):
            raise AttnError(f"{choice(name)} writes a mask: add one, such as ‹causal›.")

    def make(width: int, _: Signs) -> list[Block]:
        return catalogue_page(
            [(kind.signature, kind.says, kind.source) for kind in masks.KINDS],
            [(kind.signature, kind.says, kind.source) for kind in BIASES],
            [
                (f"{one.name} {one.version}", *(getattr(one, name) for name in QUESTIONS))
                for one in LIBRARIES
            ],
            [*QUESTIONS.values()],
            width,
        )

    if view.export is not None:
        export_page(view.export, make, "Masks", (), force=view.force)
    show_page(make, plain=view.plain)


def show(request: MaskRequest, spec: Spec, view: SimpleNamespace) -> None:
    """Count and draw the mask, write it where it is asked for."""
    look = Look(
        head=view.head,
        batch_index=view.batch_index,
        precision=view.precision,
        everything=view.everything,
    )
    goes = Destinations(view.json, view.save is not None)
    report = reported(request, spec, look, goes, progress)
    trace = report.trace if isinstance(report, MaskReport) else report
    for notice in trace.notices:
        streams.note(notice)
    if view.save is not None:
        _save(request, view)

    def make(width: int, signs: Signs) -> list[Block]:
        shown = Display(
            width,
            look.decimals,
            look.everything,
            head=look.head,
            batch_index=look.batch_index or 0,
            signs=signs,
        )
        if isinstance(report, MaskReport):
            return mask_page(report, shown)
        return bias_page(trace, shown)

    if view.export is not None:
        export_page(view.export, make, trace.title, trace.notices, force=view.force)
    if view.json:
        _print_json(trace, described(report) if isinstance(report, MaskReport) else {})
    else:
        show_page(make, plain=view.plain)


def _save(request: MaskRequest, view: SimpleNamespace) -> None:
    table = table_to_save(request)
    write_whole(view.save, table.write, force=view.force)
    shape = "×".join(map(str, table.shape))
    about = f"{table.form.dtype}, {shape} {table.letters}, {table.form.says}"
    streams.say(f"Saved {view.save}: {about}")


def _print_json(trace: Trace, more: dict[str, Any]) -> None:
    ascii_only = not streams.shows_unicode(sys.stdout)
    for part in document.parts(trace, None, ascii_only, more):
        sys.stdout.write(part)
