"""How many key heads there are for the query heads: multi-head, grouped, multi-query."""

from __future__ import annotations

from attn_cli.errors import AttnError, did_you_mean
from attn_cli.program import Size

LAYOUTS = ("mha", "gqa", "mqa")

GROUP_SIZE = 4
"""Query heads for each key head in gqa, where nobody says."""


def kv_heads_of(layout: str, heads: Size | None, kv_heads: Size | None, asked: str) -> Size:
    """The key heads of a layout; gqa has those given, else one for every 4 query heads.

    asked: the choice that names the layout, for messages. Raises AttnError for another layout,
    without query heads, and where they are no multiple of 4.
    """
    if layout not in LAYOUTS:
        raise AttnError(f"‹{asked}›: no layout {layout!r}. {did_you_mean(layout, [*LAYOUTS])}")
    if heads is None:
        raise AttnError(f"‹{asked} {layout}› needs ‹heads›, the number of query heads.")
    if layout == "gqa":
        if kv_heads is not None:
            return kv_heads
        if not isinstance(heads, int) or heads % GROUP_SIZE:
            raise AttnError(f"‹{asked} gqa› needs ‹kv_heads›.")
        return heads // GROUP_SIZE
    return heads if layout == "mha" else 1
