"""What a saved run said of itself, where the command line says nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attn_cli.cli.options import AlgorithmOptions, AttentionOptions, PositionOptions
from attn_cli.masks.placed import Offset

USUAL = AlgorithmOptions()

ALGORITHMS = ("query_index", "block_size", "by_element")

Options = TypeVar("Options", AttentionOptions, PositionOptions, AlgorithmOptions)


def still_meant(
    settings: Mapping[str, Any], attention: AttentionOptions, algorithm: AlgorithmOptions
) -> Mapping[str, Any]:
    """Settings of a saved run but for those that what is asked for now takes the place of."""
    other_mode = attention.mode not in (None, settings.get("mode"))
    gone: set[str] = {"activation"} if other_mode else set()
    if other_mode or algorithm != USUAL or attention.normalizer is not None:
        gone |= {*ALGORITHMS}
    return {name: value for name, value in settings.items() if name not in gone}


def with_settings(options: Options, settings: Mapping[str, Any]) -> Options:
    """Options of a saved run, where the command line says nothing else."""
    saved = {
        name: settings[name]
        for name in options._fields
        if settings.get(name) is not None and getattr(options, name) is None
    }
    if getattr(options, "normalizer", None) is not None:
        saved.pop("alpha", None)
    return options._replace(**saved)


def saved_offset(settings: Mapping[str, Any]) -> Offset | None:
    """Where the queries of a saved run stand; one number in a list is one for all."""
    offset = settings.get("offset")
    return tuple(offset) if isinstance(offset, list) else offset
