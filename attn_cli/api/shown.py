"""Results that show themselves: as text, on a terminal by Rich, in a notebook, in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from attn_cli.errors import AttnError
from attn_cli.language import speaking, spoken
from attn_cli.views.page import Block, Signs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

    from attn_cli.views.terminal import Drawn


class Frame(NamedTuple):
    """What a page is made for.

    width: columns of text. signs: those there are. command: what was typed, where a page ends with
    what to type next. figure: whether only what can be drawn is wanted of it.
    """

    width: int = 80
    signs: Signs = Signs()
    command: str | None = None
    figure: bool = False


def made_again(language: str, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A result that was pickled, in the language that was spoken when it was made."""
    from attn_cli.topics.library import catalogue

    with speaking(catalogue(language)):
        return make(*arguments)


FIGURES = (".png", ".pdf")
SUFFIXES = (".html", ".svg", ".md", ".txt", ".tex", *FIGURES)


NARROWEST, WIDEST = 20, 1000
"""Columns of an exported page."""


def refuse_width(width: int) -> None:
    """Raise AttnError for columns in which no page can be read."""
    if not NARROWEST <= width <= WIDEST:
        raise AttnError(f"‹width {width}› has to be columns, {NARROWEST} to {WIDEST:,}.")


def check_export(path: Path | None, option: str, force: bool) -> None:
    """Raise AttnError, before any work, where a page can't be written to a file."""
    from attn_cli.arrays.writing import check_path

    check_path(path, option, SUFFIXES, force)
    if path is not None and path.suffix.lower() in FIGURES:
        from attn_cli.views.figures import refuse_missing_extra

        refuse_missing_extra()


Recipe = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module and its arguments, by which a result is made again."""


class Shown:
    """A result with a page of its own. It never changes, so a copy is the result itself.

    recipe: how it is made again in another process, of what pickle can write; None where it can't.
    """

    title: str
    notices: tuple[str, ...] = ()
    _context: Context
    _recipe: Recipe | None = None

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Remember the language that is spoken now."""
        self = super().__new__(cls)
        self._context = copy_context()
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """How pickle writes it: what it was made of, and the language.

        Raises TypeError for a result that can't be made again.
        """
        if self._recipe is None:
            raise TypeError(f"{type(self).__name__} can't be pickled; pickle what it is made of")
        make, arguments = self._recipe
        return made_again, (self._context.copy().run(spoken), make, arguments)

    def blocks(self, frame: Frame) -> list[Block]:
        """The page in the language that was spoken when it was made."""
        from attn_cli.views.translated import translated_page

        return self._context.copy().run(lambda: translated_page(self.page(frame)))

    def page(self, frame: Frame) -> list[Block]:
        """The page before it is known where it is shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """What it is, in a line; `print` shows all of it."""
        return f"<{type(self).__name__}: {self.title}>"

    def __str__(self) -> str:
        """The page as plain text, 80 columns wide."""
        from attn_cli.views.terminal import page_text
        from attn_cli.views.visible import visible_page

        return page_text(visible_page(self.blocks(Frame())), Frame().width)

    def spoken(self) -> str:
        """The page for a screen reader: each row of numbers as a sentence that names its cells."""
        from attn_cli.views.spoken import spoken_page
        from attn_cli.views.terminal import page_text
        from attn_cli.views.visible import visible_page

        def told() -> str:
            blocks = visible_page(self.blocks(Frame()))
            return page_text(spoken_page(blocks, Frame().signs), Frame().width)

        return self._context.copy().run(told)

    def __rich__(self) -> _Renderable:
        """The page for a Rich console, as wide as that is."""
        return _Renderable(self)

    def _repr_html_(self) -> str:
        """The page for a notebook, with real tables."""
        from attn_cli.views.html import html_fragment
        from attn_cli.views.visible import visible_page

        return html_fragment(visible_page(self.blocks(Frame())))

    def export(
        self,
        file: str | Path,
        *,
        force: bool = False,
        theme: Literal["dark", "light"] = "light",
        width: int | None = None,
    ) -> None:
        """Write the page as .html, .svg, .md, .txt or .tex; its pictures alone as .png or .pdf.

        theme: the ground of an SVG or a figure; HTML has both. width: columns of text, 100 where
        none are said; a figure has 10 to an inch.
        Raises AttnError for another suffix, without force for a file that exists, and for a figure
        of a page without pictures.
        """
        from attn_cli.arrays.writing import write_bytes

        path = Path(file)
        check_export(path, "‹file›", force)
        written = self.exported(path.suffix.lower(), theme=theme, width=width)
        write_bytes(path, written, force=force)

    @property
    def made_by(self) -> str:
        """The choices it was made by, as JSON that a comment of a file can hold; "" for none."""
        return ""

    def exported(
        self, suffix: str, *, theme: Literal["dark", "light"] = "light", width: int | None = None
    ) -> bytes:
        """The page as a file of a suffix has it; theme and width as above."""
        from attn_cli.views import export

        if width is not None:
            refuse_width(width)
        language = self._context.copy().run(spoken)
        sheet = export.Sheet(
            self.title, self.notices, theme, width or export.WIDTH, language, self.made_by
        )
        frame = Frame(sheet.width, figure=suffix in FIGURES)
        return export.WRITERS[suffix](self.blocks(frame), sheet)


class Documented(Shown):
    """A result with a page and a JSON document that is made whole; saved: suffixes of its files."""

    saved: tuple[str, ...] = (".json",)

    def document(self) -> dict[str, Any]:
        """What --json prints, before it is text."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The document, as --json prints it."""
        return strict_json(self.json())

    def json(self, *, ascii_only: bool = False) -> Iterator[str]:
        """The document as text."""
        import json

        text = json.dumps(self.document(), ensure_ascii=ascii_only, allow_nan=False, indent=1)
        yield f"{text}\n"

    def save(self, file: str | Path, *, force: bool = False) -> None:
        """Write the document as .json; results with arrays write others too.

        Raises AttnError for another suffix, and without force for a file that exists.
        """
        from attn_cli.arrays.writing import check_path, write_text

        check_path(Path(file), "‹save›", self.saved, force)
        write_text(Path(file), self.json(), force=force)


class _Renderable:
    """What Rich asks for a page."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Drawn]:
        """Lay the page out for the room there is."""
        from attn_cli.views.terminal import Drawn
        from attn_cli.views.visible import visible_page

        yield Drawn(visible_page(self._shown.blocks(Frame(options.max_width))))


def strict_json(parts: Iterator[str]) -> dict[str, Any]:
    """A document as it reads back from JSON."""
    import json

    document = json.loads("".join(parts))
    assert isinstance(document, dict)
    return document
