"""Small experiments that topics show live: each draws its numbers from a fixed seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.complexity import complexity
from attn_cli.arrays import seeded
from attn_cli.language import said
from attn_cli.mechanisms import Choices, named
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.program import Program
from attn_cli.readings.values import evaluate
from attn_cli.units import bytes_text, flops_text

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
    for width in (4, 16, 64, 512, 1024):
        scores, scaled = _scores(width)
        rows.append((f"{width}", *_spread(scores), *_spread(scaled)))
    return Measured(
        f"{DRAWS:,} random queries with {KEYS} keys each, all numbers of variance 1. Variance of "
        "the scores; the largest weight p, and the slope of softmax there, p (1 - p), each on "
        "average:",
        ("d", "variance", "weight", "slope", "variance, scaled", "weight, scaled", "slope, scaled"),
        tuple(rows),
    )


def _scores(width: int) -> tuple[Array, Array]:
    """Scores of random queries and keys, plain and scaled."""
    query = seeded.normal("query", (DRAWS, 1, width), SEED)
    key = seeded.normal("key", (DRAWS, KEYS, width), SEED)
    scores = np.matmul(query, key.swapaxes(1, 2))[:, 0]
    return scores, scores / np.sqrt(width)


def variances(widths: Sequence[int]) -> list[tuple[float, float]]:
    """The variance of scores at each width, plain and scaled."""
    pairs = [_scores(width) for width in widths]
    return [(float(plain.var()), float(scaled.var())) for plain, scaled in pairs]


def _spread(scores: Array) -> tuple[str, str, str]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    largest = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    slope = float((largest * (1 - largest)).mean())
    variance = scores.var()
    written = f"{variance:,.0f}" if variance >= 10 else f"{variance:.2f}"
    return written, f"{float(largest.mean()):.3f}", f"{slope:.3f}"


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
        "Self-attention over 3 rows: the explicit weight that row i gives row j, and the size of "
        "the Jacobian of output i by input j (root of the sum of squares, central differences):",
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


def reinforce() -> Measured:
    """How far estimates by draws are from the gradient of the expected reward by the scores."""
    scores = seeded.normal("scores", (KEYS,), SEED)
    reward = seeded.normal("reward", (KEYS,), SEED) + 2
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    exact = shares * (reward - shares @ reward)
    most = 10**4
    drawn = np.searchsorted(shares.cumsum(), seeded.uniform("draws", (most,), SEED))
    each = np.eye(KEYS)[np.minimum(drawn, KEYS - 1)] - shares
    plain = reward[drawn, None] * each
    steadied = (reward[drawn, None] - shares @ reward) * each
    rows = []
    for count in (1, 10, 100, 1000, most):
        errors = [
            float(np.abs(one[:count].mean(axis=0) - exact).max()) for one in (plain, steadied)
        ]
        rows.append((f"{count:,}", *(f"{error:.4f}" for error in errors)))
    apart = ((np.eye(KEYS) - shares) ** 2).sum(axis=1)
    spreads = [
        f"{float(shares @ ((reward - b) ** 2 * apart) - (exact**2).sum()):.3f}"
        for b in (0.0, float(shares @ reward))
    ]
    return Measured(
        f"A query with {KEYS} keys and random rewards around 2. The largest error of the mean "
        "estimate; in the last row, the variance of one estimate, summed over the scores:",
        ("draws", "without baseline", "with the mean reward"),
        (*rows, (said("variance"), *spreads)),
    )


def forgetting() -> Measured:
    """How much the last state of a recurrent net changes with a word that many steps back."""
    width = 32
    recurrent = seeded.projection("recurrent", (width, width), SEED)
    inward = seeded.projection("inward", (width, width), SEED)
    words = seeded.normal("words", (33, width), SEED)
    state, slopes = np.zeros(width), []
    for word in words:
        state = np.tanh(state @ recurrent + word @ inward)
        slopes.append(1 - state**2)
    change = inward * slopes[-1]
    sizes = [float(np.linalg.norm(change))]
    through = np.diag(slopes[-1])
    for slope in slopes[-2::-1]:
        through = slope[:, None] * (recurrent @ through)
        sizes.append(float(np.linalg.norm(inward @ through)))
    rows = [
        (f"{back}", _plain(sizes[back]), f"{_plain(100 * sizes[back] / sizes[0])} %", "1")
        for back in (0, 1, 2, 4, 8, 16, 32)
    ]
    return Measured(
        f"An untrained recurrent net, h' = tanh(h A + x B) of width {width}: the size of ∂z / ∂x "
        "for a word that many steps before the end, and how many steps lie between by attention:",
        ("steps back", "|∂z / ∂x|", "of the last word's", "steps by attention"),
        tuple(rows),
    )


def _plain(number: float) -> str:
    """A number with three digits and no power of ten beside it."""
    return np.format_float_positional(number, 3, fractional=False, trim="-")


def dot_or_additive() -> Measured:
    """What a dot product and a small network cost for every pair, and what they hold at once."""
    rows = []
    for n in (64, 512, 4096):
        pair = [complexity(mode=mode, n=n, d=64).report for mode in ("scaled", "additive")]
        flops = [report.totals["all"].value or 0 for report in pair]
        peaks = [report.memory["peak"].value or 0 for report in pair]
        rows.append(
            (
                f"{n:,}",
                *map(flops_text, flops),
                f"{flops[1] / flops[0]:.2f}",
                *map(bytes_text, peaks),
            )
        )
    return Measured(
        "A layer of width 64 over n rows: operations of either mode, their ratio, and the most "
        "memory at once in float32:",
        ("n", "scaled", "additive", "ratio", "memory, scaled", "memory, additive"),
        tuple(rows),
    )


MEASURES: dict[str, Callable[[], Measured]] = {
    "scaling": scaling,
    "sampling": sampling,
    "jacobian": jacobian,
    "bottleneck": bottleneck,
    "dot-or-additive": dot_or_additive,
    "reinforce": reinforce,
    "forgetting": forgetting,
}
"""Every experiment by the name that topics call it."""
