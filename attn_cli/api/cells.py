"""Cells that are asked for by name: weights[0,1], weights[q0,k1], or the words of a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attn_cli.api.requests import Request
from attn_cli.errors import AttnError, brief, did_you_mean, shape_text
from attn_cli.program import Program, Step
from attn_cli.views.labels import prefix_of

Cell = tuple[str, tuple[int, ...]]
"""A step and a position on each of its axes."""

MOST_NAMED = 30
"""Words that an error lists."""

CELL = re.compile(r"(?P<name>\w+)\[(?P<index>[^\]]*)\]")


def refuse_unknown(name: str, option: str, program: Program) -> None:
    """Raise AttnError for a step that there is not."""
    if name not in program:
        known = [step.name for step in program]
        why = " ".join(filter(None, (ABSENT.get(name), did_you_mean(name, known))))
        raise AttnError(f"{option}: there is no step {brief(name)!r}. {why}")


ABSENT = {
    "weights": "This mode makes no weights of pairs.",
    "scores": "This mode makes no scores of pairs.",
    "scaled": "Scores are not scaled here.",
    "masked": "Nothing is masked: ‹causal› does so.",
    "heads": "There is one head: ‹heads› makes several.",
}
"""Why a step that most runs have may be missing."""


def step_named(name: str | None, program: Program) -> str | None:
    """A step by its name, or by its number as pages have it: computed steps count from 1."""
    if name is None or not re.fullmatch(r"\d{1,4}", name):
        return name
    computed = [step.name for step in program if step.operation != "input"]
    return computed[int(name) - 1] if 0 < int(name) <= len(computed) else name


def read_cell(text: str, request: Request, option: str = "‹show_work›") -> Cell:
    """Read `weights[0,1]`; positions may be named as on screen: q0, or words of the sentence."""
    program = request.program
    match = CELL.fullmatch(str(text).strip())
    if match is None:
        raise AttnError(f"{option}: {text!r} does not name a cell like weights[0,1].")
    refuse_unknown(match["name"], option, program)
    step = program[match["name"]]
    index = step_positions(step, match["index"], request, option)
    return step.name, tuple(at for at in index if at is not None)


def step_positions(
    step: Step, text: str, request: Request, option: str, *, whole: bool = False
) -> tuple[int | None, ...]:
    """Read `0,1`, a position for each axis of a step; whole: one left empty is a whole axis.

    Raises AttnError, naming the option, for another number of them and for one there is not.
    """
    shape = request.program.shape(step)
    words = _with_single(step, [word.strip() for word in text.split(",")], shape)
    if len(words) != len(step.axes):
        raise AttnError(
            f"{option}: {step.name} is {shape_text(shape)} with the axes "
            f"({', '.join(step.axes)}); give {len(step.axes)} positions, not {len(words)}."
        )
    return tuple(
        None
        if whole and not word
        else position_of(
            word, axis, size, request.labels.get(axis, ()), prefix_of(axis, step.name), option
        )
        for word, axis, size in zip(words, step.axes, shape, strict=True)
    )


def _with_single(step: Step, words: list[str], shape: Sequence[int]) -> list[str]:
    """The positions with those of batch and heads that are left out where there is one."""
    single = [at for at, axis in enumerate(step.axes) if axis in ("b", "h") and shape[at] == 1]
    missing = len(step.axes) - len(words)
    if 0 < missing <= len(single):
        for at in single[:missing]:
            words.insert(at, "0")
    return words


def names_along(request: Request, axis: str, name: str) -> tuple[str, ...]:
    """The names of all positions along an axis of a step: its words, or q0, q1."""
    own = request.labels.get(axis)
    if own is not None:
        return own
    prefix = prefix_of(axis, name)
    return tuple(f"{prefix}{at}" for at in range(request.program.sizes[axis]))


def _number(word: str, prefix: str) -> str:
    """The number of a name as screens have it: 0 of q0."""
    number = word.removeprefix(prefix)
    return number if re.fullmatch(r"\d{1,18}", number) else word


def position_of(
    word: str, axis: str, size: int, names: Sequence[str], prefix: str, option: str
) -> int:
    """A position by its name: a word that stands once, q0, or a number.

    Raises AttnError, naming the option, for one there is not and for a word that stands twice.
    """
    if word in names and not re.fullmatch(r"-?\d+", word):
        if names.count(word) > 1:
            places = ", ".join(str(i) for i, name in enumerate(names) if name == word)
            raise AttnError(f"{option}: {word!r} stands at {places}; give the number.")
        return names.index(word)
    word = _number(word, prefix)
    if not re.fullmatch(r"-?\d{1,18}", word):
        if names:
            known = [*dict.fromkeys(names)][:MOST_NAMED]
            raise AttnError(
                f"{option}: {brief(word)!r} is neither a word here nor a position. "
                f"{did_you_mean(word, known)}"
            )
        raise AttnError(f"{option}: {word!r} is not a position on axis {axis}.")
    position = int(word)
    if not -size <= position < size:
        raise AttnError(f"{option}: axis {axis} has the positions 0 to {size - 1}, not {word}.")
    return position % size
