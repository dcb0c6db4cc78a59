"""Masks as people write them: `causal & window(3) | global(0)`.

~ binds closer than &, and & closer than |. Nothing of the text is ever evaluated: a name is
looked up in the catalogue, a number is read as a whole number, all else is refused.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from attn_cli.errors import AttnError, caret
from attn_cli.masks.catalogue import FARTHEST, KINDS, Board, Kind
from attn_cli.masks.mask import Mask

LONGEST, DEEPEST, MOST_MASKS, MOST_DIGITS = 200_000, 50, 200, 15
TOKEN = re.compile(r"\s*(?P<token>[A-Za-z][\w-]*|-?\d+|\S)")
OPERATORS = "Combine masks by & (and) | (or) ~ (not) and brackets."


class Catalogue(NamedTuple):
    """What names may stand in an expression: what they are, which there are, a line of advice."""

    noun: str
    plural: str
    kinds: tuple[Kind, ...]
    more: str = ""

    def find(self, name: str) -> Kind | None:
        """Find a kind by name; _ stands for - too."""
        return next((kind for kind in self.kinds if kind.name == name.replace("_", "-")), None)


MASKS = Catalogue("mask", "masks", KINDS, OPERATORS)


class Call(NamedTuple):
    """One mask of the catalogue with its numbers, and where it stands in the text."""

    kind: Kind
    numbers: tuple[int, ...]
    offset: int | None
    at: int


class Joined(NamedTuple):
    """Two masks and the operator between them."""

    operator: str
    left: "Node"
    right: "Node"


class Inverted(NamedTuple):
    """All pairs that a mask does not keep."""

    inner: "Node"


Node = Call | Joined | Inverted

Build = Callable[[Call, Board], Mask]
"""Makes one mask of the catalogue on a board."""


def _usual(call: Call, board: Board) -> Mask:
    mask: Mask = call.kind.build(board, *call.numbers)
    return mask


class Expression(NamedTuple):
    """An expression that was read; it becomes a mask where the sizes are known."""

    text: str
    option: str
    root: "Node"

    def on(self, board: Board, build: Build | None = None) -> Mask:
        """The mask on a board; build makes each of its parts, where it is another than usual.

        Raises AttnError, with a caret, for numbers that the board has no room for.
        """
        return self._built(self.root, board, build or _usual)

    def calls(self) -> Iterator[Call]:
        """Every mask in it."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Call):
                yield node
            else:
                waiting += [node.inner] if isinstance(node, Inverted) else [node.left, node.right]

    def _built(self, node: Node, board: Board, build: Build) -> Mask:
        if isinstance(node, Inverted):
            return ~self._built(node.inner, board, build)
        if isinstance(node, Joined):
            left, right = (self._built(one, board, build) for one in (node.left, node.right))
            return left & right if node.operator == "&" else left | right
        if node.offset is not None:
            board = board._replace(offset=node.offset)
        try:
            return build(node, board)
        except AttnError as error:
            message = f"{self.option}: {error}"
            raise AttnError(_pointed(message, self.text, node.at, MASKS)) from None


def read(text: str, option: str) -> Expression:
    """Read an expression.

    Raises AttnError with a caret under what is wrong, and the list of masks.
    """
    reader = Reader(text, option, MASKS)
    root = reader.either()
    reader.finish()
    return Expression(text, option, root)


def read_call(text: str, option: str, known: Catalogue) -> Call:
    """Read one name with its numbers, such as `t5(32, 128)`.

    Raises AttnError with a caret under what is wrong, and the list of what is known.
    """
    reader = Reader(text, option, known)
    call = reader.call()
    reader.finish()
    return call


class Reader:
    """Reads from left to right; `token` is what comes next, and empty at the end."""

    def __init__(self, text: str, option: str, known: Catalogue) -> None:
        if len(text) > LONGEST:
            raise AttnError(f"{option}: an expression has at most {LONGEST:,} signs.")
        self.text = text
        self.option = option
        self.known = known
        self.depth = self.count = 0
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
        """An error that points at a place: at the next token where none is given."""
        message = f"{self.option}: {problem}"
        return AttnError(_pointed(message, self.text, self.at if at is None else at, self.known))

    def finish(self) -> None:
        """Raise AttnError where anything is left."""
        if self.token:
            raise self.wrong("this does not belong here.")

    def either(self) -> "Node":
        """Masks joined by |."""
        node = self.both()
        while self.token == "|":
            self.next()
            node = Joined("|", node, self.both())
        return node

    def both(self) -> "Node":
        """Masks joined by &."""
        node = self.one()
        while self.token == "&":
            self.next()
            node = Joined("&", node, self.one())
        return node

    def one(self) -> "Node":
        """A mask, one in brackets, or the opposite of one."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} levels of ( ) and ~ can't be read.")
        node = self._inner()
        self.depth -= 1
        return node

    def _inner(self) -> "Node":
        if self.token == "~":
            self.next()
            return Inverted(self.one())
        if self.token != "(":
            return self.call()
        opened = self.at
        self.next()
        node = self.either()
        if self.token != ")":
            raise self.wrong("this bracket is never closed.", opened)
        self.next()
        return node

    def call(self) -> Call:
        """A name with its numbers."""
        if not self.token[:1].isalpha():
            raise self.wrong(f"a {self.known.noun} has to stand here.")
        at, name = self.at, self.next()
        self.count += 1
        if self.count > MOST_MASKS:
            raise self.wrong(f"more than {MOST_MASKS} masks can't be combined.", at)
        kind = self.known.find(name)
        if kind is None:
            from difflib import get_close_matches

            near = get_close_matches(name, [k.name for k in self.known.kinds], n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise self.wrong(f"there is no {self.known.noun} {name!r}.{hint}", at)
        numbers, offset = self._arguments(kind) if self.token == "(" else ((), None)
        try:
            return Call(kind, kind.filled(numbers), offset, at)
        except AttnError as error:
            raise self.wrong(str(error), at) from None

    def _arguments(self, kind: Kind) -> tuple[tuple[int, ...], int | None]:
        """Numbers in brackets, in order or by name, and the offset if there is one."""
        numbers: list[int] = []
        offset = None
        named = False
        self.next()
        while self.token != ")":
            if self.token[:1].isalpha():
                name = self._name(kind, len(numbers), offset is not None)
                named = True
                if name == "offset":
                    offset = self._offset()
                else:
                    numbers.append(self._number())
            elif named:
                raise self.wrong("numbers without a name stand before those with one.")
            else:
                numbers.append(self._number())
            if self.token not in (",", ")"):
                raise self.wrong("a comma or the closing bracket has to stand here.")
            if self.token == ",":
                self.next()
        self.next()
        return tuple(numbers), offset

    def _name(self, kind: Kind, count: int, has_offset: bool) -> str:
        """Take `seed=`: the name of the next parameter, or offset."""
        at, name = self.at, self.next()
        due = [parameter.name for parameter in kind.parameters[count : count + 1]]
        known = [*due, *(["offset"] if kind.placed and not has_offset else [])]
        if name not in known or self.token != "=":
            allowed = f"; known here: {', '.join(f'{k}=' for k in known)}" if known else ""
            raise self.wrong(f"{kind.signature} has no {name}= here{allowed}.", at)
        self.next()
        return name

    def _offset(self) -> int:
        at, number = self.at, self._number()
        if abs(number) > FARTHEST:
            raise self.wrong("this offset is beyond every array.", at)
        return number

    def _number(self) -> int:
        digits = self.token.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise self.wrong("a whole number has to stand here.")
        if len(digits) > MOST_DIGITS:
            raise self.wrong("this number is beyond every array.")
        return int(self.next())


def _pointed(message: str, text: str, at: int, known: Catalogue) -> str:
    names = ", ".join(kind.signature for kind in known.kinds)
    lines = [message, caret(text, at), f"{known.plural.capitalize()}: {names}.", known.more]
    return "\n".join(line for line in lines if line)
