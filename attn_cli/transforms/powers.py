"""The powers that an online softmax sums: of 2 or of e, whichever NumPy computes faster here.

For float32, NumPy computes both by vector instructions on a processor with AVX-512, those of 2
three times as fast; with AVX2 alone only those of e, twice as fast. Other types are alike.
"""

from __future__ import annotations

from functools import cache
from math import e, log, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.introspect import opt_func_info


class Powers(NamedTuple):
    """Powers of one base: scores times `unit` are their exponents."""

    of: np.ufunc
    unit: float

    @property
    def moderate(self) -> float:
        """Exponents up to this one, either way, have powers that may be summed in any type."""
        return 64 * log(2) * self.unit

    def least(self, kind: np.dtype[Any]) -> Any:
        """The least exponent whose power has all digits of its type."""
        return kind.type(np.finfo(kind).minexp * log(2) * self.unit)


OF_TWO, OF_E = Powers(np.exp2, log2(e)), Powers(np.exp, 1.0)


@cache
def fastest() -> Powers:
    """Powers of 2 where NumPy has vector instructions for them on this processor."""
    found = opt_func_info(func_name="^exp2$", signature="float32").get("exp2", {})
    current = [how["current"] for how in found.values()]
    by_vectors = current and not any(name.startswith("baseline") for name in current)
    return OF_TWO if by_vectors else OF_E
