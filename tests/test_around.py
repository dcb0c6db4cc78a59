"""Around attention: layer normalization and the rows that go past it."""

from __future__ import annotations

from math import sqrt
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import attn_cli as library
from attn_cli.errors import AttnError, ShapeError
from tests.conftest import Attn, draws
from tests.drawn import choices
from tests.programs import normal

ARRAYS = {
    "x": normal(0, 3, 4),
    "w_q": normal(1, 4, 4),
    "w_k": normal(2, 4, 4),
    "w_v": normal(3, 4, 4),
    "w_o": normal(4, 4, 4),
}


def by_loops(row: list[float]) -> list[float]:
    """Layer normalization by the definition, number by number."""
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    return [(x - mean) / sqrt(variance) for x in row]


def test_residual_adds_the_rows() -> None:
    """What attention gives is a step of its own; the output is that and x."""
    plain = library.compute(**ARRAYS, heads=2)
    added = library.compute(**ARRAYS, heads=2, residual=True)
    np.testing.assert_allclose(added["attention"], plain.output, atol=0)
    np.testing.assert_allclose(added.output, plain.output + ARRAYS["x"], atol=1e-14)


@settings(max_examples=draws(60))
@given(choices())
def test_output_is_the_result_by_every_name(made: dict[str, object]) -> None:
    """`output` is the last step: by key, by attribute, in the document and in a file."""
    try:
        run = library.compute(**made)
    except AttnError:
        assume(False)
    document = {step["name"]: step["values"] for step in run.to_dict()["steps"]}
    assert run.steps[-1].name == "output"
    assert (run["output"] == run.output).all()
    assert np.array_equal(np.array(document["output"]), run.output)
    with TemporaryDirectory() as folder:
        run.save(f"{folder}/run.npz")
        with np.load(f"{folder}/run.npz") as saved:
            assert (saved["output"] == run.output).all()


def test_post_normalizes_the_sum() -> None:
    """LayerNorm(x + attention(x)), as in 2017, by loops."""
    added = library.compute(**ARRAYS, residual=True)
    normed = library.compute(**ARRAYS, residual=True, norm="post")
    expected = [by_loops(row) for row in added.output.tolist()]
    np.testing.assert_allclose(normed.output, expected, atol=1e-12)


def test_pre_normalizes_the_rows_that_attention_reads() -> None:
    """X + attention(LayerNorm(x)): what goes past is not normalized."""
    rows = np.array([by_loops(row) for row in ARRAYS["x"].tolist()])
    expected = library.compute(**{**ARRAYS, "x": rows}).output + ARRAYS["x"]
    found = library.compute(**ARRAYS, residual=True, norm="pre").output
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_positions_are_added_before() -> None:
    """Waves come first: they are normalized, and they go past with the rows."""
    run = library.compute(**ARRAYS, residual=True, norm="pre", positions="sinusoidal")
    rows = run["embedded"]
    other = library.compute(**{**ARRAYS, "x": rows}, residual=True, norm="pre")
    np.testing.assert_allclose(run.output, other.output, atol=1e-13)


@given(st.integers(1, 5), st.integers(2, 7), st.integers(0, 99))
def test_rows_have_mean_0_and_variance_1(n: int, d: int, seed: int) -> None:
    """The law of layer normalization, whatever the rows."""
    run = library.compute(x=normal(seed, n, d), norm="pre", seed=seed)
    rows = run["x_normed"]
    np.testing.assert_allclose(rows.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(rows.var(-1), 1, atol=1e-9)


def test_the_same_as_torch() -> None:
    """Torch's LayerNorm without ε."""
    torch = pytest.importorskip("torch")
    rows = normal(7, 5, 6)
    norm = torch.nn.LayerNorm(6, eps=0.0, dtype=torch.float64)
    expected = norm(torch.from_numpy(rows)).detach().numpy()
    np.testing.assert_allclose(
        library.compute(x=rows, norm="pre")["x_normed"], expected, atol=1e-12
    )


@pytest.mark.parametrize("how", [{"residual": True}, {"norm": "pre"}, {"norm": "post"}])
@pytest.mark.parametrize("mode", ["scaled", "additive", "branched"])
def test_gradients_are_those_of_differences(how: dict[str, object], mode: str) -> None:
    """The gradient of the rows agrees with central differences of the output."""
    x, change = normal(1, 3, 4), normal(9, 3, 4)

    def loss(rows: np.ndarray) -> float:
        return float((library.compute(x=rows, mode=mode, heads=2, **how).output * change).sum())

    found = library.gradient(x=x, mode=mode, heads=2, d_output=change, **how)["d_x"]
    step = 1e-6
    for place in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[place] = step
        slope = (loss(x + moved) - loss(x - moved)) / (2 * step)
        assert found[place] == pytest.approx(slope, abs=1e-7)


def test_a_run_too_large_to_keep(attn: Attn) -> None:
    """Computed in blocks of rows it gives the same rows as one that is kept whole."""
    rows = normal(3, 3000, 4)
    how = {"x": rows, "residual": True, "norm": "post"}
    part = library.compute(**how, mask="causal", seed=1)
    whole = library.compute(**how, mask="causal", seed=1, keep="all")
    assert part.output.shape == (3000, 4)
    np.testing.assert_allclose(part.output, whole.output, atol=1e-12)


def test_pairs_learn_nothing_of_what_comes_after(attn: Attn) -> None:
    """Pairs are learned up to the weights, so what stands behind them is refused."""
    words = ("train", "--text", "cat mat", "--pair", "cat,mat", "--steps", "3")
    assert "--residual changes nothing that pairs learn" in attn(*words, "--residual").err
    assert "--norm post changes nothing that pairs learn" in attn(*words, "--norm", "post").err
    assert attn(*words, "--norm", "pre").status == 0


def test_decode_and_saved_runs() -> None:
    """The last row with a cache is the last row of all; a saved run keeps both choices."""
    whole = library.compute(x=ARRAYS["x"], causal=True, residual=True, norm="pre", seed=3)
    last = library.compute(x=ARRAYS["x"], residual=True, norm="pre", seed=3, decode=True)
    np.testing.assert_allclose(last.output[-1], whole.output[-1], atol=1e-12)
    whole.save("run.npz")
    again = library.compute(input="run.npz")
    assert again.spec.norm == "pre"
    np.testing.assert_allclose(again.output, whole.output, atol=0)


def test_refusals() -> None:
    """Both need rows; what is added has to be as wide; modes of other kinds take neither."""
    with pytest.raises(AttnError, match="are about rows: give x= or text="):
        library.compute(q=[[1, 0]], residual=True)
    with pytest.raises(ShapeError, match="x is 4 wide and the output 2"):
        library.compute(x=normal(0, 3, 4), w_v=normal(1, 4, 2), residual=True)
    with pytest.raises(AttnError, match="norm= is not for mode='linear'"):
        library.compute(x=normal(0, 3, 4), mode="linear", norm="pre")
    with pytest.raises(AttnError, match="there is no 'middle'"):
        library.compute(x=normal(0, 3, 4), norm="middle")
