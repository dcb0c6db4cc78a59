"""Exact numbers for the commands that compute: what was typed, and where the result goes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from attn_cli.errors import AttnError
from attn_cli.spelling import choice

UNKNOWN = ("quiet", "step", "check")
"""Options of numbers that are rounded."""


def asks_for_exact(view: SimpleNamespace) -> bool:
    """Whether exact numbers or letters are wanted."""
    return bool(view.exact or view.symbolic or view.at is not None)


def show_exact(values: dict[str, Any], view: SimpleNamespace, d_output: Any = None) -> None:
    """Compute exactly what was typed, and show it; d_output: where the gradient is wanted."""
    from attn_cli.api.exact import Exact, computed_exactly
    from attn_cli.arrays.writing import check_path
    from attn_cli.cli.gradients import show_result
    from attn_cli.cli.reading import arrays_and_choices, look_of, stdin

    for name in UNKNOWN:
        if getattr(view, name, None):
            raise AttnError(f"{choice(name)} has no effect on ‹exact› numbers. Leave one out.")
    check_path(view.save, "‹save›", Exact.saved, view.force)
    arrays, spec = arrays_and_choices(values)
    found = computed_exactly(
        arrays,
        spec,
        look_of(view),
        stdin(),
        symbolic=view.symbolic,
        at=view.at,
        d_output=d_output,
    )
    show_result(found, view)
