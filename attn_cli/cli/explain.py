"""`attn explain`: short explanations, each computed while it is read."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from attn_cli.cli.options import VIEWS, Typed, view_option, with_parameters

HELP = (
    "Explain a topic in a few lines, with its numbers computed live.\n\n"
    "Without a topic: the list. Every mode is a topic too."
)

EXAMPLES = (
    "attn explain",
    "attn explain scaling",
    "attn explain --lang zh soft-and-hard",
    "attn explain mla",
    "attn explain --all --export booklet.html",
)

USED = ("everything", "lang", "export")
"""Options that help shows first."""


TOPIC = typer.Argument(help="A topic of the list, a mode, or a question.", metavar="[TOPIC]")

SHOWN = ("everything", "theme", "plain", "lang", "export", "width", "force")

PARAMETERS = [
    inspect.Parameter(
        "topic",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[list[str] | None, TOPIC],
    ),
    *(view_option(name, VIEWS[name], "explain") for name in SHOWN),
]


@with_parameters(PARAMETERS)
def explain(typed: Typed) -> None:
    """List the topics, or show one with its commands run."""
    from attn_cli.api.explain import Booklet, Page
    from attn_cli.api.explain import explain as explained
    from attn_cli.api.shown import check_export
    from attn_cli.cli.explaining import show_topic
    from attn_cli.cli.output import export, show
    from attn_cli.cli.speaking import speak

    view = typed.view
    check_export(view.export, "‹export›", view.force)
    words = " ".join(typed.values.get("topic") or ())
    language = speak(view.lang)
    found = explained(words or None, everything=view.everything, language=language)
    if view.export is not None:
        export(found, view)
    if isinstance(found, Booklet):
        for page in found.pages if view.export is None else ():
            show_topic(page, view)
            print()
    elif isinstance(found, Page):
        show_topic(found, view)
    else:
        show(found, view)
