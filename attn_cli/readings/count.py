"""What operations are counted over: sizes, and of the pairs those that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from attn_cli.program import Size, Sizes


class Count(NamedTuple):
    """What is counted over: axis sizes, the pairs that are kept, the queries that keep any.

    None counts every pair and every query, masked ones too. along: axes beside n and m that
    pairs and rows are already summed over, since the mask differs along them.
    """

    sizes: Sizes
    pairs: Size | None = None
    rows: Size | None = None
    along: frozenset[str] = frozenset()

    def over(self, axes: Iterable[str]) -> Size:
        """How many entries an array with these axes has; of n × m entries those kept."""
        atoms = dict.fromkeys(self.sizes.atoms(axes))
        if self.pairs is not None and "n" in atoms and "m" in atoms:
            return self.pairs * self._rest(atoms, {"n", "m"})
        return prod(self.sizes[atom] for atom in atoms)

    def over_rows(self, axes: Iterable[str]) -> Size:
        """How many rows with these axes keep an entry."""
        atoms = dict.fromkeys(self.sizes.atoms(axes))
        if self.rows is None or "n" not in atoms:
            return self.over(atoms)
        return self.rows * self._rest(atoms, {"n"})

    def _rest(self, atoms: Iterable[str], counted: set[str]) -> Size:
        return prod(self.sizes[atom] for atom in atoms if atom not in counted | self.along)
