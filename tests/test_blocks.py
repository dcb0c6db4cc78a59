"""Blocks of queries: the same output, without the scores."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks
from attn_cli.program import Program, Sizes
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks, rows
from attn_cli.transforms.chains import chain_of
from tests.programs import SCORED, Arrays, normal, program_of, with_parameters

MODES = SCORED

CASES: dict[str, tuple[Arrays, dict]] = {
    "plain": (
        {"q": normal(0, 13, 4), "k": normal(1, 9, 4), "v": normal(2, 9, 3)},
        {},
    ),
    "grouped, causal, padded": (
        {"q": normal(0, 2, 6, 13, 4), "k": normal(1, 2, 2, 9, 4), "v": normal(2, 2, 2, 9, 3)},
        {"mask": masks.causal(-1) & masks.lengths([4, 9])},
    ),
    "self-attention with W_O": (
        {
            "x": normal(0, 2, 11, 6),
            "w_q": normal(1, 6, 6),
            "w_k": normal(2, 6, 2),
            "w_v": normal(3, 6, 2),
            "w_o": normal(4, 6, 5),
        },
        {"heads": 3, "kv_heads": 1},
    ),
    "softcapped, biased, masked by a table": (
        {"q": normal(0, 13, 4), "k": normal(1, 9, 4), "v": normal(2, 9, 3)}
        | {"bias": normal(3, 13, 9)},
        {"softcap": 1.5, "mask": masks.given(normal(4, 1, 1, 13, 9) > 0, "given")},
    ),
    "a negative scale": (
        {"q": normal(0, 13, 4), "k": normal(1, 9, 4), "v": normal(2, 9, 3)},
        {"scale": -2.0, "mask": masks.causal()},
    ),
    "large scores": (
        {"q": 1e3 * normal(0, 13, 4), "k": normal(1, 9, 4), "v": normal(2, 9, 3)},
        {},
    ),
    "small scores": (
        {"q": normal(0, 13, 4), "k": normal(1, 9, 4) - 1e4, "v": normal(2, 9, 3)},
        {"scale": 1.0},
    ),
    "a cache": (
        {"q": normal(0, 8, 4), "k": normal(1, 8, 4), "v": normal(2, 8, 3)}
        | {"past_k": normal(3, 5, 4), "past_v": normal(4, 5, 3)},
        {"mask": masks.causal(5)},
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_equal_the_whole(case: str, mode: str, workers: int) -> None:
    """Blocks of a few queries give the output of the whole to 1e-12, empty rows included.

    Rounding a score of s changes e^s by s · 2⁻⁵³ of it, so scores of 10⁵ allow no more than 10⁻¹¹.
    """
    arrays, chosen = CASES[case]
    program = program_of(mode, arrays, **chosen)
    arrays = with_parameters(program, arrays)
    every = evaluate(program, arrays)
    whole, largest = every["output"], np.abs(every["scores"]).max()
    found = blocks.evaluate_blocks(program, arrays, workers=workers, block_bytes=700).arrays[
        "output"
    ]
    allowed = max(1e-12, largest * 2**-52)
    assert np.abs(found - whole).max() <= allowed * np.abs(whole).max()


@pytest.mark.parametrize("case", CASES)
def test_some_rows_are_the_whole_rows(case: str) -> None:
    """Computing three queries alone gives the very rows of the whole, at every step."""
    arrays, chosen = CASES[case]
    program = program_of("scaled", arrays, **chosen)
    parts = rows.split(program)
    assert parts is not None
    queries = np.array([0, 4, 7])
    whole = evaluate(program, arrays)
    once = rows.evaluate_once(program, parts, arrays)
    for name, found in rows.evaluate_rows(program, parts, once, queries).items():
        axes = program[name].axes
        expected = np.take(whole[name], queries, axis=axes.index("n")) if "n" in axes else None
        assert expected is not None
        assert np.allclose(found, expected, rtol=1e-13, atol=1e-13, equal_nan=True)


def test_rows_that_depend_on_each_other_are_told_by_their_axes() -> None:
    """A softmax over the queries can't go by blocks of queries."""
    sizes = Sizes()
    for axis, size in (("n", 4), ("m", 5), ("d", 3)):
        sizes.bind(axis, size, "test")
    p = Program(sizes)
    q, k = p.input(("n", "d"), name="q"), p.input(("m", "d"), name="k")
    scores = p.contract("... n d, ... m d -> ... n m", q, k, name="scores")
    p.softmax(scores, over="n", name="weights")
    assert rows.split(p) is None
    with pytest.raises(ValueError, match="rows depend on each other"):
        blocks.evaluate_blocks(p, {"q": normal(0, 4, 3), "k": normal(1, 5, 3)})


@pytest.mark.parametrize("shift", [1.0, 1e4], ids=["no largest score taken off", "online"])
@given(seed=st.integers(0, 50), scale=st.sampled_from([0.3, -2.0]), tile=st.sampled_from([16, 300]))
def test_tiles_equal_the_whole(shift: float, seed: int, scale: float, tile: int) -> None:
    """Tiles of few keys give the output of all at once, by rounding; large scores stay finite."""
    arrays = {"q": normal(seed, 5, 3), "k": normal(seed + 1, 13, 3), "v": normal(seed + 2, 13, 2)}
    arrays["q"][2] *= shift
    program = program_of("scaled", arrays, scale=scale, mask=masks.causal(3))
    assert chain_of(program) is not None
    found = blocks.evaluate_blocks(program, arrays, block_bytes=tile).arrays["output"]
    whole = evaluate(program, arrays)["output"]
    assert np.allclose(found, whole, rtol=1e-13 * shift, atol=1e-15 * shift)


def test_memory_grows_with_the_block_and_not_with_the_scores() -> None:
    """At n = m = 3,000 the scores would take 72 MB; blocks of 1 MB stay below a fourth."""
    n = 3000
    arrays = {"q": normal(0, n, 4), "k": normal(1, n, 4), "v": normal(2, n, 4)}
    program = program_of("scaled", arrays, mask=masks.causal())
    tracemalloc.start()
    blocks.evaluate_blocks(program, arrays, workers=1, block_bytes=2**20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * n * n / 4


def test_progress_is_told_to_the_end() -> None:
    """Advance is called with the tiles done so far, up to all of them."""
    arrays, chosen = CASES["plain"]
    told: list[tuple[int, int]] = []
    blocks.evaluate_blocks(
        program_of("scaled", arrays, **chosen),
        arrays,
        block_bytes=300,
        advance=lambda done, total: told.append((done, total)),
    )
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 1


def test_every_place_of_a_batch_and_of_heads_is_computed() -> None:
    """Few queries and many heads, and one query alone: all outputs are those of the whole."""
    for n in (1, 2, 7):
        q, k, v = normal(0, 3, 6, n, 4), normal(1, 3, 2, 11, 4), normal(2, 3, 2, 11, 5)
        program = program_of("scaled", {"q": q, "k": k, "v": v}, mask=masks.lengths([11, 4, 0]))
        arrays = {"q": q, "k": k, "v": v}
        found = blocks.evaluate_blocks(program, arrays, workers=3)
        whole = evaluate(program, arrays)
        assert np.allclose(found.arrays["output"], whole["output"], atol=1e-13)
        assert np.array_equal(found.keys, np.count_nonzero(whole["mask"], axis=-1))
