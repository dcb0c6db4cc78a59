"""The code of what runs along a sequence, and of what gradients alone are made of."""

from __future__ import annotations

from attn_cli.program import Step
from attn_cli.readings.code_script import Rule, Script, axis_of
from attn_cli.readings.code_shapes import met, reshaped


def _place(step: Step, script: Script) -> str:
    """Zeros before and behind."""
    over, within = step.options["over"], step.options["within"]
    place, shape = step.axes.index(over), list(script.sizes.shape(step.axes))
    parts = [step.operands[0].name]
    for size, at in ((within.start, 0), (shape[place] - within.stop, 2)):
        if size:
            shape[place] = size
            parts.insert(at, f"np.zeros({tuple(map(int, shape))}, dtype=np.{script.kind})")
    return f"np.concatenate([{', '.join(parts)}], axis={place - len(shape)})"


def _power(step: Step, script: Script) -> str:
    x, exponent = step.operands[0].name, step.options["exponent"]
    return f"np.where({x} > 0, np.where({x} > 0, {x}, 1) ** {exponent!r}, 0)"


def _scatter(step: Step, script: Script) -> str:
    """A product with 1 where a place is the one that is meant."""
    x, places = step.operands
    entries = step.axes[0]
    chosen = f"{places.name}[..., None] == np.arange({script.sizes[entries]})"
    pattern = ",".join(map(script.letters, ((*places.axes, entries), x.axes)))
    return f'np.einsum("{pattern}->{script.letters(step.axes)}", 1.0 * ({chosen}), {x.name})'


def _cumsum(step: Step, script: Script) -> str:
    x, axis = step.operands[0].name, axis_of(step)
    if step.options["backward"]:
        return f"np.flip(np.cumsum(np.flip({x}, ({axis},)), axis={axis}), ({axis},))"
    return f"np.cumsum({x}, axis={axis})"


def _running(helper: str) -> Rule:
    """A state that changes from place to place, by a helper with its operands by their roles."""

    def rule(step: Step, script: Script) -> str:
        operands, made = met(step, script.sizes)
        named = [f"{role}s={operands[at]}" for role, at in step.options["roles"].items()]
        erases = ["erases=True"] if step.options["erases"] else []
        # counted from the last: an operand may lack the axes of a batch and of heads
        along = f"axis={made.index(step.options['over']) - len(made)}"
        text = script.call(helper, *operands[:2], along, *named, *erases)
        return reshaped(text, made, step.axes, script.sizes)

    return rule


def _earlier(step: Step, script: Script) -> str:
    x, axis = step.operands[0].name, axis_of(step)
    first, others = (
        f"{x}[{', '.join([*[':'] * (len(step.axes) + axis), part])}]" for part in (":1", ":-1")
    )
    return f"np.concatenate([0 * {first}, {others}], axis={axis})"


ALONG: dict[str, Rule] = {
    "place": _place,
    "power": _power,
    "scatter": _scatter,
    "cumsum": _cumsum,
    "scan": _running("scanned"),
    "earlier": _earlier,
    "scan_back": _running("scanned_back"),
}
"""Rules of those operations."""
