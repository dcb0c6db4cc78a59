"""The page of `attn complexity`: step by step, what dominates and where it turns, memory."""

from __future__ import annotations

from attn_cli.language import said
from attn_cli.results.cost import Amount, CostReport
from attn_cli.views.amounts import amount_text, bytes_amount
from attn_cli.views.page import Block, Grids, Heading, Lines, Title
from attn_cli.views.texts import bar, text_table


def cost_page(report: CostReport, width: int, more: list[Block]) -> list[Block]:
    """Everything a person is told of a cost; `more` stands before the last part."""
    return [
        Title(f"Cost of {report.title[:1].lower()}{report.title[1:]}", "", _sizes(report)),
        *([Lines(report.facts, quiet=True, indented=False)] if report.facts else []),
        *_steps(report, width),
        *_dominance(report),
        *_memory(report),
        *_layers(report, width),
        *more,
        Heading("", said("Counting conventions")),
        Lines(tuple(map(said, report.conventions)), quiet=True),
    ]


def _sizes(report: CostReport) -> str:
    known = [f"{name} = {size:,}" for name, size in report.sizes.items() if size is not None]
    if report.headed and "h" not in report.sizes and "heads" not in report.sizes:
        known.append("1 head")
    open_ones = [name for name, size in report.sizes.items() if size is None]
    return ", ".join([*known, *([f"any {', '.join(open_ones)}"] if open_ones else [])])


def _steps(report: CostReport, width: int) -> list[Block]:
    known = report.totals["all"].value is not None
    partly = any(step.flops.open_pretty for step in report.steps)
    numbers = ["FLOPs", "share"] if known else ["FLOPs"] if partly else []
    columns = ["step", "operation", "formula", *numbers, "order"]
    rows = [
        [
            step.name,
            step.operation.removesuffix(", over the keys"),
            step.flops.pretty,
            *[_number(step.flops), share][: len(numbers)],
            step.order,
        ]
        for step, share in zip(report.steps, _shares(report), strict=True)
    ]
    table = text_table(
        columns,
        rows,
        width=width,
        right=("FLOPs", "share"),
        spare=("operation", "order", "share", *(["formula"] if known else [])),
    )
    totals = [
        f"matrix products   {amount_text(report.totals['matmul'])}",
        f"everything else   {amount_text(report.totals['other'])}",
        f"all               {amount_text(report.totals['all'])}",
        f"leading terms     {report.leading}",
    ]
    if report.pairs is not None:
        kept, every = report.pairs
        what = "pairs computed" if report.tiled else "pairs kept"
        totals.append(f"{what:17} {amount_text(kept)}, of {amount_text(every)}")
    return [
        Lines((), apart=True),
        Grids((table,)),
        Lines((), apart=True),
        Lines(tuple(totals)),
    ]


def _shares(report: CostReport) -> list[str]:
    """Shares in per cent that sum to 100, with as few decimals as do so, equal ones alike."""
    parts = [100 * (step.share or 0) for step in report.steps]
    for digits in (1, 2, 3):
        if abs(sum(round(part, digits) for part in parts) - sum(parts)) < 10.0**-digits / 2:
            return [f"{part:.{digits}f}%" for part in parts]
    tenths = [int(10 * part) for part in parts]
    order = sorted(range(len(parts)), key=lambda place: tenths[place] - 10 * parts[place])
    for place in order[: round(10 * sum(parts)) - sum(tenths)]:
        tenths[place] += 1
    return [f"{tenth / 10:.1f}%" for tenth in tenths]


def _number(amount: Amount) -> str:
    return amount.open_pretty if amount.value is None else f"{amount.value:,}"


def _dominance(report: CostReport) -> list[Block]:
    lines = []
    core, rest = report.core, report.projections
    if core.value == 0 or rest.plain == "0":
        pass
    elif core.value is not None and rest.value:
        part = 100 * core.value / (core.value + rest.value)
        lines.append(
            f"{amount_text(core)} against {amount_text(rest)}: "
            f"here {_part(report)} is {part:.0f} %."
        )
    elif core.value is None:
        where = "between queries and keys" if _has_scores(report) else "in the states"
        lines.append(f"{core.pretty} {where}, {rest.pretty} in all else.")
    for crossing in report.crossovers:
        one, other = crossing.between
        at = f"{crossing.letter} = {amount_text(crossing.at)}"
        lines.append(f"The {one} overtakes the {other} at {at}.")
    if report.crossovers:
        lines.append("(where they cross, by leading terms; shares count every operation)")
    if not lines:
        return []
    longest = max((len(f"{share.length:,}") for share in report.shares), default=0)
    bars = [
        f"n = {share.length:>{longest},}  {bar(share.part):20} {100 * share.part:3.0f} %"
        for share in report.shares
    ]
    letters = _question(report)
    return [Heading("", letters), Lines((*lines, *bars))]


def _question(report: CostReport) -> str:
    orders = list(dict.fromkeys(step.order for step in report.steps if step.kind == "matmul"))
    plain = [order.replace("**", "^") for order in _orders(report)]
    undecided = len(orders) == 2 and not any(_grows_less(*two) for two in (plain, plain[::-1]))
    return f"{' or '.join(orders)}?" if undecided else "What dominates"


def _has_scores(report: CostReport) -> bool:
    return report.memory["score_matrix"].value != 0


def _part(report: CostReport) -> str:
    return "the part between queries and keys" if _has_scores(report) else "the part of the states"


def _orders(report: CostReport) -> list[str]:
    products = (step for step in report.steps if step.kind == "matmul")
    return list(dict.fromkeys(step.order_plain for step in products))


def _grows_less(one: str, other: str) -> bool:
    """Whether an order such as n*d is part of another, n*d^2, whatever the letters are."""
    powers, larger = ({f.partition("^")[0]: f for f in o.split("*")} for o in (one, other))
    return all(letter in larger and len(f) <= len(larger[letter]) for letter, f in powers.items())


def _memory(report: CostReport) -> list[Block]:
    memory, cache = report.memory, report.kv_cache
    lines = [
        f"{name:17}{bytes_amount(amount)}{note}"
        for name, amount, note in (
            ("parameters", memory["weights_of_projections"], ""),
            ("score matrix", memory["score_matrix"], ""),
            ("peak", memory["peak"], f" after {report.peak_at}"),
        )
        if amount.value != 0
    ]
    if cache["per_token"].value != 0:
        each, whole = (bytes_amount(cache[name]) for name in ("per_token", "all"))
        lines.append(f"KV cache         {each} for each key, {whole} in all")
    elif cache["all"].value != 0:
        lines.append(f"state            {bytes_amount(cache['all'])}, at any length")
    through, fused = report.intensity["through_memory"], report.intensity["fused"]
    if through is not None and fused is not None:
        lines.append(
            f"intensity        {through:.3g} FLOPs for each byte when scores go through memory, "
            f"{fused:.3g} when fused"
        )
    return [Heading("", f"Memory, {report.dtype}"), Lines(tuple(lines))]


def _layers(report: CostReport, width: int) -> list[Block]:
    known = report.layers[0].operations.value is not None
    rows = [
        [
            layer.name,
            f"O({layer.operations.pretty})",
            *(
                [f"{layer.operations.value:,}" if layer.operations.value is not None else "-"]
                if known
                else []
            ),
            layer.sequential,
            layer.path,
        ]
        for layer in report.layers
    ]
    columns = ["layer", "operations", *(["value"] if known else []), "in sequence", "longest path"]
    table = text_table(
        columns,
        rows,
        width=width,
        right=("value",),
        spare=("value", "longest path", "in sequence"),
    )
    title = Heading("", "Against other layers", right="Vaswani 2017, Table 1: no projections")
    return [title, Grids((table,))]
