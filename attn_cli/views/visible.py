"""Signs that steer instead of showing: control and direction signs become one that is seen."""

from __future__ import annotations

import re
from typing import Any

STEERING = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Everything but tab and line feed that a terminal or a page obeys; lone surrogates too."""

SEEN = "\ufffd"


def visible(text: str) -> str:
    """A text in which no sign steers a terminal or a reader."""
    # none of these signs is printable, and few texts hold one that is not
    return text if text.isprintable() else re.sub(STEERING, SEEN, text)


def visible_page(value: Any) -> Any:
    """A page, or a part of one, all of whose texts are visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [visible_page(part) for part in value]
    if isinstance(value, tuple):
        parts = [visible_page(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def escaped_json(text: str) -> str:
    """JSON text with such signs written as escapes; the values stay as they are."""
    return re.sub(STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)
