"""Arrays of other libraries, and lists, as NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.arrays.literals import nested
from attn_cli.errors import AttnError

Array = np.ndarray[Any, Any]


def as_array(given: Any, option: str) -> Array:
    """Read whatever NumPy reads: arrays, lists, tensors on the CPU; bfloat16 becomes float32.

    Raises AttnError for what holds no rows of equal length.
    """
    if isinstance(given, np.ma.MaskedArray):
        if np.ma.is_masked(given):
            raise AttnError(f"{option}: masked entries are not read; give ‹mask› for pairs.")
        given = given.data
    if hasattr(given, "is_complex") and given.is_complex():
        raise AttnError(f"{option}: it holds complex numbers; real numbers are needed.")
    detach = getattr(given, "detach", None)
    if detach is not None:
        given = detach()
    if isinstance(given, (list, tuple)) and any(hasattr(one, "detach") for one in given):
        given = [as_array(one, option) for one in given]
    try:
        return np.asarray(given).copy()
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(given, (list, tuple)):
            rows = [one.tolist() if isinstance(one, np.ndarray) else one for one in given]
            return nested(rows, option)
        wider = _widened(given)
        if wider is not None:
            return wider
        raise AttnError(f"{option}: this is not an array: {str(error)[:80]}") from None


def _widened(given: Any) -> Array | None:
    """A tensor whose type NumPy lacks, as float32; None for anything else."""
    widen = getattr(given, "float", None)
    if widen is None or not hasattr(given, "detach"):
        return None
    try:
        return np.asarray(widen().cpu())
    except (TypeError, ValueError, RuntimeError):
        return None
