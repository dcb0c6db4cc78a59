"""Tiles of queries and keys: which are computed, and that they give what all at once gives."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from attn_cli import masks
from attn_cli.mechanisms import biases
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.program import Program, Sizes
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks, edges, online, scored, tiles
from attn_cli.transforms.chains import chain_of, pairwise_of
from tests.programs import Arrays, normal, program_of, with_parameters

MASKS = {
    "none": None,
    "causal": masks.causal(),
    "window": masks.causal() & masks.window(9),
    "far window or first keys": masks.causal() & masks.window(5) | masks.global_tokens((0, 1)),
    "documents": masks.documents([0] * 30 + [1] * 70),
    "padding": masks.lengths([20, 90]),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize(
    ("chosen", "together"),
    [({}, [[0], [1]]), ({"softcap": 3.0}, [[0, 1]])],
    ids=["products, row by row", "other scores, all rows at once"],
)
def test_only_tiles_with_a_pair_are_computed(
    chosen: dict[str, Any], together: list[list[int]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles are counted by asking for every pair: those that keep none are left out."""
    n, m, tall, wide = 96, 100, 16, 20
    computed = []
    weigh = online.Sums.weigh

    def counted(sums: online.Sums, scores: Any, dropped: Any) -> None:
        computed.append(scores.shape)
        weigh(sums, scores, dropped)

    monkeypatch.setattr(edges, "GRAIN", 1)
    for module in (tiles, scored):
        monkeypatch.setattr(module, "tile_of", lambda *_: (tall, wide))
    monkeypatch.setattr(online.Sums, "weigh", counted)
    arrays = {"q": normal(0, 2, n, 4), "k": normal(1, 2, m, 4), "v": normal(2, 2, m, 3)}
    mask = MASKS[name]
    program = program_of("scaled", arrays, mask=mask, **chosen)
    found = blocks.evaluate_blocks(program, arrays)
    assert np.allclose(found.arrays["output"], evaluate(program, arrays)["output"], atol=1e-12)
    expected = 0
    for rows in together:
        for i in range(0, n, tall):
            for j in range(0, m, wide):
                expected += any(
                    mask is None or mask.allows(query, key, row, 0)
                    for row in rows
                    for query in range(i, min(i + tall, n))
                    for key in range(j, min(j + wide, m))
                )
    assert len(computed) == expected


Q, K, V = normal(0, 13, 4), normal(1, 9, 4), normal(2, 9, 3)

GIVEN: Arrays = {"q": Q, "k": K, "v": V}


@pytest.mark.parametrize(
    ("mode", "chosen"),
    [
        ("additive", {}),
        ("concat", {}),
        ("location", {}),
        ("cosine", {}),
        ("mla", {}),
        ("scaled", {"softcap": 2.0}),
        ("scaled", {"bias": biases.alibi()}),
        ("scaled", {"bias": biases.relative(3)}),
        ("scaled", {"bias": biases.t5()}),
    ],
)
def test_scores_of_their_own_go_by_tiles(mode: str, chosen: dict[str, Any]) -> None:
    """Programs whose scores are no product alone are found, and no product is among them."""
    program = learned(mode, **chosen)[0]
    assert chain_of(program) is None
    assert pairwise_of(program) is not None


def learned(mode: str, **chosen: Any) -> tuple[Program, Arrays]:
    """A program with the arrays of its parameters."""
    bias = chosen.get("bias")
    table = {"bias_table": normal(3, bias.entries)} if bias and bias.entries else {}
    program = program_of(mode, GIVEN | table, **chosen)
    return program, with_parameters(program, GIVEN | table)


def test_scores_that_meet_elsewhere_go_by_blocks() -> None:
    """Weights that are used again, or are no softmax, are needed with all their keys."""
    for chosen in ({"local_p": 2}, {"normalizer": normalizer("sparsemax")}):
        program = program_of("scaled", GIVEN, **chosen)
        assert pairwise_of(program) is None


def test_scores_that_are_given_go_by_blocks() -> None:
    """A softmax of an input has no steps to cut into tiles, and gives the same."""
    sizes = Sizes()
    for axis, size in (("n", 40), ("m", 50), ("d", 3)):
        sizes.bind(axis, size, "test")
    p = Program(sizes)
    scores, values = p.input(("n", "m"), name="scores"), p.input(("m", "d"), name="v")
    weights = p.softmax(scores, over="m", name="weights")
    p.contract("... n m, ... m d -> ... n d", weights, values, name="output")
    assert pairwise_of(p) is None
    arrays = {"scores": normal(0, 40, 50), "v": normal(1, 50, 3)}
    found = blocks.evaluate_blocks(p, arrays, block_bytes=2000).arrays["output"]
    assert np.allclose(found, evaluate(p, arrays)["output"], atol=1e-14)


@pytest.mark.parametrize("tile", [64, 500, 10**6])
def test_a_row_of_minus_infinities_in_a_bias_is_0(tile: int) -> None:
    """A bias of -inf takes a key away, and all keys of a query take its output to 0."""
    bias = normal(3, 13, 9)
    bias[4] = -np.inf
    bias[7, 2:] = -np.inf
    arrays = GIVEN | {"bias": bias}
    program = program_of("scaled", arrays, mask=masks.causal(2))
    assert pairwise_of(program) is not None
    found = blocks.evaluate_blocks(program, arrays, block_bytes=tile).arrays["output"]
    assert not found[4].any()
    assert np.allclose(found, evaluate(program, arrays)["output"], rtol=1e-12, atol=1e-14)


def test_scores_that_overflow_are_computed_again() -> None:
    """Numbers that no float holds on their way are those of the whole run, and finite."""
    arrays = {"q": 1e200 * Q, "k": 1e-200 * K, "v": V, "bias": normal(3, 13, 9)}
    arrays["bias"][3, 3] = 1e308
    program = program_of("scaled", arrays)
    found = blocks.evaluate_blocks(program, arrays, block_bytes=300).arrays["output"]
    assert np.allclose(found, evaluate(program, arrays)["output"], rtol=1e-12, atol=1e-14)
    assert np.allclose(found[3], V[3])


def test_additive_scores_take_the_room_of_a_tile() -> None:
    """1,000 × 1,000 pairs have 64 hidden numbers each, 512 MB, of which a tile of 3 MB is held."""
    n, wide = 1000, 64
    arrays = {"q": normal(0, n, 4), "k": normal(1, n, 4), "v": normal(2, n, 4)}
    arrays |= {"w_query": normal(3, 4, wide), "w_key": normal(4, 4, wide), "v_a": normal(5, wide)}
    program = program_of("additive", arrays)
    tracemalloc.start()
    blocks.evaluate_blocks(program, arrays, workers=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * scored.SCORED_BYTES
