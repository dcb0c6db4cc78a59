"""What there is to say of a mask, and the arrays that hold it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from attn_cli import masks
from attn_cli.api.given import Arrays, separated
from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.mask_requests import MaskRequest, mask_request
from attn_cli.api.shown import Frame, Shown, strict_json
from attn_cli.api.slices import refuse_missing_slices
from attn_cli.arrays.forms import Form, form_layout, form_of, in_form
from attn_cli.arrays.sources import Sources
from attn_cli.arrays.writing import check_path, write_whole
from attn_cli.data.libraries import LIBRARIES, QUESTIONS
from attn_cli.errors import AttnError, ImpossibleError, ShapeError
from attn_cli.language import said
from attn_cli.mask_reports.grid import SMALL_PAIRS, Field, table_of
from attn_cli.mask_reports.report import Places, mask_report
from attn_cli.mask_reports.steps import mask_trace
from attn_cli.mask_reports.without_effect import idle_parts
from attn_cli.masks import Mask as AnyMask
from attn_cli.mechanisms.biases import BIASES
from attn_cli.readings.coverage import blocks
from attn_cli.results.mask import FormShown, MaskReport
from attn_cli.results.trace import Trace
from attn_cli.spec import Spec, refuse_other
from attn_cli.spelling import choice
from attn_cli.views import document
from attn_cli.views.mask_catalogue import catalogue_page
from attn_cli.views.mask_document import described
from attn_cli.views.mask_page import bias_page, mask_page
from attn_cli.views.numbers import short
from attn_cli.views.page import Block, Display


class Mask(Shown):
    """Which pairs may attend: True = may attend.

    np.asarray(mask) is its table (n, m), with batch rows and heads before them where they differ;
    & | ~ combine masks of the same size.
    """

    def __init__(
        self,
        request: MaskRequest,
        spec: Spec,
        look: Look,
        goes: Destinations,
        progress: Progress = silent,
    ) -> None:
        self._request, self._spec, self._look = request, spec, look
        self._goes, self._progress = goes, progress

    @cached_property
    def report(self) -> MaskReport | Trace:
        """Everything about it as plain data; of a bias alone its steps."""
        return reported(self._request, self._spec, self._look, self._goes, self._progress)

    @property
    def trace(self) -> Trace:
        """Its steps, with facts, notices and labels."""
        report = self.report
        return report.trace if isinstance(report, MaskReport) else report

    @property
    def title(self) -> str:  # type: ignore[override]
        """What it is called."""
        return self.trace.title

    @property
    def notices(self) -> tuple[str, ...]:  # type: ignore[override]
        """What has to be known to read it right."""
        return self.trace.notices

    @property
    def pairs(self) -> int:
        """How many pairs are kept, in all batch rows and heads along which it differs."""
        return self._reported.kept

    @property
    def matches(self) -> tuple[str, ...]:
        """What others call it, and known masks that it equals."""
        return (*self._reported.looks_like, *self._reported.called)

    @property
    def _reported(self) -> MaskReport:
        if not isinstance(self.report, MaskReport):
            raise AttnError("This is a bias alone, without a mask.")
        return self.report

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Its table: (n, m), with batch rows and heads before them where they differ."""
        table = table_of(self._mask, self._request.field)
        lead = [size for size in table.shape[:2] if size > 1]
        return np.asarray(table.reshape([*lead, *table.shape[2:]]), dtype=dtype)

    def to(self, form: str) -> np.ndarray[Any, Any]:
        """Its table in the form of a library, such as torch-sdpa, torch-mha, jax, onnx or keras.

        Raises AttnError for another form.
        """
        stream = io.BytesIO()
        table_to_save(self._request._replace(form=form_of(form, "‹form›"))).write(stream)
        stream.seek(0)
        return np.asarray(np.load(stream))

    @property
    def _mask(self) -> AnyMask:
        if self._request.mask is None:
            raise AttnError("This is a bias alone, without a mask.")
        return self._request.mask

    def __and__(self, other: Mask) -> Mask:
        """Pairs that both keep."""
        return self._with(self._mask & self._beside(other))

    def __or__(self, other: Mask) -> Mask:
        """Pairs that at least one keeps."""
        return self._with(self._mask | self._beside(other))

    def __invert__(self) -> Mask:
        """Pairs that it drops."""
        return self._with(~self._mask)

    def _beside(self, other: Mask) -> AnyMask:
        one, two = self._request.field, other._request.field
        if (one.n, one.m) != (two.n, two.m):
            raise ShapeError(f"Masks of {one.n}×{one.m} and {two.n}×{two.m} can't be combined.")
        return other._mask

    def _with(self, mask: AnyMask) -> Mask:
        request = self._request._replace(mask=mask, parts=(mask,), given=False)
        return Mask(request, self._spec, self._look, self._goes, self._progress)

    def page(self, frame: Frame) -> list[Block]:
        """The mask drawn, counted and named; of a bias alone its steps."""
        shown = Display(
            frame.width,
            self._look.decimals,
            self._look.everything,
            head=self._look.head,
            batch_index=self._look.batch_index or 0,
            signs=frame.signs,
        )
        report = self.report
        if not isinstance(report, MaskReport):
            return bias_page(report, shown)
        if not frame.advice:
            report = report._replace(trace=report.trace._replace(next_commands=()))
        return mask_page(report, shown)

    def save(self, file: str | Path, *, force: bool = False) -> str:
        """Write its table as .npy, some queries at a time, and say what was written.

        Raises AttnError for another suffix, and without force for a file that exists.
        """
        path = Path(file)
        check_path(path, "‹save›", (".npy",), force)
        table = table_to_save(self._request)
        write_whole(path, table.write, force=force)
        shape = "×".join(map(str, table.shape))
        return f"{table.form.dtype}, {shape} {table.letters}, {table.form.says}"

    def to_dict(self) -> dict[str, Any]:
        """The document of a mask, as --json prints it."""
        return strict_json(self.json())

    def json(self, *, ascii_only: bool = False) -> Iterator[str]:
        """The document as text, in pieces."""
        more = described(self.report) if isinstance(self.report, MaskReport) else {}
        return document.parts(self.trace, None, ascii_only, more)


def mask(expression: Any = None, *, spec: Spec | None = None, **given: Any) -> Mask:
    """Build a mask: "causal & window(3) | global(0)", or an array of booleans.

    given: choices as Spec has them (n=6, m=8, causal=True, window=3, text="…"); import_file with
    is_form: a mask in the form of a library.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    imported = given.pop("import_file", None)
    named = {"mask": expression, **given}
    arrays, chosen = separated({name: one for name, one in named.items() if one is not None})
    found = built(arrays, chosen.under(spec.said() if spec else {}), Look(), imported)
    if found is None:
        raise AttnError("‹mask›: give an expression, such as causal & window(3).")
    return found


def built(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    imported: Any = None,
    sources: Sources | None = None,
    goes: Destinations | None = None,
    progress: Progress = silent,
) -> Mask | None:
    """The same from arrays and choices; None where neither a mask nor a bias is asked for."""
    refuse_other(spec, "mask")
    request = mask_request(spec, arrays, imported, sources or Sources(None))
    return None if request is None else Mask(request, spec, look, goes or NOWHERE, progress)


class Catalogue(Shown):
    """Every mask and bias, and what libraries make of masks."""

    title = "Masks"

    def page(self, frame: Frame) -> list[Block]:
        """Three lists."""
        return catalogue_page(
            [(kind.signature, kind.says, kind.source) for kind in masks.KINDS],
            [(kind.signature, kind.says, kind.source) for kind in BIASES],
            [
                (f"{one.name} {one.version}", *(getattr(one, name) for name in QUESTIONS))
                for one in LIBRARIES
            ],
            [*QUESTIONS.values()],
            frame.width,
        )


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
    mask: AnyMask
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
