"""Masks as arrays in the forms of libraries, written without being held whole."""

from __future__ import annotations

from math import prod
from typing import IO, Any, NamedTuple

import numpy as np

from attn_cli.api.mask_requests import MaskRequest
from attn_cli.arrays.forms import Form, form_layout, form_of, in_form
from attn_cli.errors import AttnError
from attn_cli.mask_reports.grid import Field
from attn_cli.masks import Mask as AnyMask
from attn_cli.readings.coverage import blocks


class Table(NamedTuple):
    """A mask as an array in the form of a library: its axes, their letters, and what writes it."""

    form: Form
    shape: tuple[int, ...]
    letters: str
    mask: AnyMask
    field: Field
    repeats: int

    @property
    def nbytes(self) -> int:
        """Bytes of its numbers in a file."""
        return prod(self.shape) * self.form.dtype.itemsize

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
