"""Options that several commands share, as groups; `takes` gives a command the groups it names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def takes(*groups: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command receive named tuples: every field of a group is an option of the command."""
    options = []
    for group in groups:
        hints = get_type_hints(group, include_extras=True)
        options += [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=group._field_defaults[name],
                annotation=hints[name],
            )
            for name in group._fields
        ]

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            command(*(group(**{name: given[name] for name in group._fields}) for group in groups))

        run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options}
        return run

    return wrap
