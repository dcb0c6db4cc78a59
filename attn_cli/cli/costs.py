"""From costs to where they go: terminal, JSON, LaTeX, files."""

from __future__ import annotations

from types import SimpleNamespace

from attn_cli.api.cost import Cost, ModelCost
from attn_cli.api.shown import check_export
from attn_cli.arrays.writing import check_path, write_text
from attn_cli.cli import streams
from attn_cli.cli.output import export, print_json, show
from attn_cli.errors import AttnError
from attn_cli.spec import Spec
from attn_cli.spelling import choice
from attn_cli.views.variants_page import sweep_csv


def check_output(view: SimpleNamespace, spec: Spec) -> None:
    """Refuse what can't be written, and options that cancel each other, before any work."""
    check_export(view.export, "‹export›", view.force)
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
        from attn_cli.views.curves import refuse_missing_extra

        refuse_missing_extra()


def show_cost(cost: Cost | ModelCost, view: SimpleNamespace) -> None:
    """Print a cost as a page, JSON or LaTeX; export it, and save its sweep."""
    for notice in cost.notices:
        streams.note(notice)
    cost.details = view.details
    if isinstance(cost, Cost):
        cost.plot = view.plot
    if view.export is not None:
        export(cost, view)
    sweep = cost.sweep if isinstance(cost, Cost) else None
    if view.save is not None and sweep is not None:
        write_text(view.save, [sweep_csv(sweep)], force=view.force)
        streams.report(f"Saved {view.save}")
    if view.json:
        print_json(cost.to_dict())
    elif view.latex and isinstance(cost, Cost):
        print(cost.latex())
    else:
        show(cost, view)
