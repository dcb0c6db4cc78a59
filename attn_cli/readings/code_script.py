"""What the lines of a script need beside each other: letters, helpers, what may be infinite."""

from __future__ import annotations

from collections.abc import Callable, Collection
from string import ascii_letters

from attn_cli.program import Axes, Program, Sizes, Step

SHORT = {"d_v": "e", "d_model": "D", "d_context": "C", "h_kv": "k", "group_size": "g"}
"""Letters that stand for axes in an einsum, where it is not the first letter of their names."""


class Script:
    """What the lines of a program need beside each other.

    kind: the float type. booleans: inputs of True and False; infinite: inputs with −∞ among them.
    straight: steps that choose, through which a gradient goes as if they did not. helpers:
    functions that lines call; positions: axes whose positions they read.
    """

    def __init__(
        self,
        program: Program,
        kind: str = "float64",
        booleans: Collection[str] = (),
        infinite: Collection[str] = (),
        straight: Collection[str] = (),
    ) -> None:
        self.sizes: Sizes = program.sizes
        self.kind = kind
        self.straight = frozenset(straight)
        self.helpers: dict[str, None] = {}
        self.positions: dict[str, None] = {}
        self._program = program
        self._booleans, self._infinite = frozenset(booleans), frozenset(infinite)
        self._letters: dict[str, str] = {}

    def call(self, helper: str, *arguments: str) -> str:
        """A call of a helper, which the script defines."""
        self.helpers[helper] = None
        return f"{helper}({', '.join(arguments)})"

    def letters(self, axes: Axes) -> str:
        """One letter for each axis, the same in every line."""
        for axis in axes:
            if axis not in self._letters:
                wanted = (SHORT.get(axis, axis[0]), *ascii_letters)
                taken = self._letters.values()
                self._letters[axis] = next(x for x in wanted if x not in taken)
        return "".join(self._letters[axis] for axis in axes)

    def is_boolean(self, step: Step) -> bool:
        """Whether a step is made of True and False."""
        if step.operation in ("slice", "rearrange", "repeat"):
            return self.is_boolean(step.operands[0])
        return step.operation in ("allow", "within") or step.name in self._booleans

    def has_infinity(self, step: Step) -> bool:
        """Whether numbers of a step may be −∞."""
        if step.operation == "input":
            return step.name in self._infinite
        if step.operation in ("add", "subtract", "scale", "slice", "reduce", "larger"):
            return any(self.has_infinity(operand) for operand in step.operands)
        return step.operation == "mask"

    def counts_places(self, step: Step) -> bool:
        """Whether a step's numbers are places in another array, so whole."""
        return any(
            user.operation in ("gather", "scatter") and user.operands[1] is step
            for user in self._program
        )


Rule = Callable[[Step, Script], str]
"""The code of a step."""


def axis_of(step: Step) -> int:
    """The axis of the first operand that a step works along, counted from the last."""
    axes = step.operands[0].axes if step.operation != "concat" else step.axes
    return axes.index(step.options["over"]) - len(axes)
