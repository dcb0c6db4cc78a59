"""`attn explain`: short explanations, each computed while it is read."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from attn_cli.cli.groups import takes
from attn_cli.cli.options import LanguageOptions, of_panel
from attn_cli.cli.streams import guarded

HELP = (
    "Explain a topic in a few lines, with its numbers computed live.\n\n"
    "Without a topic: the list. Every mode is a topic too."
)

EXAMPLES = """Examples:

attn explain

attn explain scaling

attn explain --lang zh soft-and-hard

attn explain mla
"""


class TopicOptions(NamedTuple):
    """What is explained."""

    topic: Annotated[
        str | None, typer.Argument(help="A topic of the list, or a mode.", metavar="[TOPIC]")
    ] = None


class PageOptions(NamedTuple):
    """How it looks."""

    plain: Annotated[bool, of_panel("Display", "No colour, ASCII alone.", "--plain")] = False


@guarded
@takes(TopicOptions, PageOptions, LanguageOptions)
def explain(topic: TopicOptions, page: PageOptions, language: LanguageOptions) -> None:
    """List the topics, or show one with its commands run."""
    from attn_cli.cli.explaining import show_list, show_topic
    from attn_cli.cli.speaking import speak

    spoken = speak(language)
    if topic.topic is None:
        show_list(spoken, plain=page.plain)
    else:
        show_topic(topic.topic, spoken, plain=page.plain)
