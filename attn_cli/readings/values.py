"""The value reading: the numbers of every step, by NumPy.

One rule per operation. A rule takes the step, its operands' arrays, the frame they stand
in, and maybe an array to write into, which may be the first operand's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod, sqrt
from types import MappingProxyType

import numpy as np

from attn_cli.program import Axes, Program, Sizes, Step
from attn_cli.readings.masked_infinity import without_overflow
from attn_cli.readings.subprogram import Array, Frame, Rule, aligned, spread
from attn_cli.readings.values_gradients import SLOPES, TURNED
from attn_cli.readings.values_normalizers import SHARES
from attn_cli.readings.values_scans import RUNNING

Hook = Callable[[Array], Array]


def evaluate(
    program: Program, given: Mapping[str, Array], after: Mapping[str, Hook] = MappingProxyType({})
) -> dict[str, Array]:
    """Compute every step, in order.

    given: the arrays of the program's inputs, by name, with the shapes of their axes. after: as
    for `evaluate_steps`.
    Returns every step's array by name; a row with nothing to attend to is 0 throughout.
    """
    whole = {name: np.asarray(array) for name, array in given.items()}
    arrays = evaluate_steps(program, whole, Frame.of(program.sizes), after)
    return {step.name: arrays[step.name] for step in program}


def evaluate_steps(
    steps: Iterable[Step],
    given: Mapping[str, Array],
    frame: Frame,
    after: Mapping[str, Hook] = MappingProxyType({}),
) -> dict[str, Array]:
    """Compute some steps in order, and return them with what they were given.

    after: what is done to the numbers of a step, by its name, before others read them.
    """
    arrays = dict(given)
    with np.errstate(all="ignore"):
        for step in steps:
            if step.operation != "input":
                operands = [arrays[operand.name] for operand in step.operands]
                operands = without_overflow(step, operands, lambda one: arrays[one.name])
                made = RULES[step.operation](step, operands, frame, None)
                arrays[step.name] = after[step.name](made) if step.name in after else made
    return arrays


def _allow(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    rule = step.options["rule"]
    queries = frame.queries[:, None]
    keys = np.arange(frame.keys.start, frame.keys.stop)[None, :]
    table = np.empty(frame.sizes.shape(step.axes), dtype=bool)
    lead = step.axes[:-2]
    for place in np.ndindex(table.shape[:-2]):
        at = dict(zip(lead, place, strict=True))
        table[place] = rule.allows(queries, keys, at.get("b", 0), at.get("h", 0))
    return table


def _within(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    return np.asarray((x <= step.options["reach"]) & (x >= -step.options["reach"]))


def _tabulate(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    shape = frame.sizes.shape(step.axes)
    places = [np.arange(size) for size in shape]
    if "n" in step.axes:
        places[step.axes.index("n")] = frame.queries
    if "m" in step.axes:
        places[step.axes.index("m")] = np.arange(frame.keys.start, frame.keys.stop)
    numbers = step.options["table"].number(np, *np.ix_(*places))
    return np.ascontiguousarray(np.broadcast_to(numbers, shape))


def _gather(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    entries, places = operands
    axes = (*step.operands[1].axes, *step.operands[0].axes[1:])
    return np.ascontiguousarray(aligned(entries[places], axes, step.axes))


def _contract(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    """A contraction is a stack of matrix products, after its axes are sorted into groups."""
    left, right = step.options["reads"]
    makes = step.options["makes"]
    shared = tuple(axis for axis in left if axis in right and axis in makes)
    summed = tuple(axis for axis in left if axis in right and axis not in makes)
    rows = tuple(axis for axis in left if axis not in right)
    columns = tuple(axis for axis in right if axis not in left)
    first = _stacked(operands[0], left, (shared, rows, summed), frame.sizes)
    second = _stacked(operands[1], right, (shared, summed, columns), frame.sizes)
    natural = (*shared, *rows, *columns)
    target = None
    if out is not None and natural == makes:
        target = out.reshape(first.shape[0], first.shape[1], second.shape[2])
    product = np.matmul(first, second, out=target)
    return _reordered(product, natural, makes, frame.sizes).reshape(frame.sizes.shape(step.axes))


def _stacked(array: Array, axes: Axes, groups: tuple[Axes, ...], sizes: Sizes) -> Array:
    """View an array as a stack of matrices: one axis for each group of its own axes."""
    order = tuple(axis for group in groups for axis in group)
    array = _reordered(array, axes, order, sizes)
    return array.reshape([prod(sizes.shape(group)) for group in groups])


def _reordered(array: Array, axes: Axes, order: Axes, sizes: Sizes) -> Array:
    array = array.reshape(sizes.shape(axes))
    return array.transpose([axes.index(axis) for axis in order])


def _rearrange(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (reads,) = step.options["reads"]
    array = _reordered(operands[0], reads, step.options["makes"], frame.sizes)
    return array.reshape(frame.sizes.shape(step.axes))


def _concat(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return np.concatenate(operands, axis=step.axes.index(step.options["over"]))


def _scale(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    return np.multiply(x, x.dtype.type(factor(step, frame.sizes)), out=out)


def factor(step: Step, sizes: Sizes) -> float:
    """The number a scale step multiplies by."""
    axis = step.options["rsqrt"]
    return 1 / sqrt(sizes[axis]) if axis else float(step.options["by"])


def _softcap(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    cap = x.dtype.type(step.options["cap"])
    bent = np.divide(x, cap, out=out)
    np.tanh(bent, out=bent)
    return np.multiply(bent, cap, out=bent)


def _add(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, y = spread(step, operands, frame.sizes)
    summed = np.add(x, y.astype(x.dtype, copy=False), out=out if out is operands[0] else None)
    return summed.reshape(frame.sizes.shape(step.axes))


def _multiply(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    one, other = spread(step, operands, frame.sizes)
    if other.dtype.kind == "b":
        return np.where(other, one, one.dtype.type(0)).reshape(frame.sizes.shape(step.axes))
    return np.multiply(one, other).reshape(frame.sizes.shape(step.axes))


def _apply(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return FUNCTIONS[step.options["function"]](operands[0])


def _sigmoid(x: Array) -> Array:
    """1 / (1 + e^−x), and e^x / (1 + e^x) below 0: small ones keep their digits."""
    power = np.exp(-np.abs(x))
    return np.divide(np.where(x < 0, power, x.dtype.type(1)), np.add(power, x.dtype.type(1)))


def _elu_plus_one(x: Array) -> Array:
    """X + 1 above 0, e^x below: always positive."""
    return np.where(x > 0, np.add(x, x.dtype.type(1)), np.exp(-np.abs(x)))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, x.dtype.type(0)),
    "sigmoid": _sigmoid,
    "exp": np.exp,
    "elu+1": _elu_plus_one,
    **SLOPES,
}


def _unit(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = operands
    # squares of numbers beyond the root of what a type holds would be lost
    largest = np.abs(x).max(axis=-1, keepdims=True)
    largest[largest == 0] = 1
    near = np.divide(x, largest)
    lengths = np.sqrt(np.multiply(near, near).sum(axis=-1, keepdims=True))
    lengths[lengths == 0] = 1
    return np.divide(near, lengths)


def _pair(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    whole = np.empty(frame.sizes.shape(step.axes), operands[0].dtype)
    start = 0
    for array, operand in zip(operands, step.operands, strict=True):
        own, target = frame.sizes.atoms(operand.axes), frame.sizes.atoms(step.axes)
        width = array.shape[-1]
        # the last axis is the operand's own; before it, axes are met by name
        lead = aligned(array.reshape(frame.sizes.shape(own)), (*own[:-1], target[-1]), target)
        part = whole[..., start : start + width]
        shape = (*frame.sizes.shape(target[:-1]), width)
        part[...] = np.broadcast_to(lead, shape).reshape(part.shape)
        start += width
    return whole


def _rotate(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x = operands[0]
    axes = step.operands[1].axes
    angles = aligned(operands[1], axes, (*step.axes[:-1], axes[-1]))
    cosine, sine = (part.astype(x.dtype, copy=False) for part in (np.cos(angles), np.sin(angles)))
    first, second = halves(x.shape[-1], step.options["interleaved"])
    turned = np.empty_like(x)
    turned[..., first] = x[..., first] * cosine - x[..., second] * sine
    turned[..., second] = x[..., first] * sine + x[..., second] * cosine
    return turned


def halves(width: int, interleaved: bool) -> tuple[slice, slice]:
    """Where the first and the second number of every pair stand."""
    if interleaved:
        return slice(0, None, 2), slice(1, None, 2)
    return slice(0, width // 2), slice(width // 2, None)


def _mask(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, allowed = operands
    kept = aligned(allowed, step.operands[1].axes, step.axes)
    if step.operands[0].axes != step.axes:
        x = aligned(x, step.operands[0].axes, step.axes)
    if out is None:
        return np.where(kept, x, x.dtype.type(-np.inf))
    if out is not x:
        np.copyto(out, x)
    np.copyto(out, -np.inf, where=~kept)
    return out


TABLE = "tabulate"


def _subtract(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, y = spread(step, operands, frame.sizes)
    # positions are whole numbers, which would make float64 of any other
    kinds = [o.dtype for o, s in zip(operands, step.operands, strict=True) if s.operation != TABLE]
    difference = np.subtract(x, y).astype(kinds[0], copy=False)
    difference[np.broadcast_to(x == -np.inf, difference.shape)] = -np.inf
    return difference.reshape(frame.sizes.shape(step.axes))


def _divide(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    x, y = spread(step, operands, frame.sizes)
    by = y.copy()
    by[by == 0] = 1
    return np.divide(x, by).astype(operands[0].dtype, copy=False)


def _repeat(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    (x,) = spread(step, operands, frame.sizes)
    atoms = frame.sizes.atoms(step.axes)
    whole = np.broadcast_to(x, frame.sizes.shape(step.axes if x.ndim < len(atoms) else atoms))
    return np.ascontiguousarray(whole).reshape(frame.sizes.shape(step.axes))


def _slice(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    axis = step.operands[0].axes.index(step.options["over"])
    within = step.options["within"]
    return operands[0][(slice(None),) * axis + (slice(within.start, within.stop),)]


def _larger(step: Step, operands: list[Array], frame: Frame, out: Array | None) -> Array:
    return np.maximum(*operands)


RULES: dict[str, Rule] = {
    "allow": _allow,
    "within": _within,
    "tabulate": _tabulate,
    "gather": _gather,
    "contract": _contract,
    "rearrange": _rearrange,
    "concat": _concat,
    "scale": _scale,
    "softcap": _softcap,
    "add": _add,
    "multiply": _multiply,
    "rotate": _rotate,
    "apply": _apply,
    "unit": _unit,
    "pair": _pair,
    "mask": _mask,
    "subtract": _subtract,
    "divide": _divide,
    "repeat": _repeat,
    "slice": _slice,
    "larger": _larger,
    **SHARES,
    **RUNNING,
    **TURNED,
}
