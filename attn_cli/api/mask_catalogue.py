"""Every mask and bias there is, and what libraries make of masks."""

from __future__ import annotations

from attn_cli import masks
from attn_cli.api.shown import Frame, Shown
from attn_cli.data.libraries import LIBRARIES, QUESTIONS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.views.mask_catalogue import catalogue_page
from attn_cli.views.page import Block


class Catalogue(Shown):
    """Every mask and bias, and what libraries make of masks."""

    title = "Masks"

    def page(self, frame: Frame) -> list[Block]:
        """Three lists."""
        return catalogue_page(
            [(kind.signature, kind.says, kind.source) for kind in masks.KINDS],
            [(kind.signature, kind.says, kind.source) for kind in BIASES],
            [
                (f"{one.name} {one.version}", *(getattr(one, name) for name in QUESTIONS))
                for one in LIBRARIES
            ],
            [*QUESTIONS.values()],
            frame.width,
        )
