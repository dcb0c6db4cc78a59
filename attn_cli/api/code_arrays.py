"""Arrays of a script: written into it where they are small, loaded from a file where not."""

from __future__ import annotations

import re
import sys
import textwrap
from typing import Any

import numpy as np

from attn_cli.arrays.arguments import path_and_name
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError

Array = np.ndarray[Any, Any]

MOST = 400
"""Numbers of an array that is written into a script."""

WIDTH = 88
LOADED = (".npy", ".npz")


def written(name: str, array: Array, maker: str) -> str | None:
    """An array as a line of Python, every number in full; None where that takes too many.

    maker: the function that makes an array of a list.
    """
    usual = array.dtype.kind in "bi" or array.dtype == np.float64
    end = ")" if usual else f", dtype=np.{array.dtype})"
    if 0 < array.size <= MOST:
        line = f"{name} = {maker}({_listed(array, sys.maxsize)}{end}"
        if len(line) <= WIDTH:
            return line
    if (array == array.flat[:1]).all():
        return f"{name} = np.full({array.shape}, {array.flat[0] if array.size else 0.0}{end}"
    if array.size > MOST:
        return None
    rows = textwrap.indent(_listed(array, WIDTH - 4), "    ")
    return f"{name} = {maker}(\n{rows}{end[:-1]}\n)"


def _listed(array: Array, width: int) -> str:
    """The numbers of an array in brackets; several rows on lines of their own."""
    text = np.array2string(
        array,
        separator=", ",
        threshold=array.size + 1,
        formatter={"all": str},
        max_line_width=width,
    )
    return text if width < sys.maxsize else re.sub(r"\n\s*", " ", text)


def loaded(array: Array, where: str | None) -> str | None:
    """The call that loads an array; None where no file holds these very numbers.

    where: `q.npy` or `run.npz:q`.
    """
    if where is None:
        return None
    path, member = path_and_name(where)
    if path.suffix.lower() not in LOADED or not path.is_file():
        return None
    try:
        found = Sources(None).one(where, "‹code›")
    except AttnError:
        return None
    if found.dtype != array.dtype or not np.array_equal(found, array, equal_nan=True):
        return None
    entry = f'["{member}"]' if member else ""
    return f'np.load("{_quoted(str(path))}"){entry}'


def refuse_large(name: str) -> AttnError:
    """The error for an array that is neither small nor in a file."""
    return AttnError(
        f"‹code›: {name} has more than {MOST} numbers, too many to write into a script. "
        "Give ‹save› run.npz: the script loads it from there."
    )


def _quoted(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)
