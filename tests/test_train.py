"""Training: its steps against gradients and plain loops, what is learned, shown and refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from attn_cli.program import Program, Sizes
from attn_cli.transforms.score_function import Drawn, spreads
from attn_cli.transforms.training import OPTIMIZERS
from tests.conftest import Attn, once, option_names
from tests.programs import normal
from tests.test_options import CHANGES as OF_COMPUTE

SENTENCE = "The cat is sitting on the mat."
PAIRS = ("--pair", "cat,mat", "--pair", "mat,cat")
LINE = ("train", "--text", SENTENCE, *PAIRS)


def learned(run: library.Training, name: str) -> np.ndarray[Any, Any]:
    """An array at the end of a training."""
    return np.array(run.run[name])


def test_a_step_towards_a_target_follows_the_gradient() -> None:
    """One step of gradient descent takes lr · d loss / d W off every matrix."""
    x, target = normal(1, 4, 3), normal(2, 4, 3)
    given = {name: normal(3 + place, 3, 3) for place, name in enumerate(("w_q", "w_k", "w_v"))}
    apart = np.array(library.compute(x=x, **given).output) - target
    expected = library.gradient(x=x, **given, d_output=2 * apart / apart.size).gradients
    run = library.train(x=x, **given, target=target, optimizer="sgd", lr=0.1, steps=1)
    assert run.losses[0] == pytest.approx(float((apart**2).mean()), rel=1e-14)
    for name, before in given.items():
        assert np.allclose(learned(run, name), before - 0.1 * expected[name], atol=1e-14)
    assert (learned(run, "x") == x).all()


@pytest.mark.parametrize("choices", [{}, {"heads": 2}, {"causal": True}], ids=str)
def test_a_step_of_pairs_follows_the_measured_slope(choices: dict[str, Any]) -> None:
    """The change of a matrix is the slope of the mean of -ln weight, by central differences."""
    x = normal(1, 4, 4)
    given = {name: normal(3 + place, 4, 4) for place, name in enumerate(("w_q", "w_k", "w_v"))}
    pairs = [(2, 0), (3, 1)]

    def loss(w_q: np.ndarray[Any, Any]) -> float:
        weights = np.array(library.compute(x=x, **{**given, "w_q": w_q}, **choices)["weights"])
        return -float(np.log([weights[..., i, j] for i, j in pairs]).mean())

    run = library.train(
        x=x, **given, **choices, pair=["2,0", "3,1"], optimizer="sgd", lr=1e-3, steps=1
    )
    assert run.losses[0] == pytest.approx(loss(given["w_q"]), rel=1e-12)
    slope = np.zeros((4, 4))
    for place in np.ndindex(4, 4):
        move = np.zeros((4, 4))
        move[place] = 1e-6
        slope[place] = (loss(given["w_q"] + move) - loss(given["w_q"] - move)) / 2e-6
    assert np.allclose((given["w_q"] - learned(run, "w_q")) / 1e-3, slope, atol=1e-6)
    assert (learned(run, "w_v") == given["w_v"]).all()


def test_optimizers_are_those_of_the_books() -> None:
    """Five steps of each by plain loops (Polyak 1964; Kingma 2015, algorithm 1)."""
    changes = [0.3, -0.2, 0.5, 0.1, -0.4]
    speed = mean = square = 0.0
    memories: dict[str, dict[str, Any]] = {name: {} for name in OPTIMIZERS}
    for count, change in enumerate(changes, 1):
        speed = 0.9 * speed + change
        mean, square = 0.9 * mean + 0.1 * change, 0.999 * square + 0.001 * change**2
        first, second = mean / (1 - 0.9**count), square / (1 - 0.999**count)
        expected = {
            "sgd": 0.01 * change,
            "momentum": 0.01 * speed,
            "adam": 0.01 * first / (math.sqrt(second) + 1e-8),
        }
        for name, one in OPTIMIZERS.items():
            found = one.step(0.01, count, np.array([change]), memories[name])
            assert found[0] == pytest.approx(expected[name], rel=1e-12)


def test_pairs_are_learned(attn: Attn) -> None:
    """From chance to above 0.9, and the loss falls; what is saved is an input of compute."""
    run = library.train(text=SENTENCE, pair=["cat,mat", "mat,cat"])
    first, last = run.pair_weights[0], run.pair_weights[-1]
    assert (first < 0.2).all()
    assert (last > 0.9).all()
    assert run.losses[-1] < 0.01 * run.losses[0]
    ran = attn(*LINE, "--save", "run.npz")
    assert ran.status == 0
    assert "cat → mat" in ran.out
    assert "after step 300" in ran.out
    with np.load("run.npz") as saved:
        assert saved["loss"].tolist() == [*run.losses]
        assert saved["pair_weight"].shape == (301, 2)
        weights = saved["weights"]
    again = json.loads(attn("compute", "--input", "run.npz", "--json", "--only", "weights").out)
    assert again["steps"][0]["values"] == weights.tolist()
    assert weights[1, 6] == pytest.approx(last[0])
    assert again["notices"] == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(optimizer: str) -> None:
    """At its own step size, pairs of a head and of several."""
    for choices in ({}, {"heads": 2}, {"mode": "additive"}):
        run = library.train(text=SENTENCE, pair=["cat,mat"], optimizer=optimizer, **choices)
        assert run.losses[-1] < 0.5 * run.losses[0]


def test_an_alignment_is_learned(attn: Attn) -> None:
    """Words of a sentence look at those of another that are said by their positions."""
    ran = attn(
        "train", "--text", "I like tea", "--context-text", "tea mag ich", "--align", "0:2,1:1,2:0"
    )
    assert ran.status == 0
    assert "I → ich" in ran.out
    run = library.train(text="I like tea", context_text="tea mag ich", align="0:2,1:1,2:0")
    assert np.array(run.run["weights"]).argmax(axis=1).tolist() == [2, 1, 0]


def test_rows_are_learned_where_asked() -> None:
    """Rows stay as they are, but for train_x."""
    for train_x in (False, True):
        run = library.train(text=SENTENCE, pair="cat,mat", steps=3, train_x=train_x)
        before = np.array(library.compute(text=SENTENCE)["x"])
        assert (learned(run, "x") == before).all() == (not train_x)


def test_two_modes_side_by_side(attn: Attn) -> None:
    """First gradients of both are those of one training each."""
    line = ("train", "--text", SENTENCE, "--pair", "cat,mat", "--d", 64, "--steps", 5)
    both = json.loads(attn(*line, "--against", "dot", "--json").out)["against"]
    alone = json.loads(attn(*line, "--mode", "dot", "--json").out)["against"]
    assert [one["mode"] for one in both] == ["scaled", "dot"]
    assert both[1] == alone[0]
    assert "The same training of another mode" in attn(*line, "--against", "dot").out


def test_the_document_and_files(attn: Attn) -> None:
    """Strict JSON with every step's loss; curves in files that can draw them."""
    found = json.loads(attn(*LINE, "--steps", 20, "--json").out)
    assert found["schema"] == "attn.training/1"
    assert len(found["loss"]) == len(found["pair_weight"]) == 21
    assert set(found["weights"]) == {"0", "2", "20"}
    assert attn(*LINE, "--steps", 20, "--save", "t.json").status == 0
    assert json.loads(Path("t.json").read_text()) == found
    for suffix, sign in (("html", "<svg"), ("tex", "loglogaxis"), ("md", "cat"), ("svg", "cat")):
        assert attn(*LINE, "--steps", 20, "--export", f"t.{suffix}").status == 0
        assert sign in Path(f"t.{suffix}").read_text()
        assert "Try" not in Path(f"t.{suffix}").read_text()
    assert "学到了什么" in attn(*LINE, "--lang", "zh").out


def test_draws_are_right_on_average() -> None:
    """The mean of many draws is the slope of the mean reward; a baseline adds the same to a row."""
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    pairs, draws = [(0, 1), (1, 2)], 40_000
    loss = Drawn(pairs, np.random.default_rng(0), baseline=False)
    changes = np.mean([loss(shares)[1] for _ in range(draws)], axis=0)
    expected = np.array([[0, -0.5, 0], [0, 0, -0.5]])
    error = 6 * 0.5 / np.sqrt(shares.min() * draws)
    assert np.allclose(changes, expected, atol=error)
    steady = Drawn(pairs, np.random.default_rng(0), baseline=False)
    steady.means = [0.3, 0.3]
    moved = np.mean([steady(shares)[1] for _ in range(draws)], axis=0)
    assert np.allclose(moved, expected + 0.15, atol=error)
    running = Drawn(pairs, np.random.default_rng(0), baseline=True)
    hits = [running(shares) for _ in range(2000)]
    assert running.means[0] == pytest.approx(0.3, abs=0.35)
    assert np.mean([loss for loss, _ in hits]) == pytest.approx(0.7, abs=0.04)


def test_hard_attention_is_learned_by_draws(attn: Attn) -> None:
    """Pairs are learned from draws alone, and the page measures how noisy that is."""
    ran = attn(*LINE, "--normalizer", "sample", "--baseline")
    assert ran.status == 0
    assert "How noisy draws are, before the first step" in ran.out
    run = library.train(
        text=SENTENCE, pair=["cat,mat", "mat,cat"], normalizer="sample", baseline=True
    )
    assert run.pair_weights[-1].min() > 0.9 > 0.2 > run.pair_weights[0].max()
    noise = run.report.noise
    assert noise is not None
    assert 1 < noise.steady < noise.plain
    found = json.loads(attn(*LINE, "--normalizer", "sample", "--steps", 5, "--json").out)
    assert found["noise"]["norm"] == noise.norm


def test_the_noise_of_draws_is_that_of_many_draws() -> None:
    """Summed over all that may be drawn, the spread is the one that 3,000 draws show."""
    shares = np.array([[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.4, 0.1]])
    p = Program(Sizes())
    p.sizes.bind_all("x", ("n", "m"), shares.shape)
    p.softmax(p.input(("n", "m"), name="x"), over="m", name="weights")
    given = {"x": np.log(shares)}
    found = spreads(p, given, ["x"], [(0, 1), (1, 3)])
    assert found is not None

    def back(change: np.ndarray) -> np.ndarray:
        return shares * (change - (change * shares).sum(axis=1, keepdims=True))

    rewards = np.zeros_like(shares)
    rewards[0, 1] = rewards[1, 3] = -0.5
    exact = back(rewards)
    assert found.norm == pytest.approx(np.linalg.norm(exact))
    for steady, spread in ((False, found.plain), (True, found.steady)):
        loss = Drawn([(0, 1), (1, 3)], np.random.default_rng(5), baseline=False)
        if steady:
            loss.means = [shares[0, 1], shares[1, 3]]
        apart = [np.square(back(loss(shares)[1]) - exact).sum() for _ in range(3000)]
        assert np.sqrt(np.mean(apart)) / found.norm == pytest.approx(spread, rel=0.05)


def test_a_pair_that_is_never_drawn_teaches_nothing(attn: Attn) -> None:
    """The page says so, and not that other rows changed."""
    text = "My dog eats my homework every day"
    pair = ("--pair", "dog,homework", "--normalizer", "sample", "--steps", 30)
    out = attn("train", "--text", text, *pair).flat
    assert "No pair was drawn in 30 steps, so nothing was learned" in out
    assert "Rows in no pair change too" not in out


def test_a_weight_of_0_is_named_where_the_loss_is_infinite(attn: Attn) -> None:
    """It is no loss that is no number, and the loss of a weight of 1 has no sign."""
    text = "My dog eats my homework every day"
    more = ("train", "--text", text, "--pair", "dog,homework", "--optimizer")
    ran = attn(*more, "sgd", "--lr", 1)
    assert "After 2 steps the weight of a pair is 0 and its loss, -ln 0, infinite" in ran.err
    out = attn(*more, "momentum").out
    assert "<.0001" in out
    assert "-0.0000" not in out


def test_what_was_learned_is_not_called_random(attn: Attn) -> None:
    """A trained run that is read back names the arrays that are random."""
    attn(*LINE, "--steps", 3, "--save", "run.npz")
    out = attn("compute", "--input", "run.npz", "--only", "output").out
    assert "random: X, W_V (seed 0)" in out
    assert "mean nothing" not in out
    assert "random: X (seed 0)" in attn("compute", "--input", "run.npz", "--only", "weights").out


def test_many_pairs_stay_a_table(attn: Attn) -> None:
    """Four pairs have no bars, and fit 80 columns."""
    texts = ("--text", "I drink hot tea", "--context-text", "ich trinke heissen Tee")
    out = attn("train", *texts, "--align", "0:0,1:1,2:2,3:3", "--steps", 10).out
    assert "step" in out
    assert "loss:" not in out


REFUSED = [
    (("--pair", "cat,mat", "--baseline"), "--baseline is for pairs that are drawn"),
    ((), "Nothing is to be learned. Give --pair cat,mat"),
    (("--pair", "cat"), "--pair: 'cat' is not of the form cat,mat."),
    (("--align", "0"), "--align: '0' is not of the form 0:0,1:2."),
    (
        ("--pair", "cat,dog"),
        "--pair: 'dog' is neither a word here nor a position. Known: The, cat,",
    ),
    (("--pair", "cat,9"), "axis m has the positions 0 to 7, not 9."),
    (("--pair", "cat,mat", "--pair", "cat,mat"), "cat → mat is given twice."),
    (("--pair", "cat,mat", "--causal"), "cat → mat can't be learned: the mask (causal) leaves it"),
    (("--pair", "cat,mat", "--target", "1 2"), "--target is a loss of its own"),
    (("--target", "1 2"), "--target: 1×2, but the output is 8×4."),
    (("--pair", "cat,mat", "--optimizer", "newton"), "'newton' is not one of sgd, momentum, adam."),
    (("--pair", "cat,mat", "--steps", "0"), "--steps: 0 is not between 1 and 100,000."),
    (("--pair", "cat,mat", "--lr", "0"), "--lr: 0 is not above 0."),
    (("--pair", "cat,mat", "--against", "none"), "--against: there is no mode 'none'."),
    (
        ("--pair", "cat,mat", "--normalizer", "hard"),
        "0. --normalizer softmax gives every pair some",
    ),
    (("--pair", "0,1", "--mode", "fc-time"), "in --mode fc-time no query has weights for keys."),
    (("--pair", "The,mat", "--optimizer", "sgd", "--lr", "1e308"), "is too large. Try a tenth"),
]


@pytest.mark.parametrize(("typed", "message"), REFUSED, ids=[" ".join(t) for t, _ in REFUSED])
def test_refusals(attn: Attn, typed: tuple[str, ...], message: str) -> None:
    """What can't be learned is said in one message."""
    ran = attn("train", "--text", SENTENCE, *typed)
    assert ran.status in (1, 2)
    assert message in " ".join(ran.err.split())
    assert not ran.out


def test_refused_without_matrices(attn: Attn) -> None:
    """Queries and keys that are given can't be learned; nor what is drawn."""
    ran = attn("train", "--pair", "0,1")
    assert "There is no matrix to learn: give --text or --x" in " ".join(ran.err.split())
    drawn = attn("train", "--text", "a b", "--normalizer", "sample", "--target", "1 0 0 0; 0 1 0 0")
    assert drawn.status == 0
    word = attn("train", "--text", "the cat the mat", "--pair", "the,cat")
    assert "'the' stands at 0, 2; give the number." in word.err


OWN: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "pair": ((), ("--pair", "mat,cat")),
    "align": ((), ("--align", "0:2")),
    "target": (("--x", "1 0; 0 1"), ("--target", "1 0; 0 1")),
    "optimizer": ((), ("--optimizer", "sgd")),
    "steps": ((), ("--steps", 7)),
    "lr": ((), ("--lr", 0.1)),
    "train_x": ((), ("--train-x",)),
    "against": ((), ("--against", "dot")),
    "baseline": (("--normalizer", "sample", "--steps", 40), ("--baseline",)),
    "plot": ((), ("--plot",)),
}
ELSEWHERE = {"theme", "width", "save", "export", "force", "lang", "json", "plain"}
TAKEN = sorted({*option_names("train")} - {*OWN} - ELSEWHERE)


def test_every_option_is_here() -> None:
    """Those it shares with compute are tried below; a new one of its own needs a line above."""
    own = option_names("train") - option_names("compute")
    assert own <= {*OWN}


@pytest.mark.parametrize("option", OWN)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    before, more = OWN[option]
    if option == "plot":
        pytest.importorskip("uniplot")
    base = ("train", "--text", SENTENCE, "--pair", "cat,mat", "--steps", 5)
    if option == "target":
        base = ("train", "--steps", 5)
        before = (*before, "--pair", "0,1")
        changed = attn(*base, "--x", "1 0; 0 1", *more)
    else:
        changed = attn(*once(*base, *before, *more)) if option != "pair" else attn(*base, *more)
    without = attn(*once(*base, *before)) if option != "pair" else attn(*base, *before)
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


@pytest.mark.parametrize("option", TAKEN)
def test_options_of_compute_are_taken(attn: Attn, option: str) -> None:
    """An option that it shares with compute changes what is trained, or is refused in a message."""
    np.save("rows.npy", normal(0, 5, 4))
    np.save("square.npy", normal(1, 4, 4))
    np.save("four.npy", normal(5, 1, 2, 3, 4))
    np.save("table.npy", normal(4, 32))
    np.save("whole.npy", normal(6, 4, 4))
    np.savez("qkv.npz", qkv=normal(7, 5, 12))
    np.savez("all.npz", q=normal(3, 2, 4))
    if option not in OF_COMPUTE:
        pytest.skip("tried in its own test of compute")
    before, more = OF_COMPUTE[option]
    rows = (
        ()
        if any(word in ("--text", "--x", "--input") for word in (*before, *more))
        else ("--x", "rows.npy")
    )
    base = ("train", *rows, "--pair", "1,0", "--steps", 2)
    changed = attn(*once(*base, *before, *more))
    if changed.status:
        assert changed.err.startswith("Error: ")
        return
    without = attn(*once(*base, *before))
    assert without.status != 0 or without.out != changed.out


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_float16_learns(attn: Attn, optimizer: str) -> None:
    """An optimizer remembers in float32: Adam's 1e-8 would be 0 in float16."""
    words = ("train", "--text", "the cat", "--pair", "the,cat", "--steps", 20)
    ran = attn(*words, "--dtype", "float16", "--optimizer", optimizer, "--save", "run.npz")
    assert ran.status == 0, ran.err
    with np.load("run.npz") as saved:
        assert saved["w_q"].dtype == np.float16
        assert saved["loss"][-1] < saved["loss"][0]
