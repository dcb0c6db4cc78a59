"""From a request to its numbers: whole where they fit, in blocks of queries where not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from attn_cli.api.decode import last_row, saved_by_cache
from attn_cli.api.equal_runs import twin_facts
from attn_cli.api.facts import counted_pairs, facts, next_commands, summary
from attn_cli.api.given import Arrays
from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.notices import notices
from attn_cli.api.requests import Request, request_of
from attn_cli.errors import AttnError, did_you_mean
from attn_cli.matrices.digests import digest
from attn_cli.matrices.limits import refuse_above_memory
from attn_cli.matrices.sources import Sources
from attn_cli.program import Program, Step
from attn_cli.readings import blocks, rows
from attn_cli.readings.cost import bytes_of_all
from attn_cli.readings.focus import focus_rows
from attn_cli.readings.kept import mask_of
from attn_cli.readings.traced import Numbers, traced_steps, worked_cell
from attn_cli.readings.values import evaluate
from attn_cli.spec import Spec
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.trace import FocusRow, Trace, TracedStep
from attn_cli.views.focus import ROWS_SHOWN
from attn_cli.views.numbers import short
from attn_cli.views.steps import HEADS_SHOWN

Array = np.ndarray[Any, Any]

LARGE_BYTES = 64 * 2**20
"""Scores above this size are not kept unless they are asked for."""

FIRST, LAST = 8, 3
"""Queries that are shown of a large run."""

MIXING = ("weights", "local_weights")
"""Steps that may multiply the values; the last one of a run does."""

CELL = re.compile(r"(?P<name>\w+)\[(?P<index>[^\]]*)\]")


def run(
    spec: Spec, arrays: Arrays, look: Look, sources: Sources, progress: Progress = silent
) -> Trace:
    """Compute what is asked for, from what is given.

    Raises AttnError, ShapeError or ImpossibleError, naming what does not go together.
    """
    if not spec.decode:
        return computed(request_of(spec, arrays, sources), look, progress)
    whole = request_of(spec.but(causal=True), arrays, sources)
    return computed(last_row(whole), look, progress)


def computed(request: Request, look: Look, progress: Progress = silent) -> Trace:
    """Run the program and put together what a person or a script is told of it.

    Raises ImpossibleError when all the numbers are asked for and don't fit in memory.
    """
    program = request.program
    for wanted, option in ((look.only, "‹only›"), (look.start, "‹start›")):
        if wanted is not None:
            _refuse_unknown(wanted, option, program)
    _refuse_missing_slices(program, look)
    if look.only is not None and not look.whole:
        request = _before_pairs(request, look.only)
        program = request.program
    cell = _cell(look.show_work, request) if look.show_work is not None else None
    parts = rows.split(program)
    if request.query is not None:
        _refuse_other_query(cell, request, parts)
        assert parts is not None, "the rows of every mode that takes one query are independent"
        return _trace(request, _one_query(request, parts), cell, look, True)
    itemsize = next(iter(request.arrays.values())).dtype.itemsize
    needed = bytes_of_all(program, itemsize)
    if needed <= LARGE_BYTES or parts is None or _asks_for_all(parts, look):
        refuse_above_memory(needed, _what(program), INSTEAD)
        arrays = evaluate(program, request.arrays)
        numbers = Numbers(program, arrays, keys=_keys(program, arrays))
        whole = True
    else:
        numbers = _in_blocks(request, parts, cell, progress)
        whole = False
    return _trace(request, numbers, cell, look, whole)


def _before_pairs(request: Request, only: str) -> Request:
    """A run of no more than is shown, where no query has met a key yet."""
    if request.whole is not None or request.query is not None:
        return request
    part = request.program.up_to(only)
    met = any({"n", "m"} <= {*step.axes} and step.operation != "input" for step in part)
    return request if met else request._replace(program=part)


def _refuse_other_query(
    cell: tuple[str, tuple[int, ...]] | None, request: Request, parts: rows.Split | None
) -> None:
    by_rows = parts.by_rows if parts is not None else ()
    if cell is None or all(step.name != cell[0] for step in by_rows):
        return
    places = dict(zip(request.program[cell[0]].axes, cell[1], strict=True))
    if places.get("n", request.query) != request.query:
        raise AttnError(f"‹show_work›: only query {request.query} is computed (‹query_index›).")


def _one_query(request: Request, parts: rows.Split) -> Numbers:
    """Every step for one query, and whole what does not belong to any."""
    program, query = request.program, request.query
    assert query is not None
    refuse_above_memory(_bytes_of_a_query(request), "One query, number by number,", "Give less.")
    once = rows.evaluate_once(program, parts, request.arrays)
    shown = rows.evaluate_rows(program, parts, once, np.array([query]))
    by_rows = frozenset(step.name for step in parts.by_rows)
    return Numbers(program, {**once, **shown}, (query,), by_rows, _keys(program, shown))


def _keys(program: Program, arrays: Mapping[str, Array]) -> Array | None:
    """How many keys each query may attend, from the mask as it was computed."""
    mask = mask_of(program)
    return None if mask is None else blocks.keys_of(arrays[mask.name])


def _bytes_of_a_query(request: Request) -> int:
    itemsize = next(iter(request.arrays.values())).dtype.itemsize
    return bytes_of_all(request.program, itemsize) // int(request.program.sizes["n"])


INSTEAD = (
    "What is not asked for is not kept: leave out ‹everything›, ‹json›, ‹save› and ‹only› of a "
    "step this large. ‹only› output saves or prints the output alone."
)


def _what(program: Program) -> str:
    largest = max(program, key=lambda step: int(np.prod(program.shape(step), dtype=object)))
    return f"Keeping every step (the largest, {largest.name}, is {_shape(program, largest)})"


def _shape(program: Program, step: Step) -> str:
    return "×".join(f"{size:,}" for size in program.shape(step))


def _asks_for_all(parts: rows.Split, look: Look) -> bool:
    wide = {step.name for step in parts.by_rows if "m" in step.axes}
    if look.everything or look.only in wide:
        return True
    return look.only is None and look.whole


def _in_blocks(
    request: Request,
    parts: rows.Split,
    cell: tuple[str, tuple[int, ...]] | None,
    progress: Progress,
) -> Numbers:
    """Every output row, in blocks; all steps for a few queries only."""
    program = request.program
    with progress("queries") as advance:
        made, keys = blocks.evaluate_blocks(program, request.arrays, advance=advance)
    count = program.sizes["n"]
    chosen = {*range(min(FIRST, count)), *range(max(count - LAST, 0), count)}
    if cell is not None and "n" in program[cell[0]].axes:
        chosen.add(cell[1][program[cell[0]].axes.index("n")])
    queries = tuple(sorted(chosen))
    shown = rows.evaluate_rows(program, parts, made, np.array(queries))
    by_rows = frozenset(step.name for step in parts.by_rows if step.name not in made)
    return Numbers(program, {**shown, **made}, queries, by_rows, keys)


def _trace(
    request: Request,
    numbers: Numbers,
    cell: tuple[str, tuple[int, ...]] | None,
    look: Look,
    whole: bool,
) -> Trace:
    decimals = look.decimals
    place = {"h": look.head or 0, "b": look.batch_index or 0}
    output = numbers.arrays[request.program.output.name]
    decoded = _decoded(request, output)
    own = dict(request.mechanism.meanings)
    if "normalizer" in request.mechanism.takes:
        own.setdefault("weights", request.choices.normalizer.means)
    steps = traced_steps(numbers, {**MEANINGS, **own}, short, decimals, place)
    if cell is not None:
        work = worked_cell(numbers, *cell, short, decimals)
        steps = tuple(s._replace(work=work) if s.name == cell[0] else s for s in steps)
    made = {step.operation: step for step in steps}
    hidden = made["mask"].hidden if "mask" in made else None
    return Trace(
        command="compute",
        mode=request.mechanism.name,
        title=request.mechanism.title,
        formula=_formula(request),
        source=request.mechanism.source,
        seed=request.seed if request.drawn else None,
        facts=(
            *facts(request),
            *counted_pairs(numbers),
            *twin_facts(request, numbers),
            *decoded,
        ),
        notices=notices(request, numbers),
        steps=steps,
        labels=request.labels,
        looks=request.mechanism.looks,
        focus=_focus(steps, request.mechanism.looks, hidden, look),
        summary=() if whole else summary(request, numbers),
        next_commands=next_commands(request, steps),
        settings=_settings(request, decoded, output),
    )


def _formula(request: Request) -> str:
    """The mechanism in one line, with the normalizer and the scale that were asked for."""
    choices, formula = request.choices, request.mechanism.formula
    if not choices.normalizer.name.startswith("softmax"):
        formula = formula.replace("softmax", choices.normalizer.name)
    if choices.scale is not None:
        formula = formula.replace(" / √d)", f" · {choices.scale:g})")
    return formula


def _decoded(request: Request, output: Array) -> tuple[str, ...]:
    """What is true of a decode step; of one that was saved, where its output is still the same."""
    if request.whole is None:
        facts, content = request.saved_step
        return facts if facts and digest(output) == content else ()
    return saved_by_cache(request, output)


def _focus(
    steps: tuple[TracedStep, ...],
    looks: tuple[str, str] | None,
    hidden: Array | None,
    look: Look,
) -> tuple[FocusRow, ...]:
    """Where those look that a page would show."""
    weights = next((step for step in reversed(steps) if step.name in MIXING), None)
    if not look.focus or weights is None or looks is None:
        return ()
    axes, values = weights.axes, weights.values
    if axes[-2:] != looks:
        axes, values = (*axes[:-2], *looks), values.swapaxes(-1, -2)
    shape = dict(zip(axes, values.shape, strict=True))
    most = {looks[0]: shape[looks[0]], "h": shape.get("h", 1)}
    if not look.everything:
        most = {looks[0]: min(most[looks[0]], ROWS_SHOWN), "h": min(most["h"], HEADS_SHOWN)}
    heads = range(most["h"]) if look.head is None else [look.head]
    shown = {"b": [look.batch_index or 0], "h": heads, looks[0]: range(most[looks[0]])}
    return focus_rows(values, hidden, axes, weights.queries, shown)


def _settings(request: Request, decoded: tuple[str, ...], output: Array) -> dict[str, Any]:
    choices = request.choices
    inputs = [step.name for step in request.program.inputs]
    return {
        "mode": request.mechanism.name,
        "bias": choices.bias and choices.bias.name,
        "rope": choices.rope and ("interleaved" if choices.rope.interleaved else "half-split"),
        "rope_base": choices.rope and choices.rope.base,
        "positions": "sinusoidal" if choices.sinusoidal else None,
        "offset": choices.offset,
        "local": None if choices.local_p is None else "p",
        "local_d": choices.local_p,
        "normalizer": choices.normalizer.name,
        "temperature": choices.temperature,
        "activation": choices.activation if "activation" in request.mechanism.takes else None,
        "alpha": choices.alpha if choices.normalizer.name == "entmax" else None,
        "block_size": choices.block_size,
        "query_index": request.query,
        "heads": choices.heads,
        "kv_heads": choices.kv_heads,
        "scale": choices.scale,
        "softcap": choices.softcap,
        "seed": request.seed,
        "by_element": choices.by_element,
        "random": list(request.drawn),
        "usual": dict(request.usual),
        "digests": {name: digest(array) for name, array in request.arrays.items()},
        "placed": request.chosen.placed,
        "decoded": {"facts": list(decoded), "output": digest(output)} if decoded else None,
        "labels": {axis: list(names) for axis, names in request.labels.items()},
        "inputs": [*inputs, "mask"] if "mask" in request.program else inputs,
        "causal": choices.mask is not None and "mask" not in request.program,
        "mask": choices.mask and {"name": choices.mask.name, "says": choices.mask.says},
    }


def _refuse_unknown(name: str, option: str, program: Program) -> None:
    if name not in program:
        known = [step.name for step in program]
        raise AttnError(f"{option}: there is no step {name!r}. {did_you_mean(name, known)}")


def _refuse_missing_slices(program: Program, look: Look) -> None:
    for option, axis, position in (
        ("‹head›", "h", look.head),
        ("‹batch_index›", "b", look.batch_index or 0),
    ):
        known = any(axis in step.axes for step in program)
        if position is None or (axis == "b" and position == 0):
            continue
        if not known:
            missing = "heads; ‹heads› splits them" if axis == "h" else "batch axis"
            raise AttnError(f"{option} {position}: the arrays have no {missing}.")
        size = program.sizes[axis]
        if position >= size:
            raise AttnError(f"{option} {position}: there are {size}, counted from 0.")


def _cell(text: str, request: Request) -> tuple[str, tuple[int, ...]]:
    """Read `weights[0,1]`; positions may be words of the sentence."""
    program = request.program
    match = CELL.fullmatch(text.strip())
    if match is None:
        raise AttnError(f"‹show_work›: {text!r} does not name a cell like weights[0,1].")
    _refuse_unknown(match["name"], "‹show_work›", program)
    step = program[match["name"]]
    words = [word.strip() for word in match["index"].split(",")]
    if len(words) != len(step.axes):
        raise AttnError(
            f"‹show_work›: {step.name} is {_shape(program, step)} with the axes "
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
        raise AttnError(f"‹show_work›: {word!r} is no position on axis {axis}.")
    position = int(word)
    if not -size <= position < size:
        raise AttnError(f"‹show_work›: axis {axis} has the positions 0 to {size - 1}, not {word}.")
    return position % size
