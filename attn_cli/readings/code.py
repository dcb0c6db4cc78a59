"""The code reading: each step as one line of Python, for NumPy.

One rule per operation. A rule takes the step and the script it is written into, and gives an
expression over the names of its operands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from attn_cli.program import Axes, Step
from attn_cli.readings.code_along import ALONG
from attn_cli.readings.code_positions import Expression, Maths, NotAnExpressionError, read
from attn_cli.readings.code_script import Rule, Script, axis_of
from attn_cli.readings.code_shapes import fitted, met, permuted, reshaped, shape_of, together

LONGEST = 160
"""Letters of a rule on positions; the numbers of a longer one are written instead."""

POSITIONS = {"n": "i", "m": "j"}
"""Variables for the positions of queries, which are rows, and of keys."""


class Line(NamedTuple):
    """A step as code; no code where its numbers have to be given."""

    step: Step
    code: str | None


def lines(script: Script, steps: Iterable[Step]) -> list[Line]:
    """Every step as a line of code; what is given from outside has none."""
    return [Line(step, _line(script, step)) for step in steps]


def _line(script: Script, step: Step) -> str | None:
    try:
        return RULES[step.operation](step, script)
    except NotAnExpressionError:
        return None


def _input(step: Step, script: Script) -> str:
    raise NotAnExpressionError


def _at(step: Step, script: Script, axis: str) -> Expression:
    """The positions along an axis, which broadcast along the step's other ones."""
    behind = len(step.axes) - 1 - step.axes.index(axis)
    if POSITIONS.get(axis) and behind == (axis == "n"):
        script.positions[axis] = None
        return read(POSITIONS[axis])
    places = f"np.arange({script.sizes[axis]})"
    return read(f"{places}[{', '.join([':', *['None'] * behind])}]" if behind else places)


def _allow(step: Step, script: Script) -> str:
    rule = step.options["rule"]
    if rule.varies or len(step.axes) != 2:
        raise NotAnExpressionError
    found = rule.allows(_at(step, script, "n"), _at(step, script, "m"), 0, 0)
    names = found.names if isinstance(found, Expression) else set()
    text = _short(str(found))
    return text if names >= {"i", "j"} else f"np.broadcast_to({text}, {_shape(step, script)})"


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise NotAnExpressionError
    return text


def _shape(step: Step, script: Script) -> str:
    return shape_of(step.axes, script.sizes)


def _within(step: Step, script: Script) -> str:
    return f"abs({step.operands[0].name}) <= {step.options['reach']}"


def _tabulate(step: Step, script: Script) -> str:
    places = [_at(step, script, axis) for axis in step.axes]
    number = step.options["table"].number(Maths(), *places)
    kind = "int64" if script.counts_places(step) else script.kind
    return f"np.asarray({_short(str(number))}, dtype=np.{kind})"


def _gather(step: Step, script: Script) -> str:
    entries, places = step.operands
    return permuted(f"{entries.name}[{places.name}]", (*places.axes, *entries.axes[1:]), step.axes)


def _contract(step: Step, script: Script) -> str:
    """Matrices by @, everything else by einsum."""
    left, right = step.options["reads"]
    makes = step.options["makes"]
    first, second = (
        reshaped(operand.name, operand.axes, reads, script.sizes)
        for operand, reads in zip(step.operands, (left, right), strict=True)
    )
    product = _product(first, second, (left, right), makes)
    if product is not None:
        return together(step, product, makes, script.sizes)
    pattern = f"{script.letters(left)},{script.letters(right)}->{script.letters(makes)}"
    summed = f'np.einsum("{pattern}", {first}, {second})'
    return reshaped(summed, makes, step.axes, script.sizes)


def _product(first: str, second: str, reads: tuple[Axes, Axes], makes: Axes) -> str | None:
    """A product of two matrices, or of one and a vector; None where it is another."""
    left, right = reads
    summed = [axis for axis in left if axis in right and axis not in makes]
    if (left, right) == ((*makes, *summed), (*summed,)) and len(left) == 2:
        return f"{first} @ {second}"
    if len(left) != 2 or len(right) != 2 or len(summed) != 1:
        return None
    rows, columns = (axis for reads in (left, right) for axis in reads if axis != summed[0])
    if makes == (columns, rows):
        return _product(second, first, (right, left), makes)
    if makes != (rows, columns):
        return None
    first = first if left[1] == summed[0] else f"{first}.T"
    second = second if right[0] == summed[0] else f"{second}.T"
    return f"{first} @ {second}"


def _rearrange(step: Step, script: Script) -> str:
    (operand,), (reads,) = step.operands, step.options["reads"]
    text = reshaped(operand.name, operand.axes, reads, script.sizes)
    makes = step.options["makes"]
    return reshaped(permuted(text, reads, makes), makes, step.axes, script.sizes)


def _concat(step: Step, script: Script) -> str:
    past, new = (operand.name for operand in step.operands)
    return f"np.concatenate([{past}, {new}], axis={axis_of(step)})"


def _scale(step: Step, script: Script) -> str:
    (x,), axis = step.operands, step.options["rsqrt"]
    if axis:
        return f"{x.name} / sqrt({script.sizes[axis]})"
    return f"{float(step.options['by'])!r} * {x.name}"


def _softcap(step: Step, script: Script) -> str:
    cap = f"{float(step.options['cap'])!r}"
    return f"{cap} * np.tanh({step.operands[0].name} / {cap})"


def _between(sign: str) -> Rule:
    """Two arrays with a sign between them."""

    def rule(step: Step, script: Script) -> str:
        (x, y), made = met(step, script.sizes)
        return together(step, f"{x} {sign} {y}", made, script.sizes)

    return rule


def _multiply(step: Step, script: Script) -> str:
    if not script.is_boolean(step.operands[1]):
        return _between("*")(step, script)
    (x, kept), made = met(step, script.sizes)
    return reshaped(f"np.where({kept}, {x}, 0)", made, step.axes, script.sizes)


def _subtract(step: Step, script: Script) -> str:
    """A row of −∞ alone less its largest stays so: −∞ less −∞ would be no number."""
    if not script.has_infinity(step.operands[0]):
        return _between("-")(step, script)
    (x, y), made = met(step, script.sizes)
    return together(step, f"{x} - np.where({y} == -inf, 0, {y})", made, script.sizes)


def _divide(step: Step, script: Script) -> str:
    (x, y), made = met(step, script.sizes)
    return together(step, f"{x} / np.where({y} == 0, 1, {y})", made, script.sizes)


def _rotate(step: Step, script: Script) -> str:
    x, angles = step.operands
    pairs = angles.axes[-1]
    turned = fitted(angles.name, angles.axes, (*step.axes[:-1], pairs), script.sizes)
    helper = "rotated_interleaved" if step.options["interleaved"] else "rotated"
    return script.call(helper, x.name, turned)


FUNCTIONS: Mapping[str, str] = {
    "identity": "{x}",
    "tanh": "np.tanh({x})",
    "relu": "np.where({x} > 0, {x}, 0)",
    "exp": "np.exp({x})",
    "elu+1": "np.where({x} > 0, {x} + 1, np.exp(np.where({x} > 0, 0, {x})))",
    "tanh'": "1 - np.tanh({x}) ** 2",
    "relu'": "np.where({x} > 0, np.ones_like({x}), np.zeros_like({x}))",
    "elu+1'": "np.exp(np.where({x} > 0, 0, {x}))",
}
"""Functions of one number that have a short form; others are helpers."""


def _apply(step: Step, script: Script) -> str:
    x, function = step.operands[0].name, step.options["function"]
    if function == "sigmoid":
        return script.call("sigmoid", x)
    if function == "sigmoid'":
        return f"{script.call('sigmoid', x)} * {script.call('sigmoid', f'-{x}')}"
    return FUNCTIONS[function].format(x=x)


def _unit(step: Step, script: Script) -> str:
    return script.call("unit", step.operands[0].name)


def _pair(step: Step, script: Script) -> str:
    """Both repeated along the rows of the other, then side by side."""
    sizes, parts = script.sizes, []
    target = sizes.atoms(step.axes)
    for operand in step.operands:
        own = sizes.atoms(operand.axes)
        text = reshaped(operand.name, operand.axes, own, sizes)
        laid = fitted(text, (*own[:-1], target[-1]), target, sizes)
        shape = (*target[:-1], own[-1])
        parts.append(f"np.broadcast_to({laid}, {shape_of(shape, sizes)})")
    joined = f"np.concatenate([{', '.join(parts)}], axis=-1)"
    return reshaped(joined, target, step.axes, sizes)


def _mask(step: Step, script: Script) -> str:
    x, allowed = (fitted(o.name, o.axes, step.axes, script.sizes) for o in step.operands)
    return f"np.where({allowed}, {x}, -inf)"


def _softmax(step: Step, script: Script) -> str:
    x, *sink = step.operands
    axis = f"axis={axis_of(step)}"
    if not sink:
        return script.call("softmax", x.name, axis)
    beside = fitted(sink[0].name, sink[0].axes, step.axes, script.sizes)
    return script.call("softmax_beside", x.name, beside, axis)


def _reduce(step: Step, script: Script) -> str:
    (x,) = step.operands
    kept = ", keepdims=True" if len(step.axes) == len(x.axes) else ""
    return f"np.{step.options['how']}({x.name}, axis={axis_of(step)}{kept})"


def _argmax_one_hot(step: Step, script: Script) -> str:
    (x,) = step.operands
    # of shares, an empty row has none above 0
    least = ["least=0"] if x.operation == "softmax" else []
    chosen = script.call("one_hot", x.name, f"axis={axis_of(step)}", *least)
    if step.name not in script.straight:
        return chosen
    return f"{chosen} + ({x.name} - {script.call('constant', x.name)})"


def _draw(step: Step, script: Script) -> str:
    shares, uniform = step.operands
    return script.call("drawn", shares.name, uniform.name, f"axis={axis_of(step)}")


def _entmax(step: Step, script: Script) -> str:
    alpha = f"alpha={step.options['alpha']!r}"
    return script.call("entmax", step.operands[0].name, alpha, f"axis={axis_of(step)}")


def _repeat(step: Step, script: Script) -> str:
    (x,), made = met(step, script.sizes)
    copied = f"np.broadcast_to({x}, {shape_of(made, script.sizes)})"
    return reshaped(copied, made, step.axes, script.sizes)


def _slice(step: Step, script: Script) -> str:
    (x,), within = step.operands, step.options["within"]
    before = [":"] * x.axes.index(step.options["over"])
    return f"{x.name}[{', '.join([*before, f'{within.start}:{within.stop}'])}]"


def _larger(step: Step, script: Script) -> str:
    return f"np.maximum({', '.join(operand.name for operand in step.operands)})"


RULES: dict[str, Rule] = {
    "input": _input,
    "allow": _allow,
    "within": _within,
    "tabulate": _tabulate,
    "gather": _gather,
    "contract": _contract,
    "rearrange": _rearrange,
    "concat": _concat,
    "scale": _scale,
    "softcap": _softcap,
    "add": _between("+"),
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
    "draw": _draw,
    "entmax": _entmax,
    "repeat": _repeat,
    "slice": _slice,
    "larger": _larger,
    **ALONG,
}
"""The code of every operation."""
