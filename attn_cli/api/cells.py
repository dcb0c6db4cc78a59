"""Cells that are asked for by name: weights[0,1], or by the words of a sentence."""

from __future__ import annotations

import re

from attn_cli.api.requests import Request
from attn_cli.errors import AttnError, brief, did_you_mean, shape_text
from attn_cli.program import Program

Cell = tuple[str, tuple[int, ...]]
"""A step and a position on each of its axes."""

CELL = re.compile(r"(?P<name>\w+)\[(?P<index>[^\]]*)\]")


def refuse_unknown(name: str, option: str, program: Program) -> None:
    """Raise AttnError for a step that there is not."""
    if name not in program:
        known = [step.name for step in program]
        raise AttnError(f"{option}: there is no step {brief(name)!r}. {did_you_mean(name, known)}")


def read_cell(text: str, request: Request) -> Cell:
    """Read `weights[0,1]`; positions may be words of the sentence."""
    program = request.program
    match = CELL.fullmatch(str(text).strip())
    if match is None:
        raise AttnError(f"‹show_work›: {text!r} does not name a cell like weights[0,1].")
    refuse_unknown(match["name"], "‹show_work›", program)
    step = program[match["name"]]
    words = [word.strip() for word in match["index"].split(",")]
    if len(words) != len(step.axes):
        raise AttnError(
            f"‹show_work›: {step.name} is {shape_text(program.shape(step))} with the axes "
            f"({', '.join(step.axes)}); give {len(step.axes)} positions, not {len(words)}."
        )
    places = zip(words, step.axes, program.shape(step), strict=True)
    return step.name, tuple(_position(w, axis, size, request) for w, axis, size in places)


def _position(word: str, axis: str, size: int, request: Request) -> int:
    names = request.labels.get(axis, ())
    if word in names and not re.fullmatch(r"-?\d+", word):
        if names.count(word) > 1:
            places = ", ".join(str(i) for i, name in enumerate(names) if name == word)
            raise AttnError(f"‹show_work›: {word!r} stands at {places}; give the number.")
        return names.index(word)
    if not re.fullmatch(r"-?\d{1,18}", word):
        raise AttnError(f"‹show_work›: {word!r} is not a position on axis {axis}.")
    position = int(word)
    if not -size <= position < size:
        raise AttnError(f"‹show_work›: axis {axis} has the positions 0 to {size - 1}, not {word}.")
    return position % size
