"""The words reading: the formula of every step, and what it costs, as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod

from attn_cli.errors import brief, shape_text
from attn_cli.program import Sizes, Step
from attn_cli.readings.notation import Notation, letter
from attn_cli.readings.words_gradients import FORMULAS as FORMULAS_OF_GRADIENTS

BLOCK = re.compile(r"m_\d+")
"""Axes of the keys of one block."""

Formula = Callable[[Step, Sizes, Notation], str]

AXIS_NAMES = {"m": "the keys", "n": "the queries", "T": "time", "d": "the features"} | {
    "h": "the heads",
    "d_model": "the features",
    "d_out": "the features",
    "d_v": "the features",
}


def formula(step: Step, sizes: Sizes, notation: Notation) -> str:
    """The right-hand side of a step: `Q Kᵀ`; empty for what is given."""
    return FORMULAS[step.operation](step, sizes, notation)


def symbol(step: Step) -> str:
    """The letter of a step's array, or its name."""
    return letter(step.name)


def product_price(step: Step, some_pairs: bool = False) -> str:
    """How many floating-point operations a product takes, in letters: `2·n·m·d`.

    some_pairs: not every query meets every key; p stands for the pairs that do, in all heads.
    """
    axes = dict.fromkeys(axis for reads in step.options["reads"] for axis in reads)
    if "group_size" in axes:
        axes = dict.fromkeys("h" if a == "group_size" else a for a in axes if a != "h_kv")
    ordered = sorted(axes, key=_by_custom)
    if some_pairs and {"n", "m"} <= {*axes}:
        ordered = ["p", *(axis for axis in ordered if axis not in ("b", "h", "n", "m"))]
    return "·".join(["2", *ordered])


def shapes(step: Step, sizes: Sizes) -> str:
    """Shapes going in and coming out: `(3×2)·(2×3) → 3×3`; batch and heads stand before.

    Where a product is laid out otherwise afterwards, both shapes are told: `… → 9×1 → 3×3`.
    """
    made = shape_text(sizes.shape(step.axes))
    if step.operation != "contract":
        taken = ", ".join(shape_text(sizes.shape(o.axes)) for o in _shaping(step))
        return f"{taken} → {made}" if taken else made
    left, right = step.options["reads"]
    shared = [axis for axis in left if axis in right and axis in step.options["makes"]]
    shared += [axis for axis in left if axis == "group_size" and axis not in right]
    summed = [axis for axis in left if axis in right and axis not in shared]
    rows, columns = (
        [axis for axis in own if axis not in other and axis not in shared]
        for own, other in ((left, right), (right, left))
    )
    turned = step.options["makes"][-2:] == (*columns, *rows)
    if turned and rows and columns:
        rows, columns = columns, rows
    times, height, inner, width = (
        prod(sizes[axis] for axis in group) for group in (shared, rows, summed, columns)
    )
    stack = f"{times} × " if shared else ""
    product = (times, height, width) if shared else (height, width)
    kept = [size for size in product if size != 1]
    same = kept == [size for size in sizes.shape(step.axes) if size != 1]
    laid_out = "" if same else f" → {shape_text(product)}"
    return f"{stack}({height}×{inner})·({inner}×{width}){laid_out} → {made}"


def _shaping(step: Step) -> tuple[Step, ...]:
    """The operands whose shapes are told: of several only where none has the result's."""
    one = step.operands[:1]
    return step.operands if step.operation in ("multiply", "gather", "pair") else one


def _by_custom(axis: str) -> int:
    order = (
        "b",
        "h",
        "h_kv",
        "T",
        "T_in",
        "n",
        "m_new",
        "m",
        "d_model",
        "d_context",
        "d",
        "d_v",
        "d_out",
    )
    return order.index(axis) if axis in order else len(order)


def _nothing(step: Step, sizes: Sizes, say: Notation) -> str:
    return ""


def _operand(step: Step, place: int, say: Notation) -> str:
    return say.symbol(step.operands[place].name)


def _allow(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.words(brief(step.options["rule"].name))


def _within(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.length(_operand(step, 0, say)) + say.words(f" at most {step.options['reach']}")


def _tabulate(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.rule(step.options["table"].formula, step.options["table"].latex)


def _gather(step: Step, sizes: Sizes, say: Notation) -> str:
    return f"{_operand(step, 0, say)}[{_operand(step, 1, say)}]"


def _contract(step: Step, sizes: Sizes, say: Notation) -> str:
    """Rows times columns where the operands are matrices; a sum over axes where not."""
    left, right = step.options["reads"]
    summed = [axis for axis in left if axis in right and axis not in step.options["makes"]]
    first, second = _operand(step, 0, say), _operand(step, 1, say)
    if len(summed) > 1 and right[: len(summed)] == tuple(summed):
        return say.product(say.call("Concat", first), second)
    if len(summed) == 1 and left[-1] == summed[0]:
        own = sizes.atoms([step.operands[1].axes[-1]])
        if right == tuple(summed):
            return say.product(first, second)
        if right[-1] == summed[0]:
            return say.product(first, say.transposed(second))
        if right[-len(own) - 1] == summed[0]:
            return say.product(first, second)
    if len(summed) == 1 and left[-2:-1] == right[-2:-1] == tuple(summed):
        if step.options["makes"][-2:] == (right[-1], left[-1]):
            return say.product(say.transposed(second), first)
        return say.product(say.transposed(first), second)
    return say.total(",".join(summed), say.product(first, second))


def _rearrange(step: Step, sizes: Sizes, say: Notation) -> str:
    operand = _operand(step, 0, say)
    if len(step.axes) > len(step.operands[0].axes):
        return f"{operand}{say.words(', split into heads')}"
    if len(step.axes) == len(step.operands[0].axes):
        return operand
    return f"{say.call('Concat', operand)}"


def _concat(step: Step, sizes: Sizes, say: Notation) -> str:
    return f"[{_operand(step, 0, say)}; {_operand(step, 1, say)}]"


def _scale(step: Step, sizes: Sizes, say: Notation) -> str:
    axis = step.options["rsqrt"]
    if axis:
        return say.quotient(_operand(step, 0, say), say.root(str(sizes[axis]).replace("*", " ")))
    by = step.options["by"]
    factor = f"{by:g}" if isinstance(by, int | float) else str(by)
    return say.times(_operand(step, 0, say), factor)


def _softcap(step: Step, sizes: Sizes, say: Notation) -> str:
    cap = f"{step.options['cap']:g}"
    return say.times(cap, say.call("tanh", say.quotient(_operand(step, 0, say), cap)))


def _add(step: Step, sizes: Sizes, say: Notation) -> str:
    return f"{_operand(step, 0, say)} + {_operand(step, 1, say)}"


def _multiply(step: Step, sizes: Sizes, say: Notation) -> str:
    one, other = (_operand(step, place, say) for place in (0, 1))
    whole = all(step.axes[-1] in operand.axes for operand in step.operands)
    return say.each(one, other) if whole else say.times(one, other)


def _rotate(step: Step, sizes: Sizes, say: Notation) -> str:
    pairs = "neighbours" if step.options["interleaved"] else "halves"
    turned = f"{_operand(step, 0, say)}{say.words(f', its {pairs} turned by ')}"
    return f"{turned}{_operand(step, 1, say)}"


def _apply(step: Step, sizes: Sizes, say: Notation) -> str:
    function, operand = step.options["function"], _operand(step, 0, say)
    if function == "identity":
        return operand
    if function == "elu+1":
        return f"{say.call('elu', operand)} + 1"
    return say.call(function, operand)


def _unit(step: Step, sizes: Sizes, say: Notation) -> str:
    operand = _operand(step, 0, say)
    return say.quotient(operand, say.length(operand))


def _pair(step: Step, sizes: Sizes, say: Notation) -> str:
    return f"[{_operand(step, 0, say)}_i; {_operand(step, 1, say)}_j]"


def _mask(step: Step, sizes: Sizes, say: Notation) -> str:
    kept, allowed = _operand(step, 0, say), _operand(step, 1, say)
    return f"{kept}{say.words(' where ')}{allowed}{say.words(', else ')}{say.infinity}"


def _softmax(step: Step, sizes: Sizes, say: Notation) -> str:
    beside = ""
    if len(step.operands) > 1:
        beside = say.words(", beside ") + _operand(step, 1, say)
    return say.call("softmax", _operand(step, 0, say)) + beside + _over(step, say)


def _over(step: Step, say: Notation) -> str:
    over = step.options["over"]
    usual = "the keys of the block" if BLOCK.fullmatch(over) else over
    return say.words(f", over {AXIS_NAMES.get(over, usual)}")


def _reduce(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.call(step.options["how"], _operand(step, 0, say)) + _over(step, say)


def _subtract(step: Step, sizes: Sizes, say: Notation) -> str:
    return f"{_operand(step, 0, say)} - {_operand(step, 1, say)}"


def _divide(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.quotient(_operand(step, 0, say), _operand(step, 1, say))


def _argmax_one_hot(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.words("1 for the largest of ") + _operand(step, 0, say) + _over(step, say)


def _draw(step: Step, sizes: Sizes, say: Notation) -> str:
    drawn = say.words("1 for a key drawn by ") + _operand(step, 0, say)
    return drawn + say.words(" with ") + _operand(step, 1, say)


def _entmax(step: Step, sizes: Sizes, say: Notation) -> str:
    alpha = step.options["alpha"]
    named = "sparsemax" if alpha == 2 else f"{alpha:g}-entmax"
    return say.call(named, _operand(step, 0, say)) + _over(step, say)


def _repeat(step: Step, sizes: Sizes, say: Notation) -> str:
    return _operand(step, 0, say) + say.words(", copied across the features")


def _slice(step: Step, sizes: Sizes, say: Notation) -> str:
    within = step.options["within"]
    over = AXIS_NAMES.get(step.options["over"], step.options["over"]).removeprefix("the ")
    what = over.removesuffix("s") if within.count == 1 else over
    return f"{_operand(step, 0, say)}{say.words(f' of {what} {within.words}')}"


def _larger(step: Step, sizes: Sizes, say: Notation) -> str:
    return say.call("max", f"{_operand(step, 0, say)}, {_operand(step, 1, say)}")


def _cumsum(step: Step, sizes: Sizes, say: Notation) -> str:
    ends = ", from the end" if step.options["backward"] else ""
    told = say.words("running sum of ") + _operand(step, 0, say) + _over(step, say)
    return told + say.words(ends)


def _scan(step: Step, sizes: Sizes, say: Notation) -> str:
    """g_t S_(t-1) + r_t k_t (v_t - …)ᵀ with the names that stand for them."""
    key, value = (say.symbol(step.operands[place].name) for place in (0, 1))
    roles = step.options["roles"]
    gate, rate = (
        f"{say.symbol(step.operands[roles[role]].name)}_t " if role in roles else ""
        for role in ("gate", "rate")
    )
    kept = f"{gate}{say.before(step.name)}"
    written = f"{value}_t"
    if step.options["erases"]:
        read = say.product(say.transposed(f"({kept})" if gate else kept), f"{key}_t")
        written = f"({written} - {read})"
    return f"{kept} + {rate}{say.outer(f'{key}_t', written)}"


FORMULAS: dict[str, Formula] = {
    "input": _nothing,
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
    "softmax": _softmax,
    "reduce": _reduce,
    "subtract": _subtract,
    "divide": _divide,
    "argmax_one_hot": _argmax_one_hot,
    "draw": _draw,
    "entmax": _entmax,
    "cumsum": _cumsum,
    "scan": _scan,
    "repeat": _repeat,
    "slice": _slice,
    "larger": _larger,
    **FORMULAS_OF_GRADIENTS,
}
