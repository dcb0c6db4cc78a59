"""What a training leaves behind, as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

SCHEMA = "attn.training/1"
"""The name of a training's JSON document."""


class Changed(NamedTuple):
    """How an array changed: norms of what it was and of the change; gradient: of the first step.

    gradient is None where nothing reaches the array.
    """

    name: str
    before: float
    change: float
    gradient: float | None


class Course(NamedTuple):
    """One training, of a mode. losses, pairs: before each step and at the end, pair by pair."""

    mode: str
    losses: tuple[float, ...]
    pairs: tuple[tuple[float, ...], ...]
    gradient: float


class Snapshot(NamedTuple):
    """The weights after some steps, of each head."""

    step: int
    weights: Any


class Watched(NamedTuple):
    """What is kept of a step: the weight of each pair; all weights at the steps that are shown."""

    pairs: tuple[float, ...]
    weights: Any = None


class Noise(NamedTuple):
    """How noisy the gradient of one draw is, held against the exact one of the mean reward.

    norm: of the exact one. plain, steady: without and with a baseline, how far a draw is from it
    (the root of the mean square), relative to the norm.
    """

    norm: float
    plain: float
    steady: float


class TrainingReport(NamedTuple):
    """A training. pair_names: what is learned, or nothing where an output is.

    courses: the training itself, then the one it is held against. elsewhere: the mean change of the
    weights of the rows that are in no pair. loss: what is made small, in words.
    """

    mode: str
    title: str
    loss: str
    source: str
    seed: int | None
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    optimizer: str
    rate: float
    steps: int
    pair_names: tuple[str, ...]
    courses: tuple[Course, ...]
    snapshots: tuple[Snapshot, ...]
    changed: tuple[Changed, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    elsewhere: tuple[tuple[str, float], ...] = ()
    noise: Noise | None = None
