"""Claims of the booklet, computed again here from their definitions, with NumPy alone."""

from __future__ import annotations

import re

import numpy as np
import pytest

import attn_cli as attn
from attn_cli.api.measurements import MEASURES
from attn_cli.arrays import seeded
from attn_cli.topics.library import ORDER
from tests.claims import CLAIMS

DRAWS, KEYS, SEED = 2000, 8, 0


def softmax(scores: np.ndarray) -> np.ndarray:
    """Shares of each row."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("at", range(5))
def test_scaling_averages_each_slope(at: int) -> None:
    """The slope is the mean of p (1 - p), not p (1 - p) of a mean."""
    row = MEASURES["scaling"]().rows[at]
    width = int(row[0])
    query = seeded.normal("query", (DRAWS, 1, width), SEED)
    key = seeded.normal("key", (DRAWS, KEYS, width), SEED)
    scores = (query * key).sum(-1)
    for place, factor in ((1, 1.0), (4, width**-0.5)):
        largest = softmax(factor * scores).max(-1)
        assert float(row[place + 1]) == pytest.approx(largest.mean(), abs=6e-4)
        assert float(row[place + 2]) == pytest.approx((largest * (1 - largest)).mean(), abs=6e-4)


def test_scaled_slopes_do_not_fall_and_plain_ones_do() -> None:
    """What the page says of the table: undivided, wide vectors saturate softmax."""
    rows = MEASURES["scaling"]().rows
    plain, scaled = ([float(row[at]) for row in rows] for at in (3, 6))
    assert plain == sorted(plain, reverse=True)
    assert plain[0] == pytest.approx(scaled[0], abs=2e-3)
    assert max(scaled) - min(scaled) < 0.02


def test_reinforce_tells_the_variance_itself() -> None:
    """Σ p (r - b)² |onehot - p|² less the gradient's square, from the definition."""
    scores = seeded.normal("scores", (KEYS,), SEED)
    reward = seeded.normal("reward", (KEYS,), SEED) + 2
    p = softmax(scores)
    exact = p * (reward - p @ reward)
    row = MEASURES["reinforce"]().rows[-1]
    for place, baseline in ((1, 0.0), (2, p @ reward)):
        each = (reward - baseline)[:, None] * (np.eye(KEYS) - p)
        mean = p @ each
        np.testing.assert_allclose(mean, exact, atol=1e-12)
        variance = (p[:, None] * (each - mean) ** 2).sum()
        assert float(row[place]) == pytest.approx(variance, abs=6e-4)


def test_the_mean_reward_need_not_help() -> None:
    """Two keys for which it makes the estimates spread more, as the page says it may."""
    p, reward = np.array([0.9, 0.1]), np.array([1.0, 0.0])

    def variance(baseline: float) -> float:
        each = (reward - baseline)[:, None] * (np.eye(2) - p)
        return float((p[:, None] * (each - p @ each) ** 2).sum())

    assert variance(p @ reward) > 10 * variance(0)


def test_symmetric_scores_without_a_symmetric_product() -> None:
    """For some X scores are symmetric though W_Q W_Kᵀ is not: "for every X only if" is right."""
    rows, product = np.array([[1.0, 1], [2, 2]]), np.array([[0.0, 1], [0, 0]])
    scores = rows @ product @ rows.T
    assert (scores == scores.T).all()
    assert not (product == product.T).all()


def test_forgetting_in_plain_numbers() -> None:
    """Shares from 100 % down, none with a power of ten."""
    rows = MEASURES["forgetting"]().rows
    assert rows[0][2] == "100 %"
    shares = [float(row[2].removesuffix(" %")) for row in rows]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ORDER)
def test_no_number_with_a_power_of_ten(name: str, lang: str) -> None:
    """Numbers of a page can be read: 1e+02 and -3.4e-3 are no way to write 100 and -0.0034."""
    with attn.speaking(lang):
        page = str(attn.explain(name))
    assert not re.search(r"\de[+-]?0\d|\de-[1-4]\b", page)


@pytest.mark.parametrize("name", CLAIMS)
def test_comparisons_of_pages(name: str) -> None:
    """Each sentence that compares two numbers, on the page and true."""
    text, holds = CLAIMS[name]
    topic = name.partition(":")[0]
    assert text in " ".join(str(attn.explain(topic)).split())
    assert holds()
