"""What there is to say of a mask: counted, drawn, compared, in the form of a library."""

from __future__ import annotations

from shlex import quote
from typing import NamedTuple

from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.mask_requests import MaskRequest
from attn_cli.api.slices import refuse_missing_slices
from attn_cli.arrays.forms import Form, form_layout, in_form
from attn_cli.errors import AttnError, ImpossibleError
from attn_cli.language import said
from attn_cli.mask_reports.grid import SMALL_PAIRS, Field, table_of
from attn_cli.mask_reports.report import Places, mask_report
from attn_cli.mask_reports.steps import mask_trace
from attn_cli.mask_reports.without_effect import idle_parts
from attn_cli.masks import Mask as AnyMask
from attn_cli.results.mask import FormShown, MaskReport
from attn_cli.results.trace import Trace
from attn_cli.spec import Spec
from attn_cli.spelling import choice
from attn_cli.views.numbers import short


class Destinations(NamedTuple):
    """Where a mask goes beside the screen, as far as a notice depends on it."""

    json: bool = False
    save: str = ""


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
    trace = mask_trace(mask, request.bias, field, short, look.few_decimals, small)
    if mask is None:
        return trace
    trace = trace._replace(
        notices=_notices(request, trace, goes), next_commands=_next(request, goes.save)
    )
    with progress(said("queries")) as advance:
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
    """Raise AttnError for a head or a batch row that there is not, or that shows nothing else."""
    field = request.field
    sizes = {"h": field.heads, "b": field.batch}
    refuse_missing_slices({"head": look.head, "batch_index": look.batch_index}, sizes)
    differs = {axis for one in (request.mask, request.other) if one for axis in one.varies}
    if request.bias is not None:
        differs |= {"h"} if isinstance(field.offset, int) else {"b", "h"}
    for name, axis, at in (("head", "h", look.head), ("batch_index", "b", look.batch_index)):
        if at is not None and axis not in differs:
            alike = f"all {sizes[axis]} are the same here; leave it out."
            raise AttnError(f"{choice(name, at)}: {alike}")


def _is_small(request: MaskRequest) -> bool:
    """Whether every number may be shown: those of a bias too, which differ in each head."""
    field = request.field
    if request.bias is None and request.mask is not None:
        return field.small(request.mask)
    return field.batch * field.heads * field.n * field.m <= SMALL_PAIRS


def _form(mask: AnyMask, field: Field, form: Form) -> FormShown:
    values = in_form(table_of(mask, field), form) if field.small(mask) else None
    layout = form_layout(form, field.leads(mask), field.n, field.m, field.heads)
    return FormShown(form.name, form.says, str(form.dtype), layout.shape, layout.letters, values)


def _next(request: MaskRequest, saved: str) -> tuple[str, ...]:
    """What to try: saving the mask, where it is not, and reading it back."""
    form = request.form
    commands = [] if request.other is not None else ['‹diff› "window(3)"']
    commands += [] if form is not None else ["‹libraries›"]
    file = quote(saved or "mask.npy")
    back = f"attn compute ‹mask› {file}"
    if form is not None and form.kept is not True:
        back = f"attn mask ‹import_file› {file} ‹is_form {form.name}›"
    return (*commands, *([] if saved else [f"‹save› {file}"]), back)
