"""Biases that follow from positions: ALiBi, T5's buckets, clipped relative positions."""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Any, NamedTuple

from attn_cli.errors import AttnError
from attn_cli.masks.catalogue import Kind, Parameter
from attn_cli.mechanisms.position_tables import Placing, distances
from attn_cli.program import Axes, Program, Size, Step, Table

Inputs = Any

PRESS, RAFFEL = "Press 2022, section 3", "Raffel 2020, section 2.1"
CLIPPED = "a number for each clipped distance, as T5 has one; Shaw 2018 clips and adds vectors"

MOST = 4096
"""Learned numbers for each head, at most."""

TABLE = "bias_table"
"""The array of learned numbers that a bias selects from."""


class Bias(NamedTuple):
    """Numbers that are added to the scores, by the positions of query and key.

    entries: how many learned numbers each head has, None where none is learned.
    define writes its steps; the last one has the axes (h, n, m), or (n, m) without heads.
    """

    name: str
    title: str
    source: str
    entries: int | None
    define: Callable[[Program, Axes, Inputs, Placing], Step]

    def arrays(self, heads: bool) -> dict[str, Axes]:
        """The axes of its learned numbers."""
        if self.entries is None:
            return {}
        return {TABLE: ("entries", "h") if heads else ("entries",)}


def alibi() -> Bias:
    """Minus the distance, times a slope of each head's own (Press 2022, section 3)."""
    return Bias("alibi", "ALiBi", PRESS, None, _alibi)


def t5(buckets: int = 32, farthest: int = 128) -> Bias:
    """A learned number for each bucket of distances, before and after (Raffel 2020, 2.1)."""
    return _t5("t5", buckets, farthest, both_ways=True)


def t5_decoder(buckets: int = 32, farthest: int = 128) -> Bias:
    """As t5, all buckets for keys before the query; those after share bucket 0."""
    return _t5("t5-decoder", buckets, farthest, both_ways=False)


def relative(reach: int = 16) -> Bias:
    """A learned number for each distance from −reach to reach (Shaw 2018, section 3.2, clipped).

    Shaw adds vectors to the keys; a number for each head is their form in T5 and Swin.
    """
    return Bias(
        f"relative({reach})",
        "clipped relative positions",
        CLIPPED,
        2 * reach + 1,
        lambda p, scores, inputs, queries: _selected(
            p, scores, inputs, queries, _clipped(queries, reach)
        ),
    )


def slopes(heads: Size) -> Table:
    """2^(−8 k / h) for head k = 1 … h, where h is a power of two.

    Else the slopes of the next lower power of two, then every other one of twice as many: the
    authors' own rule.
    """
    power = 2 ** int(log2(heads)) if isinstance(heads, int) else heads
    if heads == 1:
        return Table("2^(-8)", "2^{-8}", lambda maths, head: 2.0**-8 + 0.0 * head, _one_slope, 1)
    plain = f"2^(-8k/{power})"
    if power == heads:
        formula = f"{plain} for k = 1 … {heads}"
    else:
        formula = f"{plain} for k = 1 … {power}, then 2^(-8k/{2 * power}) for k = 1, 3, 5 …"

    def number(maths: Any, head: Any) -> Any:
        early = -8 * (head + 1) / power
        if power == heads:
            return 2**early
        late = -8 * (2 * (head - power) + 1) / (2 * power)
        return 2 ** (early * (head < power) + late * (head >= power))

    def put_in(head: int) -> str:
        if head < power:
            return f"2^(-8·{head + 1}/{power})"
        return f"2^(-8·{2 * (head - power) + 1}/{2 * power})"

    latex = formula.replace("(-8k/", "{-8k/").replace(")", "}").replace("…", r"\ldots")
    return Table(formula, latex.replace(" for ", r"\text{ for }"), number, put_in, 1)


def _one_slope(head: int) -> str:
    return "2^(-8)"


def _alibi(p: Program, scores: Axes, inputs: Inputs, queries: Placing) -> Step:
    away = p.tabulate(distances(queries), (*queries.axes, "n", "m"), name="distance")
    heads = "h" if "h" in scores else "1"
    steep = p.tabulate(slopes(p.sizes[heads]), (heads,), name="slopes")
    axes = tuple(axis for axis in scores if axis in (*away.axes, "h"))
    return p.multiply(steep, away, axes, name="bias")


def _t5(name: str, buckets: int, farthest: int, *, both_ways: bool) -> Bias:
    halves = 2 if both_ways else 1
    if buckets % (2 * halves):
        raise AttnError(f"{name}: {buckets} buckets can't be cut into {2 * halves} equal parts.")
    exact = buckets // halves // 2
    if farthest <= exact:
        raise AttnError(f"{name}: the farthest distance must be above {exact}, not {farthest}.")
    return Bias(
        f"{name}({buckets}, {farthest})",
        "T5's relative positions in buckets",
        RAFFEL,
        buckets,
        lambda p, scores, inputs, queries: _selected(
            p, scores, inputs, queries, _buckets(queries, buckets, farthest, both_ways)
        ),
    )


def _selected(p: Program, scores: Axes, inputs: Inputs, queries: Placing, places: Table) -> Step:
    place = p.tabulate(places, (*queries.axes, "n", "m"), name="bucket")
    axes = tuple(axis for axis in scores if axis in (*place.axes, *inputs[TABLE].axes))
    return p.gather(inputs[TABLE], place, axes, name="bias")


def _buckets(queries: Placing, buckets: int, farthest: int, both_ways: bool) -> Table:
    """Near distances have a bucket each; farther ones share buckets of growing width."""
    each = buckets // 2 if both_ways else buckets
    exact = each // 2
    wider = [exact * (farthest / exact) ** (k / (each - exact)) for k in range(1, each - exact)]

    def number(maths: Any, *places: Any) -> Any:
        p, j = queries.at(*places)
        away = abs(p - j) if both_ways else (p - j) * (p > j)
        near = away * (away < exact) + exact * (away >= exact)
        return near + sum((away >= step) * 1 for step in wider) + both_ways * each * (j > p)

    side = ", counted apart before and after" if both_ways else "; keys after it are in bucket 0"
    formula = f"bucket of {queries.written} - j among {buckets}, up to {farthest}{side}"
    return Table(formula, _text(formula), number, _minus(queries, "bucket of "), 0)


def _clipped(queries: Placing, reach: int) -> Table:
    def number(maths: Any, *places: Any) -> Any:
        p, j = queries.at(*places)
        away = j - p
        inside = away * (abs(away) <= reach)
        return reach + inside + reach * (away > reach) - reach * (away < -reach)

    def put_in(*places: int) -> str:
        p, j = queries.at(*places)
        if abs(j - p) <= reach:
            return f"{j} - {p} + {reach}"
        return f"{reach if j > p else -reach} + {reach}"

    formula = f"j - {queries.written}, kept within -{reach} … {reach}, plus {reach}"
    return Table(formula, _text(formula), number, put_in, 0)


def _text(words: str) -> str:
    return rf"\text{{{words.replace('…', '...')}}}"


def _minus(queries: Placing, word: str) -> Callable[..., str]:
    return lambda *places: word + "{} - {}".format(*queries.at(*places))


BIASES = (
    Kind(
        "alibi",
        (),
        alibi,
        "minus the distance, times a slope for each head",
        PRESS,
        placed=False,
    ),
    Kind(
        "t5",
        (Parameter("buckets", 4, 32, MOST), Parameter("farthest", 2, 128)),
        t5,
        "a learned number for each bucket of distances, before and after apart",
        RAFFEL,
        placed=False,
    ),
    Kind(
        "t5-decoder",
        (Parameter("buckets", 2, 32, MOST), Parameter("farthest", 2, 128)),
        t5_decoder,
        "as t5, for keys before the query",
        RAFFEL,
        placed=False,
    ),
    Kind(
        "relative",
        (Parameter("reach", 1, 16, MOST),),
        relative,
        "a learned number for each distance, far ones alike",
        CLIPPED,
        placed=False,
    ),
)
"""The biases there are, with the numbers they take."""
