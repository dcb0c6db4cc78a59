"""Levels as a PNG picture (ISO/IEC 15948): one colour that lets the ground through."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BITS, WITH_ALPHA, NO_FILTER = 8, 6, b"\0"


def png(levels: Sequence[Sequence[float]], colour: tuple[int, int, int]) -> bytes:
    """A pixel for each level: 0 is clear, 1 the whole colour."""
    pixels = b"".join(
        NO_FILTER + b"".join(bytes((*colour, round(255 * level))) for level in row)
        for row in levels
    )
    size = struct.pack(">II", len(levels[0]), len(levels))
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", size + bytes((BITS, WITH_ALPHA, 0, 0, 0))),
            _chunk(b"IDAT", zlib.compress(pixels)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checked
