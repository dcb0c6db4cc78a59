"""The page of `attn complexity`: the totals, every step with its share, and what grows with n."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.language import named, said
from attn_cli.results.cost import Amount, CostReport, Crossover
from attn_cli.spelling import spelled
from attn_cli.units import bytes_text, flops_text
from attn_cli.views.advice import advice_lines
from attn_cli.views.amounts import amount_text
from attn_cli.views.bars import bar
from attn_cli.views.cost_details import detail_blocks
from attn_cli.views.page import Bar, Bars, Block, Heading, Lines, Listing, Title, listing

SHARE_WIDTH = 10


def cost_page(
    report: CostReport, more: list[Block], *, details: bool = False, command: str | None = None
) -> list[Block]:
    """Everything a person is told of a cost; `more` stands behind the steps.

    details: memory, other layers and counting conventions too. command: what was typed, where it
    is told what to type next.
    """
    told = _counting(report, hinted=command is not None)
    counted = [Lines((said("Counting: {rules}", rules=told),), quiet=True, indented=False)]
    return [
        Title(f"Cost of {report.title[:1].lower()}{report.title[1:]}", "", _sizes(report)),
        *([Lines(report.facts, quiet=True, indented=False)] if report.facts else []),
        Lines((), apart=True),
        _headline(report),
        Lines((), apart=True),
        *_steps(report),
        *more,
        *_growth(report),
        *(detail_blocks(report) if details else [Lines((), apart=True), *counted]),
        *(_advice(report, command, details=details) if command is not None else []),
    ]


def _sizes(report: CostReport) -> str:
    known = [f"{name} = {size:,}" for name, size in report.sizes.items() if size is not None]
    if report.headed and "h" not in report.sizes and "heads" not in report.sizes:
        known.append("1 head")
    open_ones = [name for name, size in report.sizes.items() if size is None]
    return ", ".join([*known, *([f"any {', '.join(open_ones)}"] if open_ones else [])])


def _headline(report: CostReport) -> Listing:
    """Operations, how they grow, the most memory at once, and the cache."""
    every, peak, cache = report.totals["all"], report.memory["peak"], report.kv_cache
    rows = [_told(every, flops_text, "FLOPs"), (_order(report), _dominant(report))]
    peak_at = said("at the peak ({dtype}), after {step}", dtype=report.dtype, step=report.peak_at)
    rows.append(_told(peak, bytes_text, peak_at, unit=" bytes"))
    if cache["per_token"].value != 0:
        each = cache["per_token"]
        one = f"{each.pretty} bytes" if each.value is None else bytes_text(each.value)
        rows.append(
            _told(cache["all"], bytes_text, said("KV cache, {one} for each key", one=one), " bytes")
        )
    elif cache["all"].value != 0:
        rows.append(_told(cache["all"], bytes_text, said("state, at any length"), " bytes"))
    return listing(("", " "), rows, wrap=("", " "), kinds=(("", "strong"),))


def _told(
    amount: Amount, written: Callable[[int], str], what: str, unit: str = ""
) -> tuple[str, str]:
    """An amount in words with its formula, or while letters are open the formula alone."""
    if amount.value is None:
        put_in = amount.open_pretty if amount.open_pretty != amount.pretty else ""
        return f"{amount.pretty}{unit}", f"{what}{f' = {put_in}' if put_in else ''}"
    formula = "" if amount.pretty == str(amount.value) else f"{amount.pretty}{unit}"
    return written(amount.value), formula if what == "FLOPs" else "; ".join(
        filter(None, (what, formula))
    )


def _order(report: CostReport) -> str:
    """How products grow: the order that dominates here, or both while that is open."""
    orders = list(dict.fromkeys(step.order for step in report.steps if step.kind == "matmul"))
    core, rest = report.core.value, report.projections.value
    if core is None or rest is None or len(orders) != 2:
        return said(" or ").join(orders)
    of_core = next((step.order for step in report.steps if step.name == "scores"), orders[-1])
    return of_core if core > rest else next(o for o in orders if o != of_core)


def _dominant(report: CostReport) -> str:
    """The part between queries and keys, and where it overtakes the rest."""
    core, rest = report.core, report.projections
    if core.value is not None and rest.value:
        part = round(100 * core.value / (core.value + rest.value))
        return said("{part} % {where}", part=part, where=_where(report))
    if core.value is None and rest.plain != "0":
        return said(
            "{core} {where}, {rest} in all else",
            core=core.pretty,
            where=_where(report),
            rest=rest.pretty,
        )
    return ""


def _where(report: CostReport) -> str:
    has_scores = report.memory["score_matrix"].value != 0
    return said("between queries and keys") if has_scores else said("in the states")


def _steps(report: CostReport) -> list[Block]:
    known = report.totals["all"].value is not None
    partly = any(step.flops.open_pretty for step in report.steps)
    numbers = ["FLOPs", "share"] if known else ["FLOPs"] if partly else []
    columns = ["step", "operation", "formula", *numbers, *([] if known else ["order"])]
    most = max((step.share or 0 for step in report.steps), default=0)
    rows = []
    for step, share in zip(report.steps, _shares(report), strict=True):
        drawn = f"{share:>7} {bar((step.share or 0) / most, SHARE_WIDTH) if most else ''}"
        counted = [_number(step.flops), drawn][: len(numbers)]
        operation = step.operation.removesuffix(", over the keys")
        order = [] if known else [step.order]
        rows.append([step.name, operation, step.flops.pretty, *counted, *order])
    every = report.totals["all"]
    total = ["all", "", "", _number(every), "  100 %"] if known else []
    table = listing(
        columns,
        rows,
        right=("FLOPs",),
        spare=("operation", "order", "share", *(["formula"] if known else [])),
        total=total,
        kinds=(("share", "weight"),),
    )
    return [table, *_totals(report)]


def _totals(report: CostReport) -> list[Block]:
    totals = [
        f"matrix products   {amount_text(report.totals['matmul'])}",
        f"everything else   {amount_text(report.totals['other'])}",
        f"leading terms     {report.leading}",
    ]
    if report.pairs is not None:
        kept, every = report.pairs
        what = "pairs computed" if report.tiled else "pairs kept"
        totals.append(f"{what:17} {amount_text(kept)}, of {amount_text(every)}")
    return [Lines(tuple(totals), quiet=True, indented=False)]


def _shares(report: CostReport) -> list[str]:
    """Shares in per cent with a decimal, so that equal ones are alike."""
    parts = [100 * (step.share or 0) for step in report.steps]
    return [f"{part:.1f} %" if part >= LEAST_SHARE else "<0.1 %" for part in parts]


LEAST_SHARE = 0.05
"""Per cent that are still written as 0.1."""


def _number(amount: Amount) -> str:
    return amount.open_pretty if amount.value is None else f"{amount.value:,}"


def _growth(report: CostReport) -> list[Block]:
    """Bars over lengths, the one asked for and the one at which both parts are equal marked."""
    lines = [_crossing(crossing) for crossing in report.crossovers]
    if lines:
        lines.append(said("Where they cross, by leading terms; shares count every operation."))
    if not report.shares:
        told: list[Block] = [Lines(tuple(lines), quiet=True)]
        return [Heading("", said("When n grows")), *told] if lines else []
    longest = max(len(f"{share.length:,}") for share in report.shares)
    bars = tuple(
        Bar(
            f"n = {share.length:>{longest},}",
            (1 - share.part, share.part),
            f"{100 * share.part:.0f} %",
            _marked(share.length, report),
        )
        for share in report.shares
    )
    core = report.core.pretty
    chart = Bars(
        bars, ("query", "weight"), (report.projections.pretty, named(_where(report), core))
    )
    return [Heading("", said("When n grows")), chart, Lines(tuple(lines), quiet=True)]


def _marked(length: int, report: CostReport) -> str:
    even = [c for c in report.crossovers if c.letter == "n" and c.at.value == length]
    notes = [f"n = {c.at.pretty}" for c in even if c.between[0] == "core"]
    here = [said("here")] if report.sizes.get("n") == length else []
    return ", ".join([*notes, *here]) and f"◂ {', '.join([*notes, *here])}"


def _crossing(crossing: Crossover) -> str:
    one, other = crossing.between
    at = f"{crossing.letter} = {amount_text(crossing.at)}"
    first, second = (CALLED.get(side, f"the {side}") for side in (one, other))
    return f"{first[:1].upper()}{first[1:]} costs more than {second} above {at}."


CALLED = {
    "self-attention layer": "self-attention without projections",
    "core": "what is between queries and keys",
    "projections": "the projections",
}
"""What the sides of a crossing are called in a sentence."""


def _heads(width: int | None) -> list[str]:
    """A number of heads that shares the width."""
    fitting = [heads for heads in (8, 4, 2) if width is None or width % heads == 0]
    return [f"‹heads {fitting[0]}›"] if fitting else []


def _counting(report: CostReport, *, hinted: bool) -> str:
    """The first rules of counting; hinted: and how the others are shown."""
    shown = [said(text) for text in report.conventions if not text.startswith("memory")]
    hint = said("All rules: {how}", how=spelled("‹details›")) if hinted else ""
    return said("{rules}. {hint}", rules=said("; ").join(shown[:2]), hint=hint).strip()


def _advice(report: CostReport, command: str, *, details: bool) -> list[Block]:
    options = [
        *([] if details else ["‹details›"]),
        *(["‹causal›"] if report.pairs is None and report.headed else []),
        *([] if "h" in report.sizes or not report.headed else _heads(report.sizes.get("d"))),
        *(["‹sweep n=128:65536›"] if report.shares else []),
    ]
    return [*advice_lines(command, options)]
