"""From a topic to the terminal: its text, and its commands and measurements run in between."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text
from rich.theme import Theme

from attn_cli import mechanisms
from attn_cli.cli import streams
from attn_cli.cli.output import show_page
from attn_cli.errors import AttnError, did_you_mean
from attn_cli.language import said
from attn_cli.mechanisms import Mechanism
from attn_cli.reports.costed import cost_report
from attn_cli.reports.measured import MEASURES
from attn_cli.reports.symbolic import Shape
from attn_cli.topics.library import ORDER, Part, Topic, read
from attn_cli.views.ascii import TABLE
from attn_cli.views.page import Block, Grids, Heading, Lines, Signs, Title
from attn_cli.views.texts import text_table
from attn_cli.views.wrapping import breakable, unmarked


def show_list(language: str, *, plain: bool) -> None:
    """Every topic with its title, those of modes after the others."""
    rows = [(name, read(name, language).title) for name in ORDER]
    modes = [(one.name, said(one.title)) for one in mechanisms.MECHANISMS]

    def make(width: int, _: Signs) -> list[Block]:
        return [
            Title(said("Topics"), "", "attn explain TOPIC"),
            *_listed(rows, width),
            Heading("", said("Modes of attn compute")),
            *_listed(modes, width),
        ]

    show_page(make, plain=plain)


def _listed(named: list[tuple[str, str]], width: int) -> list[Block]:
    """Names and titles side by side, or below each other where they don't fit."""
    longest = [max(cell_len(row[place]) for row in named) for place in (0, 1)]
    if sum(longest) + 4 <= width:
        return [Grids((text_table(["", ""], named, width=width),))]
    return [Lines((name, f"  {title}"), apart=True) for name, title in named]


def show_topic(name: str, language: str, *, plain: bool) -> None:
    """Print a topic piece by piece; what a command or a measurement prints stands in its place."""
    topic = _topic(name.lower(), language)
    ascii_only = plain or not streams.shows_unicode(sys.stdout)
    console = _console(plain=plain)
    title = topic.title.translate(TABLE) if ascii_only else topic.title
    console.print(Text(title, "bold"))
    for part in topic.parts:
        console.print()
        if part.kind == "text":
            _print_markdown(part.content.strip(), console, ascii_only=ascii_only)
        elif part.kind == "attn":
            _run(part.content, language, console, plain=plain)
        else:
            _measure(part.content, plain=plain)


def _print_markdown(text: str, console: Console, *, ascii_only: bool) -> None:
    """Print Markdown without the spaces that fill its lines up."""
    text = text.translate(TABLE) if ascii_only else text
    with console.capture() as captured:
        console.print(Markdown(breakable(text), hyperlinks=False))
    shown = unmarked(captured.get()).rstrip()
    shown = shown.replace("•", "*") if ascii_only else shown
    print("\n".join(line.rstrip() for line in shown.splitlines()))


def _console(*, plain: bool) -> Console:
    colours = {"no_color": True, "color_system": None} if plain else {}
    theme = Theme({"markdown.code": "cyan"})
    return Console(highlight=False, emoji=False, theme=theme, **colours)  # type: ignore[arg-type]


def _topic(name: str, language: str) -> Topic:
    if name in ORDER:
        return read(name, language)
    modes = [one.name for one in mechanisms.MECHANISMS]
    if name in modes:
        return _of_mode(mechanisms.named(name), language)
    known = did_you_mean(name, [*ORDER, *modes])
    raise AttnError(f"There is no topic {name!r}. {known}")


def _of_mode(mechanism: Mechanism, language: str) -> Topic:
    """A mode explains itself: what it is for, its formula, an example, its cost and its source."""
    return Topic(mechanism.name, said(mechanism.title), tuple(_mode_parts(mechanism, language)))


def _mode_parts(mechanism: Mechanism, language: str) -> Iterator[Part]:
    name = mechanism.name
    yield Part("text", f"`{mechanism.formula}`")
    yield Part("text", said(mechanism.about))
    yield Part("attn", f"attn compute --mode {name} {mechanism.example}")
    report = cost_report(mechanism, Shape())
    yield Part(
        "text",
        said(
            "Cost: {products} FLOPs in matrix products, {rest} in everything else.",
            products=report.totals["matmul"].pretty,
            rest=report.totals["other"].pretty,
        ),
    )
    spoken = f" --lang {language}" if language != "en" else ""
    more = [f"- `attn {command}{spoken} --mode {name}`" for command in ("compute", "complexity")]
    sources, then = said("Sources"), said("Next")
    yield Part("text", f"**{sources}**\n\n- {mechanism.source}\n\n**{then}**\n\n" + "\n".join(more))


def _run(line: str, language: str, console: Console, *, plain: bool) -> None:
    """Run a command in this process, in the language and the look of the page."""
    from attn_cli.cli.app import app

    console.print(Text(f"$ {line}", "dim"), soft_wrap=True)
    sys.stdout.flush()
    more = [*(["--lang", language] if language != "en" else []), *(["--plain"] if plain else [])]
    status = app([*shlex.split(line)[1:], *more], standalone_mode=False)
    if status:
        raise AttnError(f"The topic's own command failed: {line}")


def _measure(name: str, *, plain: bool) -> None:
    measured = MEASURES[name]()

    def make(width: int, _: Signs) -> list[Block]:
        columns = [said(column) for column in measured.columns]
        spare = [said(column) for column in measured.spare]
        table = text_table(columns, measured.rows, width=width, right=columns[1:], spare=spare)
        return [Lines((said(measured.what),), quiet=True, indented=False), Grids((table,))]

    show_page(make, plain=plain)
