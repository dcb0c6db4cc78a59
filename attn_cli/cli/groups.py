"""Options that several commands share, as groups; `takes` gives a command the groups it names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_type_hints


def takes(*groups: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command receive dataclasses: every field of a group is an option of the command."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        options = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=get_type_hints(group, include_extras=True)[field.name],
            )
            for group in groups
            for field in fields(group)
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            command(*(group(**{f.name: given[f.name] for f in fields(group)}) for group in groups))

        run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options}
        del run.__wrapped__  # type: ignore[attr-defined]
        return run

    return wrap
