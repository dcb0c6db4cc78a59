"""Weights by every normalizer against loops, brute force and laws."""

from __future__ import annotations

from itertools import combinations
from math import exp, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attn_cli
from attn_cli import masks
from attn_cli.api import evaluated
from attn_cli.arrays import seeded
from attn_cli.mechanisms.normalizers import NORMALIZERS, normalizer
from attn_cli.readings import cost
from attn_cli.readings.entmax import entmax
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks
from tests import oracle
from tests.conftest import Attn
from tests.counting import counts
from tests.programs import Arrays, normal, program_of, run, with_parameters
from tests.test_values import relative

NAMES = [one.name for one in NORMALIZERS]
ARRAYS = {"q": normal(0, 5, 3), "k": normal(1, 6, 3), "v": normal(2, 6, 2)}
ROWS = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=1, max_size=6)


def weights(name: str, arrays: Arrays = ARRAYS, **choices: object) -> Arrays:
    """Every step under a normalizer."""
    return run("scaled", arrays, normalizer=normalizer(name), **choices)


def sparsemax(row: list[float]) -> list[float]:
    """Of all sets of keys, the one whose threshold lets in its own keys and no other."""
    for size in range(len(row), 0, -1):
        for chosen in combinations(range(len(row)), size):
            threshold = (sum(row[j] for j in chosen) - 1) / size
            inside = all(row[j] > threshold for j in chosen)
            if inside and all(row[j] <= threshold for j in range(len(row)) if j not in chosen):
                return [max(0.0, x - threshold) for x in row]
    raise AssertionError(row)


def thresholded(row: list[float], alpha: float) -> list[float]:
    """The threshold at which powers of what is above sum to 1, found by halving."""
    low, high = (alpha - 1) * max(row) - 1, (alpha - 1) * max(row)

    def powers(threshold: float) -> list[float]:
        return [max(0.0, (alpha - 1) * x - threshold) ** (1 / (alpha - 1)) for x in row]

    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(powers(middle)) >= 1 else (low, middle)
    found = powers(low)
    return [x / sum(found) for x in found]


@given(ROWS)
def test_sparsemax_is_the_projection(row: list[float]) -> None:
    """Sparsemax equals a search through all supports."""
    found = entmax(np.array([row]), 2.0)[0]
    assert np.abs(found - sparsemax(row)).max() < 1e-12
    assert abs(found.sum() - 1) < 1e-14


@given(ROWS, st.sampled_from([1.5, 1.2, 1.7, 2.0, 3.0]))
def test_entmax_of_any_power(row: list[float], alpha: float) -> None:
    """Exact forms and halvings equal halvings by plain numbers."""
    found = entmax(np.array([row]), alpha)[0]
    assert np.abs(found - thresholded(row, alpha)).max() < 1e-9
    assert abs(found.sum() - 1) < 1e-12


def test_sparsemax_by_hand() -> None:
    """Scores 1, 0.5, −1: the threshold is (1 + 0.5 − 1) / 2 = 0.25."""
    assert entmax(np.array([[1.0, 0.5, -1.0]]), 2.0)[0].tolist() == [0.75, 0.25, 0.0]


@pytest.mark.parametrize("name", NAMES)
def test_masked_keys_and_empty_rows_are_zero(name: str) -> None:
    """No weight beyond the mask, and none at all where no key is allowed; never NaN."""
    found = weights(name, mask=masks.causal(-1))
    assert not found["weights"][np.triu_indices(5, 0, 6)].any()
    assert not found["weights"][0].any()
    assert not found["output"][0].any()
    sums = found["weights"][1:].sum(axis=1)
    if name not in ("sigmoid", "softmax-sink"):
        assert np.abs(sums - 1).max() < 1e-14
    assert np.isfinite(found["output"]).all()


def test_softmax_in_steps_is_softmax() -> None:
    """Largest, shifted, powers, total: the same weights."""
    masked = masks.causal(2)
    whole, steps = weights("softmax", mask=masked), weights("softmax-steps", mask=masked)
    assert relative(steps["weights"], whole["weights"]) < 1e-15
    assert steps["largest"].shape == steps["total"].shape == (5, 1)
    assert (steps["shifted"].max(axis=1) == 0).all()


def test_a_sink_takes_its_share() -> None:
    """e^s over e^sink and all e^s, for each head its own sink; −∞ is plain softmax."""
    arrays = {"q": normal(0, 2, 3, 4, 2), "k": normal(1, 2, 3, 5, 2), "v": normal(2, 2, 3, 5, 2)}
    sinks = np.array([0.0, 2.0, -1.0])
    found = weights("softmax-sink", {**arrays, "sink": sinks})
    for b, h, i in np.ndindex(2, 3, 4):
        row = found["scaled"][b, h, i].tolist()
        total = exp(sinks[h]) + sum(map(exp, row))
        assert relative(found["weights"][b, h, i], [exp(x) / total for x in row]) < 1e-14
    none = weights("softmax-sink", {**arrays, "sink": np.full(3, -inf)})
    assert relative(none["weights"], weights("softmax", arrays)["weights"]) < 1e-15
    large = weights("softmax-sink", {**arrays, "sink": np.full(3, 800.0)})
    assert np.isfinite(large["weights"]).all()


def test_hard_takes_the_first_of_the_largest() -> None:
    """Ties go to the first key."""
    arrays = {"q": np.array([[1.0]]), "k": np.array([[1.0], [3.0], [3.0]]), "v": normal(0, 3, 2)}
    assert weights("hard", arrays)["weights"].tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("name", ["sample", "gumbel-hard"])
def test_draws_are_soft_on_average(name: str) -> None:
    """Over many draws each key is chosen as often as softmax says, within five deviations."""
    count = 20_000
    arrays = {**ARRAYS, "q": np.repeat(ARRAYS["q"][:1], count, axis=0)}
    drawn = np.random.default_rng(3)
    noise = (
        {"uniform": drawn.random(count)}
        if name == "sample"
        else {"gumbel": drawn.gumbel(size=(count, 6))}
    )
    found = weights(name, {**arrays, **noise})["weights"]
    soft = weights("softmax", {**ARRAYS, "q": ARRAYS["q"][:1]})["weights"][0]
    assert (found.sum(axis=1) == 1).all()
    assert set(np.unique(found)) == {0.0, 1.0}
    deviation = np.sqrt(soft * (1 - soft) / count)
    assert (np.abs(found.mean(axis=0) - soft) < 5 * deviation).all()


def test_draws_at_the_edges() -> None:
    """A number of 0 draws the first key with a share, one just below 1 the last."""
    edge = {**ARRAYS, "uniform": np.array([0, np.nextafter(1, 0), 0, 0.5, 0.9])}
    found = weights("sample", edge, mask=masks.causal())["weights"].argmax(axis=1)
    assert found[:3].tolist() == [0, 1, 0]


def test_gumbel_softmax() -> None:
    """softmax((s + g) / τ): the noise stands on the scores, the temperature below both."""
    noise = normal(5, 5, 6)
    found = weights("gumbel-softmax", {**ARRAYS, "gumbel": noise}, temperature=0.3)
    for i in range(5):
        row = [(s + g) / 0.3 for s, g in zip(found["scaled"][i], noise[i], strict=True)]
        assert relative(found["weights"][i], oracle.softmax(row)) < 1e-12


def test_sigmoid() -> None:
    """Each key for itself."""
    found = weights("sigmoid")
    assert (
        relative(found["weights"], [[1 / (1 + exp(-s)) for s in row] for row in found["scaled"]])
        < 1e-14
    )


@pytest.mark.parametrize("name", NAMES)
def test_temperature_flattens(name: str) -> None:
    """A temperature of 1 changes nothing; scores are divided by it."""
    same = {**ARRAYS, "uniform": np.full(5, 0.3), "gumbel": normal(4, 5, 6), "sink": np.zeros(1)}
    arrays = {
        n: a for n, a in same.items() if n in "qkv" or n in normalizer(name).arrays(("n", "m"), "m")
    }
    one, two = weights(name, arrays), weights(name, arrays, temperature=1.0)
    assert relative(two["weights"], one["weights"]) < 1e-15
    step = "perturbed" if "gumbel" in name else "scaled"
    cold = weights(name, arrays, temperature=0.5)
    assert relative(cold["tempered"], 2 * cold[step]) < 1e-15


@pytest.mark.parametrize("name", NAMES)
def test_what_is_counted_is_what_is_done(name: str) -> None:
    """Every operation of a normalizer's steps is in its cost."""
    arrays = {name_: normal(place, 5, 6) for place, name_ in enumerate("qkv")}
    chosen = {"normalizer": normalizer(name), "heads": 3, "alpha": 1.7, "temperature": 2.0}
    program = program_of("scaled", arrays, mask=masks.causal(), **chosen)
    for name, count in counts(program, with_parameters(program, arrays)).items():
        assert count == cost.flops(program[name], cost.Count(program.sizes)), name


@pytest.mark.parametrize("name", NAMES)
def test_blocks_equal_the_whole(name: str) -> None:
    """Rows are independent under every normalizer, so blocks of queries give the same."""
    arrays = {"q": normal(0, 40, 4), "k": normal(1, 30, 4), "v": normal(2, 30, 3)}
    program = program_of("scaled", arrays, normalizer=normalizer(name), mask=masks.causal(-2))
    arrays = with_parameters(program, arrays)
    if "uniform" in arrays:
        arrays["uniform"] = np.random.default_rng(0).random(40)
    whole = evaluate(program, arrays)["output"]
    found = blocks.evaluate_blocks(program, arrays, block_bytes=30 * 8 * 7).arrays["output"]
    assert np.abs(found - whole).max() <= 1e-12 * np.abs(whole).max()


def test_on_the_command_line(attn: Attn) -> None:
    """The page says by what the weights come, and what they are; a saved run keeps it."""
    ran = attn("compute", "--normalizer", "sparsemax", "--temperature", "1/2", "--save", "run.npz")
    assert "weights by sparsemax: max(0, s - t), t so that they sum to 1 (Martins 2016" in ran.flat
    assert "low scores" in ran.flat
    quiet = attn("compute", "--normalizer", "sparsemax", "--temperature", "1/2", "--quiet").out
    assert attn("compute", "--input", "run.npz", "--quiet").out == quiet
    for name in NAMES:
        assert attn("compute", "--normalizer", name, "--heads", 2, "--causal").status == 0
    sunk = attn("compute", "--normalizer", "softmax-sink", "--param", "sink=3", "--quiet").out
    assert sunk != attn("compute", "--normalizer", "softmax-sink", "--quiet").out
    drawn = [
        attn(
            "compute", "--normalizer", "sample", "--seed", seed, "--n", 30, "--only", "weights"
        ).out
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_many_keys_in_float16() -> None:
    """Sums are wider than float16, which ends at 65504 and stops growing long before."""
    arrays = {"q": np.zeros((40, 1)), "k": np.zeros((70_000, 1)), "v": np.ones((70_000, 1))}
    arrays = {name: array.astype(np.float16) for name, array in arrays.items()}
    for name in ("softmax", "softmax-steps", "softmax-sink"):
        own = {"sink": np.zeros(1, np.float16)} if "sink" in name else {}
        found = weights(name, {**arrays, **own})
        assert abs(float(found["weights"][0].astype(float).sum()) - 1) < 0.01
    drawn = np.random.default_rng(0).random(40).astype(np.float16)
    places = weights("sample", {**arrays, "uniform": drawn})["weights"].argmax(axis=1)
    assert np.abs(places / 70_000 - drawn.astype(float)).max() < 0.05


def test_small_shares_keep_their_digits() -> None:
    """A sigmoid far below 0 is e^s, not what is left of 1."""
    arrays = {
        "q": np.array([[1.0]]),
        "k": np.array([[-40.0], [-700.0], [40.0]]),
        "v": normal(0, 3, 1),
    }
    found = run("dot", arrays, normalizer=normalizer("sigmoid"))["weights"][0]
    assert relative(found[:1], [exp(-40) / (1 + exp(-40))]) < 1e-15
    assert 0 < found[1] < 1e-300
    assert found[2] == 1


@pytest.mark.parametrize("name", NAMES)
def test_lost_numbers_stay_lost(name: str) -> None:
    """A NaN score makes no confident choice: its row is NaN."""
    arrays = {**ARRAYS, "k": ARRAYS["k"].copy()}
    arrays["k"][2, 0] = np.nan
    assert np.isnan(weights(name, arrays)["output"]).all()


def test_entmax_near_softmax_in_float32() -> None:
    """Powers close to 1 are computed in float64, and come close to softmax."""
    row = np.array([[1.0, 2.0, 3.0]], np.float32)
    found = entmax(row, 1.000001)
    assert found.dtype == np.float32
    assert np.abs(found[0] - oracle.softmax([1.0, 2.0, 3.0])).max() < 1e-5


def test_no_false_notice_of_overflow(attn: Attn) -> None:
    """−∞ of a mask, carried through later steps, is no number beyond its type."""
    for name in ("softmax-steps", "gumbel-softmax", "gumbel-hard"):
        assert attn("compute", "--normalizer", name, "--causal", "--temperature", 2).err == ""


def test_another_normalizer_for_a_saved_run(attn: Attn) -> None:
    """The saved power goes with the saved normalizer."""
    assert attn("compute", "--normalizer", "entmax", "--alpha", 1.2, "--save", "e.npz").status == 0
    assert attn("compute", "--input", "e.npz", "--normalizer", "hard").status == 0
    again = attn("compute", "--input", "e.npz", "--quiet").out
    assert again == attn("compute", "--normalizer", "entmax", "--alpha", 1.2, "--quiet").out


REFUSALS = {
    "--normalizer sample --param uniform=1,0,0,0": (
        "--param uniform: numbers that draw lie from 0 to below 1."
    ),
    "--normalizer sofmax": "--normalizer: there is no normalizer 'sofmax'. Did you mean softmax? ",
    "--alpha 2": "--alpha is the power of entmax: add --normalizer entmax.",
    "--normalizer entmax --alpha 1": "--alpha: 1 is not above 1.",
    "--temperature 0": "--temperature: 0 is not above 0.",
    "--param sink=1": "--param sink: scaled has no such array. ",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """What means nothing is refused, by name."""
    ran = attn("compute", *line.split())
    assert ran.err.startswith(f"Error: {REFUSALS[line]}")
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.parametrize("shape", [(7, 5), (2, 3, 7, 5)])
def test_noise_is_the_same_whichever_rows_are_drawn(shape: tuple[int, ...]) -> None:
    """Rows of Gumbel numbers drawn alone are those of all drawn at once, by whatever index."""
    rows = seeded.Rows("gumbel", shape, 3, np.dtype("float64"))
    uniform = np.random.default_rng([3, *b"gumbel"]).random(shape)
    whole = -np.log(-np.log(uniform))
    np.testing.assert_array_equal(np.asarray(rows), whole)
    before = (slice(None),) * (len(shape) - 2)
    for chosen in (slice(2, 5), np.array([0, 1, 4, 6]), (3,), slice(None)):
        expected = whole[(*before, np.r_[chosen])]
        np.testing.assert_array_equal(rows[(*before, chosen)], expected)
    np.testing.assert_array_equal(
        rows[(*before, slice(1, 3), slice(2))][..., 0], whole[..., 1:3, 0]
    )


@pytest.mark.parametrize("name", ["gumbel-softmax", "gumbel-hard"])
def test_noise_in_blocks_is_that_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in blocks, whose noise is drawn by rows, gives the numbers of the whole."""
    how: dict[str, Any] = {"n": 40, "m": 30, "heads": 2, "d": 8, "normalizer": name, "seed": 5}
    whole = attn_cli.compute(**how)
    monkeypatch.setattr(evaluated, "LARGE_BYTES", 0)
    monkeypatch.setattr(seeded, "LARGE", 10)
    blocks = attn_cli.compute(**how, show_work="perturbed[1,20,3]")
    np.testing.assert_allclose(blocks.output, whole.output, atol=1e-13)
    assert str(blocks)
    saved = attn_cli.compute(**how, keep="all")
    saved.save("noise.npz")
    np.testing.assert_array_equal(np.load("noise.npz")["gumbel"].shape, (2, 40, 30))
