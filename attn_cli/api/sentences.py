"""Sentences into rows, and words into names of rows and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.given import Arrays
from attn_cli.arrays import seeded
from attn_cli.arrays.tokens import tokens
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices
from attn_cli.mechanisms.layout import HEAD_WIDTH
from attn_cli.program import Program
from attn_cli.spec import Spec
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]


def sentences(
    spec: Spec,
    given: dict[str, Array],
    choices: Choices,
    seed: int,
) -> dict[str, tuple[str, ...]]:
    """Turn sentences into rows and labels."""
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


def replaced(arrays: Arrays) -> bool:
    """Whether rows are given other than those that saved words name."""
    return any(getattr(arrays, name) is not None for name in ("q", "k", "x", "context", "past_k"))


def _text_width(choices: Choices) -> int:
    return HEAD_WIDTH * (choices.heads or 1)


def _rows(given: Mapping[str, Array], name: str) -> int | None:
    return given[name].shape[0] if name in given and given[name].ndim == 2 else None


def name_labels(labels: dict[str, tuple[str, ...]], program: Program) -> dict[str, tuple[str, ...]]:
    """In self-attention words name the keys too; behind a cache, new keys go on being k0, k1.

    Keys of a block go by the names that they have among all.
    """
    if "n" in labels and "m" not in labels and "context" not in program:
        labels["m"] = labels["n"]
    if "m_past" in program.sizes and len(labels.get("m", ())) != program.sizes["m"]:
        new = labels.get("m") or tuple(f"k{j}" for j in range(program.sizes["m_new"]))
        labels["m_new"] = new
        labels["m"] = (*(f"past{j}" for j in range(program.sizes["m_past"])), *new)
    for step in program:
        if step.operation == "slice":
            keys = labels.get("m") or tuple(f"k{j}" for j in range(program.sizes["m"]))
            within = step.options["within"]
            labels[step.options["axis"]] = keys[within.start : within.stop]
    return labels
