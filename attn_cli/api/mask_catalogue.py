"""Every mask and bias there is, and what libraries make of masks."""

from __future__ import annotations

from attn_cli import masks
from attn_cli.api.shown import Frame, Shown
from attn_cli.mechanisms.biases import BIASES
from attn_cli.views.mask_catalogue import catalogue_page
from attn_cli.views.page import Block


class Catalogue(Shown):
    """Every mask and bias; libraries: what libraries make of masks, too."""

    title = "Masks"

    def __init__(self, *, libraries: bool = False) -> None:
        self._libraries = libraries

    def page(self, frame: Frame) -> list[Block]:
        """Two lists, or three."""
        return catalogue_page(
            [(kind.signature, kind.says, kind.source) for kind in masks.KINDS],
            [(kind.signature, kind.says, kind.source) for kind in BIASES],
            libraries=self._libraries,
            command=frame.command,
        )
