"""What is true of a run beside its numbers: sizes, sources, conventions, notices, what next."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.cli.gather import Request
from attn_cli.errors import brief
from attn_cli.program import ONE
from attn_cli.readings.notation import LETTERS
from attn_cli.readings.traced import Numbers
from attn_cli.reports.field import Field
from attn_cli.reports.idle import idle_parts
from attn_cli.units import bytes_text
from attn_cli.views.numbers import short

Array = np.ndarray[Any, Any]

ROWS_NAMED = 8


def facts(request: Request) -> tuple[str, ...]:
    """Sizes, where the arrays come from, and every convention that was used."""
    lines = [_sizes(request), _origin(request)]
    sizes, choices = request.program.sizes, request.choices
    if "group_size" in sizes:
        lines.append(
            f"{_counted(sizes['h_kv'], 'key head', 'key heads')}, each for a run of "
            f"{sizes['group_size']} query heads: "
            f"key head 0 for heads 0 to {sizes['group_size'] - 1}"
        )
    if choices.scale is not None:
        lines.append(f"scale {choices.scale:g} instead of the mechanism's own")
    if choices.normalizer.name != "softmax":
        used = choices.normalizer
        lines.append(f"weights by {used.title}: {used.formula} ({used.source})")
    if choices.mask is not None:
        lines.append(
            f"mask {brief(choices.mask.name)}, True = may attend: {brief(choices.mask.says, 200)}"
        )
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
    moved = request.chosen.placed or choices.rope is not None or choices.bias is not None
    if moved and sizes["n"] != sizes["m"]:
        lines.append(_alignment(choices.offset, sizes["n"], sizes["m"], "m_past" in sizes))
    return tuple(lines)


def _sizes(request: Request) -> str:
    sizes = request.program.sizes
    parts = [f"{sizes['b']} batch rows"] if "b" in sizes and sizes["b"] > 1 else []
    if "h" in sizes:
        parts.append(f"{sizes['h']} heads")
    parts += [_counted(sizes["n"], "query", "queries"), _counted(sizes["m"], "key", "keys")]
    if "m_past" in sizes:
        parts[-1] += f" ({sizes['m_past']} of them cached)"
    parts.append(f"d = {sizes['d']}")
    parts.append(f"values of width {sizes['d_v']}")
    each = " a head" if "h" in sizes else ""
    return ", ".join(parts) + each


def _origin(request: Request) -> str:
    dtype = next(iter(request.arrays.values())).dtype
    words = "one random vector for each word" if "n" in request.labels else ""
    random = list(request.random)
    usual = request.usual
    given = [name for name in request.arrays if name not in (*random, *usual)]
    parts = [words] if words else []
    if given and not words:
        parts.append("given arrays" if not random else f"given: {_letters(given)}")
    if random:
        parts.append("random arrays" if not given else f"random: {_letters(random)}")
    parts += [f"{name} = {number:g} by default" for name, number in usual.items()]
    seed = f" (seed {request.seed})" if random or words else ""
    return f"{'; '.join(parts)}{seed}; computed in {dtype}"


def _letters(names: list[str]) -> str:
    return ", ".join(LETTERS.get(name, name) for name in names)


def _alignment(offset: int | tuple[int, ...], n: int, m: int, cached: bool) -> str:
    """Which of the two ways to line up n queries with m keys a causal mask uses."""
    if cached and offset == m - n:
        return "n ≠ m: the queries follow the cached keys, so the last one may attend every key"
    if offset == 0:
        return (
            "n ≠ m: aligned top-left (offset 0), as torch and JAX do; "
            f"--align bottom-right is offset {m - n}"
        )
    if offset == m - n:
        return f"n ≠ m: aligned bottom-right (offset m - n = {m - n}), as FlashAttention does"
    return f"n ≠ m: offset {offset}; top-left is 0, bottom-right is m - n = {m - n}"


def notices(request: Request, numbers: Numbers) -> tuple[str, ...]:
    """What a person has to know to read the numbers right."""
    found = []
    if request.unused:
        found.append(f"--input: not used: {', '.join(request.unused)}.")
    found += _idle(request)
    found += _not_finite(request, numbers)
    empty = _empty_rows(request, numbers)
    if empty:
        found.append(empty)
    return tuple(found)


def _idle(request: Request) -> tuple[str, ...]:
    sizes = request.program.sizes
    n, m, batch, heads = sizes["n"], sizes["m"], sizes.get("b", 1), sizes.get("h", 1)
    return idle_parts(request.chosen.parts, Field(n, m, batch, heads))


def _empty_rows(request: Request, numbers: Numbers) -> str:
    """Names the queries with nothing to attend to, their head only where heads differ."""
    empty, axes = _without_keys(request, numbers)
    if "h" in axes:
        place = axes.index("h")
        if (empty.all(axis=place) == empty.any(axis=place)).all():
            empty = np.asarray(empty.all(axis=place))
            axes = (*axes[:place], *axes[place + 1 :])
    rows = np.argwhere(empty)
    if not len(rows):
        return ""
    named = [_row_name(request, axes, row) for row in rows[:ROWS_NAMED]]
    more = f" and {len(rows) - ROWS_NAMED} more rows" if len(rows) > ROWS_NAMED else ""
    return (
        f"No key is allowed for {', '.join(named)}{more}: weights 0 and output 0, as in "
        "torch SDPA and ONNX."
    )


def _without_keys(request: Request, numbers: Numbers) -> tuple[Array, tuple[str, ...]]:
    """Which queries may attend no key, and the axes of the answer."""
    program = request.program
    if numbers.sees is not None:
        axes = next(step for step in program if step.operation == "allow").axes[:-1]
        kept = [place for place, axis in enumerate(axes) if axis != ONE]
        shape = [numbers.sees.shape[place] for place in kept]
        return ~numbers.sees.reshape(shape), tuple(axes[place] for place in kept)
    step = program["weights"]
    weights = numbers.arrays[step.name]
    told = "bias" in request.arrays or any(
        step.operation in ("allow", "within") for step in program
    )
    empty = (weights == 0).all(axis=-1) & (told and numbers.queries is None)
    return np.asarray(empty), step.axes[:-1]


def _row_name(request: Request, axes: tuple[str, ...], row: Array) -> str:
    at = dict(zip(axes, (int(i) for i in row), strict=True))
    query = at["n"]
    names = request.labels.get("n")
    text = names[query] if names else f"q{query}"
    text += f" in head {at['h']}" if "h" in at else ""
    return text + (f" of batch row {at['b']}" if "b" in at else "")


def _not_finite(request: Request, numbers: Numbers) -> list[str]:
    """NaN and infinity, told where they first come from."""
    found = []
    for step in request.program.inputs:
        array = request.arrays[step.name]
        count = int(np.isnan(array).sum())
        infinite = int(np.isinf(array).sum()) if step.name != "bias" else 0
        if count or infinite:
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            what = "NaN" if np.isnan(array[place]) else "infinity"
            at = ",".join(map(str, place))
            found.append(f"{step.name}[{at}] is {what}: every number it takes part in is lost.")
    if found:
        return found
    masked = any(step.operation in ("mask", "within") for step in request.program)
    for step in request.program:
        array = numbers.arrays[step.name]
        if array.dtype.kind != "f" or step.operation == "mask" or step.name == "bias":
            continue
        if _lost(array, masked) and "bias" not in request.arrays:
            largest = short(float(np.finfo(array.dtype).max))
            instead = (
                "Give smaller numbers." if array.dtype.itemsize == 8 else "Try --dtype float64."
            )
            beyond = f"{step.name} holds numbers beyond {array.dtype}, whose largest is {largest}."
            return [f"{beyond} {instead}"]
    return []


def _lost(array: Array, masked: bool) -> bool:
    """Whether numbers are beyond their type; −∞ is a mask's own sign, and carried on."""
    if masked:
        return bool(np.isnan(array).any() or np.isposinf(array).any())
    return not np.isfinite(array).all()


def summary(request: Request, numbers: Numbers) -> tuple[str, ...]:
    """What is said of a run too large to keep."""
    program = request.program
    output = numbers.arrays[program.output.name]
    scores = next(s for s in program if "n" in s.axes and "m" in s.axes)
    size = int(np.prod(program.shape(scores), dtype=object)) * output.dtype.itemsize
    wide = output.astype(np.float64, copy=False) if output.size < 10**6 else output
    return (
        f"all {program.sizes['n']:,} queries computed, in blocks; the scores, "
        f"{bytes_text(size)}, were never kept whole",
        f"output {'×'.join(f'{s:,}' for s in output.shape)}: smallest {short(float(wide.min()))}, "
        f"largest {short(float(wide.max()))}, mean {short(float(wide.mean(dtype=np.float64)))}, "
        f"standard deviation {short(float(wide.std(dtype=np.float64)))}",
    )


def next_commands(request: Request) -> tuple[str, ...]:
    """Ways to go on from here that change what is seen."""
    weights = request.program["weights"]
    lead = ",".join("0" for _ in weights.axes[:-1])
    last = "0" if request.choices.mask is not None else "1"
    commands = [f'--show-work "{weights.name}[{lead},{last}]"']
    if request.program.sizes["m"] < 2:
        commands = [f'--show-work "output[{",".join("0" for _ in request.program.output.axes)}]"']
    if request.choices.mask is None:
        commands.append("--causal")
    if "x" in request.arrays and request.choices.heads is None:
        commands.append("--heads 2")
    return (*commands, "--save run.npz")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
