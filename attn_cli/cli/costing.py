"""From complexity's options to reports, and to where they go."""

from __future__ import annotations

import json
import sys
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from attn_cli import mechanisms
from attn_cli.cli import streams
from attn_cli.cli.output import export_page, show_page, write_texts
from attn_cli.cli.shapes import shape_of
from attn_cli.cli.sizes import size, swept
from attn_cli.cost_report import CostReport, ModelReport, Sweep, Timing, Variant
from attn_cli.errors import AttnError, did_you_mean
from attn_cli.machines import MACHINES, Machine
from attn_cli.reports.comparing import sweep, variants
from attn_cli.reports.costed import ITEM_SIZES, cost_report
from attn_cli.reports.models import Questions, model_report
from attn_cli.reports.timing import model_timing, timing
from attn_cli.spelling import choice
from attn_cli.views.compare_page import sweep_blocks, sweep_csv, timing_blocks, variant_blocks
from attn_cli.views.cost_document import described
from attn_cli.views.cost_latex import cost_table
from attn_cli.views.cost_page import cost_page
from attn_cli.views.model_page import model_document, model_page
from attn_cli.views.page import Block, Signs
from attn_cli.views.visible import escaped_json

if TYPE_CHECKING:
    from attn_cli.cli.complexity import (
        CountOptions,
        MoreOptions,
        PositionOptions,
        ReportOptions,
        SizeOptions,
    )
    from attn_cli.cli.options import MaskOptions


LONGEST_CONFIG = 2**22


class Costs(NamedTuple):
    """A report, and what was asked for beside it."""

    report: CostReport
    variants: tuple[Variant, ...]
    sweep: Sweep | None
    plotted: bool
    timing: Timing | None


class ModelCosts(NamedTuple):
    """A model's report, and the least time on a machine where one was asked for."""

    report: ModelReport
    timing: Timing | None


def costs_of(
    sizes: SizeOptions,
    count: CountOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    more: MoreOptions,
    report: ReportOptions,
) -> Costs:
    """Read the sizes and put the reports together.

    Raises AttnError for options that do not go together.
    """
    if report.json and report.latex:
        raise AttnError("‹json› and ‹latex› both decide what is on standard output: give one.")
    if report.latex or report.json:
        whole = "‹json›" if report.json else "‹latex›"
        page_only = [("‹plot›", more.plot)]
        beside = ("sweep", "compare", "hardware", "peak")
        if report.latex:
            page_only += [(choice(name), getattr(more, name) is not None) for name in beside]
        for option, given in page_only:
            if given:
                raise AttnError(f"{option} adds to the page; {whole} prints none. Leave one out.")
    for option, given in (("‹plot›", more.plot), ("‹save›", report.save is not None)):
        if given and more.sweep is None:
            raise AttnError(f"{option} needs ‹sweep›, the range it is about.")
    if more.plot:
        from attn_cli.views.plot import refuse_missing_extra

        refuse_missing_extra()
    mechanism, dtype = _mechanism(count), _dtype(count.dtype or "float32", "‹dtype›")
    if count.kv_dtype is not None:
        raise AttnError("‹kv_dtype› is for ‹config›; elsewhere ‹dtype› is that of the cache too.")
    shape = shape_of(mechanism, sizes, count, positions, masks)
    if shape.p is not None and more.sweep is not None:
        raise AttnError("‹sweep› changes sizes; this mask is counted at one: give one of them.")
    made = cost_report(mechanism, shape, dtype)
    compared = more.compare.lower().split(",") if more.compare is not None else []
    field, lengths = swept(more.sweep) if more.sweep is not None else ("n", [])
    machine = _machine(more)
    return Costs(
        made,
        variants(mechanism, shape, dtype, compared),
        sweep(mechanism, shape, dtype, field, lengths) if lengths else None,
        more.plot,
        timing(made, machine) if machine is not None else None,
    )


def _mechanism(count: CountOptions) -> mechanisms.Mechanism:
    return mechanisms.named(mechanisms.DEFAULT if count.mode is None else count.mode)


def _dtype(name: str, option: str) -> str:
    if name not in ITEM_SIZES:
        raise AttnError(f"{option}: no type {name!r}. {did_you_mean(name, list(ITEM_SIZES))}")
    return name


def _machine(more: MoreOptions) -> Machine | None:
    if more.hardware is not None:
        if more.peak is not None or more.bandwidth is not None:
            raise AttnError("‹hardware› names a machine, ‹peak› and ‹bandwidth› describe your own.")
        name = more.hardware.lower()
        if name not in MACHINES:
            raise AttnError(f"‹hardware›: no machine {name!r}. {did_you_mean(name, [*MACHINES])}")
        return MACHINES[name]
    if more.peak is None and more.bandwidth is None:
        return None
    if more.peak is None or more.bandwidth is None:
        raise AttnError("‹peak› and ‹bandwidth› describe a machine together: give both.")
    if not (isfinite(more.peak) and isfinite(more.bandwidth)):
        raise AttnError("‹peak› and ‹bandwidth› have to be finite numbers.")
    peaks = dict.fromkeys(ITEM_SIZES, more.peak)
    return Machine("your machine", peaks, more.bandwidth, "as given")


def show_costs(costs: Costs, options: ReportOptions) -> None:
    """Print the reports as a page, JSON or LaTeX; export and save them."""

    def make(width: int, _: Signs) -> list[Block]:
        blocks: list[Block] = []
        if costs.variants:
            blocks += variant_blocks(costs.variants, width)
        if costs.sweep is not None:
            blocks += sweep_blocks(costs.sweep, width)
        if costs.timing is not None:
            blocks += timing_blocks(costs.timing, width)
        return cost_page(costs.report, width, blocks)

    if options.export is not None:
        export_page(
            options.export, make, f"Cost of {costs.report.title.lower()}", (), force=options.force
        )
    if options.save is not None and costs.sweep is not None:
        write_texts(options.save, [sweep_csv(costs.sweep)], force=options.force)
        streams.say(f"Saved {options.save}")
    if options.json:
        _print_json(_document(costs))
    elif options.latex:
        print(cost_table(costs.report))
    else:
        show_page(make, plain=options.plain)
        if costs.plotted and costs.sweep is not None:
            from attn_cli.views.plot import plot

            plot(costs.sweep)


def _document(costs: Costs) -> dict[str, Any]:
    document = described(costs.report)
    if costs.variants:
        document["compare"] = [
            {
                "name": one.name,
                "matmul": one.matmul.plain,
                "kv_cache_per_token": one.kv_per_token.plain,
                "kv_cache_per_token_value": one.kv_per_token.value,
                "score_matrix": one.score_matrix.plain,
                "score_matrix_value": one.score_matrix.value,
            }
            for one in costs.variants
        ]
    if costs.sweep is not None:
        rows = [row._asdict() for row in costs.sweep.rows]
        document["sweep"] = {"letter": costs.sweep.letter, "rows": rows}
    if costs.timing is not None:
        document["hardware"] = _hardware(costs.timing)
    return document


def _hardware(timing: Timing) -> dict[str, Any]:
    floors = [{**floor._asdict(), "bound": floor.bound} for floor in timing.floors]
    return {**timing._asdict(), "floors": floors}


def _print_json(document: dict[str, Any]) -> None:
    ascii_only = not streams.shows_unicode(sys.stdout)
    print(escaped_json(json.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=1)))


def model_of(
    sizes: SizeOptions,
    count: CountOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    more: MoreOptions,
    report: ReportOptions,
) -> ModelCosts:
    """Read a config file and report on its model.

    Raises AttnError for a file that is no configuration, and for options it decides itself.
    """
    assert more.config is not None
    asked = ("n", "m", "batch", "causal", "dtype", "kv_dtype")
    groups = (sizes, count, positions, masks)
    counted = [
        choice(name)
        for group in groups
        for name, usual in group._field_defaults.items()
        if name not in asked and getattr(group, name) != usual
    ]
    others = [
        *counted,
        *(choice(name) for name in ("compare", "sweep") if getattr(more, name) is not None),
        *(["‹latex›"] if report.latex else []),
        *(["‹plot›"] if more.plot else []),
        *(["‹save›"] if report.save is not None else []),
    ]
    if others:
        raise AttnError(f"‹config› says what the model is; leave {others[0]} out.")
    questions = Questions(
        n=_of_config(sizes.n, "‹n›", "new tokens") or 1,
        m=_of_config(sizes.m, "‹m›", "the context length"),
        batch=_of_config(sizes.batch, "‹batch›", "the number of sequences") or 1,
        causal=masks.causal,
        dtype=None if count.dtype is None else _dtype(count.dtype, "‹dtype›"),
        kv_dtype=None if count.kv_dtype is None else _dtype(count.kv_dtype, "‹kv_dtype›"),
    )
    try:
        with more.config.open("rb") as file:
            config = json.loads(file.read(LONGEST_CONFIG))
    except FileNotFoundError:
        raise AttnError(f"‹config›: there is no file {str(more.config)!r}.") from None
    except (ValueError, RecursionError) as error:
        raise AttnError(f"‹config›: {more.config} is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise AttnError(f"‹config›: {more.config} holds no object of names and values.")
    made = model_report(_mechanism(count), config, questions)
    machine = _machine(more)
    return ModelCosts(made, model_timing(made, machine) if machine is not None else None)


def _of_config(given: str | None, option: str, what: str) -> int | None:
    found = size(given, option)
    if isinstance(found, str):
        raise AttnError(f"‹config›: {option}, {what}, has to be a number.")
    return found


def show_model(costs: ModelCosts, options: ReportOptions) -> None:
    """Print a model's report as a page or JSON; export it."""
    report = costs.report

    def make(width: int, _: Signs) -> list[Block]:
        more = timing_blocks(costs.timing, width) if costs.timing is not None else []
        return model_page(report, width, more)

    if options.export is not None:
        export_page(options.export, make, f"Attention of {report.name}", (), force=options.force)
    if options.json:
        document = model_document(report)
        if costs.timing is not None:
            document["hardware"] = _hardware(costs.timing)
        _print_json(document)
    else:
        show_page(make, plain=options.plain)
