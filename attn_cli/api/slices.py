"""Which head and which batch row are looked at, and whether there are any."""

from __future__ import annotations

from collections.abc import Mapping

from attn_cli.errors import AttnError
from attn_cli.program import Sizes
from attn_cli.spelling import choice

AXES = {
    "head": ("h", "heads", "‹heads› says how many"),
    "batch_index": ("b", "batch rows", "‹batch› says how many"),
}
"""The axis of each, what stands along it, and where it comes from."""


def refuse_missing_slices(
    asked: Mapping[str, int | None], sizes: Mapping[str, int] | Sizes
) -> None:
    """Raise AttnError for a head or a batch row that there is not.

    asked: by choice, None where nobody asks; sizes: by axis.
    """
    for name, (axis, many, hint) in AXES.items():
        at, count = asked[name], sizes.get(axis, 1)
        if at is None:
            continue
        if count == 1:
            raise AttnError(f"{choice(name, at)}: there are no {many}; {hint}.")
        if not 0 <= at < count:
            raise AttnError(f"{choice(name, at)}: there are {count}, counted from 0.")
