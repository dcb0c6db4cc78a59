"""What there is to say of a mask, and the arrays that hold it."""

from __future__ import annotations

from typing import IO, Any, NamedTuple

import numpy as np

from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.mask_requests import MaskRequest
from attn_cli.errors import AttnError, ImpossibleError
from attn_cli.language import said
from attn_cli.mask_report import FormShown, MaskReport
from attn_cli.masks import Mask
from attn_cli.matrices.forms import Form, form_layout, form_of, in_form
from attn_cli.readings.coverage import blocks
from attn_cli.reports.field import SMALL_PAIRS, Field, table_of
from attn_cli.reports.idle import idle_parts
from attn_cli.reports.mask_steps import mask_trace
from attn_cli.reports.masked import Places, mask_report
from attn_cli.spec import Spec
from attn_cli.spelling import choice
from attn_cli.trace import Trace
from attn_cli.views.numbers import short


class Destinations(NamedTuple):
    """Where a mask goes beside the screen, as far as a notice depends on it."""

    json: bool = False
    save: bool = False


NOWHERE = Destinations()


def reported(
    request: MaskRequest,
    spec: Spec,
    look: Look,
    goes: Destinations = NOWHERE,
    progress: Progress = silent,
) -> MaskReport | Trace:
    """Count and draw the mask; where only a bias is asked for, its steps alone.

    Raises ImpossibleError for more numbers than can be shown, AttnError for a head or a batch row
    that there is not.
    """
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
    trace = mask_trace(mask, request.bias, field, short, look.decimals, small)
    if mask is None:
        return trace
    trace = trace._replace(notices=_notices(request, trace, goes), next_commands=_next(request))
    with progress("queries") as advance:
        return mask_report(
            mask,
            field,
            trace,
            other=request.other,
            tile=spec.tile,
            form=_form(mask, field, request.form) if request.form is not None else None,
            recognise=request.given,
            places=Places(look.batch_index, look.head, look.everything),
            advance=advance,
        )


def _notices(request: MaskRequest, trace: Trace, goes: Destinations) -> tuple[str, ...]:
    notices = idle_parts(request.parts, request.field)
    if request.bias is not None and (request.form is not None or goes.save):
        notices = (*notices, said("the form and the file hold the mask alone, without the bias."))
    if goes.json and not trace.steps:
        notices = (*notices, said("the table is too large to list; ‹save› writes it."))
    return notices


def _refuse_missing(request: MaskRequest, look: Look) -> None:
    field = request.field
    differs = {axis for one in (request.mask, request.other) if one for axis in one.varies}
    if request.bias is not None:
        differs |= {"h"} if isinstance(field.offset, int) else {"b", "h"}
    for name, axis, at, count, what in (
        ("head", "h", look.head, field.heads, "heads; ‹heads› says how many"),
        ("batch_index", "b", look.batch_index, field.batch, "batch rows; ‹batch› says how many"),
    ):
        if at is None:
            continue
        called = choice(name, at)
        if count == 1:
            raise AttnError(f"{called}: there are no {what}.")
        if not 0 <= at < count:
            raise AttnError(f"{called}: there are {count}, counted from 0.")
        if axis not in differs:
            raise AttnError(f"{called}: all {count} are the same here; leave it out.")


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


class Table(NamedTuple):
    """A mask as an array in the form of a library: its axes, their letters, and what writes it."""

    form: Form
    shape: tuple[int, ...]
    letters: str
    mask: Mask
    field: Field
    repeats: int

    def write(self, stream: IO[bytes]) -> None:
        """Write it as .npy, some queries at a time, so that it is never held whole."""
        header: dict[str, Any] = {
            "descr": np.lib.format.dtype_to_descr(self.form.dtype),
            "fortran_order": False,
            "shape": self.shape,
        }
        np.lib.format.write_array_header_1_0(stream, header)
        for b, h in np.ndindex(*self.field.leads(self.mask)):
            for _ in range(self.repeats):
                for _, allowed in blocks(self.mask, self.field.n, self.field.m, b, h):
                    stream.write(in_form(allowed, self.form).tobytes())


def table_to_save(request: MaskRequest) -> Table:
    """The mask of a request, in the form that is asked for, else in booleans."""
    mask, field = request.mask, request.field
    if mask is None:
        raise AttnError("‹save› writes a mask: add one, such as ‹causal›.")
    form = request.form or form_of("bool", "‹as_form›")
    layout = form_layout(form, field.leads(mask), field.n, field.m, field.heads)
    return Table(form, layout.shape, layout.letters, mask, field, layout.repeats)
