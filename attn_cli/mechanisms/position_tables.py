"""Tables of positions: distances, angles, waves; queries stand where an offset places them."""

from __future__ import annotations

from typing import Any, NamedTuple

from attn_cli.masks.mask import moved
from attn_cli.masks.placed import Offset, looked_up
from attn_cli.program import Axes, Size, Table


class Placing(NamedTuple):
    """Row i of an axis is at position i + offset; one offset, or one for each batch row.

    A letter for an offset is enough for a cost.
    """

    offset: Offset | Size = 0
    letter: str = "i"

    @property
    def axes(self) -> Axes:
        """Axes that positions differ along, beside that of the rows."""
        return ("b",) if isinstance(self.offset, tuple) else ()

    @property
    def written(self) -> str:
        """A row's position in a formula."""
        if isinstance(self.offset, tuple):
            return "p"
        if not self.offset:
            return self.letter
        known = isinstance(self.offset, int)
        return moved(self.letter, self.offset) if known else f"{self.letter}+{self.offset}"

    @property
    def factor(self) -> str:
        """A row's position inside a product: in brackets where it is a sum."""
        return f"({self.written})" if len(self.written) > 1 else self.written

    def at(self, *places: Any) -> tuple[Any, ...]:
        """The position that a row is at, then what else there is to a place."""
        if isinstance(self.offset, tuple):
            batch, row, *rest = places
            return (row + looked_up(self.offset.__getitem__, batch), *rest)
        row, *rest = places
        return (row + self.offset, *rest)


def distances(queries: Placing) -> Table:
    """−|position − j|: how far a key is away, as a number to subtract."""

    def number(maths: Any, *places: Any) -> Any:
        p, j = queries.at(*places)
        return -abs(p - j)

    return Table(
        f"-|{queries.written} - j|",
        f"-|{queries.written} - j|",
        number,
        lambda *places: "-|{} - {}|".format(*queries.at(*places)),
        price=2,
    )


def angles(rows: Placing, base: float, width: Any) -> Table:
    """The angle of pair c, position / base^(2c / width) (Su 2021, equation 15)."""

    def number(maths: Any, *places: Any) -> Any:
        p, c = rows.at(*places)
        return p * base ** (-2 * c / width)

    wide = _factor(width)
    return Table(
        f"{rows.factor} / {base:g}^(2c/{wide})",
        rf"{rows.factor} / {base:g}^{{2c/{wide}}}",
        number,
        lambda *places: "{} / {:g}^({}/{})".format(*_with(rows.at(*places), base, width)),
        price=1,
    )


def waves(rows: Placing, base: float, width: Any) -> Table:
    """Sine and cosine of the same angle in columns 2c and 2c + 1 (Vaswani 2017, section 3.5)."""

    def number(maths: Any, *places: Any) -> Any:
        p, column = rows.at(*places)
        odd = column % 2
        angle = p * base ** (-(column - odd) / width)
        return maths.sin(angle) * (1 - odd) + maths.cos(angle) * odd

    def put_in(*places: int) -> str:
        p, column = rows.at(*places)
        name = "cos" if column % 2 else "sin"
        return f"{name}({p} / {base:g}^({column - column % 2}/{width}))"

    return Table(
        f"sin, cos of {rows.factor} / {base:g}^(2c/{width}) in columns 2c, 2c+1",
        rf"\sin, \cos \left({rows.factor} / {base:g}^{{2c/{width}}}\right)",
        number,
        put_in,
        price=2,
    )


def _factor(width: Any) -> str:
    """A width as it stands below a fraction: in brackets where it is one itself."""
    written = str(width).replace("*", " ")
    return written if written.isalnum() else f"({written})"


def _with(place: tuple[Any, ...], base: float, width: Any) -> tuple[Any, ...]:
    p, c = place
    return p, base, 2 * c, width
