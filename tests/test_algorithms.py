"""The same numbers in other steps: one query by number, softmax by blocks, a step with a cache."""

from __future__ import annotations

import json
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks
from tests.conftest import Attn
from tests.programs import SCORED, normal, run
from tests.test_values import relative

SMALL = ("--q", "1 0; 0 1; 1 1", "--k", "1 0; 0 1; 1 1", "--v", "1 2; 3 4; 5 6")
sizes = st.integers(1, 7)


@given(n=sizes, m=sizes, dv=sizes, block=sizes)
def test_blocks_of_keys_give_the_same(n: int, m: int, dv: int, block: int) -> None:
    """Whatever the block, the rescaled sums are softmax(scores) V, also where rows are empty."""
    arrays = {"q": normal(0, n, 3), "k": 40 * normal(1, m, 3), "v": normal(2, m, dv)}
    for mask in (None, masks.causal(-1), masks.window(2)):
        plain = run("scaled", arrays, mask=mask)["output"]
        found = run("scaled", arrays, mask=mask, block_size=block)["output"]
        assert relative(found, plain) < 1e-13


def test_online_softmax_by_hand() -> None:
    """Scores 0, then ln 3: the first block is rescaled by 1/3, and shares are 1/4 and 3/4."""
    arrays = {"q": np.ones((1, 1)), "k": np.array([[0], [np.log(3)]]), "v": np.array([[4.0], [8]])}
    found = run("dot", arrays, block_size=1)
    assert found["rescale_2"][0, 0] == pytest.approx(1 / 3, rel=1e-15)
    assert found["total_2"][0, 0] == pytest.approx(4 / 3, rel=1e-15)
    assert found["accumulator_2"][0, 0] == pytest.approx(4 / 3 + 8, rel=1e-15)
    assert found["output"][0, 0] == pytest.approx(7, rel=1e-15)


@pytest.mark.parametrize("mode", SCORED)
def test_blocks_go_with_every_score(attn: Attn, mode: str) -> None:
    """Heads, a batch, masks and biases too; the page says how far the outputs are apart."""
    more = ("--causal", "--bias", "alibi", "--heads", 2, "--batch", 2, "--n", 5)
    ran = attn("compute", "--mode", mode, *more, "--block-size", 2)
    assert ran.status == 0, ran.err
    line = ran.out.replace("\n", " ").split("gives the same numbers: the outputs differ by at most")
    assert float(line[1].split()[0]) < 1e-14


def test_the_screen_of_blocks(attn: Attn) -> None:
    """Keys keep their names in a block, words too."""
    page = attn("compute", "--text", "a b c d e", "--block-size", 2, "--only", "block_2").out
    assert page.splitlines()[2].split() == ["c", "d"]
    assert "block_3 = scaled of key 4" in attn("compute", "--m", 5, "--block-size", 2).out
    assert "over the keys of the block" in attn("compute", "--block-size", 2).out


def test_one_query_by_hand(attn: Attn) -> None:
    """Multiply, sum, softmax, copy, weigh, sum: the article's loop, number by number."""
    ran = attn("compute", *SMALL, "--mode", "dot", "--query-index", 1, "--json")
    steps = {step["name"]: step for step in json.loads(ran.out)["steps"]}
    products = [[0, 0], [0, 1], [0, 1]]
    assert steps["products"]["values"] == [products]
    scores = [sum(row) for row in products]
    assert steps["scores"]["values"] == [scores]
    total = sum(map(exp, scores))
    shares = [exp(score) / total for score in scores]
    assert steps["copied"]["values"][0] == [[pytest.approx(a)] * 2 for a in shares]
    values = [[1, 2], [3, 4], [5, 6]]
    output = [sum(a * v[c] for a, v in zip(shares, values, strict=True)) for c in range(2)]
    assert steps["output"]["values"] == [pytest.approx(output, rel=1e-15)]
    assert steps["output"]["shape"] == [1, 2]
    assert steps["output"]["queries"] == [1]


def test_one_query_is_a_row_of_all(attn: Attn) -> None:
    """The row of the matrix form, with the mask and the bias of its own position."""
    more = ("--causal", "--bias", "alibi", "--heads", 2, "--n", 5)
    whole = attn("compute", *more, "--quiet").out.splitlines()[3]
    assert attn("compute", *more, "--query-index", 3, "--quiet").out.splitlines() == [whole]
    page = attn("compute", *more, "--query-index", 3).out
    assert "products of matrices give the same numbers" in page.replace("\n", " ")
    assert "head 1, query 3" in page


def test_a_single_row_is_taken_number_by_number(attn: Attn) -> None:
    """A short typed query shows its products; a cache, heads or many keys do not."""
    one = ("--q", "1 2", "--k", "1 0; 0 1; 1 1")
    assert "products = Q ⊙ K" in attn("compute", *one).out
    assert "products" not in attn("compute", *one, "--mode", "additive").out
    assert "products" not in attn("compute", *one, "--heads", 2).out
    assert "products" not in attn("compute", "--q", "1 2", "--m", 200).out
    score = attn("compute", *one, "--show-work", "scaled[0,2]").out
    assert f"{3 / sqrt(2):.4f}" in score


def test_one_query_runs_again_from_its_file(attn: Attn) -> None:
    """What is saved of one query says which it was."""
    first = attn("compute", "--query-index", 2, "--save", "one.npz").out
    again = attn("compute", "--input", "one.npz").out
    assert again.split("\n\n")[1:] == first.split("\n\n")[1:]


MODES_WITH_CACHE = [mode for mode in SCORED if mode != "location"]


@pytest.mark.parametrize("mode", MODES_WITH_CACHE)
@pytest.mark.parametrize(
    "more",
    [
        ("--n", 5),
        ("--text", "a b c d", "--heads", 2, "--kv-heads", 1),
        ("--text", "a b c", "--rope", "--bias", "alibi", "--positions", "sinusoidal"),
        ("--batch", 2, "--heads", 2, "--window", 2, "--n", 4),
        ("--normalizer", "sample", "--n", 4),
        ("--normalizer", "gumbel-softmax", "--n", 4),
        ("--local", "p", "--local-d", 1, "--n", 4),
    ],
)
def test_a_decode_step_is_the_last_row(attn: Attn, mode: str, more: tuple[object, ...]) -> None:
    """With keys and values of earlier rows in a cache, the last row is that of the whole run."""
    arguments = ("compute", "--mode", mode, *more)
    whole = json.loads(attn(*arguments, "--causal", "--only", "output", "--json").out)
    step = attn(*arguments, "--decode", "--only", "output", "--json")
    assert step.status == 0, step.err
    last = np.array(whole["steps"][0]["values"])[..., -1:, :]
    assert relative(np.array(json.loads(step.out)["steps"][0]["values"]), last) < 1e-13
    page = attn(*arguments, "--decode").out.replace("\n", " ")
    assert "equals the last row of the whole causal run" in page
    assert "the cache saves" in page


def test_what_a_cache_saves(attn: Attn) -> None:
    """Of 4 rows by dot-product attention one is computed: a quarter of all operations is left."""
    page = attn("compute", "--mode", "dot", "--decode").out.replace("\n", " ")
    assert "a cache of 24 numbers" in page
    assert "this step takes 82 FLOPs where the whole run takes 328: the cache saves 75 %" in page
    words = attn("compute", "--text", "the cat sat", "--decode").out
    assert "  sat" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--block-size", 2, "--normalizer", "hard"), "--block-size is online softmax: leave"),
        (("--block-size", 2, "--local", "p", "--local-d", 1), "leave --local p out"),
        (("--block-size", 1, "--m", 20), "a trace has at most 8. Give 3 or more."),
        (("--query-index", 4), "--query-index 4: there are 4 queries, counted from 0."),
        (("--query-index", 1, "--decode"), "--query-index and --decode are algorithms of their"),
        (("--query-index", 1, "--mode", "additive"), "--query-index changes nothing in --mode add"),
        (
            ("--block-size", 1, "--mode", "fc-time"),
            "--block-size changes nothing in --mode fc",
        ),
        (("--query-index", 2, "--show-work", "weights[1,1]"), "only query 2 is computed"),
        (("--decode", "--n", 1), "--decode needs at least two rows"),
        (("--decode", "--m", 5), "--decode is for rows that attend each other"),
        (("--decode", "--past-k", "1 2 3 4", "--past-v", "1 2 3 4"), "leave --past-k and --past-v"),
        (("--decode", "--mode", "gated"), "--decode needs a cache, which --mode gated"),
        (("--decode", "--mode", "linear"), "--decode needs a cache, which --mode linear"),
        (("--decode", "--mode", "mla"), "--decode needs a cache, which --mode mla"),
    ],
)
def test_refusals(attn: Attn, arguments: tuple[object, ...], message: str) -> None:
    """Algorithms that can't be, and those that can't go together, are refused."""
    ran = attn("compute", *arguments)
    assert ran.status == 2
    assert message in ran.err
