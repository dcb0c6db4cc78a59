"""A mask that shows itself, combines with others, and is an array."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cached_property
from operator import and_, invert, or_
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli import masks
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.looking import Look, Progress, look_taken, silent
from attn_cli.api.mask_reporting import NOWHERE, Destinations, reported
from attn_cli.api.mask_requests import MaskRequest, mask_request
from attn_cli.api.mask_tables import table_to_save
from attn_cli.api.shown import Frame, Recipe, Shown, strict_json
from attn_cli.arrays.arguments import names_array
from attn_cli.arrays.forms import form_of
from attn_cli.arrays.limits import refuse_beyond_space
from attn_cli.arrays.sources import Sources
from attn_cli.arrays.writing import check_path, write_whole
from attn_cli.errors import AttnError, ShapeError
from attn_cli.mask_reports.grid import table_of
from attn_cli.masks import Board
from attn_cli.masks import Mask as AnyMask
from attn_cli.results.mask import MaskReport
from attn_cli.results.trace import Trace
from attn_cli.spec import Spec, refuse_other
from attn_cli.views import document
from attn_cli.views.mask_document import described
from attn_cli.views.mask_page import bias_page, mask_page
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
        table_to_save(self._request._replace(form=form_of(str(form), "‹form›"))).write(stream)
        stream.seek(0)
        return np.asarray(np.load(stream))

    @property
    def _mask(self) -> AnyMask:
        if self._request.mask is None:
            raise AttnError("This is a bias alone, without a mask.")
        return self._request.mask

    def __and__(self, other: Any) -> Mask:
        """Pairs that both keep."""
        beside = self._beside(other)
        return self._with(self._mask & beside._mask, beside, (and_, (self, beside)))

    def __or__(self, other: Any) -> Mask:
        """Pairs that at least one keeps."""
        beside = self._beside(other)
        return self._with(self._mask | beside._mask, beside, (or_, (self, beside)))

    def __invert__(self) -> Mask:
        """Pairs that it drops."""
        return self._with(~self._mask, self, (invert, (self,)))

    def _beside(self, other: Any) -> Mask:
        """Another mask: one of these, or an expression or an array placed as this one is."""
        if isinstance(other, Mask):
            return other
        field = self._request.field
        if not isinstance(other, str) or names_array(other):
            return mask(other, n=field.n, m=field.m)
        board = Board(field.n, field.m, field.offset, field.batch)
        read = masks.read(other, "‹mask›").on(board)
        return self._with(read, self, (Mask._beside, (self, other)))

    def _with(self, combined: AnyMask, beside: Mask, recipe: Recipe) -> Mask:
        """A mask on what both stand on: batch rows and heads of one, where the other has one.

        Raises ShapeError for other sizes.
        """
        one, two = self._request.field, beside._request.field
        if (one.n, one.m) != (two.n, two.m):
            raise ShapeError(f"Masks of {one.n}×{one.m} and {two.n}×{two.m} can't be combined.")
        for what, here, there in (
            ("batch rows", one.batch, two.batch),
            ("heads", one.heads, two.heads),
        ):
            if here != there and 1 not in (here, there):
                raise ShapeError(f"Masks of {here} and {there} {what} can't be combined.")
        field = one._replace(batch=max(one.batch, two.batch), heads=max(one.heads, two.heads))
        request = self._request._replace(mask=combined, parts=(combined,), given=False, field=field)
        made = Mask(request, self._spec, self._look, self._goes, self._progress)
        made._recipe = recipe
        return made

    def page(self, frame: Frame) -> list[Block]:
        """The mask drawn, counted and named; of a bias alone its steps."""
        shown = Display(
            frame.width,
            self._look.precision,
            self._look.everything,
            head=self._look.head,
            batch_index=self._look.batch_index or 0,
            signs=frame.signs,
        )
        report = self.report
        if not isinstance(report, MaskReport):
            return bias_page(report, shown)
        return mask_page(report, shown, libraries=self._look.libraries, command=frame.command)

    @property
    def saved_bytes(self) -> int:
        """Bytes that save writes."""
        return table_to_save(self._request).nbytes

    def save(self, file: str | Path, *, force: bool = False) -> str:
        """Write its table as .npy, some queries at a time, and say what was written.

        Raises AttnError for another suffix, and without force for a file that exists;
        ImpossibleError for more than there is room for.
        """
        path = Path(file)
        check_path(path, "‹save›", (".npy",), force)
        table = table_to_save(self._request)
        refuse_beyond_space(path, table.nbytes, "‹save›")
        write_whole(path, table.write, force=force)
        shape = "×".join(map(str, table.shape))
        return f"{table.form.dtype}, {shape} {table.letters}, {table.form.says}"

    def to_dict(self) -> dict[str, Any]:
        """The document of a mask, as --json prints it."""
        return strict_json(self.json())

    def json(self, *, ascii_only: bool = False) -> Iterator[str]:
        """The document as text, in pieces."""
        more = described(self.report) if isinstance(self.report, MaskReport) else {}
        return document.parts(self.trace, ascii_only=ascii_only, more=more)


def mask(expression: Any = None, *, spec: Spec | None = None, **given: Any) -> Mask:
    """Build a mask: "causal & window(3) | global(0)", or an array of booleans.

    given: choices as Spec has them (n=6, m=8, causal=True, window=3, text="…"); import_file with
    is_form: a mask in the form of a library. What its page shows: libraries=True, head=1,
    batch_index=1, precision=3, everything=True.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    imported = given.pop("import_file", None)
    look = look_taken(given, "mask")
    arrays, chosen = arranged({"mask": expression, **given}, spec)
    found = built(arrays, chosen, look, imported)
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
    if request is None:
        return None
    found = Mask(request, spec, look, goes or NOWHERE, progress)
    found._recipe = (built, (Arrays(mask=arrays.mask, param={}), spec, look, imported))
    return found
