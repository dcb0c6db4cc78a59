"""Which convention of counting gives a number: FLOPs, bytes of a cache, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from attn_cli import mechanisms
from attn_cli.api.complexity import complexity
from attn_cli.api.cost import Cost
from attn_cli.api.given import Arrays, arranged, refuse_arrays
from attn_cli.api.inputs import booleans
from attn_cli.api.shown import Documented, Frame
from attn_cli.arrays.sources import Sources
from attn_cli.costs.counting import (
    MULTIPLY_ADD,
    OURS,
    PASSES,
    WHAT_OPERATIONS,
    Answer,
    Counted,
    Parts,
    Question,
    of_the_core,
    pairs_question,
    readings,
    share,
    times,
)
from attn_cli.errors import AttnError, brief
from attn_cli.language import said
from attn_cli.results.reconciliation import Reading, ReconciliationReport
from attn_cli.spec import MASKS, Spec, refuse_other
from attn_cli.views.page import Block
from attn_cli.views.reconciliation_page import reconciliation_document, reconciliation_page

NUMBER = re.compile(
    r"\s*(?P<digits>\d[\d,_]*(\.\d+)?([eE]\+?\d+)?)\s*(?P<unit>[kKMGTP]i?)?"
    r"(?:B|(?i:flops?|macs?))?\s*"
)

POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}

BINARY = "kilo, mega and giga as powers of 1,024"
MOST = 5
"""Readings of equal length that are told."""

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1}


TYPES = {
    8: "numbers of 8 bytes (float64)",
    4: "numbers of 4 bytes (float32)",
    2: "numbers of 2 bytes (float16, bfloat16)",
    1: "numbers of 1 byte (float8)",
}


class Wanted(NamedTuple):
    """A number as it was typed: its digits, how many behind the point, its unit if it has one."""

    text: str
    number: Fraction
    decimals: int
    unit: str


class Reconciliation(Documented):
    """What gives a number, and its page."""

    def __init__(self, report: ReconciliationReport) -> None:
        self.report, self.title = report, report.title

    @property
    def match(self) -> bool:
        """Whether any convention gives the number."""
        return self.report.match

    @property
    def found(self) -> tuple[Reading, ...]:
        """The shortest ways to count that give it: what differs from ours, and the value."""
        return self.report.found

    def page(self, _: Frame) -> list[Block]:
        """The number, what gives it, and what ours is."""
        return reconciliation_page(self.report)

    def document(self) -> dict[str, Any]:
        """The document attn.reconciliation/1."""
        return reconciliation_document(self.report)


def reconcile(
    *,
    flops: Any = None,
    bytes: Any = None,
    params: Any = None,
    spec: Spec | None = None,
    **given: Any,
) -> Reconciliation:
    """Name the convention behind a number of FLOPs, of bytes or of parameters.

    flops, bytes, params: the number, one of them: 301989888, "302M", "1.5 GiB". given: sizes and
    choices as for complexity: n=, d=, heads=, kv_heads=, layers=, causal=, dtype=.
    Every combination of conventions is counted, and the shortest that gives it is told.

    Raises AttnError (a ValueError) for none or several of them, and for sizes that are missing.
    """
    arrays, chosen = arranged(given, spec)
    return reconciled(arrays, chosen, flops, bytes, params)


def reconciled(
    arrays: Arrays,
    spec: Spec,
    flops: Any,
    bytes_: Any,
    params: Any,
    sources: Sources | None = None,
) -> Reconciliation:
    """The same from arrays, of which there may be a mask, and choices."""
    refuse_other(spec, "reconcile")
    refuse_arrays(arrays, "mask")
    table = None
    if arrays.mask is not None:
        table = booleans(arrays.mask, sources or Sources(None), spec.mask_axes)
    asked = {"flops": flops, "bytes": bytes_, "params": params}
    named = [name for name, one in asked.items() if one is not None]
    if len(named) != 1:
        raise AttnError("Give one number: ‹flops›, ‹bytes› or ‹params›.")
    (name,) = named
    if name == "params" and spec.n is None:
        spec = spec.but(n=1)
    wanted = _number(str(asked[name]), f"‹{name}›")
    start, questions, what = COUNTS[name](spec, table)
    every = sorted(readings(start, questions), key=lambda one: len(one.words))
    fitting = [one for one in every if _gives(one.value, wanted)]
    binary = name == "bytes" and wanted.unit and not wanted.unit.endswith("i")
    if not fitting and binary:
        wanted = _number(f"{asked[name]}".rstrip("Bb ") + "i", f"‹{name}›")._replace(
            text=wanted.text
        )
        fitting = [
            one._replace(words=(*one.words, BINARY)) for one in every if _gives(one.value, wanted)
        ]
    exact = [one for one in fitting if one.value == wanted.number]
    fitting = exact or fitting
    shortest = [one for one in fitting if len(one.words) == len(fitting[0].words)]
    nearest = min(every, key=lambda one: abs(one.value - wanted.number))
    return Reconciliation(
        ReconciliationReport(
            what=what,
            given=wanted.text,
            title=said("Which convention gives {number}", number=f"{wanted.text} {said(what)}"),
            facts=(_sizes(spec),),
            ours=float(start.total),
            found=tuple(map(_told, shortest[:MOST])),
            nearest=_told(nearest),
            tried=len(every),
        )
    )


def _told(one: Counted) -> Reading:
    return Reading(one.words, float(one.value))


def _number(text: str, option: str) -> Wanted:
    match = NUMBER.fullmatch(text)
    if match is None:
        raise AttnError(f"{option}: {brief(text)!r} is not a number such as 301989888 or 1.5GiB.")
    digits = re.sub(r"[,_]", "", match["digits"])
    mantissa, _, power = digits.lower().partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(power or 0)
    unit = (match["unit"] or "").lower()
    scale = (1024 if unit.endswith("i") else 1000) ** POWERS.get(unit[:1], 0)
    return Wanted(text.strip(), Fraction(digits) * scale, decimals, unit)


def _gives(value: Fraction, wanted: Wanted) -> bool:
    """Whether a count is the number, rounded as that was where it has a unit or a point."""
    scale = (1024 if wanted.unit.endswith("i") else 1000) ** POWERS.get(wanted.unit[:1], 0)
    if scale == 1 and wanted.decimals == 0:
        return value == wanted.number
    last = Fraction(10) ** -wanted.decimals * scale
    return abs(value - wanted.number) <= last / 2


def _cost(spec: Spec, table: Any = None, **changes: Any) -> Cost:
    """The cost of these choices, with numbers for every size; table: a mask that is given."""
    more = {} if table is None else {"mask": table}
    found = complexity(spec=spec.but(**changes), **more)
    missing = [f"‹{name}›" for name in ("n", "d") if getattr(spec, name) is None]
    if missing or found.totals["all"].value is None:
        raise AttnError(
            f"Every size needs a number: give {' and '.join(missing) or 'all of them'}."
        )
    return found


def _parts(cost: Cost) -> Parts:
    totals = cost.report.totals
    projections = Fraction(cost.report.projections.value or 0)
    products, other = (Fraction(totals[kind].value or 0) for kind in ("matmul", "other"))
    return Parts(projections, products - projections, other)


def _unmasked(spec: Spec) -> Spec:
    kept = {name: one for name, one in spec.said().items() if name not in MASKS}
    return Spec.of(kept)


def _flops(spec: Spec, table: Any) -> tuple[Parts, Sequence[Question], str]:
    cost = _cost(spec, table)
    start = _parts(cost)
    plain = _unmasked(spec)
    masked = plain.said() != spec.said() or table is not None
    dense = _parts(_cost(plain))
    takes = mechanisms.named(spec.mode or mechanisms.DEFAULT).takes
    causal = _parts(_cost(plain, causal=True)) if "mask" in takes else dense
    questions = [
        *([pairs_question(dense, causal, masked=masked)] if "mask" in takes else []),
        (*WHAT_OPERATIONS, *_one_projection(cost)),
        MULTIPLY_ADD,
        PASSES,
        *_shared(spec, "for each token", spec.n),
        *of_the_core("for one head of the core", _whole(spec.heads)),
    ]
    return start, questions, "FLOPs"


def _one_projection(cost: Cost) -> Iterator[Answer]:
    query = next((step for step in cost.steps if step.name == "q"), None)
    if query is not None:
        count = Fraction(query.value or 0)
        yield Answer("one projection alone, X W_Q", lambda p: Parts(count, Fraction(0)))


def _shared(spec: Spec, tokens: str, count: Any) -> list[Question]:
    return [
        *share("in one layer", _whole(spec.layers)),
        *share("in one batch row", _whole(spec.batch)),
        *share(tokens, _whole(count)),
    ]


def _whole(size: Any) -> int | None:
    return size if isinstance(size, int) else None


def _grouping(spec: Spec) -> list[Question]:
    """Whether query heads are counted where key heads are fewer."""
    heads, kv_heads = _whole(spec.heads), _whole(spec.kv_heads)
    if not heads or not kv_heads or heads == kv_heads:
        return []
    return [(OURS, times("as many key heads as query heads", Fraction(heads, kv_heads)))]


def _bytes(spec: Spec, table: Any) -> tuple[Parts, Sequence[Question], str]:
    _refuse_mask(spec, table, "bytes")
    cost = _cost(spec, table)
    kind = spec.dtype or "float32"
    cache = Fraction(cost.kv_cache["all"].value or 0)
    pairs = int(spec.n or 0) * int(spec.m or spec.n or 0)
    rows = (
        pairs * (_whole(spec.heads) or 1) * (_whole(spec.batch) or 1) * (_whole(spec.layers) or 1)
    )
    scores = Fraction(rows * BYTES[kind])
    others = {size: words for size, words in TYPES.items() if size != BYTES[kind]}
    questions: list[Question] = [
        (
            OURS,
            times("keys alone, or values alone", Fraction(1, 2)),
            Answer("the scores, not the cache", lambda p: Parts(Fraction(0), scores)),
            Answer("scores and weights, not the cache", lambda p: Parts(Fraction(0), 2 * scores)),
        ),
        *_grouping(spec),
        (OURS, *(times(words, Fraction(size, BYTES[kind])) for size, words in others.items())),
        *_shared(spec, "for each key", spec.m or spec.n),
    ]
    return Parts(Fraction(0), cache), questions, "bytes"


def _refuse_mask(spec: Spec, table: Any, what: str) -> None:
    given = ["mask"] if table is not None else [name for name in MASKS if name in spec.said()]
    if given:
        raise AttnError(f"‹{given[0]}›: a mask changes no number of {what}. Leave it out.")


def _params(spec: Spec, table: Any) -> tuple[Parts, Sequence[Question], str]:
    _refuse_mask(spec, table, "parameters")
    cost = _cost(spec)
    rows = {"q": int(spec.n or 1), "output": int(spec.n or 1)}
    each = {}
    for step in cost.steps:
        if step.name in ("q", "k", "v", "output"):
            count = rows.get(step.name, int(spec.m or spec.n or 1))
            shared = 2 * count * (_whole(spec.batch) or 1)
            each[step.name] = Fraction(step.value or 0, shared)
    total = sum(each.values(), Fraction(0))
    width = Fraction(_whole(spec.d_model) or _whole(spec.d) or 0)
    layers = _whole(spec.layers) or 1
    questions: list[Question] = [
        (
            OURS,
            Answer("without W_O", lambda p: Parts(total - each.get("output", 0), Fraction(0))),
            Answer("W_Q alone", lambda p: Parts(each.get("q", Fraction(0)), Fraction(0))),
            Answer("with a bias of each projection", lambda p: p._replace(core=4 * width * layers)),
            Answer(
                "without W_O, with biases",
                lambda p: Parts(total - each.get("output", 0), 3 * width * layers),
            ),
            Answer(
                "with a feed-forward layer of 8 d² beside",
                lambda p: p._replace(core=8 * width**2 * layers),
            ),
        ),
        *share("in one layer", _whole(spec.layers)),
    ]
    if _grouping(spec):
        plain = {**spec.said()}
        plain.pop("kv_heads")
        start, _, _ = _params(Spec.of(plain), table)
        questions[0] = (*questions[0], Answer("as many key heads as query heads", lambda p: start))
    return Parts(total, Fraction(0)), questions, "parameters"


COUNTS = {"flops": _flops, "bytes": _bytes, "params": _params}


def _sizes(spec: Spec) -> str:
    return ", ".join(f"{name} = {one}" for name, one in spec.said().items())
