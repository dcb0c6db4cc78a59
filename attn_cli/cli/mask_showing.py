"""From a mask to where it goes: terminal, JSON, arrays, pictures."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from attn_cli import masks
from attn_cli.cli import streams
from attn_cli.cli.mask_gather import MaskRequest
from attn_cli.cli.options import DECIMALS
from attn_cli.cli.output import EXPORTED, export_page, show_page
from attn_cli.cli.paths import check_path, write_whole
from attn_cli.cli.progress import progress
from attn_cli.errors import AttnError, ImpossibleError
from attn_cli.language import said
from attn_cli.libraries import LIBRARIES, QUESTIONS
from attn_cli.mask_report import FormShown, MaskReport
from attn_cli.masks import Mask
from attn_cli.matrices.forms import Form, form_layout, form_of, in_form
from attn_cli.mechanisms.biases import BIASES
from attn_cli.readings.coverage import blocks
from attn_cli.reports.field import SMALL_PAIRS, Field, table_of
from attn_cli.reports.idle import idle_parts
from attn_cli.reports.mask_steps import mask_trace
from attn_cli.reports.masked import Places, mask_report
from attn_cli.trace import Trace
from attn_cli.views import document
from attn_cli.views.mask_catalogue import catalogue_page
from attn_cli.views.mask_document import described
from attn_cli.views.mask_page import bias_page, mask_page
from attn_cli.views.numbers import short
from attn_cli.views.page import Block, Display, Signs

if TYPE_CHECKING:
    from attn_cli.cli.mask import FileOptions, LookOptions


def check_output(files: FileOptions, look: LookOptions) -> None:
    """Refuse what can't be written before any work."""
    check_path(files.save, "‹save›", (".npy",), files.force)
    check_path(files.export, "‹export›", EXPORTED, files.force)
    for option, given in (
        ("‹precision›", look.precision is not None),
        ("‹head›", look.head is not None),
        ("‹batch_index›", look.batch_index is not None),
        ("‹everything›", look.everything),
    ):
        if files.json and given:
            raise AttnError(f"{option} changes the page; ‹json› prints none. Leave one out.")


def show_catalogue(files: FileOptions, look: LookOptions) -> None:
    """List every mask and bias, and what libraries make of masks."""
    for option, given in (("‹save›", files.save), ("‹json›", files.json)):
        if given:
            raise AttnError(f"{option} writes a mask: add one, such as ‹causal›.")

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

    if files.export is not None:
        export_page(files.export, make, "Masks", (), force=files.force)
    show_page(make, plain=look.plain)


def show(request: MaskRequest, look: LookOptions, files: FileOptions) -> None:
    """Count and draw the mask, write it where it is asked for."""
    field, mask = request.field, request.mask
    small = _is_small(request)
    if not small and (look.everything or request.bias is not None):
        count = field.batch * field.heads * field.n * field.m
        raise ImpossibleError(
            f"{count:,} numbers are too many to show one by one. "
            "Ask for less, or leave ‹everything› and ‹bias› out."
        )
    _refuse_missing(request, look)
    if look.precision is not None and request.bias is None:
        raise AttnError("‹precision› rounds the numbers of a bias: add ‹bias›.")
    trace = mask_trace(mask, request.bias, field, short, _decimals(look), small)
    if mask is None:
        _show_bias(trace, look, files)
        return
    report = _report(request, mask, trace, look, files)
    for notice in report.trace.notices:
        streams.note(notice)
    if files.save is not None:
        _save(files, mask, field, request.form or form_of("bool", "‹as_form›"))

    def make(width: int, signs: Signs) -> list[Block]:
        return mask_page(report, _display(look, width, signs))

    if files.export is not None:
        export_page(files.export, make, report.trace.title, report.trace.notices, force=files.force)
    if files.json:
        _print_json(report.trace, described(report))
    else:
        show_page(make, plain=look.plain)


def _refuse_missing(request: MaskRequest, look: LookOptions) -> None:
    field = request.field
    differs = {axis for one in (request.mask, request.other) if one for axis in one.varies}
    if request.bias is not None:
        differs |= {"h"} if isinstance(field.offset, int) else {"b", "h"}
    for option, axis, at, count, what in (
        ("‹head›", "h", look.head, field.heads, "heads; ‹heads› says how many"),
        ("‹batch_index›", "b", look.batch_index, field.batch, "batch rows; ‹batch› says how many"),
    ):
        if at is None:
            continue
        if count == 1:
            raise AttnError(f"{option} {at}: there are no {what}.")
        if at >= count:
            raise AttnError(f"{option} {at}: there are {count}, counted from 0.")
        if axis not in differs:
            raise AttnError(f"{option} {at}: all {count} are the same here; leave it out.")


def _display(look: LookOptions, width: int, signs: Signs) -> Display:
    return Display(
        width,
        _decimals(look),
        look.everything,
        head=look.head,
        batch_index=look.batch_index or 0,
        signs=signs,
    )


def _decimals(look: LookOptions) -> int:
    return DECIMALS if look.precision is None else look.precision


def _show_bias(trace: Trace, look: LookOptions, files: FileOptions) -> None:
    if files.save is not None:
        raise AttnError("‹save› writes a mask: add one, such as ‹causal›.")

    def make(width: int, signs: Signs) -> list[Block]:
        return bias_page(trace, _display(look, width, signs))

    if files.export is not None:
        export_page(files.export, make, trace.title, (), force=files.force)
    if files.json:
        _print_json(trace, {})
    else:
        show_page(make, plain=look.plain)


def _report(
    request: MaskRequest, mask: Mask, trace: Trace, look: LookOptions, files: FileOptions
) -> MaskReport:
    field = request.field
    notices = idle_parts(request.parts, field)
    if request.bias is not None and (request.form is not None or files.save is not None):
        notices = (*notices, said("the form and the file hold the mask alone, without the bias."))
    if files.json and not trace.steps:
        notices = (*notices, said("the table is too large to list; ‹save› writes it."))
    trace = trace._replace(notices=notices, next_commands=_next(request))
    with progress("queries") as advance:
        return mask_report(
            mask,
            field,
            trace,
            other=request.other,
            tile=look.tile,
            form=_form(mask, field, request.form) if request.form is not None else None,
            recognise=request.given,
            places=Places(look.batch_index, look.head, look.everything),
            advance=advance,
        )


def _is_small(request: MaskRequest) -> bool:
    """Whether every number may be shown: those of a bias too, which differ in each head."""
    field = request.field
    if request.bias is None and request.mask is not None:
        return field.small(request.mask)
    return field.batch * field.heads * field.n * field.m <= SMALL_PAIRS


def _form(mask: Mask, field: Field, form: Form) -> FormShown:
    values = in_form(table_of(mask, field), form) if field.small(mask) else None
    layout = form_layout(form, field.leads(mask), field.n, field.m, field.heads)
    return FormShown(form.name, form.says, str(form.dtype), layout.shape, layout.letters, values)


def _next(request: MaskRequest) -> tuple[str, ...]:
    form = request.form
    commands = [] if request.other is not None else ['‹diff› "window(3)"']
    commands += [] if form is not None else ["‹as_form torch-mha›"]
    back = "attn compute ‹mask› mask.npy"
    if form is not None and form.kept is not True:
        back = f"attn mask ‹import_file› mask.npy ‹is_form {form.name}›"
    return (*commands, "‹save› mask.npy", back)


def _save(files: FileOptions, mask: Mask, field: Field, form: Form) -> None:
    """Write the table some queries at a time, so that it is never held whole."""
    layout = form_layout(form, field.leads(mask), field.n, field.m, field.heads)
    header: dict[str, Any] = {
        "descr": np.lib.format.dtype_to_descr(form.dtype),
        "fortran_order": False,
        "shape": layout.shape,
    }

    def write(stream: IO[bytes]) -> None:
        np.lib.format.write_array_header_1_0(stream, header)
        for b, h in np.ndindex(*field.leads(mask)):
            for _ in range(layout.repeats):
                for _, allowed in blocks(mask, field.n, field.m, b, h):
                    stream.write(in_form(allowed, form).tobytes())

    path = files.save
    assert path is not None
    write_whole(path, write, force=files.force)
    shape = "×".join(map(str, layout.shape))
    streams.say(f"Saved {path}: {form.dtype}, {shape} {layout.letters}, {form.says}")


def _print_json(trace: Trace, more: dict[str, Any]) -> None:
    ascii_only = not streams.shows_unicode(sys.stdout)
    for part in document.parts(trace, None, ascii_only, more):
        sys.stdout.write(part)
