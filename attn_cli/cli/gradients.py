"""From a gradient to where it goes: terminal, JSON, files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attn_cli.api.gradient import Gradient
from attn_cli.api.looking import is_asked, refuse_conflicts
from attn_cli.api.run import SAVED
from attn_cli.api.shown import check_export
from attn_cli.arrays.writing import check_path
from attn_cli.cli import streams
from attn_cli.cli.output import show
from attn_cli.cli.reading import look_of
from attn_cli.cli.showing import note_and_write
from attn_cli.errors import AttnError
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.api.shown import Documented

OF_PAGES = ("show_work", "start", "steps", "everything", "precision")
"""Options that say how a page is shown, of which a document knows nothing."""


def check_output(view: SimpleNamespace) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    check_path(view.save, "‹save›", SAVED, view.force)
    check_export(view.export, "‹export›", view.force)
    refuse_conflicts(look_of(view))
    for name in ("only", "show_work"):
        if view.check and getattr(view, name) is not None:
            raise AttnError(f"‹check› has no effect with {choice(name)}. Leave one out.")
    if not view.json:
        return
    for name in OF_PAGES:
        if is_asked(getattr(view, name)):
            raise AttnError(f"{choice(name)} has no effect with ‹json›. Leave one out.")


def refuse_beside_jacobian(values: Mapping[str, Any], view: SimpleNamespace) -> None:
    """Refuse what belongs to the gradient of one loss: a Jacobian is that of many."""
    beside = (
        ("d_output", "d_output" in values),
        ("check", view.check),
        ("exact", view.exact),
        ("symbolic", view.symbolic),
        ("at", view.at is not None),
    )
    for name, given in beside:
        if given:
            raise AttnError(f"{choice(name)} has no effect on a ‹jacobian›. Leave one out.")


def show_result(found: Gradient | Documented, view: SimpleNamespace) -> None:
    """Notices to standard error, the result to standard output and to files."""
    note_and_write(found, view)
    if not view.json:
        show(found, view)
        return
    for part in found.json(ascii_only=not streams.shows_unicode(sys.stdout)):
        sys.stdout.write(part)
