"""Fingerprints of arrays, by which a saved random one is known again."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.arrays.seeded import Rows


def digest(array: np.ndarray[Any, Any] | Rows) -> str:
    """The first 16 digits of the SHA-256 of an array's type, shape and numbers."""
    import hashlib

    content = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    for part in array.pieces() if isinstance(array, Rows) else (array,):
        content.update(np.ascontiguousarray(part).data.cast("B") if part.size else b"")
    return content.hexdigest()[:16]
