"""What is typed for help, from the options that Typer holds to a page on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from attn_cli.cli.streams import as_option
from attn_cli.language import pasted, said
from attn_cli.spelling import spelling
from attn_cli.views.help_page import Option, two_columns
from attn_cli.views.page import Block, Heading, Lines, Title


def options_in(command: Any) -> list[Option]:
    """The options of a command, in the order of their groups."""
    found = []
    for one in command.params:
        group = getattr(one, "rich_help_panel", None)
        if group is not None:
            value = f" {one.metavar}" if one.metavar and not one.is_flag else ""
            found.append(Option(one.name, f"{one.opts[0]}{value}", one.help or "", group))
    return found


ATTENTION = (
    "Attention gives each word a weighted mean of the words it may look at; the weights come from "
    "how well a query matches keys. Every number of it can be seen here, your own among them."
)

TRY = (
    "attn explain attention",
    'attn compute --text "The cat is sitting on the mat." --heads 2 --causal',
    "attn complexity --n 512 --d 64",
)

WAYS = (
    ("to learn", "attn explain: short pages in their order, run while you read"),
    ("to teach", "attn check: worked examples and exercises; --export run.html for slides"),
    ("to build", "attn diagnose: why your numbers differ; attn complexity: what it costs"),
)
"""Where a student, a teacher and an engineer begin."""


ALONE = (
    ("--version", "The version."),
    ("--lang en|zh", "The language of all that is said; also ATTN_LANG and the locale."),
    ("--install-completion", "Complete commands and options by Tab in this shell."),
    ("--show-completion", "Print the lines that do so, to put them where you like."),
    ("--help", "This page; behind a command, its options."),
)
"""Options that need no command."""


def start_page(commands: Sequence[tuple[str, str]], *, helped: bool = False) -> list[Block]:
    """What to type first, and every command; helped: the options that need none too."""
    options = [
        Heading("", said("Options")),
        two_columns([(name, said(text)) for name, text in ALONE]),
    ]
    return [
        Title("attn", "", said("attention mechanisms, computed and explained step by step")),
        Lines((said(ATTENTION),), indented=False, apart=True),
        Heading("", said("Try")),
        Lines(tuple(map(pasted, TRY)), kind="command"),
        Heading("", said("Where to go")),
        two_columns([(said(who), said(where)) for who, where in WAYS]),
        Heading("", said("Commands")),
        two_columns(commands),
        *(options if helped else ()),
        Lines(
            (pasted("attn COMMAND --help"),), quiet=True, indented=False, apart=True, kind="command"
        ),
    ]


def print_help(blocks: list[Block]) -> None:
    """Print a page of help as other pages are printed."""
    from attn_cli.cli.output import printer_of
    from attn_cli.views.translated import translated_page

    with spelling(as_option):
        told = translated_page(blocks)
    printer_of(SimpleNamespace(plain=False, theme=None)).print(told)
