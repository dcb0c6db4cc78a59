"""From what was typed to choices and arrays."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attn_cli.api.given import Arrays, separated
from attn_cli.api.looking import Look, checked
from attn_cli.errors import AttnError
from attn_cli.spec import Spec

if TYPE_CHECKING:
    from attn_cli.arrays.sources import Sources


def stdin() -> Sources:
    """Where arrays are read from, standard input among it."""
    from attn_cli.arrays.sources import Sources

    return Sources(sys.stdin.buffer)


def arrays_and_choices(typed: Mapping[str, Any]) -> tuple[Arrays, Spec]:
    """Arrays on one side, choices on the other.

    Raises AttnError for what can't be read.
    """
    values = dict(typed)
    if "param" in values:
        values["param"] = _parameters(values["param"])
    return separated(values)


def _parameters(texts: Sequence[str]) -> dict[str, str]:
    """Read `NAME=ARRAY` of every --param."""
    found: dict[str, str] = {}
    for text in texts:
        written, equals, argument = text.partition("=")
        name = written.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise AttnError(f"‹param›: {text[:40]!r} is not of the form NAME=ARRAY.")
        if name in found:
            raise AttnError(f"‹param {name}› is given twice.")
        found[name] = argument
    return found


def look_of(view: SimpleNamespace) -> Look:
    """What of a result is looked at, as far as a command has options for it."""
    return checked(Look(**{name: one for name, one in vars(view).items() if name in Look._fields}))
