"""An array that counts the floating-point operations done on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.costs.symbolic import Costed, Shape, symbolic_program
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Program
from attn_cli.readings import cost, formulas
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import RULES
from tests.programs import Arrays, normal

ONE_EACH = (np.add, np.subtract, np.multiply, np.divide, np.exp, np.tanh, np.sqrt, np.power)
WAVES = (np.cos, np.sin)
TWO_SIDED = (np.maximum,)
REDUCTIONS = (np.add, np.maximum)
FREE = (
    *(np.equal, np.invert, np.isfinite, np.greater, np.greater_equal, np.less_equal),
    *(np.bitwise_or, np.bitwise_and, np.logical_or, np.logical_not),
    *(np.absolute, np.negative, np.isnan, np.less),
)


class Counting(np.ndarray):
    """Every NumPy operation adds what it costs to `count`; an unknown one raises."""

    count = 0

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **more: Any
    ) -> Any:
        plain = [np.asarray(x) if isinstance(x, Counting) else x for x in inputs]
        if out is not None:
            more["out"] = tuple(None if o is None else np.asarray(o) for o in out)
        result = getattr(ufunc, method)(*plain, **more)
        Counting.count += _cost(ufunc, method, plain, np.asarray(result), more.get("axis", -1))
        return np.asarray(result).view(Counting)


def _cost(ufunc: np.ufunc, method: str, inputs: list[Any], result: np.ndarray, axis: int) -> int:
    if ufunc is np.matmul:
        return 2 * result.size * inputs[0].shape[-1]
    if method == "reduce" and ufunc in REDUCTIONS:
        return int(inputs[0].size - result.size)
    if method == "__call__" and ufunc in (*ONE_EACH, *WAVES):
        return int(result.size)
    if method == "accumulate" and ufunc is np.add:
        return int(result.size - result.size // result.shape[axis])
    if method == "__call__" and ufunc in TWO_SIDED:
        return int(result.size)
    if ufunc in FREE:
        return 0
    raise AssertionError(f"nobody has said what {ufunc.__name__}.{method} costs")


def counted(array: np.ndarray) -> Counting:
    """Let an array count."""
    return array.view(Counting)


def counts(program: Program, arrays: Arrays) -> dict[str, int]:
    """Run a program on arrays that count, and what each step counted."""
    made = {name: counted(array) for name, array in arrays.items()}
    frame = Frame.of(program.sizes)
    found = {}
    for step in program:
        if step.operation == "input":
            continue
        Counting.count = 0
        operands = [made[operand.name] for operand in step.operands]
        with np.errstate(all="ignore"):
            made[step.name] = RULES[step.operation](step, operands, frame, None).view(Counting)
        found[step.name] = Counting.count
    return found


def count_steps(costed: Costed) -> dict[str, int]:
    """What each step of a program counts on normal numbers."""
    inputs = enumerate(costed.program.inputs)
    shape = costed.program.shape
    return counts(costed.program, {s.name: normal(place, *shape(s)) for place, s in inputs})


def refuse_other_counts(mechanism: Mechanism, shape: Shape) -> None:
    """Fail where a step's formula, with the sizes put in, is not what was counted."""
    lettered = shape._replace(letters=mechanism.lengths)
    numbers = {name: size for name, size in lettered.numbers().items() if size is not None}
    integers = symbolic_program(mechanism, shape, numbers=True)
    letters = symbolic_program(mechanism, shape)
    found = count_steps(integers)
    for step, same in zip(integers.program, letters.program, strict=True):
        if step.operation in ("input", "tabulate"):
            continue  # a table's price is its own
        by_integers = cost.flops(step, cost.Count(integers.program.sizes))
        by_formula = formulas.value(cost.flops(same, cost.Count(letters.program.sizes)), numbers)
        assert found[step.name] == by_integers == by_formula, step.name
