"""Training: a program, its gradient and an optimizer, step after step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from attn_cli.program import Program
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate_steps
from attn_cli.transforms.gradient import gradient

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


class Loss(Protocol):
    """What is made small: from the array of the last step its number, and how that changes it."""

    def __call__(self, made: Array) -> tuple[float, Array]:
        """The loss, and how much it changes with each number."""


class Optimizer(NamedTuple):
    """How numbers follow their gradient. rate: the step size it takes where none is said.

    step(rate, number of the step, gradient, memory) is what is taken off an array; the memory of an
    array begins empty.
    """

    title: str
    source: str
    rate: float
    step: Callable[[float, int, Array, Arrays], Array]


def _sgd(rate: float, count: int, change: Array, memory: Arrays) -> Array:
    return rate * change


def _momentum(rate: float, count: int, change: Array, memory: Arrays) -> Array:
    memory["speed"] = KEPT * memory.get("speed", np.zeros_like(change)) + change
    return rate * memory["speed"]


def _adam(rate: float, count: int, change: Array, memory: Arrays) -> Array:
    for name, kept, new in (("mean", KEPT, change), ("square", SQUARES_KEPT, change**2)):
        memory[name] = kept * memory.get(name, np.zeros_like(change)) + (1 - kept) * new
    mean = memory["mean"] / (1 - KEPT**count)
    square = memory["square"] / (1 - SQUARES_KEPT**count)
    return rate * mean / (np.sqrt(square) + SMALLEST)


KEPT, SQUARES_KEPT, SMALLEST = 0.9, 0.999, 1e-8

OPTIMIZERS: Mapping[str, Optimizer] = {
    "sgd": Optimizer("gradient descent", "Robbins 1951", 0.5, _sgd),
    "momentum": Optimizer("gradient descent with momentum 0.9", "Polyak 1964", 0.1, _momentum),
    "adam": Optimizer("Adam", "Kingma 2015, algorithm 1", 0.02, _adam),
}


class Trained(NamedTuple):
    """What a training leaves.

    arrays: every input at the end. losses: before each step and at the end. norms: of the first
    gradient, by array; None where nothing reaches it. kept: what was looked at, at each step.
    """

    arrays: Arrays
    losses: tuple[float, ...]
    norms: dict[str, float | None]
    kept: tuple[Any, ...]


class DivergedError(ArithmeticError):
    """The loss is no number any more after some steps."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(step, loss)
        self.step, self.loss = step, loss


def train(
    program: Program,
    given: Mapping[str, Array],
    wanted: Collection[str],
    loss: Loss,
    optimizer: Optimizer,
    rate: float,
    steps: int,
    watch: Callable[[int, Mapping[str, Array]], Any],
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Trained:
    """Follow the gradient of a loss of the last step; watch: what is kept of every step's arrays.

    Raises DivergedError where the loss is no number any more.
    """
    made = gradient(program, wanted)
    found = {name: step for name, step in made.found.items() if step is not None}
    frame, arrays = Frame.of(program.sizes), dict(given)
    forward = [step for step in program if step.operation != "input"]
    memories: dict[str, Arrays] = {name: {} for name in found}
    losses, kept = [], []
    norms: dict[str, float | None] = dict.fromkeys(wanted)
    for count in range(1, steps + 2):
        values = evaluate_steps(forward, arrays, frame)
        number, change = loss(values[program.output.name])
        if not np.isfinite(number):
            raise DivergedError(count - 1, number)
        losses.append(number)
        kept.append(watch(count - 1, values))
        advance(count - 1, steps)
        if count > steps:
            break
        changes = evaluate_steps(made.backward, {**values, made.given.name: change}, frame)
        for name, step in found.items():
            narrow = arrays[name].dtype
            # in float16 Adam's 1e-8 is 0, and so are most squares of a gradient
            own = changes[step.name].astype(np.result_type(narrow, np.float32), copy=False)
            if count == 1:
                norms[name] = float(np.sqrt((own**2).sum()))
            taken = optimizer.step(rate, count, own, memories[name])
            arrays[name] = (arrays[name] - taken).astype(narrow, copy=False)
    return Trained(arrays, tuple(losses), norms, tuple(kept))
