"""`attn train`: matrices that learn which words look at which."""

from __future__ import annotations

from attn_cli.cli.options import LEARNED, Typed, with_options

HELP = (
    "Train attention until some words look at others.\n\n"
    "Learns the matrices that turn words into queries, keys and values; shows the weights before, "
    "in between and after."
)

EXAMPLES = (
    'attn train --text "The cat is sitting on the mat." --pair cat,mat --pair mat,cat',
    'attn train --text "The cat is sitting on the mat." --pair cat,mat --against dot --d 256',
    'attn train --text "I like tea" --context-text "tea mag ich" --align 0:2,1:1,2:0',
)

USED = (
    "text",
    "context_text",
    "pair",
    "align",
    "target",
    "steps",
    "lr",
    "optimizer",
    "against",
    "heads",
    "causal",
    "d",
    "save",
    "export",
)
"""Options that help shows first."""


@with_options("train")
def train(typed: Typed) -> None:
    """Train what was typed, and show it."""
    from attn_cli.api.run import SAVED
    from attn_cli.api.shown import check_export
    from attn_cli.api.train import Asked, learned
    from attn_cli.arrays.writing import check_path
    from attn_cli.cli.gradients import show_result
    from attn_cli.cli.progress import progress
    from attn_cli.cli.reading import arrays_and_choices, stdin

    view, values = typed.view, dict(typed.values)
    check_path(view.save, "‹save›", SAVED, view.force)
    check_export(view.export, "‹export›", view.force)
    asked = {name: values.pop(name) for name in LEARNED if name in values}
    if view.steps is not None:
        asked["steps"] = view.steps
    if "pair" in asked:
        asked["pairs"] = asked.pop("pair")
    arrays, spec = arrays_and_choices(values)
    found = learned(arrays, spec, Asked(**asked), stdin(), progress)
    found.plot = view.plot
    show_result(found, view)
