"""Which convention gives a number: each is found again, and none where none gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import attn_cli as library
from attn_cli.costs.counting import MULTIPLY_ADD, OURS, PASSES, WHAT_OPERATIONS
from attn_cli.errors import AttnError
from tests.conftest import Attn, once, option_names
from tests.test_complexity import CHANGES as OF_COMPLEXITY

SIZES = {"n": 128, "d": 768, "heads": 12}
N, D = 128, 768
PROJECTIONS, CORE = 8 * N * D * D, 4 * N * N * D
OTHER = 12 * (6 * N * N - 2 * N)


def ways(**given: Any) -> list[set[str]]:
    """What is otherwise than ours, in each of the shortest readings."""
    return [set(one.conventions) for one in library.reconcile(**given).found]


BY_HAND = {
    "": PROJECTIONS + CORE + OTHER,
    "matrix products alone": PROJECTIONS + CORE,
    "without projections": CORE + OTHER,
    "Q Kᵀ and weights V alone: no projections, no softmax": CORE,
    "projections alone: a fused core counts as nothing, as in torch's counter": PROJECTIONS,
    "one of the two products of the core alone": CORE // 2,
    "one projection alone, X W_Q": PROJECTIONS // 4,
    "a multiply and an add are one": (PROJECTIONS + CORE) // 2 + OTHER,
    "half of all pairs, for a causal mask": PROJECTIONS + (CORE + OTHER) // 2,
    "backward, as twice the forward pass": 2 * (PROJECTIONS + CORE + OTHER),
    "forward and backward, as three times the forward pass": 3 * (PROJECTIONS + CORE + OTHER),
    "for each token": (PROJECTIONS + CORE + OTHER) // N,
}
"""FLOPs at these sizes, each counted by hand."""


@pytest.mark.parametrize("words", BY_HAND)
def test_each_convention_is_named(words: str) -> None:
    """A number that one convention gives is explained by that alone."""
    assert {words} - {""} in ways(flops=BY_HAND[words], **SIZES)


def test_conventions_come_together() -> None:
    """Projections alone with multiply-adds as one; a causal mask; layers and batch rows."""
    fused = "projections alone: a fused core counts as nothing, as in torch's counter"
    assert {fused, "a multiply and an add are one"} in ways(flops=301989888, **SIZES)
    exact = library.complexity(**SIZES, causal=True).totals["all"].value
    assert {"the n(n+1)/2 pairs of a causal mask"} in ways(flops=exact, **SIZES)
    whole = PROJECTIONS + CORE + OTHER
    assert {"all pairs, masked or not"} in ways(flops=whole, **SIZES, causal=True)
    assert {"in one layer", "in one batch row"} in ways(flops=whole, **SIZES, layers=3, batch=2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bytes": 262144, "n": 512, "d": 64}, set()),
        ({"bytes": 131072, "n": 512, "d": 64}, {"keys alone, or values alone"}),
        ({"bytes": 131072, "n": 512, "d": 64}, {"numbers of 2 bytes (float16, bfloat16)"}),
        ({"bytes": 2 * 512 * 64, "n": 512, "d": 64}, {"numbers of 1 byte (float8)"}),
        ({"bytes": 512, "n": 512, "d": 64}, {"for each key"}),
        ({"bytes": 4 * 512 * 512, "n": 512, "d": 64}, {"the scores, not the cache"}),
        ({"bytes": "2MiB", "n": 512, "d": 64}, {"scores and weights, not the cache"}),
        (
            {"bytes": 262144, "n": 512, "d": 64, "heads": 8, "kv_heads": 2},
            {"as many key heads as query heads"},
        ),
        ({"params": 4 * D * D, **SIZES}, set()),
        ({"params": 3 * D * D, **SIZES}, {"without W_O"}),
        ({"params": D * D, **SIZES}, {"W_Q alone"}),
        ({"params": 4 * D * D + 4 * D, **SIZES}, {"with a bias of each projection"}),
        ({"params": 12 * D * D, **SIZES}, {"with a feed-forward layer of 8 d² beside"}),
        ({"params": 4 * D * D, **SIZES, "layers": 5}, {"in one layer"}),
        (
            {"params": 4 * D * D, **SIZES, "kv_heads": 4},
            {"as many key heads as query heads"},
        ),
    ],
)
def test_bytes_and_parameters(given: dict[str, Any], words: set[str]) -> None:
    """A cache, scores, types, grouped heads, matrices: each counted by hand."""
    assert words in ways(**given)


def test_rounded_numbers_and_units() -> None:
    """What is typed with a unit or a point is rounded; GB is 10⁹ bytes, GiB 2³⁰."""
    cache = {"n": 4096, "d": 4096, "heads": 32, "kv_heads": 8, "layers": 32, "dtype": "float16"}
    assert set() in ways(bytes="0.5GiB", **cache)
    assert set() in ways(bytes="0.54GB", **cache)
    assert set() not in ways(bytes="0.50GB", **cache)
    assert set() in ways(flops="655M", **SIZES)
    assert set() in ways(flops="655,488,000", **SIZES)
    assert set() in ways(flops="6.555e8", **SIZES)


def test_no_convention_gives_it(attn: Attn) -> None:
    """It is said, with how many were counted and what comes nearest; exit status 1."""
    ran = attn("reconcile", "--flops", 12345, "--n", 12, "--d", 4)
    assert ran.status == 1
    assert "No convention gives it" in ran.out
    assert "420 combinations were counted." in ran.out
    assert "nearest: " in ran.out
    assert "ours: 4,680, as attn counts" in ran.flat


def test_the_page_and_the_document(attn: Attn) -> None:
    """The ways that differ from ours, and ours beside; the same in JSON and in files."""
    typed = ("reconcile", "--flops", 301989888, "--n", 128, "--d", 768, "--heads", 12)
    ran = attn(*typed)
    assert ran.status == 0
    assert "It is this, where ours is otherwise" in ran.out
    assert "301,989,888 FLOPs: projections alone: a fused core counts as nothing" in ran.flat
    document = json.loads(attn(*typed, "--json").out)
    assert document["schema"] == "attn.reconciliation/1"
    assert document["match"] is True
    assert document["found"][0]["value"] == 301989888
    assert attn(*typed, "--save", "r.json").status == 0
    assert json.loads(Path("r.json").read_text()) == document
    assert attn(*typed, "--export", "r.html", "--width", 60).status == 0
    assert attn(*typed, "--export", "r.html").status == 2
    assert attn(*typed, "--export", "r.html", "--force").status == 0
    assert attn(*typed, "--plain").out.isascii()
    assert "哪种计数约定" in attn(*typed, "--lang", "zh").out
    ours = attn("reconcile", "--bytes", 262144, "--n", 512, "--d", 64)
    assert "It is ours" in ours.out


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("--n", 2, "--d", 2), "Give one number: --flops, --bytes or --params."),
        (("--flops", 1, "--bytes", 2), "Give one number: --flops, --bytes or --params."),
        (("--flops", "x", "--n", 2, "--d", 2), "--flops: 'x' is not a number such as 301989888"),
        (("--flops", 2, "--n", 2), "Every size needs a number: give --d."),
    ],
)
def test_refusals(attn: Attn, typed: tuple[Any, ...], message: str) -> None:
    """No number, two of them, none that is one, and sizes that are missing."""
    ran = attn("reconcile", *typed)
    assert ran.status == 2
    assert message in ran.err


def test_every_question_begins_with_our_own_answer() -> None:
    """Where nothing is chosen otherwise the count is that of attn complexity."""
    for question in (WHAT_OPERATIONS, MULTIPLY_ADD, PASSES):
        assert question[0] is OURS
        words = [answer.words for answer in question]
        assert len(set(words)) == len(words)
    with pytest.raises(AttnError):
        library.reconcile(flops=1, nonsense=2)


SHARED = sorted(
    set(OF_COMPLEXITY) & option_names("reconcile") - {"json", "export", "save", "force", "width"}
)


@pytest.mark.parametrize("option", [name for name in SHARED if name not in ("n", "m", "d")])
def test_sizes_and_choices_count_as_in_complexity(attn: Attn, option: str) -> None:
    """With an option of complexity, the total of complexity is the number that is ours."""
    before, more = OF_COMPLEXITY[option]
    sizes = ("--n", 2 if option == "mask" else 8, "--d", 64 if option == "latent" else 8)
    typed = once(*sizes, *before, *more)
    if option == "window":
        typed[-1] = 3
    counted = json.loads(attn("complexity", *typed, "--json").out)
    total = counted["totals"]["all"]["value"]
    ran = attn("reconcile", *typed, "--flops", total, "--json")
    assert json.loads(ran.out)["ours"] == total


@pytest.mark.parametrize("what", ["bytes", "params"])
def test_a_mask_that_changes_nothing_is_refused(attn: Attn, what: str) -> None:
    """Caches and matrices are as large with a mask as without."""
    ran = attn("reconcile", f"--{what}", 64, "--n", 4, "--d", 4, "--causal")
    assert ran.status == 2
    assert "--causal: a mask changes no number of" in ran.err


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            ("--bytes", "512KB", "--n", 1, "--d", 4096, "--layers", 32, "--dtype", "float16"),
            "1,024",
        ),
        (("--params", "2362368", "--d", 768, "--heads", 12), "with a bias of each projection"),
        (("--params", "1771776", "--d", 768, "--heads", 12), "without W_O, with biases"),
        (("--flops", "4.19 MFLOPs", "--n", 512, "--d", 64), "one projection alone"),
        (("--flops", "4.19MMac", "--n", 512, "--d", 64), "one projection alone"),
    ],
)
def test_units_as_tools_print_them(attn: Attn, typed: tuple[object, ...], says: str) -> None:
    """KB of 1,024 bytes, FLOPs and MACs behind a number, parameters without a length."""
    ran = attn("reconcile", *typed)
    assert ran.status == 0, ran.out
    assert says in ran.flat


def test_exact_readings_count_more_than_near_ones(attn: Attn) -> None:
    """1 GiB is 2^30 bytes where a convention gives just that, whole numbers in full."""
    sizes = ("--n", 8192, "--d", 4096, "--heads", 32, "--kv-heads", 8, "--layers", 32)
    ran = attn("reconcile", "--bytes", "1GiB", *sizes)
    assert "1,073,741,824 bytes: keys alone" in ran.flat
    assert "536,870,912" not in ran.out
