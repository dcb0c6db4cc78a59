"""What a mechanism is, and what a person may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from attn_cli.errors import ShapeError, shape_text
from attn_cli.mechanisms import local
from attn_cli.mechanisms.normalizers import SOFTMAX, Normalizer
from attn_cli.program import ONE, Axes, Program, Size, Sizes, Step

if TYPE_CHECKING:
    from attn_cli.masks import Mask
    from attn_cli.masks.placed import Offset
    from attn_cli.mechanisms.biases import Bias

Inputs = Mapping[str, Step]
Shapes = Mapping[str, tuple[Size, ...]]
"""Names of the arrays that are given, with their shapes."""


class Rope(NamedTuple):
    """Rotary positions: which numbers are a pair, and the base of the angles."""

    interleaved: bool = False
    base: float = 10000.0


class Choices(NamedTuple):
    """What is decided before a program is written down.

    heads, kv_heads: how many heads a packed last axis holds; None leaves it whole.
    scale: a factor on the scores; None means the mechanism's own.
    softcap: scores are kept between −softcap and softcap.
    mask: which pairs may attend. bias: numbers added by position. offset: query i is at
    position i + offset, for biases and rotations.
    local_p: the reach of a window around a place that each query predicts.
    normalizer: how scores become weights. temperature: scores are divided by it. alpha: of entmax.
    rope: queries and keys are turned by their positions. sinusoidal: waves of the position are
    added to rows x. residual: rows x are added to the output. norm: rows are normalized before
    attention ("pre") or at the end ("post"). activation: bends scores that come from a layer (Φ).
    by_element: products and sums are steps of their own. block_size: softmax and the weighted sum
    go over so many keys at a time.
    """

    heads: Size | None = None
    kv_heads: Size | None = None
    scale: float | None = None
    softcap: float | None = None
    mask: Mask | None = None
    local_p: int | None = None
    normalizer: Normalizer = SOFTMAX
    temperature: float | None = None
    alpha: float = 1.5
    bias: Bias | None = None
    rope: Rope | None = None
    sinusoidal: bool = False
    residual: bool = False
    norm: str | None = None
    offset: Offset = 0
    activation: str = "identity"
    by_element: bool = False
    block_size: int | None = None


NORMALIZED = frozenset({"normalizer", "temperature", "alpha"})
"""Choices of whatever turns scores into weights."""

HEADED = frozenset({"heads", "kv_heads"})

PAIRED = frozenset({"softcap", "mask", "local_p", "bias", "offset"})
"""Choices of whatever has a score for each query and key."""

BARE, CONTEXT, PAST = "bare", "context", "past"
"""What may be given beside choices: q, k and v without projections, rows of another sequence for
keys and values, and keys and values of earlier calls."""

BLOCKS = "block_size"

ATTENTION = (
    NORMALIZED
    | HEADED
    | PAIRED
    | {"scale", "rope", "sinusoidal", "residual", "norm", BARE, CONTEXT, PAST, BLOCKS}
)
"""What attention around a score of queries and keys takes."""

BY_ELEMENT = ATTENTION | {"by_element"}
"""The same where the score is a product of queries and keys, which may be taken apart."""

NEEDED = {BARE: ("q", "k", "v"), CONTEXT: ("context",), PAST: ("past_k", "past_v")}
"""Arrays that need something else to be taken than a place in a layout."""

Default = int | str | Callable[["Sizes"], Size]


class Layout(NamedTuple):
    """Axes of every array a program takes, and sizes to use where nothing fixes them.

    `defaults` names, in order, an axis and its size, the axis to copy it from, or how it follows
    from others; one whose own axis is known, or whose source is not, is passed over. `sums` names
    axes that are as long as others together. `scores` are the axes that a mask or a bias stands
    against.
    """

    axes: Mapping[str, Axes]
    defaults: tuple[tuple[str, Default], ...]
    scores: Axes = ()
    sums: tuple[tuple[str, Axes], ...] = ()

    def bind(self, sizes: Sizes, shapes: Shapes) -> None:
        """Take the sizes of the arrays that are given."""
        for name, axes in self.axes.items():
            if name not in shapes:
                continue
            if len(shapes[name]) != len(axes):
                raise ShapeError(
                    f"{name} is {shape_text(shapes[name])}; here it needs {len(axes)} axes: "
                    f"({', '.join(axes)})."
                )
            sizes.bind_all(name, axes, shapes[name])

    def fill(self, sizes: Sizes) -> None:
        """Give every axis that nothing has fixed its default."""
        for axis, size in self.defaults:
            if axis in sizes or (isinstance(size, str) and size not in sizes):
                continue
            if isinstance(size, str):
                sizes.bind(axis, sizes[size], sizes.source(size))
            elif callable(size):
                sizes.bind(axis, size(sizes), "the default size")
            else:
                sizes.bind(axis, size, "the default size")
        for axis, parts in self.sums:
            sizes.bind(axis, sum(sizes[part] for part in parts), " and ".join(parts))


KEYS_AND_VALUES = (("past_k", ("k_turned", "k_heads", "k")), ("past_v", ("v_heads", "v")))
"""What a decoder keeps of every position."""


class Twin(NamedTuple):
    """Another mechanism that gives the same numbers.

    how: what is done to the parameters. arrays(own, sizes) are those of the other.
    """

    name: str
    how: str
    arrays: Callable[[Mapping[str, Any], Mapping[str, int]], dict[str, Any]]


class Mechanism(NamedTuple):
    """One kind of attention.

    name: what `--mode` calls it. also: what others call it, an author or another name.
    formula: the whole of it in one line.
    source: paper and equation.
    arrays: which arrays it takes, for the arrays given, and their axes.
    define: writes its steps into a program.
    parameters: the axes of arrays of its own, beside those; defaults: sizes for their axes;
    sums: axes that are as long as others together; usual: numbers of those that are not random;
    noise: how random ones are drawn, where not from a normal distribution.
    takes: the choices it heeds, and what may be given; all else is refused. heads: how many,
    where nobody says.
    looks: along which axis of its weights one looks, and at what; None where it has no weights.
    lengths: axes that have another name than the option that gives their size.
    kept: what a next call needs of this one: for each array of a cache the steps that may make it,
    of which the first that there is does; no name where it is a state. per_call: arrays of its own
    that come with every call; others are learned.
    twin: another mechanism that gives the same numbers.
    apart: positions never meet. form: which of several forms its steps are, where costs differ.
    meanings: what its own steps mean, in one line each. about: what it is for, in a few sentences;
    example: what to add to `attn compute --mode NAME` for a short page that shows it.
    """

    name: str
    title: str
    formula: str
    source: str
    arrays: Callable[[Shapes, Choices, Sizes], Layout]
    define: Callable[[Program, Inputs, Choices], Step]
    parameters: Mapping[str, Axes] = MappingProxyType({})
    defaults: tuple[tuple[str, Default], ...] = ()
    sums: tuple[tuple[str, Axes], ...] = ()
    usual: Mapping[str, float] = MappingProxyType({})
    noise: Mapping[str, str] = MappingProxyType({})
    takes: frozenset[str] = ATTENTION
    heads: int | None = None
    looks: tuple[str, str] | None = ("n", "m")
    lengths: Mapping[str, str] = MappingProxyType({})
    kept: tuple[tuple[str, tuple[str, ...]], ...] = KEYS_AND_VALUES
    per_call: frozenset[str] = frozenset()
    meanings: Mapping[str, str] = MappingProxyType({})
    twin: Twin | None = None
    apart: bool = False
    form: str = ""
    about: str = ""
    example: str = "--n 3 --d 2 --only weights"
    also: tuple[str, ...] = ()

    def layout(self, given: Shapes, choices: Choices, sizes: Sizes) -> Layout:
        """Which arrays there are, the mechanism's own among them."""
        common = self.arrays(self._taken(given), choices, sizes)
        learned: dict[str, Axes] = {}
        if choices.bias is not None:
            learned = choices.bias.arrays("h" in common.scores)
            if learned:
                sizes.bind("entries", choices.bias.entries, f"‹bias {choices.bias.name}›")
        noise = choices.normalizer.arrays(common.scores, self.over)
        place = local.PARAMETERS if choices.local_p is not None else {}
        own = {
            name: (ONE,) if name in self.per_call and given.get(name) == (1,) else axes
            for name, axes in self.parameters.items()
        }
        return common._replace(
            axes={**common.axes, **own, **learned, **place, **noise},
            defaults=(*common.defaults, *self.defaults, *(local.DEFAULTS if place else ())),
            sums=(*common.sums, *self.sums),
        )

    def _taken(self, given: Shapes) -> Shapes:
        """The arrays that are given, without those it has no use for."""
        barred = {
            name for what, names in NEEDED.items() if what not in self.takes for name in names
        }
        return {name: shape for name, shape in given.items() if name not in barred}

    @property
    def asks(self) -> bool:
        """Whether it has queries and keys, which may be made from rows and split into heads."""
        return "heads" in self.takes

    @property
    def over(self) -> str:
        """The axis along which scores become weights."""
        return self.looks[1] if self.looks else "m"

    @property
    def cache(self) -> tuple[str, ...]:
        """The arrays of earlier calls that it goes on from."""
        return tuple(array for array, _ in self.kept if array)

    def kept_steps(self, program: Program) -> dict[str, Step]:
        """The steps that a cache holds, by its arrays; states by their own names."""
        found = {}
        for array, names in self.kept:
            step = next((program[name] for name in names if name in program), None)
            if step is not None:
                found[array or step.name] = step
        return found

    def axis(self, letter: str) -> str:
        """The axis whose size goes by a letter among options: n, m, d."""
        return self.lengths.get(letter, letter)

    def for_shapes(self, shapes: Shapes, choices: Choices) -> Program:
        """Record the steps for arrays of these shapes; sizes that none has are the usual ones."""
        sizes = Sizes()
        layout = self.layout(shapes, choices, sizes)
        layout.bind(sizes, shapes)
        layout.fill(sizes)
        return self.program(sizes, layout, choices)

    def program(self, sizes: Sizes, layout: Layout, choices: Choices) -> Program:
        """Record the mechanism's steps for arrays of these sizes."""
        recorded = Program(sizes)
        inputs = {name: recorded.input(axes, name=name) for name, axes in layout.axes.items()}
        self.define(recorded, inputs, choices)
        return recorded
