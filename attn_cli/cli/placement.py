"""Options that place a causal mask, the same for every command that masks."""

from __future__ import annotations

from attn_cli.errors import AttnError, did_you_mean

ALIGNMENTS = ("top-left", "bottom-right")


def refuse_placement(causal: bool, offset: int | None, align: str | None) -> None:
    """Raise AttnError where nothing is placed, or by two options, or by an unknown name."""
    if not causal and (offset is not None or align is not None):
        raise AttnError("--offset and --align place a causal mask: add --causal.")
    if offset is not None and align is not None:
        raise AttnError("--offset and --align both place the causal mask: give one.")
    if align is not None and align not in ALIGNMENTS:
        raise AttnError(f"--align: no alignment {align!r}. {did_you_mean(align, list(ALIGNMENTS))}")
