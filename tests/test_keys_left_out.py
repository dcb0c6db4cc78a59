"""Keys that no query of a block may attend are left out, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks
from attn_cli.mechanisms import biases
from attn_cli.mechanisms.normalizers import NORMALIZERS, normalizer
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks, edges, kernel, rows
from tests.programs import SCORED, normal, program_of, with_parameters

N, M = 23, 31

EACH = {
    "causal": masks.causal(),
    "causal, moved": masks.causal(5),
    "by batch row": masks.causal((0, 9)),
    "window": masks.window(4),
    "right and left": masks.right(2) & masks.left(6),
    "local-m": masks.local_m(3),
    "lengths": masks.lengths([9, 20]),
    "prefix": masks.prefix(7),
    "block": masks.block(5),
    "dilation": masks.dilation(3),
    "stride": masks.stride(4),
    "log-sparse": masks.log_sparse(),
    "global": masks.global_tokens([2, 11]),
    "documents": masks.documents([0] * 10 + [1] * 8 + [0] * 4 + [2] * 9),
    "random": masks.random_blocks(4, 2, 0, M),
    "neighbourhood": masks.neighbourhood(6, 1),
    "opposite": ~masks.causal(),
    "no key at all": masks.causal(-30) & masks.causal(),
    "a table": masks.given(normal(4, 1, 1, N, M) > 0.5, "given"),
}

SIMPLE = st.sampled_from([*EACH.values()])
JOINED = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a: ~a, inner),
    ),
    max_leaves=4,
)
"""Masks and what they make together."""


@pytest.fixture(autouse=True)
def fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave keys out one by one, so that small arrays show it."""
    monkeypatch.setattr(edges, "GRAIN", 1)


@given(JOINED, st.integers(0, N - 1), st.integers(0, N - 1))
def test_every_allowed_key_lies_in_the_span(mask: masks.Mask, one: int, other: int) -> None:
    """Whatever is combined, no key that some query may attend is left out."""
    first, last = min(one, other), max(one, other)
    low, high = mask.spans(first, last)
    for query in range(first, last + 1):
        for key in range(M):
            if any(mask.allows(query, key, row, 0) for row in (0, 1)):
                assert low is None or low <= key
                assert high is None or key <= high


def arrays() -> dict[str, np.ndarray]:
    """Two batch rows of two heads, sizes that all differ."""
    return {"q": normal(0, 2, 2, N, 4), "k": normal(1, 2, 2, M, 4), "v": normal(2, 2, 2, M, 3)}


def both(mode: str, **how: object) -> tuple[dict[str, np.ndarray], blocks.Blocked]:
    """A run as a whole, and in blocks of a few queries."""
    program = program_of(mode, arrays(), **how)
    held = with_parameters(program, arrays())
    held |= {name: held[name] % 1 for name in ("uniform",) if name in held}
    made = blocks.evaluate_blocks(program, held, block_bytes=1, workers=2)
    return evaluate(program, held), made


@pytest.mark.parametrize("mode", SCORED)
@pytest.mark.parametrize("name", EACH)
def test_modes_give_the_same(mode: str, name: str) -> None:
    """Every mode, every mask: the output and the keys of each query are those of the whole."""
    whole, made = both(mode, mask=EACH[name])
    np.testing.assert_allclose(made.arrays["output"], whole["output"], atol=1e-12)
    counted = np.count_nonzero(whole["mask"], axis=-1)
    np.testing.assert_array_equal(made.keys, counted)


@pytest.mark.parametrize("name", [one.name for one in NORMALIZERS])
def test_normalizers_give_the_same(name: str) -> None:
    """Every normalizer, where some rows have few keys and some none."""
    mask = masks.causal(-2) & masks.window(5)
    whole, made = both("scaled", mask=mask, normalizer=normalizer(name))
    np.testing.assert_allclose(made.arrays["output"], whole["output"], atol=1e-12)


@pytest.mark.parametrize("bias", [biases.alibi(), biases.t5(), biases.relative(3)])
def test_biases_give_the_same(bias: biases.Bias) -> None:
    """A bias knows its keys by their positions, also where the first ones are left out."""
    whole, made = both("scaled", mask=masks.window(5, 8), bias=bias)
    np.testing.assert_allclose(made.arrays["output"], whole["output"], atol=1e-12)


def test_predicted_windows_give_the_same() -> None:
    """Local-p within a causal mask."""
    whole, made = both("scaled", mask=masks.causal(8), local_p=3)
    np.testing.assert_allclose(made.arrays["output"], whole["output"], atol=1e-12)


def test_work_is_that_of_the_keys_in_reach() -> None:
    """Of a window only its keys are computed; of a causal mask about half of all."""
    program = program_of("scaled", arrays(), mask=masks.window(4))
    parts = rows.split(program)
    assert parts is not None
    seen = [kernel.keys_seen(program, parts.by_rows, first, first) for first in range(N)]
    assert [len(keys) for keys in seen] == [min(first + 1, 4) for first in range(N)]
    causal = program_of("scaled", arrays(), mask=masks.causal())
    parts = rows.split(causal)
    assert parts is not None
    count = sum(len(kernel.keys_seen(causal, parts.by_rows, first, first)) for first in range(N))
    assert count == N * (N + 1) // 2


def test_a_block_without_a_key_keeps_one() -> None:
    """Rows of nothing are computed as rows of masked keys: 0, and never NaN."""
    _, made = both("scaled", mask=masks.window(2, 40))
    assert not made.arrays["output"].any()
    np.testing.assert_array_equal(made.keys, 0)


@given(JOINED, st.integers(0, N - 1), st.integers(0, N - 1))
def test_every_key_that_is_covered_is_allowed(mask: masks.Mask, one: int, other: int) -> None:
    """Keys between the edges may be attended by every query of the block."""
    first, last = min(one, other), max(one, other)
    low, high = mask.covers(first, last)
    start = 0 if low is None else max(low, 0)
    stop = M if high is None else min(high + 1, M)
    for query in range(first, last + 1):
        for key in range(start, stop):
            assert all(mask.allows(query, key, row, 0) for row in (0, 1))
