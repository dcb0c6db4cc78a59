"""What is true of a run beside its numbers: sizes, sources, conventions, notices, what next."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from attn_cli.api.requests import Request
from attn_cli.errors import brief, shape_text
from attn_cli.language import told
from attn_cli.masks.mask import moved
from attn_cli.masks.placed import Offset
from attn_cli.readings.cost import local_span
from attn_cli.readings.notation import letter
from attn_cli.readings.traced import Numbers
from attn_cli.results.trace import TracedStep
from attn_cli.spelling import spelled
from attn_cli.units import bytes_text
from attn_cli.views.labels import cell_name
from attn_cli.views.numbers import short

Array = np.ndarray[Any, Any]


def facts(request: Request, *, exact: bool = False, letters: Sequence[str] = ()) -> tuple[str, ...]:
    """Sizes, where the arrays come from, and every convention that was used.

    exact: whether numbers are fractions and roots, and not of a float type. letters: arrays in
    which letters stand for numbers.
    """
    lines = [_sizes(request), _origin(request, letters, exact=exact)]
    sizes, choices = request.program.sizes, request.choices
    if "group_size" in sizes:
        lines.append(
            f"{_counted(sizes['h_kv'], 'key head', 'key heads')}, each for a run of "
            f"{sizes['group_size']} query heads: "
            f"key head 0 for heads 0 to {sizes['group_size'] - 1}"
        )
    lines += request.laid_out
    if choices.scale is not None:
        lines.append(f"scale {choices.scale:g} instead of the mechanism's own")
    if choices.softcap is not None:
        lines.append(f"softcap {choices.softcap:g}: every score becomes C·tanh(score / C)")
    if "bias" in request.arrays:
        lines.append(f"bias of {shape_text(request.arrays['bias'].shape)} added to the scores")
    if choices.temperature is not None:
        lines.append(f"temperature {choices.temperature:g}: scores are divided by it")
    if choices.normalizer.name != "softmax":
        used = choices.normalizer
        lines.append(f"weights by {used.title}: {used.formula} ({used.source})")
    if choices.mask is not None:
        rule = brief(told(choices.mask.says), 200)
        lines.append(f"mask {brief(choices.mask.name)}, True = may attend: {rule}")
    if choices.local_p is not None:
        lines.append(
            f"local-p: keys at most {choices.local_p} from a place each query predicts, weights "
            f"times a Gaussian with σ = {choices.local_p / 2:g} (Luong 2015, equations 9 and 10)"
        )
    if choices.bias is not None:
        lines.append(f"bias {choices.bias.name}: {choices.bias.title}, {choices.bias.source}")
    if choices.rope is not None:
        pairs = "2c, 2c+1 (interleaved)" if choices.rope.interleaved else "c, c + d/2 (half-split)"
        lines.append(f"rotary positions: numbers {pairs} are a pair, base {choices.rope.base:g}")
        lines.append(_turned_at(choices.offset, "m_past" in sizes))
    if choices.activation != "identity":
        lines.append(f"activation Φ = {choices.activation}")
    if any(step.operation == "scan" for step in request.program):
        lines.append("causal: query i reads the state after key i")
    placed = request.chosen.placed or choices.rope is not None or choices.bias is not None
    if placed and sizes["n"] != sizes["m"]:
        lines.append(_alignment(choices.offset, sizes["n"], sizes["m"], "m_past" in sizes))
    elif placed and choices.offset != 0:
        lines.append(f"offset {choices.offset}: where query i stands is i + offset")
    return tuple(map(spelled, lines))


def _turned_at(offset: Offset, cached: bool) -> str:
    """The positions of rotated rows: places in the arrays, whatever is padding."""
    place = moved("i", offset) if isinstance(offset, int) else "i + its batch row's offset"
    key = "new key j at its place behind the cache" if cached else "key j at j"
    return f"turned at position {place} for query i, {key}, padding counted"


def counted_pairs(numbers: Numbers) -> tuple[str, ...]:
    """How many pairs the operations are counted for, where it is not all of them."""
    count = numbers.counted
    if count.pairs is None:
        return ()
    over = [axis for axis in ("b", "h") if axis in _paired(numbers)]
    each = prod(count.sizes[axis] for axis in over if axis not in count.along)
    pairs, every = each * count.pairs, prod(count.sizes[axis] for axis in (*over, "n", "m"))
    local = local_span(numbers.program)
    what = f"at most {local} keys a query" if local is not None else "masked pairs are left out"
    return (f"FLOPs count p = {pairs:,} of {every:,} pairs: {what}",)


def _paired(numbers: Numbers) -> set[str]:
    """The axes of steps in which queries meet keys."""
    return {a for step in numbers.program if {"n", "m"} <= {*step.axes} for a in step.axes}


COUNTED = (
    ("b", "batch row", "batch rows"),
    ("h", "head", "heads"),
    ("n", "query", "queries"),
    ("T", "time step", "time steps"),
    ("m", "key", "keys"),
)
"""Axes whose size is told by what stands along them, in this order."""


def _sizes(request: Request) -> str:
    program = request.program
    sizes = program.sizes
    used = {axis for step in program for axis in step.axes}
    parts = []
    for axis, one, many in COUNTED:
        if axis in sizes and axis in used and not (axis == "b" and sizes["b"] == 1):
            parts.append(_counted(sizes[axis], one, many))
    if "m_past" in sizes:
        parts[-1] += f" ({sizes['m_past']} of them cached)"
    each = " a head" if "h" in sizes else ""
    parts.append(f"d = {sizes['d']}{each}")
    if sizes.get("d_v", sizes["d"]) != sizes["d"]:
        parts.append(f"values of width {sizes['d_v']}{each}")
    return ", ".join(parts)


def _origin(request: Request, letters: Sequence[str], *, exact: bool) -> str:
    """Where the arrays come from; what is random is said first, since it is read first."""
    dtype = next(iter(request.arrays.values())).dtype
    usual = request.usual
    decoded = request.whole is not None or bool(request.saved_step[0])
    made = [name for name in request.mechanism.cache if name in request.arrays and decoded]
    words = "n" in request.labels and "x" in request.drawn
    spoken = ("x", "context") if words else ()
    random = [name for name in request.drawn if name not in (*spoken, *made)]
    hidden = (*request.drawn, *usual, *made, *letters)
    given = [name for name in request.arrays if name not in hidden]
    parts = []
    if words:
        parts.append("untrained: a random vector for each word")
    if letters:
        parts.append(f"letters: {_letters([*letters])}")
    if random:
        named = f": {_letters(random)}" if given or words else ""
        parts.append(f"random numbers{named}")
    if request.drawn:
        parts[-1] += f" (seed {request.seed})"
    if given:
        parts.append(f"given: {_letters(given)}" if request.drawn else "given arrays")
    if made:
        parts.append(f"{_letters(made)}: from the rows before")
    parts += [f"{name} = {number:g} by default" for name, number in usual.items()]
    if request.drawn and exact:
        parts.append("random ones rounded")
    if request.drawn:
        parts.append("read the steps, not the values")
    computed = "computed exactly" if exact else _computed_in(request, dtype)
    return f"{'; '.join(parts)}; {computed}"


def _computed_in(request: Request, dtype: str) -> str:
    """The float type of the numbers, and of what they are rounded to."""
    if not request.narrow:
        return f"computed in {dtype}"
    return f"computed in {dtype}, every step rounded to {request.narrow}"


def _letters(names: list[str]) -> str:
    return ", ".join(map(letter, names))


def _alignment(offset: int | tuple[int, ...], n: int, m: int, cached: bool) -> str:
    """Which of the two ways to line up n queries with m keys a causal mask uses."""
    if cached and offset == m - n:
        return "n ≠ m: the queries follow the cached keys, so the last one may attend every key"
    if offset == 0:
        return (
            "n ≠ m: aligned top-left (offset 0), as torch and JAX do; "
            f"‹align bottom-right› is offset {m - n}"
        )
    if offset == m - n:
        return f"n ≠ m: aligned bottom-right (offset m - n = {m - n}), as FlashAttention does"
    return f"n ≠ m: offset {offset}; top-left is 0, bottom-right is m - n = {m - n}"


def summary(request: Request, numbers: Numbers) -> tuple[str, ...]:
    """What is said of a run too large to keep."""
    program = request.program
    output = numbers.arrays[program.output.name]
    pairs = [step for step in program if {"n", "m"} <= {*step.axes}]
    sizes = {step: int(np.prod(program.shape(step), dtype=object)) for step in pairs}
    largest = max(pairs, key=lambda step: sizes[step])
    size = sizes[largest] * output.dtype.itemsize
    wide = output.astype(np.float64, copy=False) if output.size < 10**6 else output
    return (
        f"all {program.sizes['n']:,} queries computed, in blocks; {largest.name}, "
        f"{bytes_text(size)}, was never kept whole",
        f"output {'×'.join(f'{s:,}' for s in output.shape)}: smallest {short(float(wide.min()))}, "
        f"largest {short(float(wide.max()))}, mean {short(float(wide.mean(dtype=np.float64)))}, "
        f"standard deviation {short(float(wide.std(dtype=np.float64)))}",
    )


def next_commands(request: Request, steps: tuple[TracedStep, ...]) -> tuple[str, ...]:
    """Ways to go on from here that change what is seen."""
    choices, takes = request.choices, request.mechanism.takes
    weights = next((step for step in steps if step.role == "weights"), None)
    step, index = weights, _telling_cell(weights) if weights is not None else None
    if step is None or index is None:
        step, index = steps[-1], _another(steps[-1])
    cell = cell_name(step, index, request.labels)
    commands = [f'‹show_work› "{cell}"']
    if takes & {"mask", "causal"} and choices.mask is None:
        commands.append("‹causal›")
    if "heads" in takes and "x" in request.arrays and choices.heads is None:
        commands.append("‹heads 2›")
    if "activation" in takes and choices.activation == "identity":
        commands.append("‹activation tanh›")
    return (*commands, "‹save› run.npz")


def _telling_cell(step: TracedStep) -> tuple[int, ...] | None:
    """A weight between 0 and 1 that the page has not worked out; None where there is none."""
    lead = tuple(0 for _ in step.shape[:-2])
    table = np.asarray(step.values)[lead]
    told = (table > 0) & (table < 1)
    for row, column in np.argwhere(told)[:MOST_CELLS]:
        query = step.queries[row] if step.queries is not None else int(row)
        index = (*lead, query, int(column))
        if step.work is None or step.work.at != index:
            return index
    return None


MOST_CELLS = 16


def _another(step: TracedStep) -> tuple[int, ...]:
    """A number of the output beside the one that is worked out on the page."""
    last = [0] * len(step.shape)
    if step.queries is not None and "n" in step.axes:
        last[step.axes.index("n")] = step.queries[0]
    last[-1] = min(1, step.shape[-1] - 1)
    return tuple(last)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
