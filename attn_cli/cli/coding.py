"""Scripts for array libraries: what was typed beside `--code`, and where arrays are loaded from."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attn_cli.errors import AttnError
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.api.run import Run
    from attn_cli.cli.options import Typed

WITHOUT_EFFECT = (
    "json",
    "quiet",
    "export",
    "steps",
    "start",
    "step",
    "show_work",
    "head",
    "batch_index",
    "precision",
    "percent",
    "everything",
    "exact",
    "symbolic",
    "at",
    "check",
)
"""Options of pages, documents and numbers, of which a script knows nothing."""


def refuse_beside_code(view: SimpleNamespace, jacobian: str | None = None) -> None:
    """Refuse what has no effect on a script, before any work."""
    if view.code is None:
        return
    from attn_cli.api.code import library_of
    from attn_cli.api.looking import is_asked

    library_of(view.code)
    for name in WITHOUT_EFFECT:
        if is_asked(getattr(view, name, None)):
            raise AttnError(f"{choice(name)} has no effect on ‹code›. Leave one out.")
    if jacobian is not None:
        raise AttnError("‹code› has no effect on a ‹jacobian›. Leave one out.")


def show_code(run: Run, typed: Typed) -> None:
    """Notices to standard error, the script to standard output; what it loads is saved before."""
    from attn_cli.cli import streams
    from attn_cli.views.ascii import in_ascii

    view = typed.view
    for notice in run.notices:
        streams.note(notice)
    if view.save is not None:
        run.save(view.save, force=view.force, more=run.given)
        streams.report(f"Saved {view.save}")
    script = run.code(view.code, _files(run, typed.values, view))
    plain = view.plain or not streams.shows_unicode(sys.stdout)
    sys.stdout.write(in_ascii(script) if plain else script)


def _files(run: Run, typed: Mapping[str, Any], view: SimpleNamespace) -> dict[str, str]:
    """Where each array stands: in what was saved, else in a file that was typed."""
    named = [name for name, one in typed.items() if isinstance(one, str)]
    files = {name: typed[name] for name in named}
    several = view.save if view.save is not None else typed.get("input")
    for name in (*run.given, *(step.name for step in run.steps)):
        if view.save is not None or name not in files:
            files[name] = f"{several}:{name}"
    for text in typed.get("param", ()):
        name, _, where = text.partition("=")
        files.setdefault(name.strip(), where)
    return files
