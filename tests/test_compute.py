"""`attn compute` as a person or a script meets it."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracle
from tests.conftest import Attn, Ran
from tests.programs import normal

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")
SENTENCE = ("--text", "The cat is sitting on the mat.")


def document(ran: Ran) -> dict[str, Any]:
    """The JSON document of a run, strictly read."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert ran.status == 0, ran.err
    return dict(json.loads(ran.out, parse_constant=refuse))


def step(ran: Ran, name: str) -> np.ndarray:
    """One array of a JSON document."""
    found = next(s for s in document(ran)["steps"] if s["name"] == name)
    return np.array([float(x) for x in np.ravel(np.array(found["values"], dtype=object))]).reshape(
        found["shape"]
    )


@pytest.fixture
def files(tmp_path: Path) -> dict[str, np.ndarray]:
    """q, k and v of different sizes, in files of their own and together."""
    arrays = {"q": normal(0, 3, 4), "k": normal(1, 5, 4), "v": normal(2, 5, 2)}
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)
        np.savetxt(f"{name}.csv", array, delimiter=",", fmt="%.17g")
    np.savez("all.npz", **arrays)
    Path("all.json").write_text(json.dumps({n: a.tolist() for n, a in arrays.items()}))
    return arrays


def test_the_page(attn: Attn) -> None:
    """Title, sizes, inputs, four steps with formula, shapes, meaning and one cell, what to see."""
    ran = attn("compute", *SMALL)
    assert ran.status == 0
    assert ran.err == ""
    for line in (
        "Scaled dot-product attention     softmax(Q Kᵀ / √d) V   Vaswani 2017, equation 1",
        "2 queries, 2 keys, d = 2 · given arrays; computed in float64",
        "1 scores = Q Kᵀ                16 FLOPs 2 scaled = scores / √2          4 FLOPs",
        "  scores[q0,k0] = 1·1 + 0·0 = 1         q1 0.00 0.71",
        "q0 0.67 0.33                            q0     k0    67 % █████▍  1.9 of 2 keys",
        "  weights[q0,k0] = e^0.71 / (e^0.71 +",
        "4 output = weights V           16 FLOPs 52 FLOPs",
        "q1 2.34 3.34",
        "  output[q0,d0] = 0.67·1 + 0.33·3 =",
    ):
        assert line in ran.out.splitlines()


def test_random_arrays_are_said_to_be_random_and_come_again(attn: Attn) -> None:
    """Without arrays the numbers are random, the seed is printed, and another seed differs."""
    one, again = attn("compute", "--mode", "scaled"), attn("compute")
    assert (
        "random numbers (seed 0); read the steps, not the values; computed in float64" in one.flat
    )
    assert one.out.split("Try")[0] == again.out.split("Try")[0]
    assert attn("compute", "--seed", 1).out != one.out


def test_a_sentence(attn: Attn) -> None:
    """Words label rows and columns, heads are shown apart, and the page ends with what to see."""
    ran = attn("compute", *SENTENCE, "--heads", 2, "--causal")
    assert ran.status == 0
    assert "        The cat  is   g  on the mat   . " in ran.out
    assert "The     100   ·   ·   ·   ·   ·   ·   ·" in ran.out
    assert "The      The alone  100 % ████████" in ran.out
    assert "mask causal, True = may attend: query i may attend keys 0 … i" in ran.flat
    assert "10 output   Concat(heads) W_O " in ran.out
    whole = attn("compute", *SENTENCE, "--heads", 2, "--causal", "--steps")
    assert whole.out.count("\nhead 1") + whole.out.count("   head 1") == 8
    assert "output = Concat(heads) W_O" in whole.out


def test_a_word_has_the_same_row_everywhere(attn: Attn) -> None:
    """`the` has the same vector in another sentence of the same seed."""
    one = step(attn("compute", "--text", "on the mat", "--json"), "x")
    other = step(attn("compute", "--text", "the end", "--json"), "x")
    assert np.array_equal(one[1], other[0])


def test_two_sentences(attn: Attn) -> None:
    """Queries from one sentence, keys and values from the other, each with its own words."""
    ran = attn(
        "compute", "--text", "the cat", "--context-text", "le chat noir", "--only", "weights"
    )
    assert ran.status == 0
    assert "      le chat noir\n" in ran.out
    assert "\ncat " in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--q", "q.npy", "--k", "k.npy", "--v", "v.npy"),
        ("--q", "q.csv", "--k", "k.csv", "--v", "v.csv"),
        ("--q", "all.npz", "--k", "all.npz:k", "--v", "all.json:v"),
        ("--input", "all.npz"),
        ("--input", "all.json"),
        ("--input", "-"),
    ],
)
def test_every_way_in_gives_the_same_numbers(
    attn: Attn, files: dict[str, np.ndarray], arguments: tuple[str, ...]
) -> None:
    """Files, archives, JSON and standard input: the output is the same, bit for bit, and right."""
    stdin = Path("all.json").read_bytes() if "-" in arguments else None
    found = step(attn("compute", *arguments, "--json", stdin=stdin), "output")
    _, expected = oracle.attention(*(files[name].tolist() for name in "qkv"))
    assert np.array_equal(found, step(attn("compute", "--input", "all.npz", "--json"), "output"))
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        SMALL,
        ("--mode", "dot", "--scale", "0.3", "--n", 3, "--m", 5),
        (*SENTENCE, "--heads", 2, "--causal", "--softcap", 2),
        ("--n", 2, "--heads", 4, "--kv-heads", 2, "--batch", 3, "--dtype", "float32"),
        ("--batch", 2, "--n", 3, "--m", 4, "--lengths", "4,2", "--causal", "--offset", 1),
    ],
)
def test_a_saved_run_runs_again(attn: Attn, arguments: tuple[Any, ...]) -> None:
    """`--input run.npz` reproduces every step bit for bit, with its mode, options and words."""
    first = attn("compute", *arguments, "--save", "run.npz")
    assert first.status == 0
    again = attn("compute", "--input", "run.npz", "--save", "again.npz")
    assert again.status == 0
    with np.load("run.npz") as one, np.load("again.npz") as other:
        assert set(one) == set(other)
        for name in set(one) - {"attn"}:
            assert np.array_equal(one[name], other[name]), name
    if arguments == (*SENTENCE, "--heads", 2, "--causal", "--softcap", 2):
        assert "sitting" in again.out


def test_options_go_before_saved_ones(attn: Attn) -> None:
    """A saved run can be computed with another mode."""
    attn("compute", *SMALL, "--mode", "dot", "--save", "run.npz")
    assert "Dot-product" in attn("compute", "--input", "run.npz").out
    assert "Scaled" in attn("compute", "--input", "run.npz", "--mode", "scaled").out


def test_json(attn: Attn) -> None:
    """One strict document, with the names of the contract; minus infinity is "-inf"."""
    ran = attn("compute", "--n", 2, "--m", 3, "--causal", "--json")
    found = document(ran)
    assert found["schema"] == "attn.trace/1"
    assert (found["command"], found["mode"], found["seed"]) == ("compute", "scaled", 0)
    steps = {s["name"]: s for s in found["steps"]}
    expected = ["q", "k", "v", "scores", "scaled", "mask", "masked", "weights", "output"]
    assert list(steps) == expected
    assert steps["masked"]["values"][0][1:] == ["-inf", "-inf"]
    assert steps["mask"]["values"] == [[True, False, False], [True, True, False]]
    assert steps["scores"]["axes"] == ["n", "m"]
    assert steps["scores"]["shape"] == [2, 3]
    assert steps["scores"]["flops"] == 2 * (1 + 2) * 4
    assert steps["scores"]["formula"] == "Q Kᵀ"
    assert set(steps["scores"]) == {
        *("name", "symbol", "formula", "axes", "shape", "dtype", "values", "meaning", "flops")
    }


def test_saved_json_is_the_document(attn: Attn) -> None:
    """--save FILE.json writes what --json prints, and can be read by --input."""
    printed = attn("compute", *SMALL, "--json").out
    attn("compute", *SMALL, "--save", "run.json")
    assert Path("run.json").read_text() == printed
    assert step(attn("compute", "--input", "run.json", "--json"), "output")[0, 0] == pytest.approx(
        1.6604769
    )


def test_quiet_pipes_into_attn(attn: Attn) -> None:
    """The output alone, with every digit; above two axes as JSON; both are read back."""
    flat = attn("compute", *SMALL, "--quiet")
    assert len(flat.out.splitlines()) == 2
    back = attn("compute", "--q", "-", "--only", "q", "--quiet", stdin=flat.out.encode())
    assert back.out == flat.out
    deep = attn("compute", "--batch", 2, "--quiet")
    again = attn("compute", "--q", "-", "--only", "q", "--quiet", stdin=deep.out.encode())
    assert again.out == deep.out


def test_empty_rows_are_named(attn: Attn) -> None:
    """A query with no key has weights 0 and output 0, and a notice on standard error names it."""
    ran = attn("compute", "--text", "on the mat", "--causal", "--offset", -2, "--json")
    assert step(ran, "weights").sum(axis=1).tolist() == pytest.approx([0, 0, 1])
    assert step(ran, "output")[:2].tolist() == [[0] * 4] * 2
    assert ran.err == (
        "Note: No key is allowed for on, the: weights 0 and output 0, as in torch SDPA and ONNX.\n"
    )
    assert document(ran)["notices"] == [ran.err.removeprefix("Note: ").strip()]


def test_empty_rows_of_batches_and_heads_are_named(attn: Attn) -> None:
    """Batch rows and heads are named too, and many rows are counted."""
    ran = attn("compute", "--batch", 2, "--heads", 3, "--n", 2, "--lengths", "0,2")
    assert "No key is allowed for q0 of batch row 0, q1 of batch row 0: weights 0" in ran.err
    np.save("mask.npy", np.array([[[1, 1]], [[0, 0]]]))
    heads = attn("compute", "--heads", 2, "--n", 1, "--m", 2, "--mask", "mask.npy")
    assert "No key is allowed for q0 in head 1: weights 0" in heads.err
    many = attn("compute", "--n", 20, "--lengths", 0)
    assert "q7 and 12 more rows: weights 0" in many.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "n ≠ m: aligned top-left (offset 0), as torch and JAX do; --align bottom-right"),
        (("--align", "bottom-right"), "n ≠ m: aligned bottom-right (offset m - n = 2)"),
        (("--offset", 1), "n ≠ m: offset 1; top-left is 0, bottom-right is m - n = 2"),
    ],
)
def test_alignment_is_said(attn: Attn, arguments: tuple[Any, ...], expected: str) -> None:
    """With n ≠ m a causal mask says how it is aligned."""
    assert expected in attn("compute", "--n", 2, "--m", 4, "--causal", *arguments).flat


def test_a_cache_moves_the_causal_mask(attn: Attn) -> None:
    """After 2 cached keys the first of 2 queries sees 3 keys, the last all 4."""
    ran = attn(
        *("compute", "--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1; 2", "--causal"),
        *("--past-k", "1 1; 1 -1", "--past-v", "3; 4", "--json"),
    )
    assert step(ran, "mask").tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert step(ran, "present_v").ravel().tolist() == [3, 4, 1, 2]


def test_bottom_right_with_lengths_is_by_batch_row(attn: Attn) -> None:
    """Each batch row lines up with its own last real key."""
    ran = attn(
        *("compute", "--batch", 2, "--n", 2, "--m", 4, "--causal", "--align", "bottom-right"),
        *("--lengths", "4,3", "--json"),
    )
    assert step(ran, "mask")[:, :].astype(int).tolist() == [
        [[1, 1, 1, 0], [1, 1, 1, 1]],
        [[1, 1, 0, 0], [1, 1, 1, 0]],
    ]


def test_a_nan_is_told(attn: Attn) -> None:
    """A NaN in the input is named by its place, and only its row is lost."""
    ran = attn("compute", "--q", "1 nan; 1 1", "--k", "1 0; 1 1", "--v", "1; 2", "--json")
    assert "Note: q[0,1] is NaN" in ran.err
    assert np.isnan(step(ran, "output")[0, 0])
    assert step(ran, "output")[1, 0] == pytest.approx(1.6698, abs=1e-4)


def test_an_overflow_is_told(attn: Attn) -> None:
    """float16 scores beyond its largest number are named, with what to do."""
    ran = attn("compute", "--q", "300 300", "--k", "300 300", "--v", "1", "--dtype", "float16")
    assert "scores holds numbers beyond float16, whose largest is 65504. Try --dtype" in ran.err


def test_arrays_nobody_asked_for_are_told(attn: Attn) -> None:
    """A name in --input that means nothing is not passed over in silence."""
    np.savez("in.npz", q=normal(0, 2, 2), loss=np.zeros(3))
    assert "Note: --input: not used: loss." in attn("compute", "--input", "in.npz").err


def test_show_work(attn: Attn) -> None:
    """Formula, numbers put in, result; words of the sentence may name a cell."""
    ran = attn("compute", *SMALL, "--show-work", "weights[0,1]")
    assert ran.out.splitlines()[1:] == [
        "  = e^scaled[q0,k1] / Σ over j of e^scaled[q0,j]",
        "  = e^0 / (e^0.7071 + e^0)",
        "  = 0.3302",
        "  computed with the largest, 0.7071, taken off every exponent",
    ]
    named = attn("compute", *SENTENCE, "--show-work", "scores[cat,mat]")
    numbered = attn("compute", *SENTENCE, "--show-work", "scores[1,6]")
    assert named.out == numbered.out


def test_large_arrays_are_shown_in_part_and_say_so(attn: Attn) -> None:
    """200×200 scores: a line tells how much is shown; --all leaves nothing out."""
    ran = attn("compute", "--n", 200, "--only", "scores")
    assert "shown: 11 of 200 rows and 11 of 200 columns" in ran.out
    whole = attn("compute", "--n", 40, "--only", "scores", "--all")
    scores = step(attn("compute", "--n", 40, "--json"), "scores")
    assert whole.out.count("columns ") == 4
    shown = whole.out.split()
    assert all(f"{x:.2f}" in shown for x in scores.ravel() if abs(x) >= 0.005)


def test_blocks_are_used_for_large_inputs_and_give_the_same_output(
    attn: Attn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run in blocks says so, shows rows of every step, and has the whole run's output."""
    arguments = ("compute", "--n", 60, "--heads", 2, "--causal")
    whole = attn(*arguments, "--quiet").out
    assert "All queries" not in attn(*arguments).out
    monkeypatch.setattr("attn_cli.api.evaluated.LARGE_BYTES", 1000)
    page = attn(*arguments).out
    assert "all 60 queries computed, in blocks; scores, 56.25 KiB, was never kept" in page
    assert "weights  softmax(masked)" in page
    assert "weights = softmax" in attn(*arguments, "--steps").out
    blocks = attn(*arguments, "--quiet").out
    one = np.array([row.split() for row in whole.splitlines()], dtype=float)
    other = np.array([row.split() for row in blocks.splitlines()], dtype=float)
    assert np.abs(one - other).max() < 1e-12
    work = attn(*arguments, "--show-work", "weights[1,30,2]").out
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", "80")
    assert work == attn(*arguments, "--show-work", "weights[1,30,2]").out


def test_what_does_not_fit_is_refused_before_it_is_allocated(attn: Attn) -> None:
    """Every number of 10⁶ × 10⁶ scores: the bytes needed, and what to do instead; exit 1."""
    ran = attn("compute", "--n", 10**6, "--d", 1, "--json")
    assert ran.status == 1
    assert ran.out == ""
    assert "Keeping every step (the largest, scores, is 1,000,000×1,000,000) needs 21" in ran.err
    assert "--only output saves or prints the output alone" in ran.err


def test_step_waits_only_on_a_terminal(attn: Attn) -> None:
    """Piped, --step prints everything at once."""
    step, steps = (attn("compute", *SMALL, one).out for one in ("--step", "--steps"))
    assert step.replace(" --step ", " --steps ") == steps


def test_plain_is_ascii_without_tables_beside_each_other(attn: Attn) -> None:
    """--plain has no sign beyond ASCII, and one table after another."""
    ran = attn("compute", *SMALL, "--causal", "--plain")
    assert ran.out.isascii()
    assert "1 scores = Q K^T" in ran.out
    assert not any("what is asked" in line and "is offered" in line for line in ran.out.split("\n"))


def test_user_text_is_never_markup(attn: Attn) -> None:
    """Words with brackets, markup and emoji codes are shown as they are."""
    ran = attn("compute", "--text", "[red] [/INST] :smile: 猫", "--only", "x")
    assert ran.status == 0
    for word in ("[", "red", "]", "/", "INST", ":", "smile", "猫"):
        assert f"\n{word} " in ran.out


def test_the_worked_cell_is_in_the_head_that_is_shown(attn: Attn) -> None:
    """--head and --batch-index choose where the cell under each table stands."""
    ran = attn(
        "compute",
        "--batch",
        2,
        "--heads",
        4,
        "--kv-heads",
        2,
        "--head",
        3,
        "--batch-index",
        1,
        "--steps",
    )
    cells = re.findall(r"^  (\w+)\[([\w,]+)\] = ", ran.out, re.M)
    starts = {name: index.split(",")[:2] for name, index in cells}
    assert starts["weights"] == starts["scores"] == starts["heads"] == ["b1", "h3"]
    assert starts["k_heads"] == starts["v_heads"] == ["b1", "h1"]


def test_a_cache_names_its_keys(attn: Attn) -> None:
    """Behind a cache the new keys keep their names, and words keep theirs."""
    arguments = ("--past-k", "1 2 3 4", "--past-v", "1 2 3 4", "--only", "weights")
    ran = attn("compute", "--q", "1 2 3 4", "--k", "1 2 3 4", "--v", "1 2 3 4", *arguments)
    assert "past0" in ran.out
    assert "k0" in ran.out
    words = attn("compute", "--text", "a b", "--context-text", "c d e", *arguments)
    assert re.search(r"\n *past0 +c +d +e\n", words.out)


def test_a_saved_mask_keeps_its_name(attn: Attn) -> None:
    """Run again, a causal run says that it is causal."""
    attn("compute", "--causal", "--save", "run.npz")
    line = "mask causal, True = may attend: query i may attend keys 0 … i"
    assert line in attn("compute", "--input", "run.npz").flat


@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_json_run_runs_again(attn: Attn, way: str) -> None:
    """The JSON document keeps mode, options and words, like a saved .npz."""
    arguments = ("--text", "the cat sat", "--mode", "dot", "--heads", 2, "--softcap", 2)
    first = attn("compute", *arguments, "--json")
    Path("run.json").write_text(first.out)
    source = ("run.json", None) if way == "file" else ("-", first.out.encode())
    again = attn("compute", "--input", source[0], "--json", stdin=source[1])
    assert document(again)["steps"] == document(first)["steps"]
    assert document(again)["labels"] == document(first)["labels"]


def test_masks_may_be_typed_in_words(attn: Attn) -> None:
    """`true false` is `1 0`."""
    one = attn("compute", "--mask", "true False; TRUE true", "--quiet")
    assert one.status == 0
    assert one.out == attn("compute", "--mask", "1 0; 1 1", "--quiet").out


def test_numbers_may_be_fractions(attn: Attn) -> None:
    """--scale 1/8 is 0.125; what is no number is refused."""
    one = attn("compute", "--scale", "1/8", "--quiet")
    assert one.out == attn("compute", "--scale", "0.125", "--quiet").out
    assert attn("compute", "--scale", "1/0").status == 2


def test_words_that_recur_are_told_apart(attn: Attn) -> None:
    """What to look at names the place of a word that stands twice."""
    ran = attn("compute", "--text", "I think I am")
    assert "I (0) " in ran.out
    assert "think " in ran.out


def test_weights_that_are_no_numbers_are_no_mask(attn: Attn) -> None:
    """A row of NaN is not said to see no key."""
    ran = attn("compute", "--q", "1e300 1e300", "--k", "1e300 1e300", "--v", "1")
    assert "q0     not numbers" in ran.out
    assert "Give smaller numbers." in ran.err


def test_from_may_start_at_an_input(attn: Attn) -> None:
    """--from v shows V and all that follows, and not Q."""
    ran = attn("compute", *SMALL, "--from", "v")
    assert re.search(r"^V  what is handed over +2×2$", ran.out, re.M)
    assert "what is asked" not in ran.out
    assert "1 scores" in ran.out


def test_a_progress_bar_appears_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Work over the patience shows a bar on standard error; without a terminal nothing."""
    from attn_cli.cli import progress

    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.progress("queries") as advance:
        advance(1, 2)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress.progress("queries") as advance:
        advance(1, 2)
        advance(2, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "queries" in shown.err


def test_what_is_printed_beside_a_progress_bar_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long lines go to standard output whole, while the bar stands on standard error."""
    from attn_cli.cli import progress

    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    usual = sys.stdout
    with progress.progress("numbers") as advance:
        advance(0, 2)
        time.sleep(0.2)
        advance(1, 2)
        assert sys.stdout is usual
        sys.stdout.write("[1, 2" * 1000)
    shown = capsys.readouterr()
    assert shown.out == "[1, 2" * 1000
    assert "numbers" in shown.err
    assert "left" in shown.err


def test_the_largest_step_is_named_that_was_never_whole(
    attn: Attn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of additive attention it is the hidden layer: 40 × 40 pairs with 4 numbers of 8 bytes."""
    monkeypatch.setattr("attn_cli.api.evaluated.LARGE_BYTES", 1000)
    page = attn("compute", "--mode", "additive", "--n", 40).flat
    assert "hidden_sum, 50 KiB, was never kept whole" in page


def test_per_cent_of_what_is_said(attn: Attn) -> None:
    """Softmax's weights are parts of their row; sigmoid's are each key's own."""
    assert "weights, % of each row" in attn("compute", "--n", 16).out
    page = attn("compute", "--n", 16, "--normalizer", "sigmoid").out
    assert "weights, in %" in page
    assert "% of each row" not in page


def test_spread_is_explained_beside_it(attn: Attn) -> None:
    """With a batch too; tables of several heads have no room for it."""
    for more, shown in (((), True), (("--batch", 2), True), (("--heads", 2), False)):
        page = attn("compute", "--n", 40, *more).out
        assert ("e^entropy" in page) == shown
        assert bool(re.search(r"most +spread", page)) == shown


def test_masks_that_change_nothing_are_told(attn: Attn) -> None:
    """Where a part of the mask drops nothing more than the rest, a notice says so."""
    ran = attn("compute", "--causal", "--prefix", 2, "--only", "mask")
    assert "prefix(2) changes nothing here: the rest drops the same pairs." in ran.err
    assert attn("compute", "--causal", "--window", 2, "--only", "mask").err == ""


def test_every_option_of_masks_meets_the_loops(attn: Attn) -> None:
    """Weights under a composed mask are those of plain loops, to 1e-12."""
    text = "causal & stride(3) | global(1)"
    assert attn("compute", "--n", 6, "--mask", text, "--save", "run.npz").status == 0
    with np.load("run.npz") as saved:
        weights, output = oracle.attention(
            *(saved[name].tolist() for name in "qkv"),
            allowed=lambda i, j: 1 in (i, j) or (j <= i and (i - j < 3 or (i - j) % 3 == 0)),
        )
        assert np.abs(saved["weights"] - weights).max() < 1e-12
        assert np.abs(saved["output"] - output).max() < 1e-12


def test_long_masks_are_not_printed_whole(attn: Attn) -> None:
    """A list of hundreds of documents is cut in what people read, and whole in JSON."""
    ids = ",".join(str(place // 50) for place in range(400))
    ran = attn("compute", "--documents", ids)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "documents(0, 0, 0, 0, 0, 0, 0,…" in ran.out
    assert "…" in ran.out
    assert ids.replace(",", ", ") in attn("mask", "--documents", ids, "--json").out
