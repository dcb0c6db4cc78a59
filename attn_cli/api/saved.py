"""What a saved run says of itself: its choices, and which of its arrays were random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from attn_cli.arrays.arguments import SETTINGS
from attn_cli.errors import AttnError
from attn_cli.masks.catalogue import FARTHEST
from attn_cli.masks.placed import Offset
from attn_cli.spec import Spec

CHOSEN = (
    *("mode", "heads", "kv_heads", "seed", "scale", "softcap", "normalizer", "temperature"),
    *("alpha", "local", "local_d", "activation", "query_index", "block_size"),
    *("bias", "rope", "rope_base", "positions", "residual", "norm"),
)
"""Choices that a saved run is read back with."""

ALGORITHMS = ("query_index", "block_size", "by_element")

LONGEST_SETTINGS = 2**22


def with_saved(spec: Spec, settings: Mapping[str, Any]) -> Spec:
    """The choices, and saved ones that are not overridden here."""
    gone = _overridden(spec, settings)
    saved = {
        name: settings[name]
        for name in CHOSEN
        if settings.get(name) is not None and name not in gone
    }
    return spec.under(saved)


def by_element(spec: Spec, settings: Mapping[str, Any]) -> bool | None:
    """How a saved run took a single query, where that is not overridden here."""
    return None if "by_element" in _overridden(spec, settings) else settings.get("by_element")


def _overridden(spec: Spec, settings: Mapping[str, Any]) -> set[str]:
    """Names of saved settings that what is chosen now makes meaningless."""
    other_mode = spec.mode not in (None, settings.get("mode"))
    gone = {"activation"} if other_mode else set()
    if spec.normalizer is not None:
        gone.add("alpha")
    other_steps = spec.query_index is not None or spec.block_size is not None or spec.decode
    if other_mode or other_steps or spec.normalizer is not None:
        gone |= {*ALGORITHMS}
    return gone


def saved_offset(settings: Mapping[str, Any]) -> Offset | None:
    """Where the queries of a saved run stand; one number in a list is one for all."""
    offset = settings.get("offset")
    return tuple(offset) if isinstance(offset, list) else offset


def saved_settings(held: dict[str, Any]) -> dict[str, Any]:
    """Take the settings out of what a file holds; none where it is no saved run."""
    import json

    if SETTINGS not in held:
        return {}
    member = held.pop(SETTINGS)
    if getattr(member, "size", 0) > LONGEST_SETTINGS:
        return {}
    try:
        from attn_cli.arrays import files

        text = files.load(member, "‹input›")
        settings = json.loads(str(text)) if text.dtype.kind == "U" and not text.ndim else None
    except (AttnError, ValueError, RecursionError):
        return {}
    return dict(settings) if is_settings(settings) else {}


def is_settings(settings: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a saved entry has the form that a saved run has; anybody may have written it."""
    if not isinstance(settings, dict):
        return False
    try:
        Spec.of({name: settings.get(name) for name in CHOSEN})
    except AttnError:
        return False
    mask, decoded = settings.get("mask"), settings.get("decoded")
    digests, labels = settings.get("digests", {}), settings.get("labels")
    return (
        all(type(settings.get(name, 1)) in (int, type(None)) for name in ("heads", "kv_heads"))
        and settings.get("causal", False) in (True, False)
        and settings.get("by_element") in (None, True, False)
        and settings.get("placed") in (None, True, False)
        and _is_offset(settings.get("offset", 0))
        and isinstance(settings.get("usual", {}), dict)
        and _are_words(settings.get("random", []))
        and isinstance(digests, dict)
        and _are_words([*digests.values()])
        and isinstance(labels, dict)
        and all(_are_words(names) for names in labels.values())
        and _are_words(settings.get("inputs"))
        and (mask is None or _has(mask, "name", "says"))
        and (decoded is None or (_has(decoded, "output", "facts")))
    )


def _has(value: Any, word: str, other: str) -> bool:
    """Whether an entry has two members, the first a word, the other a word or several."""
    if not isinstance(value, dict) or set(value) != {word, other}:
        return False
    last = value[other] if isinstance(value[other], list) else [value[other]]
    return _are_words([value[word]]) and _are_words(last)


def _is_offset(value: Any) -> bool:
    numbers = value if isinstance(value, list) and value else [value]
    return all(type(number) is int and abs(number) <= FARTHEST for number in numbers)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(word, str) and word.isprintable() for word in value
    )
