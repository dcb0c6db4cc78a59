"""Small experiments that topics show live: each draws its numbers from a fixed seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays import seeded
from attn_cli.mechanisms import Choices, named
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.program import Program
from attn_cli.readings.values import evaluate

Array = np.ndarray[Any, Any]

SEED = 0


class Measured(NamedTuple):
    """What was measured, as a table; the first column names the row."""

    what: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


DRAWS, KEYS = 2000, 8


def scaling() -> Measured:
    """How wide vectors make scores spread, and softmax saturate, with and without 1/√d."""
    rows = []
    for width in (4, 16, 64, 256, 1024):
        query = seeded.normal("query", (DRAWS, 1, width), SEED)
        key = seeded.normal("key", (DRAWS, KEYS, width), SEED)
        scores = np.matmul(query, key.swapaxes(1, 2))[:, 0]
        scaled = scores / np.sqrt(width)
        rows.append((f"{width}", *_spread(scores), *_spread(scaled)))
    return Measured(
        f"{DRAWS:,} random queries with {KEYS} keys each, all numbers of variance 1. Variance of "
        "the scores, the largest weight, and the slope of softmax there, p (1 - p), on average:",
        ("d", "variance", "weight", "slope", "variance, scaled", "weight, scaled", "slope, scaled"),
        tuple(rows),
    )


def _spread(scores: Array) -> tuple[str, str, str]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    largest = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    slope = (largest * (1 - largest)).mean()
    variance = scores.var()
    written = f"{variance:,.0f}" if variance >= 10 else f"{variance:.2f}"
    return written, f"{largest.mean():.3f}", f"{slope:.3f}"


def _small(choices: Choices, arrays: dict[str, Array]) -> Program:
    return named("scaled").for_shapes({name: a.shape for name, a in arrays.items()}, choices)


def sampling() -> Measured:
    """The mean of many sampled outputs against the soft one: the expectation is soft attention."""
    arrays = {name: seeded.normal(name, (4, 3), SEED) for name in "qkv"}
    soft = evaluate(_small(Choices(), arrays), arrays)["output"]
    most = 10**4
    drawn = {name: np.repeat(array[None], most, axis=0) for name, array in arrays.items()}
    drawn["uniform"] = seeded.uniform("draws", (most, 4), SEED)
    program = _small(Choices(normalizer=normalizer("sample")), drawn)
    outputs = evaluate(program, drawn)["output"]
    rows = []
    for count in (1, 10, 100, 1000, most):
        apart = float(np.abs(outputs[:count].mean(axis=0) - soft).max())
        rows.append((f"{count:,}", f"{apart:.4f}", f"{count**-0.5:.4f}"))
    return Measured(
        "The mean of many sampled outputs, held against soft attention on the same scores:",
        ("draws", "largest difference", "1/√draws"),
        tuple(rows),
    )


STEP = 1e-6
UNALIKE = 1
"""A seed at which an output is changed most by the row of the smallest weight."""


def jacobian() -> Measured:
    """How much output i changes with input j: by differences, beside the explicit weight."""
    arrays = {"x": seeded.normal("rows", (3, 4), UNALIKE)}
    for name in ("w_q", "w_k", "w_v"):
        arrays[name] = seeded.projection(name, (4, 4), UNALIKE)
    weights, changes = influences(arrays)
    rows = [
        (f"output {i} by input {j}", f"{weights[i, j]:.3f}", f"{changes[i, j]:.3f}")
        for i, j in np.ndindex(weights.shape)
    ]
    return Measured(
        "Self-attention over 3 rows: the explicit weight of row j for row i, and the size of the "
        "Jacobian of output i by input j (root of the sum of squares, central differences):",
        ("rows", "weight", "|Jacobian|"),
        tuple(rows),
    )


def influences(arrays: dict[str, Array]) -> tuple[Array, Array]:
    """The weights of self-attention over rows x, and how much each output changes by each row."""
    program = _small(Choices(), arrays)
    rows, width = arrays["x"].shape
    squares = np.zeros((rows, rows))
    for j, column in np.ndindex(rows, width):
        ends = []
        for step in (STEP, -STEP):
            moved = arrays["x"].copy()
            moved[j, column] += step
            ends.append(evaluate(program, {**arrays, "x": moved})["output"])
        squares[:, j] += (((ends[0] - ends[1]) / (2 * STEP)) ** 2).sum(axis=1)
    return evaluate(program, arrays)["weights"], np.sqrt(squares)


def bottleneck() -> Measured:
    """How much one mean of m vectors still says of each, against one that is looked up."""
    rows = []
    for count in (2, 8, 32, 128, 512):
        words = seeded.normal(f"words {count}", (count, 64), SEED)
        mean = words.mean(axis=0)
        lengths = np.sqrt((words**2).sum(axis=1)) * np.sqrt((mean**2).sum())
        alike = float((words @ mean / lengths).mean())
        kept, looked_up = 64, 64 * count
        rows.append(
            (f"{count}", f"{alike:.3f}", f"{1 / np.sqrt(count):.3f}", f"{kept}", f"{looked_up:,}")
        )
    return Measured(
        "Sentences of m random words, 64 numbers each. One vector z, their mean: its cosine with a "
        "word, on average. What is kept for the decoder, in numbers:",
        ("m", "cosine", "1/√m", "one vector", "attention"),
        tuple(rows),
    )


MEASURES: dict[str, Callable[[], Measured]] = {
    "scaling": scaling,
    "sampling": sampling,
    "jacobian": jacobian,
    "bottleneck": bottleneck,
}
"""Every experiment by the name that topics call it."""
