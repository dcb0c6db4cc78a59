"""Every mask there is, with the numbers it takes: what expressions and options are read by."""

from collections.abc import Callable
from typing import Any, NamedTuple

from attn_cli.errors import AttnError
from attn_cli.masks import patterns, rules
from attn_cli.masks.mask import Mask
from attn_cli.masks.placed import Offset

FARTHEST = 2**29
"""Numbers beyond are beyond every array; sums of three still fit into 32 bits."""


class Board(NamedTuple):
    """Where a mask stands: n queries, m keys, batch rows; query i is at position i + offset."""

    n: int
    m: int
    offset: Offset = 0
    batch: int = 1


class Parameter(NamedTuple):
    """A whole number that a mask takes: its least value, its usual one if any, its largest."""

    name: str
    least: int
    usual: int | None = None
    most: int = FARTHEST


class Kind(NamedTuple):
    """What is written as a name with numbers: a mask of the catalogue, or a bias.

    build makes it from its numbers, a mask's from a board before them; it raises AttnError for
    numbers that don't fit.
    many: the last parameter may be given any number of times. placed: it moves with an offset.
    """

    name: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., Any]
    says: str
    source: str
    many: bool = False
    placed: bool = True

    @property
    def signature(self) -> str:
        """How it is written: window(w)."""
        names = [p.name if p.usual is None else f"{p.name}={p.usual}" for p in self.parameters] + [
            "…"
        ] * self.many
        return f"{self.name}({', '.join(names)})" if names else self.name

    def filled(self, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """All its numbers, usual ones where they are left out.

        Raises AttnError where there are too many or too few, or one is too small or too large.
        """
        usual = tuple(p.usual for p in self.parameters[len(numbers) :] if p.usual is not None)
        short = len(numbers) + len(usual) < len(self.parameters)
        if short or (len(numbers) > len(self.parameters) and not self.many):
            wanted = f"{self.signature} takes {self._count()}"
            if not numbers:
                raise AttnError(f"{wanted}, and none is given.")
            raise AttnError(f"{wanted}, not {len(numbers)}.")
        taken = [*self.parameters, *self.parameters[-1:] * (len(numbers) - len(self.parameters))]
        for parameter, number in zip(taken, numbers, strict=False):
            if not parameter.least <= number <= parameter.most:
                bound = "at least" if number < parameter.least else "at most"
                limit = parameter.least if number < parameter.least else parameter.most
                raise AttnError(
                    f"{self.signature}: {parameter.name} is {bound} {limit}, not {number}."
                )
        return (*numbers, *usual)

    def _count(self) -> str:
        least = sum(parameter.usual is None for parameter in self.parameters)
        if self.many:
            return "one whole number or more"
        if not self.parameters:
            return "no number"
        most = len(self.parameters)
        count = f"{least}" if least == most else f"{least} to {most}"
        return f"{count} whole number{'s' if most > 1 else ''}"


def _lengths(board: Board, *counts: int) -> Mask:
    if len(counts) not in (1, board.batch):
        raise AttnError(
            f"{len(counts)} lengths for a batch of {board.batch}; give one for all batch "
            f"rows, or one for each (‹batch {len(counts)}›)."
        )
    if not all(count <= board.m for count in counts):
        raise AttnError(f"every length must be between 0 and the {board.m} keys there are.")
    return rules.lengths(counts)


def _prefix(board: Board, count: int) -> Mask:
    if count > board.m:
        raise AttnError(f"a prefix of {count} is longer than the {board.m} keys there are.")
    return rules.prefix(count, board.offset)


def _global(board: Board, *tokens: int) -> Mask:
    missing = [token for token in tokens if token >= board.m]
    if missing:
        raise AttnError(
            f"there is no token {missing[0]}: keys are counted from 0 to {board.m - 1}."
        )
    return patterns.global_tokens(tokens, board.offset)


def _documents(board: Board, *ids: int) -> Mask:
    if len(ids) != board.m:
        raise AttnError(f"{len(ids)} documents' numbers for {board.m} keys; each key needs one.")
    return patterns.documents(ids, board.offset)


def _random(board: Board, size: int, count: int, seed: int) -> Mask:
    blocks = -(-board.m // size)
    if count > blocks:
        raise AttnError(f"{count} of {blocks} blocks of {size} keys can't be chosen.")
    return patterns.random_blocks(size, count, seed, board.m, board.offset)


KINDS = (
    Kind(
        "causal",
        (),
        lambda board: rules.causal(board.offset),
        "keys up to the query's own",
        "Vaswani 2017, section 3.2.3",
    ),
    Kind(
        "window",
        (Parameter("w", 1),),
        lambda board, width: rules.window(width, board.offset),
        "the last w keys, the query's own included, looking back only",
        "Beltagy 2020, section 3.1",
    ),
    Kind(
        "left",
        (Parameter("count", 0),),
        lambda board, count: rules.left(count, board.offset),
        "at most count keys before the query's own",
        "flash-attn 2.3, window_size",
    ),
    Kind(
        "right",
        (Parameter("count", 0),),
        lambda board, count: rules.right(count, board.offset),
        "at most count keys after the query's own",
        "flash-attn 2.3, window_size",
    ),
    Kind(
        "lengths",
        (Parameter("length", 0),),
        _lengths,
        "the first keys are real, the rest is padding; one length, or one for each batch row",
        "common practice",
        many=True,
        placed=False,
    ),
    Kind(
        "prefix",
        (Parameter("count", 0),),
        _prefix,
        "the first count keys for all, causal beyond",
        "Raffel 2020, section 3.2.1",
    ),
    Kind(
        "block",
        (Parameter("size", 1),),
        lambda board, size: patterns.block(size, board.offset),
        "the keys of the query's own block",
        "Liu 2018, section 4.2.4",
    ),
    Kind(
        "dilation",
        (Parameter("step", 1),),
        lambda board, step: patterns.dilation(step, board.offset),
        "keys at distances that step divides",
        "Beltagy 2020, section 3.1",
    ),
    Kind(
        "stride",
        (Parameter("length", 1),),
        lambda board, length: patterns.stride(length, board.offset),
        "the last length keys, and every length-th before",
        "Child 2019, section 4.3",
    ),
    Kind(
        "log-sparse",
        (),
        lambda board: patterns.log_sparse(board.offset),
        "the query's own key and those 1, 2, 4, 8 … before",
        "Li 2019, section 4.2",
    ),
    Kind(
        "global",
        (Parameter("token", 0),),
        _global,
        "these tokens attend all and are attended by all",
        "Beltagy 2020, section 3.1",
        many=True,
    ),
    Kind(
        "random",
        (Parameter("size", 1), Parameter("count", 1, most=64), Parameter("seed", 0, 0)),
        _random,
        "for each block of size queries, count random blocks of as many keys",
        "Zaheer 2020, section 2",
    ),
    Kind(
        "documents",
        (Parameter("id", 0),),
        _documents,
        "keys of the query's own document; one id for each key",
        "Krell 2021",
        many=True,
    ),
    Kind(
        "neighbourhood",
        (Parameter("width", 1), Parameter("reach", 0)),
        lambda board, width, reach: patterns.neighbourhood(width, reach, board.offset),
        "in an image of this width, keys at most reach rows and columns away",
        "Ramachandran 2019, section 2.2",
    ),
    Kind(
        "local-m",
        (Parameter("reach", 0),),
        lambda board, reach: rules.local_m(reach, board.offset),
        "keys at most reach away on either side",
        "Luong 2015, section 3.2",
    ),
)
