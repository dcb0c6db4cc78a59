"""From scores to weights: softmax and what stands in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.program import ONE, Axes, Program, Step

Inputs = Mapping[str, Step]


class Sharpness(Protocol):
    """The choices that bear on a normalizer."""

    @property
    def temperature(self) -> float | None:
        """Scores are divided by it."""

    @property
    def alpha(self) -> float:
        """The power of entmax."""


Define = Callable[[Program, Step, Inputs, Sharpness, str], Step]
"""Writes the steps from scores to weights along an axis."""


SHARES = "each row becomes shares that sum to 1"
SPARSE = "shares that sum to 1; low scores have none"
CHOSEN = "one key for each query: the first of the largest"


class Normalizer(NamedTuple):
    """One way to turn the scores of a row into weights; −∞ becomes 0, an empty row stays 0.

    means: what its weights are, in a line. arrays(scores, over): the axes of arrays of its
    own; noise: how random ones are drawn; usual: numbers of those that are not random.
    """

    name: str
    title: str
    formula: str
    source: str
    define: Define
    means: str = SHARES
    arrays: Callable[[Axes, str], dict[str, Axes]] = lambda scores, over: {}
    noise: Mapping[str, str] = MappingProxyType({})
    usual: Mapping[str, float] = MappingProxyType({})


def _softmax(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    return p.softmax(_tempered(p, scores, choices), over=over, name="weights")


def _tempered(p: Program, scores: Step, choices: Sharpness) -> Step:
    if choices.temperature is None:
        return scores
    return p.scale(scores, by=1 / choices.temperature, name="tempered")


def _stable(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    """e^(s − max) / Σ e^(s − max): what softmax does inside, each part a step."""
    scores = _tempered(p, scores, choices)
    largest = p.reduce("max", scores, over=over, name="largest")
    shifted = p.subtract(scores, largest, name="shifted")
    powers = p.apply("exp", shifted, name="powers")
    total = p.reduce("sum", powers, over=over, name="total")
    return p.divide(powers, total, name="weights")


def _sink(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    scores = _tempered(p, scores, choices)
    return p.softmax(scores, over=over, sink=inputs["sink"], name="weights")


def _hard(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    return p.argmax_one_hot(_tempered(p, scores, choices), over=over, name="weights")


def _sample(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    shares = p.softmax(_tempered(p, scores, choices), over=over, name="shares")
    return p.draw(shares, inputs["uniform"], over=over, name="weights")


def _perturbed(p: Program, scores: Step, inputs: Inputs, choices: Sharpness) -> Step:
    """Noise stands on the scores themselves, before the temperature."""
    return _tempered(p, p.add(scores, inputs["gumbel"], name="perturbed"), choices)


def _gumbel(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    return p.softmax(_perturbed(p, scores, inputs, choices), over=over, name="weights")


def _straight_through(
    p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str
) -> Step:
    shares = p.softmax(_perturbed(p, scores, inputs, choices), over=over, name="shares")
    return p.argmax_one_hot(shares, over=over, name="weights")


def _sparse(alpha: float | None) -> Define:
    def define(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
        power = choices.alpha if alpha is None else alpha
        scores = _tempered(p, scores, choices)
        return p.entmax(scores, alpha=power, over=over, name="weights")

    return define


def _sigmoid(p: Program, scores: Step, inputs: Inputs, choices: Sharpness, over: str) -> Step:
    return p.apply("sigmoid", _tempered(p, scores, choices), name="weights")


def _one_for_each_head(scores: Axes) -> Axes:
    return ("h",) if "h" in scores else (ONE,)


SOFTMAX = Normalizer("softmax", "softmax", "e^s / Σ e^s", "Vaswani 2017, equation 1", _softmax)

NORMALIZERS = (
    SOFTMAX,
    Normalizer(
        "softmax-steps",
        "softmax in its stable steps",
        "e^(s - max) / Σ e^(s - max)",
        "Blanchard 2021, section 2",
        _stable,
    ),
    Normalizer(
        "softmax-sink",
        "softmax with a sink",
        "e^s / (e^sink + Σ e^s)",
        "Xiao 2024; Miller 2023 for a sink of 0",
        _sink,
        "shares of 1, of which the sink takes its own away",
        lambda scores, over: {"sink": _one_for_each_head(scores)},
        usual=MappingProxyType({"sink": 0.0}),
    ),
    Normalizer(
        "hard", "hard (argmax)", "1 for the largest score", "Xu 2015, section 4.1", _hard, CHOSEN
    ),
    Normalizer(
        "sample",
        "sampled (stochastic hard)",
        "1 for a key drawn by softmax",
        "Xu 2015, section 4.1",
        _sample,
        "one key for each query, drawn by its shares",
        lambda scores, over: {"uniform": tuple(axis for axis in scores if axis != over)},
        noise=MappingProxyType({"uniform": "uniform"}),
    ),
    Normalizer(
        "gumbel-softmax",
        "Gumbel-softmax",
        "softmax((s + g) / τ), g from Gumbel(0, 1)",
        "Jang 2017, equation 2",
        _gumbel,
        "shares that sum to 1, by scores with noise",
        lambda scores, over: {"gumbel": scores},
        noise=MappingProxyType({"gumbel": "gumbel"}),
    ),
    Normalizer(
        "gumbel-hard",
        "straight-through Gumbel-softmax",
        "1 for the largest of softmax((s + g) / τ)",
        "Jang 2017, section 2.2",
        _straight_through,
        CHOSEN,
        lambda scores, over: {"gumbel": scores},
        noise=MappingProxyType({"gumbel": "gumbel"}),
    ),
    Normalizer(
        "sparsemax",
        "sparsemax",
        "max(0, s - t), t so that they sum to 1",
        "Martins 2016, equation 3",
        _sparse(2.0),
        SPARSE,
    ),
    Normalizer(
        "entmax15",
        "1.5-entmax",
        "max(0, s / 2 - t)², t so that they sum to 1",
        "Peters 2019, section 3.1",
        _sparse(1.5),
        SPARSE,
    ),
    Normalizer(
        "entmax",
        "α-entmax",
        "max(0, (α - 1) s - t)^(1 / (α - 1)), t so that they sum to 1",
        "Peters 2019, equation 10",
        _sparse(None),
        SPARSE,
    ),
    Normalizer(
        "sigmoid",
        "sigmoid",
        "1 / (1 + e^-s), each key for itself",
        "Ramapuram 2024, equation 3",
        _sigmoid,
        "a share of each key for itself; a row need not sum to 1",
    ),
)
"""The normalizers there are, softmax first."""


NOISE = frozenset(name for one in NORMALIZERS for name in one.noise)
"""Arrays of random numbers that nobody learns."""


def normalizer(name: str) -> Normalizer:
    """Find a normalizer by its `--normalizer` name."""
    found = next((n for n in NORMALIZERS if n.name == name.lower().replace("_", "-")), None)
    if found is None:
        known: list[Any] = [one.name for one in NORMALIZERS]
        raise AttnError(
            f"‹normalizer›: there is no normalizer {brief(name)!r}. {did_you_mean(name, known)}"
        )
    return found
