"""Programs and their numbers for tests, without the command line."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli import mechanisms
from attn_cli.mechanisms import Choices
from attn_cli.mechanisms.mechanism import ATTENTION
from attn_cli.program import Program
from attn_cli.readings.values import evaluate

SCORED = [one.name for one in mechanisms.MECHANISMS if one.takes >= ATTENTION and one.heads is None]
"""Modes that are attention around a score of queries and keys."""

Arrays = dict[str, np.ndarray[Any, Any]]


def normal(seed: int, *shape: int) -> np.ndarray[Any, Any]:
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape)


def program_of(mode: str, arrays: Arrays, **choices: Any) -> Program:
    """Write a mechanism down for arrays that are all given."""
    shapes = {name: array.shape for name, array in arrays.items()}
    return mechanisms.named(mode).for_shapes(shapes, Choices(**choices))


def run(mode: str, arrays: Arrays, **choices: Any) -> Arrays:
    """Every step of a mechanism; parameters that are not given are normal numbers."""
    return evaluate_all(program_of(mode, arrays, **choices), arrays)


def evaluate_all(program: Program, arrays: Arrays) -> Arrays:
    """Every step of a program."""
    return evaluate(program, with_parameters(program, arrays))


def with_parameters(program: Program, arrays: Arrays) -> Arrays:
    """The arrays, and normal numbers for the inputs that are missing among them."""
    kind = next(iter(arrays.values())).dtype
    drawn = {
        step.name: normal(100 + place, *program.shape(step)).astype(kind)
        for place, step in enumerate(program.inputs)
        if step.name not in arrays
    }
    return {**arrays, **drawn}
