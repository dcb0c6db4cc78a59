"""Masks as people write them: `causal & window(3) | global(0)`.

~ binds closer than &, and & closer than |. Nothing of the text is ever evaluated: a name is
looked up in the catalogue, a number is read as a whole number, all else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from attn_cli.errors import AttnError, caret
from attn_cli.masks.catalogue import KINDS, Board, Kind, kind_of
from attn_cli.masks.mask import Mask

LONGEST, DEEPEST, MOST_DIGITS = 200_000, 50, 15
TOKEN = re.compile(r"\s*(?P<token>[A-Za-z][\w-]*|-?\d+|\S)")
OPERATORS = "Combine masks by & | ~ ( )."


class Call(NamedTuple):
    """One mask of the catalogue with its numbers, and where it stands in the text."""

    kind: Kind
    numbers: tuple[int, ...]
    offset: int | None
    at: int


class Joined(NamedTuple):
    """Two masks and the operator between them."""

    operator: str
    left: Node
    right: Node


class Inverted(NamedTuple):
    """All pairs that a mask does not keep."""

    inner: Node


Node = Call | Joined | Inverted


class Expression(NamedTuple):
    """An expression that was read; it becomes a mask where the sizes are known."""

    text: str
    option: str
    root: Node

    def on(self, board: Board) -> Mask:
        """The mask on a board.

        Raises AttnError, with a caret, for numbers that the board has no room for.
        """
        return self._built(self.root, board)

    def calls(self) -> Iterator[Call]:
        """Every mask in it."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Call):
                yield node
            else:
                waiting += node[1:] if isinstance(node, Joined) else node

    def _built(self, node: Node, board: Board) -> Mask:
        if isinstance(node, Inverted):
            return ~self._built(node.inner, board)
        if isinstance(node, Joined):
            left, right = self._built(node.left, board), self._built(node.right, board)
            return left & right if node.operator == "&" else left | right
        if node.offset is not None:
            board = board._replace(offset=node.offset)
        try:
            return node.kind.build(board, *node.numbers)
        except AttnError as error:
            raise AttnError(_pointed(f"{self.option}: {error}", self.text, node.at)) from None


def read(text: str, option: str) -> Expression:
    """Read an expression.

    Raises AttnError with a caret under what is wrong, and the list of masks.
    """
    if len(text) > LONGEST:
        raise AttnError(f"{option}: an expression has at most {LONGEST:,} signs.")
    reader = _Reader(text, option)
    root = reader.either()
    if reader.token:
        raise reader.wrong("this does not belong here.")
    return Expression(text, option, root)


class _Reader:
    """Reads from left to right; `token` is what comes next, and empty at the end."""

    def __init__(self, text: str, option: str) -> None:
        self.text = text
        self.option = option
        self.depth = 0
        self.token, self.at, self.end = "", 0, 0
        self.next()

    def next(self) -> str:
        """Take a token, and look at the one behind it."""
        taken = self.token
        found = TOKEN.match(self.text, self.end)
        self.token = found["token"] if found else ""
        self.at = found.start("token") if found else len(self.text)
        self.end = found.end() if found else len(self.text) + 1
        return taken

    def wrong(self, problem: str, at: int | None = None) -> AttnError:
        message = f"{self.option}: {problem}"
        return AttnError(_pointed(message, self.text, self.at if at is None else at))

    def either(self) -> Node:
        node = self.both()
        while self.token == "|":
            self.next()
            node = Joined("|", node, self.both())
        return node

    def both(self) -> Node:
        node = self.one()
        while self.token == "&":
            self.next()
            node = Joined("&", node, self.one())
        return node

    def one(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} levels of ( ) and ~ can't be read.")
        node = self._inner()
        self.depth -= 1
        return node

    def _inner(self) -> Node:
        if self.token == "~":
            self.next()
            return Inverted(self.one())
        if self.token == "(":
            opened = self.at
            self.next()
            node = self.either()
            if self.token != ")":
                raise self.wrong("this bracket is never closed.", opened)
            self.next()
            return node
        if not self.token[:1].isalpha():
            raise self.wrong("a mask has to stand here.")
        return self.call()

    def call(self) -> Call:
        at, name = self.at, self.next()
        kind = kind_of(name)
        if kind is None:
            near = get_close_matches(name, [kind.name for kind in KINDS], n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise self.wrong(f"there is no mask {name!r}.{hint}", at)
        numbers: list[int] = []
        named: dict[str, int] = {}
        if self.token == "(":
            self.next()
            while self.token != ")":
                self.argument(kind, numbers, named)
                if self.token not in (",", ")"):
                    raise self.wrong("a comma or the closing bracket has to stand here.")
                if self.token == ",":
                    self.next()
            self.next()
        offset = named.pop("offset", None)
        try:
            return Call(kind, kind.filled((*numbers, *named.values())), offset, at)
        except AttnError as error:
            raise self.wrong(str(error), at) from None

    def argument(self, kind: Kind, numbers: list[int], named: dict[str, int]) -> None:
        """Read `3` or `seed=3`; named ones come in the order of the parameters."""
        if self.token[:1].isalpha():
            at, name = self.at, self.next()
            due = [p.name for p in kind.parameters[len(numbers) + len(named) :]]
            known = [*due[:1], *(["offset"] if kind.placed and "offset" not in named else [])]
            if name not in known or self.token != "=":
                allowed = f"; known here: {', '.join(f'{k}=' for k in known)}" if known else ""
                raise self.wrong(f"{kind.signature} has no {name}= here{allowed}.", at)
            self.next()
            named[name] = self.number()
        elif named:
            raise self.wrong("numbers without a name stand before those with one.")
        else:
            numbers.append(self.number())

    def number(self) -> int:
        digits = self.token.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise self.wrong("a whole number has to stand here.")
        if len(digits) > MOST_DIGITS:
            raise self.wrong("this number is beyond every array.")
        return int(self.next())


def _pointed(message: str, text: str, at: int) -> str:
    known = ", ".join(kind.signature for kind in KINDS)
    return f"{message}\n{caret(text, at)}\nMasks: {known}.\n{OPERATORS}"
