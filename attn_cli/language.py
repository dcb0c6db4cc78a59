"""The language that meanings and notices are said in: English, or what a catalogue has for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, NamedTuple

from attn_cli.spelling import Spelling, current, spelled


class Catalogue(dict[str, str]):
    """English texts with what another language has for them; each is one and the same for ever.

    name: of the language, as HTML and locales have it.
    """

    name = "en"

    __hash__ = object.__hash__  # type: ignore[assignment]


ENGLISH = Catalogue()

_catalogue: ContextVar[Catalogue] = ContextVar("catalogue", default=ENGLISH)


def speak(catalogue: Catalogue) -> None:
    """Say everything from now on as a catalogue has it; an empty one is English."""
    _catalogue.set(catalogue)


@contextmanager
def speaking(catalogue: Catalogue) -> Iterator[None]:
    """Say everything inside a with statement as a catalogue has it."""
    token = _catalogue.set(catalogue)
    try:
        yield
    finally:
        _catalogue.reset(token)


def said(text: str, **fields: Any) -> str:
    """A text in the language that is spoken, its fields put in; English where it has no other."""
    found = _catalogue.get().get(text, text)
    return spelled(found.format(**fields) if fields else found)


def named(name: str, what: str) -> str:
    """A name and what it is, parted by the colon of the language."""
    return said("{name}: {what}", name=name, what=what)


HOLE = re.compile(r"\{(\d)\}")
"""Where a text that is made in one piece has what was put in: {1}, {2}."""


NAME = re.compile(r"[a-z][\w-]*")
"""What may be a name that people type: put into a text, it stays as it is."""


class Form(NamedTuple):
    """A text with holes, the pieces between them, and what matches it.

    bare: whether the pieces are signs alone, as in {1}; {2}. seam: the one piece between two holes,
    which a bracket hides.
    """

    text: str
    pieces: tuple[str, ...]
    pattern: re.Pattern[str]
    bare: bool
    seam: str


class Phrases(NamedTuple):
    """A catalogue as it is looked into: whole texts, and forms, those first that say most."""

    whole: Mapping[str, str]
    forms: tuple[Form, ...]


def spoken() -> str:
    """The name of the language that is spoken: en, zh."""
    return _catalogue.get().name


def pasted(command: str) -> str:
    """A command that answers in the language that is spoken, wherever it is pasted."""
    if not foreign() or not command.startswith("attn ") or "--lang" in command:
        return command
    program, name, *rest = command.split(" ", 2)
    return " ".join((program, name, "--lang", spoken(), *rest))


def foreign() -> bool:
    """Whether another language than English is spoken."""
    return bool(_catalogue.get())


def told(text: str) -> str:
    """A text that was put together in English, in the language that is spoken.

    The catalogue has it, or a form of it with holes, whose contents are told in the same way.
    """
    catalogue = _catalogue.get()
    if not catalogue or not text:
        return spelled(text)
    return spelled(_told(text, _phrases(catalogue, current())))


def _told(text: str, phrases: Phrases) -> str:
    if text in phrases.whole or not re.search("[a-z]{2}|[A-Z]{3}", text):
        return phrases.whole.get(text, text)
    if text[:1].islower() and (upper := text[:1].upper() + text[1:]) in phrases.whole:
        return phrases.whole[upper]
    for seam in SEAMS:
        before, behind = _parted(text, seam)
        form = f"{{1}}{seam}{{2}}"
        if behind:
            parts = [_told(part, phrases) for part in (before, behind)]
            return _filled(phrases.whole[form], (before, behind), parts)
    if text.startswith("(") and text.endswith(")") and _closes_last(text):
        return f"（{_told(text[1:-1], phrases)}）"
    for known in phrases.forms:
        put = () if known.text in JOINED else _held(known, text)
        if not any(put):
            continue
        parts = [part if NAME.fullmatch(part) else _told(part, phrases) for part in put]
        if not known.bare or parts != [*put]:
            return _filled(phrases.whole[known.text], put, parts)
    return text


def _held(form: Form, text: str) -> Sequence[str]:
    """What a text has in the holes of a form; nothing where it is another text."""
    if not all(piece in text for piece in form.pieces):
        return ()
    if form.seam:
        return _parted(text, form.seam)
    match = form.pattern.fullmatch(text)
    return () if match is None else match.groups()


SEAM = "\0"
"""Where a text meets what was put into it, until its spaces are right."""

CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"


@cache
def _seams() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where no space belongs, and where one does; compiled late, since that takes a while."""
    tight = rf"(?<={CHINESE}) *{SEAM} *(?={CHINESE})"
    before = rf"(?<=[\u4e00-\u9fff]){SEAM}(?=[A-Za-z0-9])"
    behind = rf"(?<=[A-Za-z0-9%]){SEAM}(?=[\u4e00-\u9fff])"
    return re.compile(tight), re.compile(f"{before}|{behind}")


def _filled(text: str, put: Sequence[str], parts: Sequence[str]) -> str:
    """A form with what was put in, told: Chinese meets Chinese without a space, Latin with one.

    A word of the reader's own keeps the spaces around it.
    """

    def part(hole: re.Match[str]) -> str:
        at = int(hole[1]) - 1
        own = parts[at] == put[at] and not put[at].isascii()
        return parts[at] if own else f"{SEAM}{parts[at]}{SEAM}"

    tight, loose = _seams()
    return loose.sub(" ", tight.sub("", HOLE.sub(part, text))).replace(SEAM, "")


@lru_cache(maxsize=4)
def _phrases(catalogue: Catalogue, spelling: Spelling) -> Phrases:
    """Texts with the names of choices between ‹ and ›, and as they are spelled now."""
    whole = {spelled(text): spelled(other) for text, other in catalogue.items()} | catalogue
    forms = [_form(text) for text in whole if "{1}" in text]
    return Phrases(whole, tuple(sorted(forms, key=lambda form: -_says(form))))


SEAMS = ("; or ", "; of these only ")
"""Where a sentence is put together by and, or: it is parted there before all else, but for what
stands in brackets."""


JOINED = tuple(f"{{1}}{seam}{{2}}" for seam in SEAMS)


def _parted(text: str, seam: str) -> tuple[str, str]:
    """What stands before and behind a seam outside of brackets; twice nothing if there is none."""
    at = text.find(seam)
    while at >= 0:
        if seam == "\n" or text.count("(", 0, at) == text.count(")", 0, at):
            return text[:at], text[at + len(seam) :]
        at = text.find(seam, at + 1)
    return "", ""


def _closes_last(text: str) -> bool:
    """Whether the first bracket is closed by the last sign."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return at == len(text) - 1
    return False


SPLIT = {" · ": 43, "; or ": 25, "\n": 20, "; ": 18, ": ": 8, ", ": 1}
"""Where texts are split into parts that are told each for itself: in this order, and after all
forms that say so many letters themselves."""


def _says(form: Form) -> float:
    """How much of a text a form says itself."""
    (first, *more) = form.pieces
    return sum(map(len, form.pieces)) if more else SPLIT.get(first, len(first))


def _form(text: str) -> Form:
    pieces = HOLE.split(text)[::2]
    pattern = "(.*?)".join(map(re.escape, pieces))
    bare = not any(map(str.isalpha, "".join(pieces)))
    seam = pieces[1] if len(pieces) == 3 and not pieces[0] and not pieces[2] and bare else ""
    return Form(text, tuple(filter(None, pieces)), re.compile(pattern, re.DOTALL), bare, seam)
