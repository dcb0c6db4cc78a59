"""Which modes there are."""

from __future__ import annotations

from attn_cli.mechanisms import MECHANISMS


def modes() -> dict[str, str]:
    """Every mode by its name, with its formula."""
    return {one.name: one.formula for one in MECHANISMS}
