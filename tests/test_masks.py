"""Masks against brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from attn_cli import masks


def table(mask: masks.Mask, n: int, m: int, batch: int = 0) -> list[list[bool]]:
    """Ask a mask about each pair, one by one."""
    return [[bool(mask.allows(i, j, batch, 0)) for j in range(m)] for i in range(n)]


@pytest.mark.parametrize(("n", "m"), list(product(range(1, 7), repeat=2)))
def test_causal(n: int, m: int) -> None:
    """Query i sees the first i + 1 + offset keys and no other."""
    for offset in range(-4, 5):
        for i, row in enumerate(table(masks.causal(offset), n, m)):
            seen = min(max(i + 1 + offset, 0), m)
            assert row == [True] * seen + [False] * (m - seen)


def test_causal_by_batch_row() -> None:
    """Each batch row has an offset of its own."""
    mask = masks.causal((0, 2))
    assert table(mask, 2, 4, batch=0) == table(masks.causal(0), 2, 4)
    assert table(mask, 2, 4, batch=1) == table(masks.causal(2), 2, 4)
    assert mask.varies == {"b"}


def test_lengths() -> None:
    """The first keys are real, the rest padding; one length holds for every batch row."""
    mask = masks.lengths([1, 3])
    assert table(mask, 1, 4, batch=0) == [[True, False, False, False]]
    assert table(mask, 1, 4, batch=1) == [[True, True, True, False]]
    assert table(masks.lengths([2]), 1, 3, batch=5) == [[True, True, False]]


def test_and() -> None:
    """Combined masks allow what both allow, and say both rules."""
    mask = masks.causal() & masks.lengths([2])
    assert table(mask, 3, 3) == [[True, False, False], [True, True, False], [True, True, False]]
    assert mask.name == "causal & lengths(2)"
    assert mask.says == "query i may attend keys 0 … i; keys from k2 on are padding"


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 4, 5), (2, 1, 1, 5), (1, 3, 4, 1)])
def test_given(shape: tuple[int, ...]) -> None:
    """A table is read cell by cell; an axis of size 1 fits any position."""
    values = np.random.default_rng(0).random(shape) > 0.5
    mask = masks.given(values, "given")
    whole = np.broadcast_to(values, (2, 3, 4, 5))
    for b, h, i, j in np.ndindex(whole.shape):
        assert mask.allows(i, j, b, h) == whole[b, h, i, j]
    assert mask.varies == {a for a, size in zip("bh", shape[:2], strict=True) if size > 1}


@pytest.mark.parametrize("offset", [0, 2, -1])
def test_the_rule_in_words(offset: int) -> None:
    """The rule says how far a query sees."""
    reach = {0: "i", 2: "i + 2", -1: "i - 1"}[offset]
    assert masks.causal(offset).says == f"query i may attend keys 0 … {reach}"


@pytest.mark.parametrize(("n", "m"), list(product(range(1, 7), repeat=2)))
def test_window(n: int, m: int) -> None:
    """Query i sees keys i + offset − width + 1 to i + offset, its own included."""
    for width, offset in product(range(1, 5), range(-2, 4)):
        found = table(masks.window(width, offset), n, m)
        for i in range(n):
            seen = [j for j in range(m) if found[i][j]]
            assert seen == [j for j in range(i + offset - width + 1, i + offset + 1) if 0 <= j < m]
