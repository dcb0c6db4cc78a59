"""Faults of what is added to scores: biases, ALiBi, T5's buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, log2
from typing import Any

import numpy as np

from attn_cli.faults.fault import Array, Edit, Fault, Setting, Telling
from attn_cli.faults.weights import is_softmax
from attn_cli.language import said
from attn_cli.mechanisms.biases import t5_decoder
from attn_cli.mechanisms.position_tables import Placing
from attn_cli.program import Program, Step, Table
from attn_cli.transforms.rewriting import Change, same

PRESS, RAFFEL = "Press 2022, section 3", "Raffel 2020, section 2.1"


def _biased(change: Change, **changes: Any) -> Edit:
    """The step that adds the bias, written otherwise."""

    def edit(setting: Setting) -> Iterable[Setting]:
        if setting.has("biased", "scores"):
            yield from setting.rewriting({"biased": change}, **changes)

    return edit


def _sign(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    return p.add(operands[0], p.scale(operands[1], by=-1, name="bias_turned"), name=step.name)


def _transposed(setting: Setting) -> Iterable[Setting]:
    if not setting.has("biased", "scores") or setting.size("n") != setting.size("m"):
        return
    bias = setting.program["biased"].operands[1]
    if bias.axes[-2:] != ("n", "m"):
        return

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        x, own = operands
        reads = p.sizes.atoms(own.axes)
        makes = (*reads[:-2], "m", "n")
        turned = p.record(
            "rearrange", (own,), own.axes, "bias_transposed", reads=(reads,), makes=makes
        )
        return p.add(x, turned, name=step.name)

    yield from setting.rewriting({"biased": change}, whole=True)


def _scaled(setting: Setting) -> Iterable[Setting]:
    if not setting.has("biased", "scaled") or setting.scale is None:
        return
    options = setting.program["scaled"].options

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        x, bias = operands
        less = p.scale(bias, by=options["by"], rsqrt=options["rsqrt"], name="bias_scaled")
        return p.add(x, less, name=step.name)

    yield from setting.rewriting({"biased": change})


def _tells_scaled(meant: Setting, done: Setting) -> Telling:
    factor = f"{meant.scale:g}"
    return Telling(
        said("The bias is added before the scale, and multiplied by {factor} too.", factor=factor),
        said("It is added to the scaled scores."),
    )


def _after_softmax(setting: Setting) -> Iterable[Setting]:
    if not setting.has("biased", "scores") or not is_softmax(setting):
        return
    name = setting.program["biased"].operands[1].name

    def weights(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        sink = operands[1] if len(operands) > 1 else None
        over = step.options["over"]
        before = p.softmax(operands[0], over=over, sink=sink, name="weights_before_bias")
        return p.add(before, p[name], name=step.name)

    yield from setting.rewriting({"biased": same, "weights": weights})


def _slopes(made: Callable[[int], Array]) -> Edit:
    """Other slopes for ALiBi, from the number of heads."""

    def slopes(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        return p.input(step.axes, name=step.name)

    def edit(setting: Setting) -> Iterable[Setting]:
        if setting.has("slopes"):
            numbers = made(setting.size("h"))
            yield from setting.rewriting({"slopes": slopes}, given={"slopes": numbers})

    return edit


def powers(heads: int, of: int, start: int = 1) -> Array:
    """2^(-8k / of) for k from `start` on, for each head."""
    return np.asarray(2.0 ** (-8 * np.arange(start, start + heads) / of))


def _sorted(heads: int) -> Array:
    """The authors' slopes from the largest down; only their order is another."""
    power = 2 ** int(log2(heads))
    more = powers(2 * power, 2 * power)[::2][: heads - power]
    return np.sort(np.concatenate([powers(power, power), more]))[::-1].copy()


def _cut(heads: int) -> Array:
    """The first slopes of the next power of two."""
    return powers(heads, 2 ** ceil(log2(heads)))


def tabulated(step: str, number: Callable[[Setting, Table], Callable[..., Any]]) -> Edit:
    """A table of positions with other numbers."""

    def edit(setting: Setting) -> Iterable[Setting]:
        if not setting.has(step):
            return
        table = setting.program[step].options["table"]
        other = table._replace(number=number(setting, table))

        def change(p: Program, own: Step, operands: tuple[Step, ...]) -> Step:
            return p.tabulate(other, own.axes, name=own.name)

        yield from setting.rewriting({step: change})

    return edit


def _signed(setting: Setting, table: Table) -> Callable[..., Any]:
    placing = Placing(setting.choices.offset)

    def number(maths: Any, *places: Any) -> Any:
        p, j = placing.at(*places)
        return j - p

    return number


def _next_bucket(setting: Setting, table: Table) -> Callable[..., Any]:
    """Each distance is counted one further back: as if the query stood one later."""

    def number(maths: Any, *places: Any) -> Any:
        *before, query, key = places
        return table.number(maths, *before, query + 1, key)

    return number


def _further_back(kind: str) -> Edit:
    """Learned numbers of one kind of bias, each for the distance one further back."""
    edit = tabulated("bucket", _next_bucket)

    def of_kind(setting: Setting) -> Iterable[Setting]:
        bias = setting.choices.bias
        return edit(setting) if bias is not None and bias.name.startswith(kind) else ()

    return of_kind


def _one_way(setting: Setting) -> Iterable[Setting]:
    bias = setting.choices.bias
    if bias is not None and bias.entries is not None and bias.name.startswith("t5("):
        farthest = int(bias.name.rstrip(")").partition(",")[2])
        yield setting.chosen(bias=t5_decoder(bias.entries, farthest))


def _tells_one_way(meant: Setting, done: Setting) -> Telling:
    bias = done.choices.bias
    return Telling(
        said("T5's buckets look back only: all keys after the query share one."),
        said("Keys before and after have buckets of their own."),
        f"‹bias {bias.name}›" if bias is not None else "",
    )


FAULTS = (
    Fault(
        "bias-missing",
        "The bias is left out.",
        "It is added to the scores.",
        _biased(same),
        "F.scaled_dot_product_attention(q, k, v)",
        "without ‹bias›",
        "torch, scaled_dot_product_attention: attn_mask is added",
    ),
    Fault(
        "bias-sign",
        "The bias is taken off the scores.",
        "It is added to them.",
        _biased(_sign),
        "scores - bias",
        "",
        PRESS,
    ),
    Fault(
        "bias-after-softmax",
        "The bias is added to the weights.",
        "It is added to the scores.",
        _after_softmax,
        "F.softmax(scores, dim=-1) + bias",
        "",
        RAFFEL,
    ),
    Fault(
        "bias-transposed",
        "The bias is added with queries and keys exchanged.",
        "Its rows are queries, its columns keys.",
        _transposed,
        "scores + bias.transpose(-2, -1)",
        "",
        RAFFEL,
    ),
    Fault(
        "bias-scaled",
        "The bias is added before the scale, and divided by √d with the scores.",
        "It is added to the scaled scores.",
        _scaled,
        "(q @ k.mT + bias) * scale",
        "",
        "ONNX Attention-23: scale before the mask is added",
        _tells_scaled,
    ),
    Fault(
        "alibi-slopes",
        "ALiBi's slopes are 2^(-8k/h) though h is no power of two.",
        "They are those of the next lower power, then every other one of twice as many.",
        _slopes(lambda heads: powers(heads, heads)),
        "2 ** (-8 * torch.arange(1, h + 1) / h)",
        "",
        f"{PRESS}, and the authors' code",
    ),
    Fault(
        "alibi-slopes-cut",
        "ALiBi's slopes are the first of the next higher power of two.",
        "They are those of the next lower power, then every other one of twice as many.",
        _slopes(_cut),
        "slopes(2 ** math.ceil(math.log2(h)))[:h]",
        "",
        f"{PRESS}, and the authors' code",
    ),
    Fault(
        "alibi-slopes-sorted",
        "ALiBi's slopes are sorted, so heads have those of others.",
        "Those of the power of two come first, the others behind them.",
        _slopes(_sorted),
        "torch.sort(slopes, descending=True)",
        "",
        f"{PRESS}, and the authors' code",
    ),
    Fault(
        "alibi-slopes-from-0",
        "ALiBi's slopes are counted from 0: the first is 1.",
        "They are counted from 1.",
        _slopes(lambda heads: powers(heads, heads, start=0)),
        "2 ** (-8 * torch.arange(h) / h)",
        "",
        PRESS,
    ),
    Fault(
        "alibi-signed",
        "ALiBi rewards keys after the query: the distance has a sign.",
        "Keys on either side are penalised.",
        tabulated("distance", _signed),
        "slopes[:, None, None] * (j - i)",
        "",
        PRESS,
    ),
    Fault(
        "t5-unidirectional",
        "T5's buckets look back only: all keys after the query share one.",
        "Keys before and after have buckets of their own.",
        _one_way,
        "_relative_position_bucket(..., bidirectional=False)",
        "‹bias t5-decoder›",
        RAFFEL,
        _tells_one_way,
    ),
    Fault(
        "t5-off-by-one",
        "T5's distances are counted one too far back.",
        "A key at the query's own position is at distance 0.",
        _further_back("t5"),
        "memory_position - context_position - 1",
        "",
        RAFFEL,
    ),
    Fault(
        "relative-off-by-one",
        "Clipped distances are counted one too far back.",
        "A key at the query's own position is at distance 0.",
        _further_back("relative"),
        "torch.arange(m) - torch.arange(n)[:, None] - 1",
        "",
        "Shaw 2018, section 3.2",
    ),
)
"""Faults of biases."""
