"""`attn compare`: the same inputs, several ways, held against each other."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli
from attn_cli.api import evaluated
from attn_cli.api.compare import compared
from attn_cli.api.given import arranged
from attn_cli.api.looking import Advance, Look
from attn_cli.language import speaking
from attn_cli.topics.library import catalogue
from tests.conftest import Attn, Ran, option_names
from tests.programs import SCORED, normal
from tests.test_options import CHANGES as OF_COMPUTE

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


def document(ran: Ran) -> dict[str, Any]:
    """The JSON that a command printed."""
    assert ran.status == 0, ran.err
    return json.loads(ran.out, parse_constant=lambda text: pytest.fail(text))


def numbers(attn: Attn, *arguments: object) -> np.ndarray:
    """The output of compute."""
    ran = attn("compute", *arguments, "--quiet")
    assert ran.status == 0, ran.err
    return np.array([[float(x) for x in line.split()] for line in ran.out.splitlines()])


def test_numbers_are_those_of_compute(attn: Attn) -> None:
    """Weights are compute's; entropy and change come of them by hand."""
    found = document(attn("compare", "--modes", "dot,scaled", *SMALL, "--json"))
    assert found["schema"] == "attn.compare/1"
    one, other = found["ways"]
    share = exp(1) / (1 + exp(1))
    assert np.allclose(one["weights"], [[share, 1 - share], [1 - share, share]], rtol=1e-15)
    entropy = -share * log(share) - (1 - share) * log(1 - share)
    assert abs(one["entropy"] - entropy) < 1e-15
    assert abs(one["effective_keys"] - exp(entropy)) < 1e-15
    apart = np.abs(numbers(attn, *SMALL, "--mode", "dot") - numbers(attn, *SMALL)).max()
    assert (one["largest_change"], other["largest_change"]) == (None, apart)
    assert other["flops"] == 2 * 2 * 2 * 2 + 4 + (5 * 4 - 2 * 2) + 2 * 2 * 2 * 2


@pytest.mark.parametrize("width", [20, 30, 40, 57, 80, 160])
def test_what_is_compared_is_never_left_out(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """At any width each way has its name, its entropy and its change in the list."""
    ways = ("compare", "--normalizers", "softmax,sparsemax,hard")
    monkeypatch.setenv("COLUMNS", str(width))
    page = attn(*ways).out
    listed = " ".join(page[page.index("Side by side") :].split())
    for way in document(attn(*ways, "--json"))["ways"]:
        change = way["largest_change"]
        assert way["name"] in listed
        assert f"{way['entropy']:.3f}" in listed
        assert change is None or f"{change:.4f}" in listed


def test_the_page(attn: Attn) -> None:
    """A heat map and a line for each way, and what the columns mean."""
    ran = attn("compare", "--normalizers", "softmax,sparsemax,hard", "--n", 3)
    assert ran.status == 0
    for name in ("softmax", "sparsemax", "hard"):
        assert ran.out.count(name) >= 2
    assert "hard         0.000  1.00" in ran.out
    assert "change: the largest difference of any number of the output" in ran.out
    words = attn("compare", "--modes", "dot,cosine", "--text", "the cat sat")
    assert "       the" in words.out
    assert "softmax(β cos(Q, K)) V" in words.out


def test_every_combination(attn: Attn) -> None:
    """Several lists give every combination; masks keep their commas."""
    lists = ("--modes", "dot,scaled", "--masks", "causal | global(0, 1), none", "--n", 3)
    names = [one["name"] for one in document(attn("compare", *lists, "--json"))["ways"]]
    assert names == [
        "dot · causal | global(0, 1)",
        "dot · none",
        "scaled · causal | global(0, 1)",
        "scaled · none",
    ]


def test_all_modes_where_nothing_is_varied(attn: Attn) -> None:
    """Without a list every mode that takes what the usual one takes is compared."""
    names = [one["mode"] for one in document(attn("compare", "--json"))["ways"]]
    assert names == SCORED


def test_head_layouts(attn: Attn) -> None:
    """mha, gqa and mqa have 4, 2 and 1 key heads; their keys are other random numbers."""
    size = ("--text", "a b c", "--heads", 4, "--kv-heads", 2)
    found = document(attn("compare", "--layouts", "mha,gqa,mqa", *size, "--json"))
    assert [one["heads"] for one in found["ways"]] == ["4", "4 / 2", "4 / 1"]


def test_standard_input_is_shared(attn: Attn) -> None:
    """An array that comes by standard input is the same for every way."""
    ran = attn("compare", "--modes", "dot,scaled", "--q", "-", "--json", stdin=b"1 0 0 0")
    assert [len(one["weights"]) for one in document(ran)["ways"]] == [1, 1]


def test_notices_say_whose_they_are(attn: Attn) -> None:
    """An empty row is told of the way that has it."""
    ran = attn("compare", "--masks", "causal(offset=-1), none", "--n", 2)
    assert ran.err.startswith("Note: causal(offset=-1): No key is allowed for q0")
    assert "none:" not in ran.err


def test_sigmoid_rows_show_their_sums(attn: Attn) -> None:
    """Where rows need not sum to 1, the sum stands at their end; spread is of parts of it."""
    ran = attn("compare", "--normalizers", "softmax,sigmoid", *SMALL)
    assert "sum" in ran.out
    sigmoid = document(attn("compare", "--normalizers", "sigmoid", *SMALL, "--json"))["ways"][0]
    assert 1 < sigmoid["effective_keys"] <= 2


OWN: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "modes": ((), ("--modes", "dot")),
    "normalizers": ((), ("--normalizers", "hard")),
    "masks": ((), ("--masks", "causal")),
    "layouts": (("--heads", 2), ("--layouts", "mha,mqa")),
    "head": (("--heads", 2), ("--head", 1)),
    "batch_index": (("--batch", 2), ("--batch-index", 1)),
    "precision": ((), ("--precision", 5)),
    "everything": (("--n", 30), ("--all",)),
    "plain": (("--text", "a b"), ("--plain",)),
    "json": ((), ("--json",)),
}
ELSEWHERE = {"export": "test_exports", "force": "test_exports"}
SHARED = [
    "q k v bias past_v input text n m d dv batch seed heads scale softcap dtype rope mask causal",
    "window left right lengths prefix block dilation stride global_tokens documents temperature",
]


def test_every_option_is_here() -> None:
    """A new option of its own needs a line above, or a test."""
    own = option_names("compare") - option_names("compute")
    assert own | {"head", "batch_index", "precision", "everything", "plain", "json"} == set(OWN)


@pytest.mark.parametrize("option", [*OWN, *" ".join(SHARED).split()])
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs; options shared with compute work here too."""
    np.save("rows.npy", normal(0, 5, 4))
    np.save("square.npy", normal(1, 4, 4))
    np.save("past.npy", normal(2, 2, 4))
    np.savez("all.npz", q=normal(3, 2, 4))
    before, more = OWN[option] if option in OWN else OF_COMPUTE[option]
    ways = () if option in OWN else ("--modes", "scaled,cosine")
    if option == "past_v":
        before, more = (), (*before[:2], *more)
    without, changed = attn("compare", *ways, *before), attn("compare", *ways, *before, *more)
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


def test_exports(attn: Attn) -> None:
    """A page goes to every kind of file, and over one only by force."""
    for suffix in ("html", "svg", "md", "txt", "tex"):
        assert attn("compare", "--export", f"c.{suffix}").status == 0
        assert "cosine" in Path(f"c.{suffix}").read_text(encoding="utf-8")
    assert attn("compare", "--export", "c.md").status == 2
    assert attn("compare", "--export", "c.md", "--force").status == 0


def test_alpha_is_for_entmax_alone(attn: Attn) -> None:
    """One power for the ways that take it; the others are as they are."""
    found = document(
        attn("compare", "--normalizers", "entmax,sparsemax,softmax", "--alpha", 2, "--json")
    )
    one, two, _ = found["ways"]
    assert np.allclose(one["weights"], two["weights"], atol=1e-15)


def test_each_way_takes_its_own(attn: Attn) -> None:
    """Parameters and keys go to the ways that have them; one that nobody takes is refused."""
    found = document(
        attn("compare", "--modes", "location,scaled,cosine", *SMALL, "--param", "beta=0", "--json")
    )
    assert np.allclose(found["ways"][2]["weights"], 0.5, atol=1e-15)
    assert np.allclose(found["ways"][1]["weights"], [[0.6698, 0.3302], [0.3302, 0.6698]], atol=1e-4)
    refused = attn("compare", "--modes", "scaled,dot", "--param", "beta=0")
    assert refused.err == "Error: --param beta: none of these ways takes beta.\n"
    keys = attn("compare", "--modes", "location", "--k", "1 2")
    assert keys.err == "Error: --k: none of these ways takes k.\n"


def test_lost_numbers_have_no_entropy(attn: Attn) -> None:
    """NaN weights are not told as a sharp focus."""
    ran = attn(
        "compare", "--modes", "dot", "--q", "nan 1", "--k", "1 2; 3 4", "--v", "1; 2", "--json"
    )
    assert document(ran)["ways"][0]["entropy"] == "nan"


REFUSALS = {
    "--modes dot --alpha 2": "--alpha is the power of entmax, which is none of these ways.",
    "--layouts mha --heads 4 --kv-heads 2": (
        "--kv-heads is for the layout gqa, which is none of these ways."
    ),
    "--modes dot,,cosine": "--modes: a name is missing beside a comma.",
    "--modes dot,dot": "--modes: dot stands there twice.",
    "--modes dot --mode dot": "--mode and --modes both say which: give one.",
    "--normalizers hard --normalizer hard": (
        "--normalizer and --normalizers both say which: give one."
    ),
    "--masks causal --mask causal": "--mask and --masks both say which: give one.",
    "--layouts mha": "--layouts mha needs --heads, the number of query heads.",
    "--layouts mla --heads 2": ("--layouts: no layout 'mla'. Known: mha, gqa, mqa."),
    "--layouts gqa --heads 2": "--layouts gqa needs --kv-heads.",
    "--head 1": "--head 1: there are no heads; --heads says how many.",
    "--modes dot,scaled,cosine,general,additive "
    "--normalizers softmax,hard,sparsemax,sigmoid,sample": (
        "More than 24 ways can't be read side by side: give fewer."
    ),
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """What can't be compared is refused, by name."""
    ran = attn("compare", *line.split())
    assert (ran.status, ran.err) == (2, f"Error: {REFUSALS[line]}\n")


def test_lost_numbers_are_compared(attn: Attn) -> None:
    """NaN in an input is shown as such."""
    ran = attn("compare", "--modes", "dot,scaled", "--x", "1 2; nan 4")
    assert ran.status == 0, ran.err
    assert "nan" in ran.out


def test_other_inputs_are_told(attn: Attn) -> None:
    """What starts from other rows can't be held against the first; --x gives both the same."""
    ran = attn("compare", "--modes", "scaled,fc-time")
    assert "fc-time starts from x, scaled from q, k, v: give --x or --text to both." in ran.err
    assert (
        "starts from"
        not in attn("compare", "--modes", "scaled,fc-time", "--n", 3, "--text", "a b c").err
    )


def test_gqa_has_one_rule(attn: Attn) -> None:
    """Without key heads gqa has one for every 4 query heads, in compare and in complexity."""
    ran = document(attn("compare", "--layouts", "mha,gqa", "--heads", 8, "--d", 16, "--json"))
    assert [way["heads"] for way in ran["ways"]] == ["8", "8 / 2"]
    page = attn("complexity", "--heads", 8, "--d", 16, "--n", 4, "--compare", "mha,gqa").out
    assert "2 key heads" in page


@pytest.mark.parametrize("heads", [1, 2])
def test_large_ways_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch, heads: int) -> None:
    """In blocks all numbers are those of the whole; weights are those of some queries."""
    modes = "scaled,dot,general,additive,concat,location,cosine,linear,kernel,gated,delta"
    how: dict[str, Any] = {"n": 40, "d": 6}
    if heads > 1:
        modes, how = "scaled,additive", {**how, "heads": heads, "mask": "causal(offset=-2)"}
    whole = attn_cli.compare(modes, **how)
    monkeypatch.setattr(evaluated, "LARGE_BYTES", 0)
    blocks = attn_cli.compare(modes, **how)
    assert whole.notices == blocks.notices
    assert sum(one.queries is not None for one in blocks.ways) > 1
    for one, other in zip(whole.ways, blocks.ways, strict=True):
        for name in ("entropy", "keys", "change", "flops"):
            expected, found = getattr(one, name), getattr(other, name)
            assert found == (expected if expected is None else pytest.approx(expected, abs=1e-12))
        if other.queries is not None:
            assert other.rows == len(one.weights) == 40
            rows = list(other.queries)
            np.testing.assert_allclose(other.weights, one.weights[rows], atol=1e-13)
            if one.hidden is not None:
                assert (np.asarray(other.hidden) == one.hidden[rows]).all()
    document = blocks.to_dict()["ways"][0]
    assert document["queries"] == [*range(8), 37, 38, 39]
    assert len(document["weights"]) == 11
    assert "shown: 11 of 40 rows" in str(blocks)


def test_conventions_that_all_ways_share_are_told(attn: Attn) -> None:
    """A mask and a bias for all stand above the ways; what varies stands with each."""
    page = attn("compare", "--modes", "scaled,dot", "--causal", "--bias", "alibi").flat
    assert "mask causal, True = may attend: query i may attend keys 0 … i" in page
    assert "bias alibi: ALiBi, Press 2022, section 3" in page
    varied = attn("compare", "--masks", "causal,none").flat
    assert "True = may attend" not in varied


def test_other_inputs_are_not_called_the_same(attn: Attn) -> None:
    """A way that starts from x has other rows than one that is given q, k and v."""
    same = "the same inputs for all"
    assert same in attn("compare", "--modes", "scaled,dot").out
    ran = attn("compare", "--modes", "scaled,mla", "--heads", 2, "--d", 8)
    assert same not in ran.out
    assert "mla starts from x" in ran.err


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["scaled: tiles", "scaled: rows of weights"]),
        ("zh", ["scaled: 分块", "scaled: 权重的各行"]),
    ],
)
def test_how_far_large_ways_are_is_told(
    monkeypatch: pytest.MonkeyPatch, language: str, told: list[str]
) -> None:
    """Each way names itself and what is counted, from the first to the last, in one language."""
    monkeypatch.setattr(evaluated, "LARGE_BYTES", 0)
    counted: dict[str, list[tuple[int, int]]] = {}

    def progress(what: str) -> AbstractContextManager[Advance]:
        steps = counted.setdefault(what, [])
        return nullcontext(lambda done, total: steps.append((done, total)))

    arrays, spec = arranged({"modes": "scaled,additive", "n": 40}, None)
    with speaking(catalogue(language)):
        compared(arrays, spec, Look(), progress=progress)
    assert [*counted][:2] == told
    assert len(counted) == 4
    for steps in counted.values():
        assert steps[-1][0] == steps[-1][1]
