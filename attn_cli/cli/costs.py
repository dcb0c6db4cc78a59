"""From costs to where they go: terminal, JSON, LaTeX, files."""

from __future__ import annotations

from types import SimpleNamespace

from attn_cli.api.complexity import Costs, ModelCosts, cost_document, document_of
from attn_cli.cli import streams
from attn_cli.cli.output import EXPORTED, export_page, print_json, show_page, write_texts
from attn_cli.errors import AttnError
from attn_cli.matrices.writing import check_path
from attn_cli.spec import Spec
from attn_cli.spelling import choice
from attn_cli.views.compare_page import sweep_blocks, sweep_csv, timing_blocks, variant_blocks
from attn_cli.views.cost_latex import cost_table
from attn_cli.views.cost_page import cost_page
from attn_cli.views.model_page import model_page
from attn_cli.views.page import Block, Signs


def check_output(view: SimpleNamespace, spec: Spec) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    check_path(view.export, "‹export›", EXPORTED, view.force)
    check_path(view.save, "‹save›", (".csv",), view.force)
    if spec.config is not None:
        for name in ("latex", "plot", "save"):
            if getattr(view, name):
                raise AttnError(f"‹config› says what the model is; leave {choice(name)} out.")
        return
    if view.json and view.latex:
        raise AttnError("‹json› and ‹latex› both decide what is on standard output: give one.")
    for whole, beside in (
        ("latex", ("plot", "sweep", "compare", "hardware", "peak")),
        ("json", ("plot",)),
    ):
        for name in beside:
            given = view.plot if name == "plot" else getattr(spec, name) is not None
            if given and getattr(view, whole):
                raise AttnError(
                    f"{choice(name)} has no effect with {choice(whole)}. Leave one out."
                )
    for name in ("plot", "save"):
        if getattr(view, name) and spec.sweep is None:
            raise AttnError(f"{choice(name)} needs ‹sweep›, the range it is about.")
    if view.plot:
        from attn_cli.views.plot import refuse_missing_extra

        refuse_missing_extra()


def show_costs(costs: Costs, view: SimpleNamespace) -> None:
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

    if view.export is not None:
        export_page(
            view.export, make, f"Cost of {costs.report.title.lower()}", (), force=view.force
        )
    if view.save is not None and costs.sweep is not None:
        write_texts(view.save, [sweep_csv(costs.sweep)], force=view.force)
        streams.say(f"Saved {view.save}")
    if view.json:
        print_json(cost_document(costs))
    elif view.latex:
        print(cost_table(costs.report))
    else:
        show_page(make, plain=view.plain)
        if view.plot and costs.sweep is not None:
            from attn_cli.views.plot import plot

            plot(costs.sweep)


def show_model(costs: ModelCosts, view: SimpleNamespace) -> None:
    """Print a model's report as a page or JSON; export it."""
    report = costs.report

    def make(width: int, _: Signs) -> list[Block]:
        more = timing_blocks(costs.timing, width) if costs.timing is not None else []
        return model_page(report, width, more)

    if view.export is not None:
        export_page(view.export, make, f"Attention of {report.name}", (), force=view.force)
    if view.json:
        print_json(document_of(costs))
    else:
        show_page(make, plain=view.plain)
