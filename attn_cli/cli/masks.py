"""From a mask to where it goes: terminal, JSON, arrays, pictures."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from attn_cli.api.mask import Mask
from attn_cli.api.mask_catalogue import Catalogue
from attn_cli.api.shown import check_export
from attn_cli.arrays.writing import check_path
from attn_cli.cli import streams
from attn_cli.cli.output import export, show
from attn_cli.errors import AttnError
from attn_cli.language import said
from attn_cli.spelling import choice
from attn_cli.units import bytes_text

LONG_TO_WRITE = 2**30
"""Bytes of a file that is said before it is written."""

PAGE_ONLY = ("precision", "head", "batch_index", "everything")


def check_output(view: SimpleNamespace) -> None:
    """Refuse what can't be written before any work."""
    check_path(view.save, "‹save›", (".npy",), view.force)
    check_export(view.export, "‹export›", view.force)
    for name in PAGE_ONLY:
        if view.json and _is_given(view, name):
            raise AttnError(f"{choice(name)} has no effect with ‹json›. Leave one out.")


def _is_given(view: SimpleNamespace, name: str) -> bool:
    return getattr(view, name) is not None and getattr(view, name) is not False


def show_catalogue(view: SimpleNamespace) -> None:
    """List every mask and bias, and what libraries make of masks."""
    for name in PAGE_ONLY:
        if _is_given(view, name):
            raise AttnError(
                f"{choice(name)} is about a mask: add one, such as ‹causal›. "
                "attn mask alone lists them all."
            )
    for name in ("save", "json"):
        if _is_given(view, name):
            raise AttnError(f"{choice(name)} writes a mask: add one, such as ‹causal›.")

    catalogue = Catalogue(libraries=view.libraries)
    if view.export is not None:
        export(catalogue, view)
    show(catalogue, view)


def show_mask(mask: Mask, view: SimpleNamespace) -> None:
    """Print a mask as a page or JSON; write it where it is asked for."""
    for notice in mask.notices:
        streams.note(notice)
    if view.save is not None:
        if mask.saved_bytes > LONG_TO_WRITE:
            size = bytes_text(mask.saved_bytes)
            streams.note(said("{size} will be written to {path}.", size=size, path=view.save))
        streams.report(f"Saved {view.save}: {mask.save(view.save, force=view.force)}")
    if view.export is not None:
        export(mask, view)
    if view.json:
        for part in mask.json(ascii_only=not streams.shows_unicode(sys.stdout)):
            sys.stdout.write(part)
    else:
        show(mask, view)
