"""Why numbers differ: every fault is known again, correct code is never accused, all is said."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from attn_cli.errors import AttnError
from attn_cli.faults import FAULTS, Setting
from attn_cli.faults.evaluation import Numbers, bounds, computed
from attn_cli.faults.search import Search, search
from attn_cli.masks import Board, read
from attn_cli.readings.narrow import to_bfloat16
from attn_cli.spelling import spelling
from tests.conftest import Attn, once, option_names
from tests.faulty import CASES, normal, pairs, setting, visible
from tests.test_options import CHANGES as OF_COMPUTE

BY_ID = {fault.id: fault for fault in FAULTS}
SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")

ASKED = (
    "missing-scale",
    "scale-by-d",
    "scale-by-d-model",
    "scale-twice",
    "scale-multiplied",
    "softmax-over-queries",
    "softmax-over-heads",
    "softmax-over-batch",
    "softmax-overflows",
    "mask-missing",
    "mask-inverted",
    "mask-additive-as-boolean",
    "mask-after-softmax",
    "mask-after-softmax-renormalised",
    "mask-fill-1e4",
    "mask-fill-1e9",
    "mask-fill-lowest",
    "mask-fill-0",
    "causal-strict",
    "causal-plus-one",
    "causal-top-left",
    "causal-bottom-right",
    "rope-positions-restart",
    "window-plus-one",
    "window-minus-one",
    "window-both-sides",
    "window-with-future",
    "padding-of-queries",
    "padding-left",
    "softcap-missing",
    "softcap-after-mask",
    "softcap-before-scale",
    "bias-sign",
    "bias-after-softmax",
    "bias-transposed",
    "bias-scaled",
    "alibi-slopes",
    "alibi-slopes-cut",
    "alibi-slopes-sorted",
    "alibi-slopes-from-0",
    "alibi-signed",
    "t5-unidirectional",
    "t5-off-by-one",
    "rope-pairing",
    "rope-base",
    "rope-positions-from-1",
    "rope-on-values",
    "rope-queries-alone",
    "rope-after-cache",
    "heads-not-transposed",
    "heads-joined-without-transposing",
    "kv-heads-tiled",
    "heads-reversed",
    "q-k-swapped",
    "k-v-swapped",
    "v-transposed",
    "weights-out-in",
    "output-projection-missing",
    "temperature-inverted",
    "sink-missing",
    "rounded-to-float16",
    "rounded-to-bfloat16",
    "cache-entry-duplicated",
    "cache-entry-missing",
)


def test_the_list_of_faults() -> None:
    """Each has an id of its own, in words; none that was asked for is missing."""
    assert len(BY_ID) == len(FAULTS) >= 70
    assert set(ASKED) <= set(BY_ID)
    for fault in FAULTS:
        assert all((fault.does, fault.meant, fault.cause, fault.source)), fault.id
        assert fault.does.endswith(".")
        assert fault.meant.endswith(".")


def narrowed(numbers: Numbers, kind: str) -> Numbers:
    """The same as a float type holds them."""
    with np.errstate(all="ignore"):
        if kind == "bfloat16":
            return {name: to_bfloat16(one) for name, one in numbers.items()}
        return {name: one.astype(kind).astype(np.float64) for name, one in numbers.items()}


def found(meant: Setting, reference: Numbers, theirs: Numbers) -> Search:
    """What the search makes of numbers."""
    return search(meant, reference, theirs, FAULTS, bounds(meant, reference, meant.kind))


@pytest.mark.parametrize("kind", ["float64", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_every_fault_is_known_again(case: str, kind: str) -> None:
    """Injected into a run, it is named, alone or among those that explain the output equally."""
    meant = setting(case, kind)
    reference = computed(meant, ["output"])
    for fault in FAULTS:
        for wrong in fault.edit(meant):
            theirs = narrowed(computed(wrong, ["output"]), kind)
            if not visible(meant, reference, theirs):
                continue
            result = found(meant, reference, theirs)
            named = [one.faults for one in result.fitting]
            assert (fault,) in named, (fault.id, wrong.details)
            assert len(named[0]) == 1


def test_every_fault_is_visible_in_some_case() -> None:
    """No fault of the list is never done; float16 alone overflows."""
    seen = set()
    for kind, larger in (("float64", 1), ("float16", 4), ("float16", 400)):
        for case in CASES:
            meant = setting(case, kind)
            meant = meant.given(
                **{name: larger * one for name, one in meant.arrays.items() if name in ("q", "k")}
            )
            reference = computed(meant, ["output"])
            for fault in FAULTS:
                wrong = [computed(one, ["output"]) for one in fault.edit(meant)]
                if any(visible(meant, reference, one) for one in wrong):
                    seen.add(fault.id)
    assert seen == set(BY_ID)


def test_pairs_of_faults_are_known_again() -> None:
    """Two faults at once are named together, or one that gives the same numbers."""
    named = 0
    for pair in islice(pairs(11), 6):
        result = found(pair.meant, pair.reference, pair.theirs).fitting
        ids = [{fault.id for fault in each.faults} for each in result]
        named += pair.faults in ids or any(len(each) == 1 for each in ids)
    assert named == 6


def attention(q: Any, k: Any, v: Any, *, causal: bool) -> list[list[float]]:
    """The definition in plain Python."""
    rows = []
    for i, query in enumerate(q):
        keys = [j for j in range(len(k)) if not causal or j <= i]
        scores = [sum(a * b for a, b in zip(query, k[j], strict=True)) for j in keys]
        scores = [score / len(query) ** 0.5 for score in scores]
        powers = [float(np.exp(score - max(scores))) for score in scores]
        total = sum(powers)
        rows.append(
            [
                sum(p / total * v[j][c] for p, j in zip(powers, keys, strict=True))
                for c in range(len(v[0]))
            ]
        )
    return rows


@pytest.mark.parametrize("kind", ["float64", "float32", "float16"])
def test_correct_code_is_never_accused(kind: str) -> None:
    """Another implementation, rounded to its type, is equal within what the type allows."""
    stream = np.random.default_rng(3)
    for place in range(60):
        n, m, d, e = stream.integers(1, 12, 4)
        spread = (0.1, 1, 5)[place % 3]
        arrays = [
            (spread * stream.standard_normal(shape)).astype(kind)
            for shape in ((n, d), (m, d), (m, e))
        ]
        causal = bool(place % 2)
        theirs = np.array(attention(*(one.tolist() for one in arrays), causal=causal)).astype(kind)
        assert library.diagnose(*arrays, causal=causal, expected=theirs).match


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_torch_is_never_accused(kind: str) -> None:
    """250 runs of torch in each type, by its kernel and step by step, grouped, of any size."""
    torch = pytest.importorskip("torch")
    stream = np.random.default_rng(7)
    typed = getattr(torch, kind)
    for place in range(250):
        n, m, d, e = (int(size) for size in stream.integers(1, 33, 4))
        heads, groups = int(stream.integers(1, 3)), int(stream.integers(1, 3))
        spread, causal = (0.3, 1, 3)[place % 3], bool(place % 2)
        q, k, v = (
            torch.tensor(spread * stream.standard_normal((2, h, rows, width))).to(typed)
            for h, rows, width in ((heads * groups, n, d), (heads, m, d), (heads, m, e))
        )
        keys, values = (one.repeat_interleave(groups, 1) for one in (k, v))
        if place % 4 < 2:
            out = torch.nn.functional.scaled_dot_product_attention(
                q, keys, values, is_causal=causal
            )
        else:
            scores = q @ keys.transpose(-2, -1) / d**0.5
            if causal:
                kept = torch.ones(n, m, dtype=torch.bool).tril()
                scores = scores.masked_fill(~kept, -torch.inf)
            out = torch.softmax(scores, -1) @ values
        arrays = [one.float().numpy() if kind == "bfloat16" else one.numpy() for one in (q, k, v)]
        given = out.float().numpy() if kind == "bfloat16" else out.numpy()
        more = {"dtype": kind} if kind == "bfloat16" else {}
        assert library.diagnose(*arrays, causal=causal, expected=given, **more).match


def test_rounding_to_bfloat16_is_that_of_ml_dtypes() -> None:
    """To the nearest, ties to even, as the library that defines the type in NumPy has it."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    numbers = np.concatenate([normal(0, 1000) * 10.0 ** normal(1, 1000), [0.0, 1.00390625]])
    narrow = numbers.astype(np.float32)
    ours = to_bfloat16(narrow)
    assert (ours == narrow.astype(ml_dtypes.bfloat16).astype(np.float32)).all()


def test_the_verdict_of_equal_numbers(attn: Attn) -> None:
    """Exit status 0, and the largest difference beside what is allowed."""
    np.save("out.npy", library.compute("1 0; 0 1", "1 0; 0 1", "1 2; 3 4").output)
    ran = attn("diagnose", *SMALL, "--expected", "out.npy")
    assert ran.status == 0
    assert "Equal, within what rounding in float64 allows" in ran.out
    assert "0 of 4" in ran.out


def test_a_fault_in_words(attn: Attn) -> None:
    """What the code does, what was meant, the usual line, the option, the source; exit status 1."""
    ran = attn("diagnose", *SMALL, "--expected", "1.5379 2.5379; 2.4621 3.4621")
    assert ran.status == 1
    for told in (
        "Not what was meant: output",
        "output[q0,d0]: yours 1.5379, meant 1.660477.",
        "Where they differ: all queries; all columns.",
        "What explains it missing-scale",
        "The scores are not scaled. Meant: They are divided by √2.",
        "usual cause: F.softmax(q @ k.transpose(-2, -1), dim=-1)",
        "the same here: --scale 1",
        "see: Vaswani 2017, equation 1",
        "Invisible on these inputs, so neither found nor excluded: softmax-over-queries",
    ):
        assert told in ran.flat, told
    assert "output has 4 decimals: half of the last is allowed for. --atol 0" in ran.err


def test_the_document(attn: Attn) -> None:
    """attn.diagnosis/1 as scripts read it."""
    ran = attn("diagnose", *SMALL, "--expected", "1.5379 2.5379; 2.4621 3.4621", "--json")
    document = json.loads(ran.out)
    assert ran.status == 1
    assert document["schema"] == "attn.diagnosis/1"
    assert document["match"] is False
    assert document["ambiguous"] is False
    (hypothesis,) = document["hypotheses"]
    assert hypothesis["faults"] == ["missing-scale"]
    assert hypothesis["step"] == "output"
    assert hypothesis["max_error"] < 1e-4
    assert "not scaled" in hypothesis["explanation"]
    near = "1.5379 2.5379; 2.4621 3.5"
    assert attn("diagnose", *SMALL, "--expected", near, "--save", "d.json").status == 1
    saved = json.loads(Path("d.json").read_text())
    assert saved["closest"][0]["faults"] == ["missing-scale"]
    far = attn("diagnose", *SMALL, "--expected", "1000 2000; 2000 3000")
    assert "closest" not in far.out


def test_several_steps_tell_where_it_begins(attn: Attn) -> None:
    """The first step that differs is named; steps before it are equal."""
    attn("compute", "--n", 5, "--d", 4, "--causal", "--save", "run.npz")
    kept = {name: one for name, one in np.load("run.npz").items() if name in "qkv"}
    np.savez("in.npz", **kept)
    ran = attn("diagnose", "--input", "in.npz", "--expected", "run.npz")
    assert "Not what was meant, from weights on" in ran.out
    assert "causal-added" in ran.out
    named = ("--expected", "attn_weights=run.npz:weights", "--expected", "run.npz:output")
    again = attn("diagnose", "--input", "in.npz", *named)
    assert "scores" not in again.out.partition("What explains it")[0]
    assert "causal-added" in again.out


def test_weights_tell_more(attn: Attn) -> None:
    """Sums of rows and columns, what lies on later keys, rows that are uniform or NaN."""
    q, k, v = (normal(at, 4, 4) for at in range(3))
    run = library.compute(q, k, v)
    scores = np.exp(run["scaled"])

    def told(weights: np.ndarray, **more: Any) -> str:
        page = str(library.diagnose(q, k, v, expected={"weights": weights}, **more))
        return " ".join(page.split())

    assert "Each column of weights sums to 1, not each row" in told(scores / scores.sum(axis=0))
    assert "Rows of weights sum to 0.5 … 0.5, not to 1" in told(run["weights"] / 2)
    assert "% of the weight lies on later keys." in told(run["weights"], causal=True)
    uniform = run["weights"].copy()
    uniform[1] = 0.25
    assert "1 of 4 rows of weights are uniform." in told(uniform)
    broken = run["weights"].copy()
    broken[2] = np.nan
    assert "4 numbers of weights are NaN, in 1 of 4 rows" in told(broken)
    assert "Every number of weights is NaN." in told(np.full((4, 4), np.nan))
    assert "Every number of weights is 0." in told(np.zeros((4, 4)))
    assert "Some numbers of weights are infinite." in told(np.where(np.eye(4), np.inf, 0.1))


@pytest.mark.parametrize("what", ["weights", "output"])
def test_dropout_is_recognised(what: str) -> None:
    """Weights that are 0 or larger by 1/(1 - p); from the output where it tells the weights."""
    q, k, v = (normal(at, 6, 8) for at in range(3))
    weights = library.compute(q, k, v)["weights"]
    dropped = weights * (np.random.default_rng(1).random(weights.shape) > 0.2) / 0.8
    theirs = {"weights": dropped, "output": dropped @ v}[what]
    result = library.diagnose(q, k, v, expected={what: theirs})
    assert [cause.id for one in result.hypotheses for cause in one.causes] == ["dropout"]
    assert result.hypotheses[0].detail == "p = 0.2"


def test_equal_faults_are_declared_and_told_apart(attn: Attn) -> None:
    """Several that explain the output equally are all named; --separate writes other inputs."""
    q = np.repeat(normal(0, 1, 4), 3, axis=0)
    arrays = {"q": q, "k": q.copy(), "v": normal(1, 3, 4)}
    np.savez("in.npz", **arrays)
    np.save("out.npy", library.compute(arrays["k"], arrays["v"], arrays["q"]).output)
    more = ("diagnose", "--input", "in.npz", "--expected", "out.npy")
    ran = attn(*more, "--separate", "other.npz")
    assert ran.status == 1, ran.err
    document = json.loads(attn(*more, "--json").out)
    assert document["ambiguous"] is True
    assert ["k-v-swapped"] in [one["faults"] for one in document["hypotheses"]]
    assert "faults explain it equally on these inputs" in ran.out
    assert "Saved other.npz" in ran.err
    with np.load("other.npz") as other:
        assert other["q"].shape == (3, 4)


def test_faults_that_are_one_here_can_not_be_told_apart(attn: Attn) -> None:
    """Scaling twice by 1/√d is scaling by 1/d."""
    np.savez("in.npz", q=normal(0, 3, 4), k=normal(1, 3, 4), v=normal(2, 3, 4))
    given = dict(np.load("in.npz"))
    np.save("out.npy", library.compute(**given, scale=0.25).output)
    more = ("diagnose", "--input", "in.npz", "--expected", "out.npy")
    ran = attn(*more, "--separate", "other.npz")
    assert "scale-by-d, scale-twice give the same numbers on 32 random inputs" in ran.err
    alone = attn("diagnose", *SMALL, "--expected", "1.5379 2.5379; 2.4621 3.4621")
    assert alone.status == 1
    with pytest.raises(AttnError, match="there are not several faults to be told apart"):
        library.diagnose(*given.values(), expected=normal(5, 3, 4)).separate()


def test_nothing_fits(attn: Attn) -> None:
    """What is known is said: how much was tried, what comes closest."""
    np.save("out.npy", normal(9, 2, 2))
    ran = attn("diagnose", *SMALL, "--expected", "out.npy")
    assert "No fault that is known explains it" in ran.out
    assert "faults that can happen here were tried, alone and in pairs." in ran.flat
    assert "closest" in ran.out


def test_a_layout_is_that_of_what_is_expected_too() -> None:
    """Outputs with rows before heads are read as inputs are."""
    q, k, v = (normal(at, 2, 5, 3, 4) for at in range(3))
    first = [one.transpose(0, 2, 1, 3) for one in (q, k, v)]
    theirs = library.compute(*first).output.transpose(0, 2, 1, 3)
    assert library.diagnose(q, k, v, layout="bshd", expected=theirs).match


def test_asked_tolerances() -> None:
    """Rtol and atol stand in the place of what rounding allows."""
    q, k, v = (normal(at, 4, 4) for at in range(3))
    out = library.compute(q, k, v).output
    assert not library.diagnose(q, k, v, expected=out + 1e-6).match
    assert library.diagnose(q, k, v, expected=out + 1e-6, atol=1e-5).match
    assert library.diagnose(q, k, v, expected=out * (1 + 1e-6), rtol=1e-5).match


REFUSED = [
    ((), "--expected is missing: the numbers that you have, as a file or an array."),
    (("--expected", "1 2 3; 4 5 6"), "--expected: output is 2×3, and 2×2 was meant: (n, d_v)."),
    (("--expected", "1 2; 3 4; 5 6"), "Is it another model's output, or another call's?"),
    (("--expected", "1 2 3 4"), "As many numbers, laid out otherwise: are heads packed or split?"),
    (("--expected", "q=1 0; 0 1"), "--expected: q is given, not computed."),
    (("--expected", "wieghts=1 0; 0 1"), "--expected: there is no step 'wieghts'. Did you mean w"),
    (("--expected", "none.npy"), "--expected: there is no file 'none.npy'."),
    (("--expected", "1 2; 3 4", "--expected", "1 2; 3 4"), "--expected: output is given twice."),
    (("--expected", "1 2; 3 4", "--rtol", "-1"), "--rtol: -1 is not 0 or above."),
    (("--expected", "1 2; 3 4", "--separate", "x.npy"), "--separate"),
    (("--causal", "--expected", "mask=1 0; 1 1"), "mask holds True and False; give scores, weigh"),
]


@pytest.mark.parametrize(("more", "message"), REFUSED)
def test_refusals(attn: Attn, more: tuple[str, ...], message: str) -> None:
    """Wrong shapes, names and numbers are refused in words; exit status 2."""
    ran = attn("diagnose", *SMALL, *more)
    assert ran.status == 2, ran.out
    assert message in " ".join(ran.err.split())


def test_other_refusals(attn: Attn) -> None:
    """Random inputs, an empty array, a file that holds no step, a shape in another order."""
    ran = attn("diagnose", "--q", "1 0; 0 1", "--expected", "1 2; 3 4")
    assert "k, v would be random: give the arrays that your numbers come from." in ran.err
    np.save("empty.npy", np.zeros((0, 2)))
    ran = attn("diagnose", *SMALL, "--expected", "empty.npy")
    assert "--expected: 0×2 of float64 is not an array of numbers." in ran.err
    with pytest.raises(AttnError, match="expected: output is 0×2: there is no number in it"):
        library.diagnose(np.eye(2), np.eye(2), np.eye(2), expected=np.zeros((0, 2)))
    np.savez("two.npz", a=np.eye(2), b=np.eye(2))
    ran = attn("diagnose", *SMALL, "--expected", "two.npz")
    assert "--expected: two.npz holds no step of this run, but a, b. Say which" in ran.err
    with pytest.raises(AttnError, match="The same sizes in another order: is it transposed"):
        library.diagnose(np.eye(2), np.eye(2), np.ones((2, 3)), expected=np.ones((3, 2)))


def test_parts_of_masks_are_made_by_the_caller() -> None:
    """An expression is built with another mask in the place of one of its parts."""
    board = Board(3, 3)
    expression = read("causal & ~window(1)", "‹mask›")

    def build(call: Any, where: Board) -> Any:
        made = call.kind.build(where, *call.numbers)
        return ~made if call.kind.name == "window" else made

    mask = expression.on(board, build)
    i, j = np.arange(3)[:, None], np.arange(3)
    assert (mask.allows(i, j, 0, 0) == (i == j)).all()


def test_large_runs_are_searched_on_some_rows() -> None:
    """Twelve heads of 1,024 queries: found from a few rows, then confirmed in full."""
    q, k, v = (normal(at, 1, 12, 1024, 64).astype(np.float32) for at in range(3))
    theirs = library.compute(q, k, v, causal=True, offset=1).output
    result = library.diagnose(q, k, v, causal=True, expected=theirs)
    assert [cause.id for one in result.hypotheses for cause in one.causes] == ["causal-plus-one"]


OWN: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "expected": ((), ("--expected", "2 3; 4 5")),
    "expected_step": ((), ("--expected-step", "weights")),
    "rtol": ((), ("--rtol", "0.5")),
    "atol": ((), ("--atol", "0.5")),
}
ELSEWHERE = {
    "separate": "test_equal_faults_are_declared_and_told_apart",
    "save": "test_the_document",
    "json": "test_the_document",
    "export": "test_exports",
    "width": "test_exports",
    "force": "test_exports",
    "theme": "test_themes",
    "lang": "test_chinese",
    "plain": "test_exports",
    "layout": "test_a_layout_is_that_of_what_is_expected_too",
    "dtype": "test_torch_is_never_accused",
}


def test_every_option_is_here() -> None:
    """Those it shares with compute say what was meant; the others are tried here."""
    assert option_names("diagnose") - option_names("compute") == {*OWN, "separate"}
    shared = option_names("diagnose") & set(OF_COMPUTE)
    assert shared - set(ELSEWHERE) <= set(OF_COMPUTE)


@pytest.mark.parametrize("option", OWN)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    before = ("--expected", "1.66 2.66; 2.34 3.34")
    without = attn("diagnose", *SMALL, *before)
    changed = attn("diagnose", *SMALL, *once(*before, *OWN[option][1]))
    assert without.out != changed.out


@pytest.mark.parametrize(
    "option", ["causal", "mode", "scale", "softcap", "normalizer", "bias", "rope", "window"]
)
def test_what_was_meant_decides(attn: Attn, option: str) -> None:
    """Choices of compute change what numbers are held against."""
    np.save("square.npy", normal(1, 2, 2))
    more = OF_COMPUTE[option][1]
    without = attn("diagnose", *SMALL, "--expected", "1 2; 2 3")
    changed = attn("diagnose", *SMALL, "--expected", "1 2; 2 3", *more)
    assert changed.status in (0, 1), changed.err
    assert without.out != changed.out


def test_exports(attn: Attn) -> None:
    """The page goes into files, and is plain where that is asked for."""
    more = ("diagnose", *SMALL, "--expected", "1.5379 2.5379; 2.4621 3.4621")
    for suffix in ("html", "md", "tex", "svg", "txt"):
        assert attn(*more, "--export", f"d.{suffix}").status == 1
        assert "missing-scale" in Path(f"d.{suffix}").read_text()
    assert attn(*more, "--export", "d.txt").status == 2
    assert attn(*more, "--export", "d.txt", "--force", "--width", 60).status == 1
    assert attn(*more, "--plain").out.isascii()


def test_chinese(attn: Attn) -> None:
    """The verdict and the heads of the tables are said in Chinese."""
    out = attn("diagnose", *SMALL, "--expected", "1 2; 2 3", "--lang", "zh").out
    assert "与应有的值不符" in out


def test_pairs_with_a_fault_that_shows_only_beside_another() -> None:
    """An inverted mask whose fill makes an empty row uniform: the fill alone changes nothing."""
    q, k, v = (normal(at, 5, 4) for at in range(3))
    scores = q @ k.T / 2
    for upside_down, ids in (
        (np.where(np.tri(5, dtype=bool), -1e9, scores), {"mask-inverted", "mask-fill-1e9"}),
        (np.where(np.tri(5, k=-1, dtype=bool), scores, -1e9), {"causal-strict", "mask-fill-1e9"}),
    ):
        powers = np.exp(upside_down - upside_down.max(axis=1, keepdims=True))
        theirs = powers / powers.sum(axis=1, keepdims=True) @ v
        result = library.diagnose(q, k, v, causal=True, expected=theirs)
        named = [{cause.id for cause in one.causes} for one in result.hypotheses]
        assert ids in named
        assert not any(one & set(result.report.unseen) for one in named)


def test_weights_on_their_side() -> None:
    """Transposed weights are named, and what their columns say is not overstated."""
    q, k, v = (normal(at, 5, 4) for at in range(3))
    weights = library.compute(q, k, v, causal=True)["weights"]
    result = library.diagnose(q, k, v, causal=True, expected={"weights": weights.T})
    assert result.hypotheses[0].causes[0].id == "weights-transposed"
    assert "or weights on their side" in " ".join(result.report.observed)


def test_what_is_equal_says_within_what(attn: Attn) -> None:
    """Rounding, a tolerance that was given, or half of the last decimal."""
    exact = "1.6604769 2.6604769; 2.3395231 3.3395231"
    assert "within half of the last decimal" in (
        attn("diagnose", *SMALL, "--expected", "1.6605 2.6605; 2.3395 3.3395").out
    )
    loose = attn("diagnose", *SMALL, "--expected", "2 3; 2 3", "--atol", 10)
    assert "within the tolerance that was given" in loose.out
    assert attn("diagnose", *SMALL, "--expected", exact, "--atol", "1e-6").status == 0


def test_inputs_that_hold_nan_are_named() -> None:
    """What is meant has no numbers then, which is said first."""
    q, k, v = (normal(at, 3, 2) for at in range(3))
    q[1, 0] = np.nan
    found = library.diagnose(q, k, v, expected=v)
    assert "q holds NaN, first at q[1,0]." in found.notices


def test_separate_where_nothing_is_ambiguous(attn: Attn) -> None:
    """A note, and no file."""
    more = ("--expected", "1.5379 2.5379; 2.4621 3.4621", "--separate", "s.npz")
    ran = attn("diagnose", *SMALL, *more)
    assert ran.status == 1
    assert "Note: there are not several faults to be told apart; nothing is written." in ran.err
    assert not Path("s.npz").exists()


def test_outputs_whose_heads_are_joined() -> None:
    """(batch, rows, heads · width) as libraries return it is held against heads first."""
    q, k, v = (normal(at, 1, 2, 5, 4) for at in range(3))
    output = library.compute(q, k, v).output
    joined = output.swapaxes(1, 2).reshape(1, 5, 8)
    assert library.diagnose(q, k, v, expected=joined).match
    with pytest.raises(AttnError, match="average_attn_weights=False"):
        library.diagnose(q, k, v, expected={"weights": np.ones((1, 5, 5))})


def test_a_name_of_our_own_counts_more_than_a_library_s() -> None:
    """Where a file holds weights and attn_weights, its weights are those."""
    run = library.compute(*(normal(at, 3, 2) for at in range(3)))
    run.save("run.npz", more={"attn_weights": np.ones((3, 3))})
    assert library.diagnose(input="run.npz", expected="run.npz").match


def test_an_empty_file_is_called_empty(attn: Attn) -> None:
    """Nothing in it is no array of another kind."""
    Path("none.npy").write_bytes(b"")
    ran = attn("diagnose", *SMALL, "--expected", "none.npy")
    assert ran.status == 2
    assert ran.err == "Error: --expected: the file is empty.\n"


MASKING = ("causal", "window", "left", "lengths", "mask", "align")
OPTION = re.compile(r"‹(?P<name>\w+) (?P<value>.+?)›(?P<alone> as the only mask)?")


@pytest.mark.parametrize("case", CASES)
def test_the_same_here_gives_the_same(case: str) -> None:
    """An option that is said to give a fault's numbers gives them."""
    meant = setting(case)
    for fault in FAULTS:
        for wrong in fault.edit(meant):
            with spelling(lambda name, value: f"‹{name} {value}›"):
                option = fault.told(meant, wrong).option
            found = OPTION.fullmatch(option)
            if found is None:
                assert option == "" or option.startswith(("without ", "leave")) or "‹" in option
                continue
            given = dict(CASES[case])
            if found["alone"]:
                given = {name: one for name, one in given.items() if name not in MASKING}
            if found["name"] == "normalizer":
                given.pop("param", None)
            if found["name"] in ("offset", "align"):
                given.pop("align", None)
            value = found["value"].strip('"')
            given[found["name"]] = {"True": True}.get(value, value)
            for number in ("offset", "temperature", "rope_base"):
                if isinstance(given.get(number), str):
                    given[number] = float(given[number]) if number != "offset" else int(value)
            if meant.choices.offset and found["alone"]:
                given["offset"] = meant.choices.offset
                if "past_k" in given:
                    given.pop("offset")
            try:
                ours = library.compute(**given).output
            except library.AttnError:
                given.pop("offset")  # nothing is left that it could place
                ours = library.compute(**given).output
            theirs = computed(wrong, ["output"])["output"]
            np.testing.assert_allclose(ours, theirs, atol=1e-12, err_msg=f"{fault.id} {option}")


Q, K, V = (normal(at, 6, 4) for at in (1, 2, 3))
I, J = np.arange(6)[:, None], np.arange(6)
DOCUMENTS = np.array([0, 0, 0, 1, 1, 1])
SAME = DOCUMENTS[:, None] == DOCUMENTS
TABLE = (I * 5 + J * 3) % 4 < 2


def plain(scale: float = 0.5, mask: np.ndarray | bool = True) -> np.ndarray:
    """Attention by the definition; a row without a key is 0."""
    scores = np.where(np.broadcast_to(mask, (6, 6)), scale * Q @ K.T, -np.inf)
    powers = np.exp(scores - np.maximum(scores.max(-1, keepdims=True), -1e300))
    return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300) @ V


SENTENCES: list[tuple[dict[str, Any], np.ndarray, str, str]] = [
    ({"scale": 0.3}, plain(1), "missing-scale", "They are multiplied by 0.3."),
    ({}, plain(1), "missing-scale", "They are divided by √4."),
    ({"scale": 0.3}, plain(), "scale-ignored", "The scores are divided by √4, as they are where"),
    ({"scale": 2.0}, plain(), "scale-multiplied", "The scores are divided by 2."),
    ({"mode": "dot"}, plain(), "scale-added", "Nothing was to be scaled."),
    (
        {"documents": "0,0,0,1,1,1"},
        plain(mask=SAME & (J <= I)),
        "causal-added",
        "The mask is documents(0, 0, 0, 1, 1, 1).",
    ),
    ({}, plain(mask=J <= I), "causal-added", "Every key may be attended."),
    ({"mask": TABLE | (J == 0)}, plain(mask=J <= I), "causal-instead", "the table that was given"),
    (
        {"mask": "~causal"},
        plain(mask=J >= I),
        "causal-strict",
        "keys up to i-1. Meant: It ends at i.",
    ),
    (
        {"causal": True, "offset": 1},
        plain(mask=J <= I),
        "causal-top-left",
        "query i stands at position i. Meant: It stands at position i+1.",
    ),
    (
        {"left": 2},
        plain(mask=I - J <= 3),
        "window-plus-one",
        "left(3) stands in the place of left(2).",
    ),
    (
        {"mask": "window(2) | global(0)"},
        plain(mask=(J <= I) | (J == 0) | (I == 0)),
        "window-missing",
        "window(2) is left out: causal stands in its place.",
    ),
    (
        {"mask": "~lengths(2)"},
        plain(mask=J < 4),
        "padding-left",
        "Padding is taken to stand behind the keys. Meant: It stands before them.",
    ),
]
"""What was meant, what came out, a fault that explains it, and what is said of it."""


@pytest.mark.parametrize("at", range(len(SENTENCES)))
def test_a_sentence_is_made_from_what_was_meant(at: int) -> None:
    """The scale and the mask that were given, by their names and numbers."""
    given, theirs, fault, sentence = SENTENCES[at]
    found = library.diagnose(Q, K, V, **given, expected=theirs).to_dict()["hypotheses"]
    said = {one["faults"][0]: one["explanation"] for one in found if len(one["faults"]) == 1}
    assert sentence in said[fault]


def test_a_part_that_is_no_padding_is_not_called_so() -> None:
    """The first keys always (lengths(2) by or) are not padding; nothing false is said."""
    found = library.diagnose(
        Q,
        K,
        V,
        mask="causal & (window(3) | lengths(2))",
        expected=plain(mask=(J <= I) & (I - J < 3)),
    )
    assert not found.match
    assert not any("padding" in cause.id for one in found.hypotheses for cause in one.causes)


def test_two_parts_of_a_mask_at_once() -> None:
    """A window and the diagonal beside it, both off by one."""
    theirs = plain(mask=(J < I) & (I - J < 3))
    found = library.diagnose(Q, K, V, mask="causal & window(4)", expected=theirs)
    (one,) = found.hypotheses
    assert [cause.id for cause in one.causes] == ["causal-strict", "window-minus-one"]


def test_nan_explains_nothing() -> None:
    """NaN in a masked key: NaN beside it is no evidence; a finite number that differs is."""
    lost = K.copy()
    lost[5] = np.nan
    nothing = library.diagnose(Q, lost, V, lengths=5, expected=np.full((6, 4), np.nan))
    assert not nothing.match
    assert not nothing.hypotheses
    assert "No fault was tried: inputs hold NaN or infinity" in str(nothing)
    assert "k holds NaN, first at k[5,0]." in nothing.notices
    right = plain(mask=J < 5)
    assert library.diagnose(Q, lost, V, lengths=5, expected=right).match
    unscaled = library.diagnose(Q, lost, V, lengths=5, expected=plain(1, J < 5))
    assert [one.causes[0].id for one in unscaled.hypotheses] == ["missing-scale"]
    (notice,) = library.compute(Q, lost, V, lengths=5).notices
    assert notice == "k[5,0] is NaN: its scores are lost, and the mask keeps them out."


def test_no_evidence_no_cause() -> None:
    """Zeros, rows that are all alike, one query: no two faults are made up, nor dropout."""
    for theirs in (np.zeros((6, 4)), np.tile(V.mean(0), (6, 1))):
        found = library.diagnose(Q, K, V, causal=True, expected=theirs)
        assert not [one for one in found.hypotheses if len(one.causes) > 1]
    scores = np.where(J == 0, -np.inf, 0.5 * Q[:1] @ K.T)
    weights = np.exp(scores) / np.exp(scores).sum()
    found = library.diagnose(Q[:1], K, V, expected={"weights": weights})
    assert "dropout" not in [cause.id for one in found.hypotheses for cause in one.causes]
    halves = {"expected": "0.5 0.5;0.5 0.5"}
    assert not library.diagnose(".1 0;0 .1", ".1 0;0 .1", "1 0;0 1", **halves).match


def test_scores_beyond_float16() -> None:
    """What overflows before softmax is not blamed on softmax; that ours is wider is said."""
    q, k, v = (np.float16(one) for one in (300 * np.abs(Q), 300 * np.abs(K), V))
    ours = library.compute(q, k, v)
    assert not np.isfinite(ours.output).all()
    found = library.diagnose(q, k, v, expected=ours.output)
    ids = {cause.id for one in found.hypotheses for cause in one.causes}
    assert "float16-overflow" in ids
    assert "softmax-overflows" not in ids
    assert any("what is meant is computed in float64" in one for one in found.notices)


def test_heads_need_no_output_matrix() -> None:
    """A step before W_O is compared without it; the output is not."""
    x, given = normal(4, 5, 8), {f"w_{one}": normal(at, 8, 8) for at, one in enumerate("qkv", 5)}
    heads = library.compute(x=x, **given, heads=2, scale=1)["heads"]
    found = library.diagnose(x=x, **given, heads=2, expected={"heads": heads})
    assert found.hypotheses[0].causes[0].id == "missing-scale"
    with pytest.raises(library.AttnError, match="w_o would be random"):
        library.diagnose(x=x, **given, heads=2, expected=np.concatenate(heads, axis=-1))


def test_arrays_that_bear_on_attention_are_named(attn: Attn) -> None:
    """Torch's bias_k and bias_v are not read here, and that is said."""
    np.savez("run.npz", q=Q, k=K, v=V, bias_k=V[:1], bias_v=V[:1], out=plain())
    ran = attn("diagnose", "--input", "run.npz", "--expected", "run.npz:out")
    assert "--input: not used: bias_k, bias_v." in ran.err


@pytest.mark.parametrize(
    "chosen",
    [
        {"mode": "cosine", "softcap": 2.0, "bias": "alibi"},
        {"mode": "scaled", "scale": 1e200},
        {"mode": "fc-time", "n": 3, "d": 2},
        {"mode": "fc-feature", "n": 3, "d": 2},
    ],
)
def test_no_fault_fails_where_it_can_not_be(chosen: dict[str, Any]) -> None:
    """Scores without a factor, factors beyond floats, and weights that are no square."""
    run = library.compute(**{"n": 3, "d": 4, **chosen})
    own = {name: one for name, one in run.given.items() if name not in "qkvx"}
    arrays = {name: one for name, one in run.given.items() if name in "qkvx"}
    rest = {name: one for name, one in chosen.items() if name not in "nd"}
    expected = 1.1 * np.array(run.output, float) + 0.01
    assert str(library.diagnose(**arrays, param=own, **rest, expected=expected))
