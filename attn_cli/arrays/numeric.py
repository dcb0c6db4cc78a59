"""Which kinds of numbers are computed with."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.errors import AttnError

Array = np.ndarray[Any, Any]


def as_floats(array: Array, option: str) -> Array:
    """Keep float16, float32 and float64; whole numbers become float64, bfloat16 float32.

    Raises AttnError for text, objects, dates, records and complex numbers.
    """
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return array if array.dtype.itemsize <= 8 else array.astype(np.float64)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        return array.astype(np.float32)
    what = {"c": "complex numbers", "U": "text", "S": "text", "V": "records", "M": "dates"}
    held = what.get(array.dtype.kind, str(array.dtype))
    raise AttnError(f"{option}: it holds {held}; real numbers are needed.")


def as_booleans(array: Array, option: str) -> Array:
    """Read a mask: booleans, or numbers that are all 0 or 1. True = may attend.

    Raises AttnError for other numbers: those are added to scores, so they are a bias.
    """
    if array.dtype.kind == "b":
        return array
    numbers = as_floats(array, option)
    if np.isin(numbers, (0, 1)).all():
        return numbers == 1
    raise AttnError(
        f"{option}: a mask holds True (may attend) and False, or 1 and 0; this one holds other "
        "numbers.\nNumbers that are added to the scores, 0 and -inf too, are a bias: ‹bias›."
    )


def to_one_type(arrays: dict[str, Array], dtype: str | None) -> dict[str, Array]:
    """Give all arrays one float type: the one asked for, else the widest there is."""
    if not arrays:
        return arrays
    kind = np.dtype(dtype) if dtype else np.result_type(*arrays.values())
    return {name: _converted(array, kind, name) for name, array in arrays.items()}


def _converted(array: Array, kind: np.dtype[Any], name: str) -> Array:
    with np.errstate(over="ignore"):
        converted = array.astype(kind, copy=False)
    lost = np.isinf(converted) & ~np.isinf(array)
    if lost.any():
        place = tuple(int(i) for i in np.argwhere(lost)[0])
        raise AttnError(
            f"‹dtype {kind}›: {name}[{','.join(map(str, place))}] is {array[place]:g}, and the "
            f"largest {kind} is {float(np.finfo(kind).max):g}."
        )
    return converted
