"""Sentences into rows, one for each word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.labels import refuse_named
from attn_cli.arrays import seeded
from attn_cli.arrays.tokens import tokens
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices
from attn_cli.mechanisms.layout import HEAD_WIDTH
from attn_cli.spec import Spec
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]


def sentences(
    spec: Spec,
    given: dict[str, Array],
    choices: Choices,
    seed: int,
) -> dict[str, tuple[str, ...]]:
    """Turn sentences into rows; their words, by the letter of the axis."""
    refuse_named(spec)
    if spec.context_text is not None and spec.text is None:
        raise AttnError("‹context_text› needs ‹text›, the sentence that asks.")
    if spec.context_text is not None and "context" in given:
        raise AttnError("‹context_text› makes the context itself; leave ‹context› out.")
    if spec.text is None:
        return {}
    for name in ("x", "q", "k", "v"):
        if name in given:
            raise AttnError(f"‹text› makes the rows itself; leave {choice(name)} out.")
    labels = {}
    for axis, name, text, width in (
        ("n", "x", spec.text, spec.d or _rows(given, "w_q") or _text_width(choices)),
        ("m", "context", spec.context_text, spec.d or _rows(given, "w_k")),
    ):
        if text is None:
            continue
        words = tokens(text, "‹text›" if name == "x" else "‹context_text›")
        width = width or given["x"].shape[1]
        given[name] = seeded.embeddings(words, int(width), seed)
        labels[axis] = tuple(words)
    return labels


def _text_width(choices: Choices) -> int:
    return HEAD_WIDTH * (choices.heads or 1)


def _rows(given: Mapping[str, Array], name: str) -> int | None:
    return given[name].shape[0] if name in given and given[name].ndim == 2 else None
