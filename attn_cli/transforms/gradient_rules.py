"""One rule for each operation: how much the loss changes with its operands.

A rule is told the step and d, how much the loss changes with each number the step makes. It gives
to each operand the steps that multiply d by the step's own derivative.
"""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.program import Places, Step
from attn_cli.transforms.backward import Backward, product
from attn_cli.transforms.gradient_of_scans import scan

Rule = Callable[[Backward, Step, Step], None]


def _stopped(b: Backward, step: Step, d: Step) -> None:
    """What is chosen, drawn, compared or made of positions does not change by a little."""


def _contract(b: Backward, step: Step, d: Step) -> None:
    """A product: d times the other operand, summed over the axes that this one lacks."""
    first, second = step.operands
    left, right = step.options["reads"]
    makes = step.options["makes"]
    p = b.program
    b.give(
        first,
        step,
        first.axes,
        lambda name: product(p, d, second, (makes, right), first.axes, left, name),
    )
    b.give(
        second,
        step,
        second.axes,
        lambda name: product(p, first, d, (left, makes), second.axes, right, name),
    )


def _rearrange(b: Backward, step: Step, d: Step) -> None:
    (x,) = step.operands
    (reads,), makes = step.options["reads"], step.options["makes"]
    b.give(
        x,
        step,
        x.axes,
        lambda name: b.program.record("rearrange", (d,), x.axes, name, reads=(makes,), makes=reads),
    )


def _concat(b: Backward, step: Step, d: Step) -> None:
    """Each part has the gradient of its own places."""
    over, start = step.options["over"], 0
    along = step.axes.index(over)
    for part in step.operands:
        axis = part.axes[along]
        within = Places(start, start + b.program.sizes[axis])
        start = within.stop
        b.give(part, step, part.axes, _slicing(b, d, over, within, axis))


def _slicing(b: Backward, d: Step, over: str, within: Places, axis: str) -> Callable[[str], Step]:
    return lambda name: b.program.slice(d, over=over, within=within, axis=axis, name=name)


def _pair(b: Backward, step: Step, d: Step) -> None:
    """Each half has its own columns; a row was repeated with every row of the other."""
    start, over = 0, step.axes[-1]
    for part in step.operands:
        axis = part.axes[-1]
        within = Places(start, start + b.program.sizes[axis])
        start = within.stop
        b.give(part, step, (*step.axes[:-1], axis), _slicing(b, d, over, within, axis))


def _scale(b: Backward, step: Step, d: Step) -> None:
    by, rsqrt = step.options["by"], step.options["rsqrt"]
    (x,) = step.operands
    b.give(x, step, x.axes, lambda name: b.program.scale(d, by=by, rsqrt=rsqrt, name=name))


def _softcap(b: Backward, step: Step, d: Step) -> None:
    """1 - tanh²(x / cap): nothing is let through near the cap."""
    p, (x,) = b.program, step.operands
    inner = p.scale(x, by=1 / step.options["cap"], name=f"{step.name}_inner")
    slope = p.apply("tanh'", inner, name=f"{step.name}_slope")
    b.give(x, step, x.axes, lambda name: p.multiply(d, slope, x.axes, name=name))


def _add(b: Backward, step: Step, d: Step) -> None:
    for operand in step.operands:
        b.give(operand, step, step.axes, lambda name: b.program.apply("identity", d, name=name))


def _subtract(b: Backward, step: Step, d: Step) -> None:
    x, y = step.operands
    b.give(x, step, step.axes, lambda name: b.program.apply("identity", d, name=name))
    b.give(y, step, step.axes, lambda name: b.program.scale(d, by=-1, name=name))


def _multiply(b: Backward, step: Step, d: Step) -> None:
    """The other times d; what a boolean drops has no gradient."""
    x, y = step.operands
    p = b.program
    b.give(x, step, step.axes, lambda name: p.multiply(d, y, step.axes, name=name))
    b.give(y, step, step.axes, lambda name: p.multiply(d, x, step.axes, name=name))


def _divide(b: Backward, step: Step, d: Step) -> None:
    """For x, d / y; for y that times the quotient, with the sign turned."""
    x, y = step.operands
    p = b.program
    shared = p.divide(d, y, name=f"{step.name}_shared")
    b.give(x, step, step.axes, lambda name: p.apply("identity", shared, name=name))
    if b.wants(y):
        lost = p.multiply(shared, step, step.axes, name=f"{step.name}_lost")
        b.give(y, step, step.axes, lambda name: p.scale(lost, by=-1, name=name))


def _rotate(b: Backward, step: Step, d: Step) -> None:
    """Turned back by the same angles."""
    x, angles = step.operands
    p, interleaved = b.program, step.options["interleaved"]
    back = p.scale(angles, by=-1, name=f"{step.name}_back")
    b.give(x, step, x.axes, lambda name: p.rotate(d, back, interleaved=interleaved, name=name))


def _apply(b: Backward, step: Step, d: Step) -> None:
    """The slope of the function at x, times d; that of e^x is e^x itself."""
    p, (x,) = b.program, step.operands
    function = step.options["function"]
    if function == "identity":
        b.give(x, step, x.axes, lambda name: p.apply("identity", d, name=name))
        return
    slope = step
    if function != "exp":
        slope = p.apply(f"{function}'", x, name=f"{step.name}_slope")
    b.give(x, step, x.axes, lambda name: p.multiply(d, slope, x.axes, name=name))


def _unit(b: Backward, step: Step, d: Step) -> None:
    """(d - y (y · d)) / |x|: a change along the row itself does not turn it."""
    p, (x,) = b.program, step.operands
    width = x.axes[-1]
    products = p.multiply(d, step, step.axes, name=f"{step.name}_products")
    along = p.reduce("sum", products, over=width, name=f"{step.name}_along")
    radial = p.multiply(step, along, step.axes, name=f"{step.name}_radial")
    turning = p.subtract(d, radial, name=f"{step.name}_turning")
    squares = p.multiply(x, step, x.axes, name=f"{step.name}_squares")
    length = p.reduce("sum", squares, over=width, name=f"{step.name}_length")
    b.give(x, step, x.axes, lambda name: p.divide(turning, length, name=name))


def _mask(b: Backward, step: Step, d: Step) -> None:
    """What is masked has no part in the loss."""
    x, allowed = step.operands
    p = b.program
    b.give(x, step, step.axes, lambda name: p.multiply(d, allowed, step.axes, name=name))


def _softmax(b: Backward, step: Step, d: Step) -> None:
    """With weights w, w ⊙ (d - Σ d ⊙ w): a score counts as far as d is above the row's mean."""
    p, over = b.program, step.options["over"]
    x, *sink = step.operands
    products = p.multiply(d, step, step.axes, name=f"{step.name}_products")
    mean = p.reduce("sum", products, over=over, name=f"{step.name}_mean")
    above = p.subtract(d, mean, name=f"{step.name}_above_mean")
    b.give(x, step, x.axes, lambda name: p.multiply(step, above, x.axes, name=name))
    if sink and b.wants(sink[0]):
        total = p.reduce("sum", step, over=over, name=f"{step.name}_total")
        kept = p.multiply(mean, total, mean.axes, name=f"{step.name}_kept_mean")
        # the sink's own share is 1 less the total of the row
        b.give(sink[0], step, mean.axes, lambda name: p.subtract(kept, mean, name=name))


def _entmax(b: Backward, step: Step, d: Step) -> None:
    """With s = w^(2 - α), s ⊙ (d - Σ d ⊙ s / Σ s). Peters 2019, equation 15."""
    p, over = b.program, step.options["over"]
    (x,) = step.operands
    slopes = p.power(step, exponent=2 - step.options["alpha"], name=f"{step.name}_slopes")
    products = p.multiply(d, slopes, step.axes, name=f"{step.name}_products")
    summed = p.reduce("sum", products, over=over, name=f"{step.name}_summed")
    total = p.reduce("sum", slopes, over=over, name=f"{step.name}_total")
    mean = p.divide(summed, total, name=f"{step.name}_mean")
    above = p.subtract(d, mean, name=f"{step.name}_above_mean")
    b.give(x, step, x.axes, lambda name: p.multiply(slopes, above, x.axes, name=name))


def _reduce(b: Backward, step: Step, d: Step) -> None:
    """A sum gives each of its terms the same; the largest alone has the gradient of a maximum."""
    p, (x,) = b.program, step.operands
    over = step.options["over"]
    if step.options["how"] == "sum":
        b.give(x, step, x.axes, lambda name: p.repeat(d, x.axes, name=name))
        return
    chosen = p.argmax_one_hot(x, over=over, name=f"{step.name}_place")
    b.give(x, step, x.axes, lambda name: p.multiply(chosen, d, x.axes, name=name))


def _repeat(b: Backward, step: Step, d: Step) -> None:
    (x,) = step.operands
    b.give(x, step, step.axes, lambda name: b.program.apply("identity", d, name=name))


def _argmax_one_hot(b: Backward, step: Step, d: Step) -> None:
    """Straight through where shares are chosen from (Jang 2017, section 2.2), else nothing."""
    (x,) = step.operands
    if x.operation == "softmax":
        b.give(x, step, x.axes, lambda name: b.program.apply("identity", d, name=name))


def _gather(b: Backward, step: Step, d: Step) -> None:
    """Each entry has the sum of the places that show it."""
    entries, places = step.operands
    b.give(
        entries,
        step,
        entries.axes,
        lambda name: b.program.scatter(d, places, entries.axes, name=name),
    )


def _cumsum(b: Backward, step: Step, d: Step) -> None:
    """A number is in every sum from its place on: the same sum from the end."""
    (x,) = step.operands
    over = step.options["over"]
    b.give(x, step, x.axes, lambda name: b.program.cumsum(d, over=over, backward=True, name=name))


def _slice(b: Backward, step: Step, d: Step) -> None:
    """What is not in the slice has no part in it."""
    (x,) = step.operands
    over, within = step.options["over"], step.options["within"]
    b.give(x, step, x.axes, lambda name: b.program.place(d, over, within, x.axes, name=name))


def _larger(b: Backward, step: Step, d: Step) -> None:
    """All of it for the larger of two; for the second where both are equal."""
    p, (x, y) = b.program, step.operands
    apart = p.subtract(x, y, name=f"{step.name}_difference")
    first = p.apply("relu'", apart, name=f"{step.name}_is_first")
    taken = p.multiply(d, first, x.axes, name=f"{step.name}_taken")
    b.give(x, step, x.axes, lambda name: p.apply("identity", taken, name=name))
    b.give(y, step, y.axes, lambda name: p.subtract(d, taken, name=name))


RULES: dict[str, Rule] = {
    "input": _stopped,
    "allow": _stopped,
    "within": _stopped,
    "tabulate": _stopped,
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
    "softmax": _softmax,
    "reduce": _reduce,
    "subtract": _subtract,
    "divide": _divide,
    "argmax_one_hot": _argmax_one_hot,
    "draw": _stopped,
    "entmax": _entmax,
    "repeat": _repeat,
    "cumsum": _cumsum,
    "scan": scan,
    "slice": _slice,
    "larger": _larger,
}
"""Operations that only gradients are made of have none here: there is no second gradient."""
