"""Topics: their text, and what their examples and measurements give, computed when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from attn_cli import mechanisms
from attn_cli.api.compare import compared
from attn_cli.api.complexity import complexity, counted
from attn_cli.api.compute import computed
from attn_cli.api.drawings import DRAWINGS
from attn_cli.api.given import separated
from attn_cli.api.languages import speaking
from attn_cli.api.looking import Look
from attn_cli.api.mask import built
from attn_cli.api.measurements import MEASURES
from attn_cli.api.paragraphs import paragraphs
from attn_cli.api.shown import Frame, Shown
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief, one_slip_away
from attn_cli.language import pasted, said, told
from attn_cli.mechanisms import Mechanism
from attn_cli.topics.aliases import chinese_meant, command_called, left_over, topic_called
from attn_cli.topics.examples import read_example
from attn_cli.topics.library import ORDER, Part, Topic, read
from attn_cli.views.page import Block, Heading, Lines, Title, listing


class Measured(Shown):
    """What a topic measures: a table of numbers."""

    def __init__(self, name: str) -> None:
        self.title = name
        self._table = MEASURES[name]()

    def page(self, frame: Frame) -> list[Block]:
        """What was measured, then the table."""
        found = self._table
        columns = [said(column) for column in found.columns]
        table = listing(columns, found.rows, right=columns[1:])
        return [Lines((said(found.what),), quiet=True, indented=False), table]


class Picture(Shown):
    """What a topic draws."""

    def __init__(self, name: str) -> None:
        self.title = name
        self._draw = DRAWINGS[name]

    def page(self, frame: Frame) -> list[Block]:
        """The picture."""
        return [*self._draw()]


class Piece(NamedTuple):
    """A piece of a page: Markdown text; or a result, with the command that gives it."""

    text: str = ""
    line: str = ""
    result: Shown | None = None


class Page(Shown):
    """A topic, with what its examples give."""

    def __init__(self, topic: Topic, pieces: tuple[Piece, ...]) -> None:
        self.name, self.title, self.pieces = topic.name, topic.title, pieces

    def page(self, frame: Frame) -> list[Block]:
        """Text as paragraphs; the result of every example below its command."""
        blocks: list[Block] = [Title(self.title, "", "")]
        for piece in self.pieces:
            if piece.line:
                line = f"$ {piece.line}"
                blocks.append(Lines((line,), indented=False, apart=True, kind="command"))
            if piece.result is not None:
                blocks += map(_inside, piece.result.page(frame._replace(command=None)))
            blocks += paragraphs(piece.text)
        if self.station:
            blocks.append(Lines((self.station,), quiet=True, indented=False, apart=True))
        return blocks

    @cached_property
    def station(self) -> str:
        """Where on the way through the topics this one is, and which is next; empty for a mode."""
        return self._context.copy().run(_station, self.name)


def _inside(block: Block) -> Block:
    """A block of an example: its title is a heading of the page around it."""
    if not isinstance(block, Title):
        return block
    about = " · ".join(filter(None, (block.formula, block.source)))
    return Heading("", block.left, right=about)


def _station(name: str) -> str:
    if name not in ORDER:
        return ""
    at = ORDER.index(name)
    told = said("Page {at} of {count}", at=at + 1, count=len(ORDER))
    if at + 1 == len(ORDER):
        return told
    return said("{page}; next: attn explain {topic}", page=told, topic=ORDER[at + 1])


class Topics(Shown):
    """Every topic with its title, those of modes after the others."""

    title = "Topics"

    def __init__(self, language: str = "en") -> None:
        self.topics = tuple((name, read(name, language).title) for name in ORDER)
        self.modes = tuple((one.name, said(one.title)) for one in mechanisms.MECHANISMS)

    def page(self, frame: Frame) -> list[Block]:
        """Two lists."""
        return [
            Title(said("Topics"), "", "attn explain TOPIC"),
            listing(["", ""], self.topics),
            Heading("", said("Modes of attn compute")),
            listing(["", ""], self.modes),
        ]


class Booklet(Shown):
    """Every topic, one behind the other, in the order in which they are best read."""

    def __init__(self, pages: tuple[Page, ...]) -> None:
        self.title = said("Attention, step by step")
        self.pages = pages

    def page(self, frame: Frame) -> list[Block]:
        """The contents, then every page."""
        contents = [(f"{at}", page.title) for at, page in enumerate(self.pages, 1)]
        blocks: list[Block] = [Title(self.title, "", ""), listing(["", " "], contents, right=[""])]
        for page in self.pages:
            blocks += [Lines((), apart=True), *page.page(frame)]
        return blocks


def explain(
    topic: str | None = None, *, everything: bool = False, language: str = "en"
) -> Page | Topics | Booklet:
    """Explain a topic, with the numbers of its examples; without one, list all there are.

    everything: all topics as one booklet. Raises AttnError (a ValueError) for a topic that there
    is not, with the nearest that is, and for a topic with everything.
    """
    with speaking(language):
        if everything:
            if topic is not None:
                raise AttnError("‹everything› has no effect with a topic. Leave one out.")
            return Booklet(tuple(_page(read(name, language)) for name in ORDER))
        if topic is None:
            return Topics(language)
        found = _topic(str(topic).lower(), language)
        return _page(found)


def _page(topic: Topic) -> Page:
    return Page(topic, tuple(_piece(part) for part in topic.parts))


def _piece(part: Part) -> Piece:
    if part.kind == "text":
        return Piece(text=part.content)
    if part.kind == "measure":
        return Piece(result=Measured(part.content))
    if part.kind == "picture":
        return Piece(result=Picture(part.content))
    return Piece(line=pasted(part.content), result=_result(part.content))


def _result(line: str) -> Shown:
    """What an example gives."""
    example = read_example(line)
    asked = example.values.pop("jacobian", None)
    arrays, spec = separated(example.values)
    look, sources = Look(**example.look), Sources(None)
    if asked is not None:
        from attn_cli.api.jacobian import measured

        return measured(arrays, spec, look, asked, sources)
    if example.command == "compute":
        return computed(arrays, spec, look, sources)
    if example.command == "compare":
        return compared(arrays, spec, look, sources)
    if example.command == "complexity":
        return counted(arrays, spec, lambda: sources)
    found = built(arrays, spec, look)
    assert found is not None, "examples of attn mask have a mask"
    return found


EVERYTHING = ("all", "everything", "booklet", "全部", "所有")


def _topic(name: str, language: str) -> Topic:
    found = topic_named(name)
    if found in ORDER:
        return read(found, language)
    if found is not None:
        return _of_mode(mechanisms.named(found))
    known = [*ORDER, *(one.name for one in mechanisms.MECHANISMS)]
    if name in EVERYTHING:
        raise AttnError(f"{brief(name)!r} is no topic; ‹everything› gives all of them.")
    command = command_called(name)
    if command is not None:
        raise AttnError(
            f"{brief(name)!r} is no topic but what a command does: attn {command} --help."
        )
    near = one_slip_away(name, known) or chinese_meant(name)
    meant = f"Did you mean {near}? " if near else ""
    about = None if near else _called(name)
    meant = f"Near it is {about}. " if about else meant
    raise AttnError(f"There is no topic {brief(name)!r}. {meant}attn explain lists all.")


def topic_named(words: str) -> str | None:
    """The topic or mode that words ask for, in either language; None where it is not known."""
    found = _called(words)
    if found is None or found == words:
        return found
    rest = left_over(words, found)
    page = _words_of(found) if rest else ""
    return found if all(one[:STEM] in page for one in rest) else None


STEM = 5
"""Letters of a word that a page has in some form: saturates, saturation."""


def _called(words: str) -> str | None:
    modes = {one.name: one.also for one in mechanisms.MECHANISMS}
    topics = {**modes, **dict.fromkeys(ORDER, ())}
    return words if words in topics else topic_called(words, topics)


def _words_of(topic: str) -> str:
    """What a page says, in small letters."""
    if topic in ORDER:
        page = read(topic, "en")
        return " ".join((page.title, *(part.content for part in page.parts))).lower()
    mode = mechanisms.named(topic)
    return " ".join((mode.title, mode.about, mode.formula, *mode.also)).lower()


def _of_mode(mechanism: Mechanism) -> Topic:
    """A mode explains itself: what it is for, its formula, an example, its cost and its source."""
    return Topic(mechanism.name, said(mechanism.title), tuple(_mode_parts(mechanism)))


def _mode_parts(mechanism: Mechanism) -> Iterator[Part]:
    name = mechanism.name
    yield Part("text", f"`{told(mechanism.formula)}`")
    yield Part("text", said(mechanism.about))
    yield Part("attn", f"attn compute --mode {name} {mechanism.example}")
    cost = complexity(mode=name)
    yield Part(
        "text",
        said(
            "Cost: {products} FLOPs in matrix products, {rest} in everything else.",
            products=cost.report.totals["matmul"].pretty,
            rest=cost.report.totals["other"].pretty,
        ),
    )
    commands = (f"attn {command} --mode {name}" for command in ("compute", "complexity"))
    more = [f"- `{pasted(command)}`" for command in commands]
    sources, then, source = said("Sources"), said("Next"), told(mechanism.source)
    yield Part("text", f"**{sources}**\n\n- {source}\n\n**{then}**\n\n" + "\n".join(more))
