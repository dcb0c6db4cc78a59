"""The arrays of a program: those that are given and taken, and random ones for the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from attn_cli.api.given import ARRAYS, Arrays
from attn_cli.api.inputs import parameters
from attn_cli.arrays import seeded
from attn_cli.arrays.limits import refuse_above_memory
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices, Layout, Mechanism, local
from attn_cli.program import Axes, Program
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]


def used(
    given: dict[str, Array],
    unused: tuple[str, ...],
    mechanism: Mechanism,
    choices: Choices,
    arrays: Arrays,
    *,
    shared: bool,
    saved: bool,
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Part arrays from those that nothing asks for; lists may come as one row.

    saved: they are those of a run, with the shapes they had.
    shared: they are for several mechanisms, of which each takes its own.
    Raises AttnError for a parameter that was given by name and is not the mechanism's.
    """
    own = {
        **mechanism.parameters,
        **{name: ("m_past", name) for name in mechanism.cache if name not in ARRAYS},
        **(local.PARAMETERS if choices.local_p is not None else {}),
        **choices.normalizer.arrays(_scores(mechanism, choices), mechanism.over),
        **(choices.bias.arrays(bool(choices.heads)) if choices.bias else {}),
    }
    others = [name for name in parameters() if name in given and name not in own]
    beside = f" with {choices.bias.name}" if choices.bias is not None else ""
    for name in arrays.param:
        if name not in own and not shared:
            raise AttnError(
                f"‹param {name}›: {mechanism.name}{beside} has no such array. "
                f"It has: {', '.join(own) or 'none of its own'}.{_way(choices, own)}"
            )
    if choices.bias is not None and "bias" in given:
        others.append("bias")
    kept = {
        name: array.reshape(-1) if _is_list(own.get(name, "nm"), array, saved) else array
        for name, array in given.items()
        if name not in others
    }
    return kept, (*unused, *others)


def _way(choices: Choices, own: Mapping[str, Any]) -> str:
    """How to have other numbers where a bias has fixed ones."""
    if choices.bias is None or own:
        return ""
    return " Its numbers are fixed; for others give the whole bias as an array, ‹bias› FILE."


def _scores(mechanism: Mechanism, choices: Choices) -> Axes:
    looks = mechanism.looks or ("n", "m")
    return ("h", *looks) if choices.heads else looks


def taken(
    given: dict[str, Array],
    unused: tuple[str, ...],
    mechanism: Mechanism,
    layout: Layout,
    arrays: Arrays,
    *,
    shared: bool,
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Part arrays from those that the mechanism does not take; shared as above.

    Raises AttnError for one that was given by name.
    """
    others = [name for name in given if name not in layout.axes]
    for name in others:
        if getattr(arrays, name, None) is not None and not shared:
            raise AttnError(
                f"{choice(name)}: {mechanism.title} takes no {name} here. "
                f"It takes: {', '.join(layout.axes)}."
            )
    return {name: a for name, a in given.items() if name not in others}, (*unused, *others)


TOLERANCE = 1e-6
"""How far shares may be from a sum of 1: float32 and typed decimals are not exact."""


def refuse_other_noise(noise: Mapping[str, str], given: Mapping[str, Array]) -> None:
    """Raise AttnError for numbers that are not of the kind their array is drawn from."""
    for name, kind in noise.items():
        numbers = given.get(name)
        if numbers is None:
            continue
        inside = ((numbers >= 0) & (numbers < 1)).all()
        if kind == "uniform" and not inside:
            raise AttnError(f"‹param {name}›: numbers that draw lie from 0 to below 1.")
        if kind == "rates" and not ((numbers >= 0) & (numbers <= 1)).all():
            raise AttnError(f"‹param {name}›: every number lies from 0 to 1.")
        if kind == "simplex":
            total = float(numbers.sum())
            if (numbers < 0).any() or abs(total - 1) > TOLERANCE:
                raise AttnError(
                    f"‹param {name}›: shares are not below 0 and sum to 1; these sum to {total:g}."
                )


def _is_list(axes: Axes | str, array: Array, saved: bool) -> bool:
    """Whether a list was typed, which is read as a matrix of one row."""
    return len(axes) == 1 and not saved and array.ndim == 2 and array.shape[0] == 1


def drawn(
    program: Program,
    usual: Mapping[str, float],
    noise: Mapping[str, str],
    given: Mapping[str, Array],
    seed: int,
    dtype: str | None,
) -> dict[str, Array]:
    """Random arrays for the inputs that are not given, of their type; usual numbers for some."""
    kind = dtype or (str(next(iter(given.values())).dtype) if given else None)
    missing = [step for step in program.inputs if step.name not in given]
    numbers = sum(prod(program.shape(step)) for step in missing)
    itemsize = np.dtype(kind or "float64").itemsize
    what = f"Drawing {numbers:,} numbers and computing with them"
    refuse_above_memory(2 * numbers * itemsize, what, "Ask for less.")
    made = {}
    for step in program.inputs:
        if step.name in usual and step.name not in given:
            made[step.name] = np.full(program.shape(step), usual[step.name], kind or "float64")
        elif step.name not in given:
            draw: Callable[..., Any] = seeded.normal
            if step.name in noise:
                draw = seeded.NOISE[noise[step.name]]
            elif step.name.startswith("w"):
                draw = seeded.projection
            made[step.name] = draw(step.name, program.shape(step), seed, kind)
    return made
