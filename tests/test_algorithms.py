"""The same numbers in other steps: one query by number, softmax by blocks, a step with a cache."""

from __future__ import annotations

import json
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks, mechanisms
from attn_cli.api.equal_runs import outputs_apart
from attn_cli.transforms import blocks
from tests.conftest import Attn
from tests.programs import SCORED, normal, program_of, run
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
    line = ran.out.replace("\n", " ").split(
        "gives the same numbers: the outputs differ by less than"
    )
    assert float(line[1].split()[0]) <= 1e-13


def test_the_screen_of_blocks(attn: Attn) -> None:
    """Keys keep their names in a block, words too."""
    page = attn("compute", "--text", "a b c d e", "--block-size", 2, "--only", "block_2").out
    assert page.splitlines()[1].split() == ["c", "d"]
    assert (
        "block_3 = scaled of key 4" in attn("compute", "--m", 5, "--block-size", 2, "--steps").out
    )
    assert "over the keys of the block" in attn("compute", "--block-size", 2, "--steps").out


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
    page = attn("compute", *more, "--query-index", 3, "--steps").out
    assert "products of matrices give the same numbers" in page.replace("\n", " ")
    assert "head 1, query 3" in page


def test_a_single_row_is_taken_number_by_number(attn: Attn) -> None:
    """A short typed query shows its products; a cache, heads or many keys do not."""
    one = ("--q", "1 2", "--k", "1 0; 0 1; 1 1")
    assert "products = Q ⊙ K" in attn("compute", *one, "--steps").out
    assert "products" not in attn("compute", *one, "--mode", "additive").out
    assert "products" not in attn("compute", *one, "--heads", 2).out
    assert "products" not in attn("compute", "--q", "1 2", "--m", 200).out
    score = attn("compute", *one, "--show-work", "scaled[0,2]").out
    assert f"{3 / sqrt(2):.4f}" in score


def test_one_query_runs_again_from_its_file(attn: Attn) -> None:
    """What is saved of one query says which it was."""
    first = attn("compute", "--query-index", 2, "--save", "one.npz").out
    again = attn("compute", "--input", "one.npz").out
    assert again.split("\n\n")[1:-1] == first.split("\n\n")[1:-1]


MODES_WITH_CACHE = [*SCORED, "branched", "mla", "mla-folded"]


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
    latent = ("--kv-heads", "--positions")
    barred = {"mla": latent, "mla-folded": latent, "location": ("--rope",)}.get(mode, ())
    if any(option in more for option in barred):
        refused = attn("compute", "--mode", mode, *more, "--decode")
        assert refused.status == 2
        return
    arguments = ("compute", "--mode", mode, *more)
    whole = json.loads(attn(*arguments, "--causal", "--only", "output", "--json").out)
    step = attn(*arguments, "--decode", "--only", "output", "--json")
    assert step.status == 0, step.err
    last = np.array(whole["steps"][0]["values"])[..., -1:, :]
    assert relative(np.array(json.loads(step.out)["steps"][0]["values"]), last) < 1e-13
    page = attn(*arguments, "--decode").out.replace("\n", " ")
    assert "equals the last row of the whole causal run: the outputs differ by less than" in page
    assert "MORE THAN ROUNDING" not in page


def test_what_a_cache_saves(attn: Attn) -> None:
    """By hand: one of 4 rows takes 82 of 202 FLOPs; from x, keys and values of 2 are spared.

    All rows keep 10 pairs: 2·10·4 for the scores, 5·10 - 2·4 for softmax, 2·10·4 for the output.
    """
    page = attn("compute", "--mode", "dot", "--decode").out.replace("\n", " ")
    assert "row 3 alone, with a cache of 24 numbers from the 3 rows before" in page
    assert "82 FLOPs; without the cache no more here; the whole run takes 202" in page
    words = attn("compute", "--text", "the cat sat", "--decode").out.replace("\n", " ")
    assert f"without the cache {2 * 2 * 2 * 4 * 4} more, for keys and values" in words
    assert "sat sat" in words or "sat the" in words


def test_differences_are_those_of_the_outputs(attn: Attn) -> None:
    """The power of ten that a page tells is above the difference between two runs, and the next."""
    run_of = ("compute", "--mode", "dot", "--n", 5, "--m", 7, "--d", 8, "--dtype", "float32")
    plain, blocks = (
        np.array(
            [line.split() for line in attn(*run_of, *more, "--quiet").out.splitlines()], "float32"
        )
        for more in ((), ("--block-size", 2))
    )
    page = attn(*run_of, "--block-size", 2).out.replace("\n", " ")
    told = float(page.split("differ by less than")[1].split()[0])
    last_place = np.finfo("float32").eps * max(np.abs(plain).max(), 1)
    assert told / 10 <= max(np.abs(plain - blocks).max(), 8 * last_place) < told


def test_more_than_rounding_is_told() -> None:
    """Outputs that are not the same are not called so; lost numbers are no agreement."""
    one = np.ones((2, 2))
    assert outputs_apart(one, one) == "the outputs differ by less than 1e-14"
    assert outputs_apart(9 * one, 9 * one + 5e-14) == "the outputs differ by less than 1e-13"
    assert outputs_apart(one, one + 1e-6).startswith("the outputs differ by 1e-6, MORE THAN")
    assert "MORE THAN ROUNDING" in outputs_apart(one, one + 1e-6)
    assert "MORE" not in outputs_apart(one.astype("float32"), one.astype("float32") + 1e-6)
    assert "numbers are lost" in outputs_apart(one, one * np.nan)


@pytest.mark.parametrize("mode", ["dot", "scaled", "general", "cosine"])
def test_by_element_is_the_product(mode: str) -> None:
    """Products and sums give what products of matrices give, in grouped heads and a batch."""
    arrays = {"q": normal(0, 2, 4, 3, 5), "k": normal(1, 2, 2, 6, 5), "v": normal(2, 2, 2, 6, 4)}
    plain = run(mode, arrays)["output"]
    assert relative(run(mode, arrays, by_element=True)["output"], plain) < 1e-13


@pytest.mark.parametrize("mode", [one.name for one in mechanisms.MECHANISMS])
def test_every_saved_run_runs_again(attn: Attn, mode: str) -> None:
    """Masks, activations, heads and states come back: the same output, for every mode."""
    takes = mechanisms.named(mode).takes
    more = ["--causal"] if takes & {"mask", "causal"} else ["--activation", "tanh"]
    saved = attn("compute", "--mode", mode, *more, "--seed", 3, "--save", "run.npz", "--quiet")
    assert saved.status == 0, saved.err
    assert attn("compute", "--input", "run.npz", "--quiet").out == saved.out
    plain = attn("compute", "--mode", mode, "--seed", 3, "--quiet").out
    assert (plain != saved.out) == (mode not in ("gated", "delta"))


@pytest.mark.parametrize("mode", [one.name for one in mechanisms.MECHANISMS])
def test_compute_and_complexity_count_alike(attn: Attn, mode: str) -> None:
    """Each step of a self-attention takes as many operations in one command as in the other."""
    size = ("--n", 3, "--d", 16)
    rows = ("--x", "rows.npy") if "heads" in mechanisms.named(mode).takes else ()
    np.save("rows.npy", normal(0, 3, 16))
    heads = ("--heads", 4) if rows else ()
    asked = ("--n", 3, *(() if rows else ("--d", 16))) if not rows else ()
    ran = attn("compute", "--mode", mode, *rows, *heads, *asked, "--json")
    counted = {step["name"]: step["flops"] for step in json.loads(ran.out)["steps"]}
    report = json.loads(attn("complexity", "--mode", mode, *size, *heads, "--json").out)
    for step in report["steps"]:
        assert counted[step["name"]] == step["value"], step["name"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--block-size", 2, "--normalizer", "hard"), "--block-size is online softmax: leave"),
        (("--block-size", 2, "--local", "p", "--local-d", 1), "leave --local p out"),
        (("--block-size", 1, "--m", 20), "a trace has at most 8. Give 3 or more."),
        (("--query-index", 4), "--query-index 4: there are 4 queries, counted from 0."),
        (("--query-index", 1, "--decode"), "--query-index and --decode are algorithms of their"),
        (("--query-index", 1, "--mode", "additive"), "--query-index is not for --mode add"),
        (
            ("--block-size", 1, "--mode", "fc-time"),
            "--block-size is not for --mode fc",
        ),
        (("--query-index", 2, "--show-work", "weights[1,1]"), "only query 2 is computed"),
        (("--decode", "--n", 1), "--decode needs at least two rows"),
        (("--decode", "--m", 5), "--decode is for rows that attend each other"),
        (("--decode", "--past-k", "1 2 3 4", "--past-v", "1 2 3 4"), "leave --past-k and --past-v"),
        (("--decode", "--mode", "gated"), "--decode needs a cache, which --mode gated"),
        (("--decode", "--mode", "linear"), "--decode needs a cache, which --mode linear"),
    ],
)
def test_refusals(attn: Attn, arguments: tuple[object, ...], message: str) -> None:
    """Algorithms that can't be, and those that can't go together, are refused."""
    ran = attn("compute", *arguments)
    assert ran.status == 2
    assert message in ran.err


def test_large_runs_are_not_held_against_whole_ones(attn: Attn) -> None:
    """Beyond a quarter of a GiB the usual steps are left out, and the page says so."""
    ran = attn("compute", "--block-size", 2000, "--n", 3000, "--m", 4000, "--d", 4)
    assert ran.status == 0, ran.err
    assert "too large to be held against it here" in ran.out.replace("\n", " ")
    blocks = attn("compute", "--block-size", 500, "--n", 1500, "--m", 2000, "--d", 4)
    assert blocks.status == 0, blocks.err
    one = attn("compute", "--query-index", 5, "--n", 9000, "--d", 4)
    assert "products of matrices give the same numbers: the outputs differ" in one.out.replace(
        "\n", " "
    )
    assert "too large" in attn("compute", "--mode", "linear", "--n", 9000, "--d", 4).out


def test_one_query_with_lost_numbers(attn: Attn) -> None:
    """NaN in a query is told, and the page is whole."""
    ran = attn("compute", "--query-index", 1, "--q", "1 1; nan 1; 1 1")
    assert ran.status == 0
    assert "q[1,0] is NaN" in ran.err
    assert "some numbers are lost" in ran.out.replace("\n", " ")


@pytest.mark.parametrize(
    "more",
    [
        ("--rope", "--offset", 2),
        ("--bias", "alibi", "--heads", 2, "--offset", 3),
        ("--lengths", "2,4", "--batch", 2, "--align", "bottom-right", "--rope"),
    ],
)
def test_a_decode_step_stands_where_the_last_row_stood(
    attn: Attn, more: tuple[object, ...]
) -> None:
    """Offsets of the whole run move the last query too."""
    whole = json.loads(attn("compute", *more, "--causal", "--only", "output", "--json").out)
    step = json.loads(attn("compute", *more, "--decode", "--only", "output", "--json").out)
    last = np.array(whole["steps"][0]["values"])[..., -1:, :]
    assert relative(np.array(step["steps"][0]["values"]), last) < 1e-13


def test_what_is_asked_for_takes_the_place_of_what_was_saved(attn: Attn) -> None:
    """A saved algorithm or activation gives way to another mode, algorithm or normalizer."""
    attn("compute", "--query-index", 1, "--save", "one.npz")
    assert "online softmax" in attn("compute", "--input", "one.npz", "--block-size", 2).out
    assert attn("compute", "--input", "one.npz", "--mode", "additive").status == 0
    attn("compute", "--block-size", 2, "--save", "block.npz")
    assert attn("compute", "--input", "block.npz", "--normalizer", "hard").status == 0


def test_rows_held_whole_are_worked_out_for_every_query(attn: Attn) -> None:
    """Q is given whole, so any of its cells may be asked for beside the one query."""
    ran = attn("compute", "--query-index", 1, "--show-work", "q[3,3]")
    assert ran.status == 0, ran.err


def test_empty_rows_are_told_with_blocks_too(attn: Attn) -> None:
    """What the mask takes away is told from the scores, so online softmax tells it as well."""
    ran = attn("compute", "--causal", "--offset", -1, "--n", 3, "--block-size", 2)
    assert ran.err.startswith("Note: No key is allowed for q0:")


def test_blocks_of_a_large_run_are_not_kept() -> None:
    """Beside a run in blocks of queries only what has no keys is held whole."""
    arrays = {"q": normal(0, 40, 3), "k": normal(1, 30, 3), "v": normal(2, 30, 2)}
    program = program_of("scaled", arrays, block_size=7)
    made = blocks.evaluate_blocks(program, arrays, block_bytes=4000).arrays
    assert relative(made["output"], run("scaled", arrays)["output"]) < 1e-13
    assert {"total_2", "accumulator_5", "values_3"} <= set(made)
    assert not {"scores", "block_1", "shifted_2", "powers_5"} & set(made)
