"""Worked examples: what is wrong, what follows from it, which rule was missed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attn_cli as library
from attn_cli.errors import AttnError
from attn_cli.results.check import CheckedEntry
from attn_cli.worked.entries import read_entry
from attn_cli.worked.matrices import matrices
from attn_cli.worked.names import candidates, known_names, plain
from tests.conftest import Attn, option_names

EXAMPLE = r"""# Attention by hand

Q = [[1, 0], [0, 1]], K = [[1, 1], [0, 2]] and

$$
V = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}
$$

## Scores

$$ S = Q K^\top = \begin{bmatrix} 1 & 0 \\ 1 & 2 \end{bmatrix} $$

## Scaled scores

| | k0 | k1 |
|---|---|---|
| q0 | 0.71 | 0.00 |
| q1 | 0.71 | 1.14 |

## Attention weights: softmax of the scaled scores

| | k0 | k1 |
|---|---|---|
| q0 | 0.67 | 0.33 |
| q1 | 0.39 | 0.61 |

The output is then

    Z = A V = [[1.66, 2.66], [2.22, 3.22]]
"""
"""One entry is wrong, 1.14 for 1.41; four follow from it."""

RIGHT = (
    EXAMPLE.replace("1.14", "1.41")
    .replace("0.39 | 0.61", "0.33 | 0.67")
    .replace("2.22, 3.22", "2.34, 3.34")
)

INPUTS = "Q = [[1, 0], [0, 1]]\nK = [[1, 1], [0, 2]]\nV = [[1, 2], [3, 4]]\n"
"""Scores 1 0; 1 2, scaled .7071 0; .7071 1.4142, weights .6698 .3302; .3302 .6698."""


def cells(entries: tuple[CheckedEntry, ...]) -> list[str]:
    """Their names."""
    return [one.cell for one in entries]


def test_a_wrong_entry_and_those_that_follow(attn: Attn) -> None:
    """The wrong entry is told with its line and its work; the others are carried forward."""
    Path("e.md").write_text(EXAMPLE)
    ran = attn("check", "e.md")
    assert ran.status == 1
    assert "1 of 16 numbers: wrong; carried forward from them: 4" in ran.flat
    assert "line 18: scaled[q1,k1] is 1.4142, not 1.14. Two digits are exchanged." in ran.flat
    assert "scaled[q1,k1] = 2 / √2 = 1.4142" in ran.flat
    assert "wrong because of scaled[q1,k1]." in ran.flat
    found = library.check("e.md")
    assert not found.match
    assert cells(found.wrong) == ["scaled[q1,k1]"]
    assert cells(found.carried) == [
        "weights[q1,k0]",
        "weights[q1,k1]",
        "output[q1,d0]",
        "output[q1,d1]",
    ]
    assert {one.follows for one in found.carried} == {("scaled[q1,k1]",)}


def test_a_right_example(attn: Attn) -> None:
    """Nothing is wrong, and the status is 0."""
    Path("e.md").write_text(RIGHT)
    ran = attn("check", "e.md")
    assert ran.status == 0
    assert "All 16 numbers hold" in ran.out


def test_rounded_numbers_may_be_gone_on_with() -> None:
    """Weights made of scores with one decimal are right, and it is said what they would be."""
    found = library.check(
        f"{INPUTS}S/√2 = [[0.7, 0.0], [0.7, 1.4]]\nA = [[0.6682, 0.3318], [0.3318, 0.6682]]"
    )
    assert found.match
    assert cells(found.report.having("rounded")) == [
        *("weights[q0,k0]", "weights[q0,k1]", "weights[q1,k0]", "weights[q1,k1]"),
    ]
    assert "with all digits: weights[q0,k0] = 0.669762" in " ".join(str(found).split())


def test_an_error_of_its_own_beside_one_carried_forward() -> None:
    """An entry that is wrong for the numbers before it too is wrong of itself."""
    found = library.check(
        f"{INPUTS}scores = [[1, 0], [1, 3]]\nweights = [[0.67, 0.33], [0.20, 0.90]]\n"
    )
    assert cells(found.wrong) == ["scores[q1,k1]", "weights[q1,k1]"]
    assert cells(found.carried) == ["weights[q1,k0]"]
    assert "From the numbers before it, as they are written: 0.8044." in str(found)


def test_fewer_digits_than_those_beside_them() -> None:
    """0.7 beside 0.33 is right with what it has, and said to be coarse; 1 beside 0.33 is wrong."""
    found = library.check(f"{INPUTS}A = [[0.7, 0.33], [0.33, 1]]")
    assert cells(found.report.having("coarse")) == ["weights[q0,k0]"]
    assert cells(found.wrong) == ["weights[q1,k1]"]
    assert "fewer than those beside them: weights[q0,k0] = 0.6698" in " ".join(str(found).split())


@pytest.mark.parametrize(
    ("weights", "fault"),
    [
        ("[[0.73, 0.27], [0.27, 0.73]]", "missing-scale"),
        ("[[0.50, 0.20], [0.50, 0.80]]", "softmax-over-queries"),
    ],
)
def test_the_rule_that_was_missed(attn: Attn, weights: str, fault: str) -> None:
    """A fault that gives the written numbers is named, with how attn gives them."""
    Path("e.txt").write_text(f"{INPUTS}A = {weights}\n")
    ran = attn("check", "e.txt")
    assert ran.status == 1
    assert f"The rule that was missed, which gives every number: {fault}" in ran.flat
    assert library.check("e.txt").report.missed[0].cause.id == fault


def test_a_rule_is_looked_for_from_the_written_numbers_on() -> None:
    """A fault in a late step is found behind an error in an early one."""
    wrong = np.array([[1, 0], [1, 3]]) / np.sqrt(2)
    over_queries = np.exp(wrong) / np.exp(wrong).sum(axis=0)
    rows = str(over_queries.round(3).tolist())
    found = library.check(f"{INPUTS}scores = [[1, 0], [1, 3]]\nA = {rows}")
    assert [(one.step, one.cause.id) for one in found.report.missed] == [
        ("weights", "softmax-over-queries")
    ]


def test_numbers_of_another_step() -> None:
    """Scaled scores under the name of scores are known for what they are."""
    found = library.check(f"{INPUTS}scores = [[0.71, 0.00], [0.71, 1.41]]")
    assert found.report.steps[0].other == "scaled"
    assert "These are the right numbers of scaled: was that meant?" in str(found)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[[-0.71, 0.00], [0.71, 1.41]]", "The sign is the other way round."),
        ("[[0.70, 0.00], [0.71, 1.41]]", "It is cut off, not rounded."),
        ("[[0.71, 0.00], [0.17, 1.41]]", "Two digits are exchanged."),
        ("[[0.71, 0.00], [7.07, 1.41]]", "The point has slipped by a place."),
        ("[[0.71, 0.71], [0.71, 1.41]]", "It stands where row and column are exchanged."),
        ("[[0.71, 0.00], [0.71, 0.71]]", "It belongs in the place beside it."),
    ],
)
def test_slips(written: str, says: str) -> None:
    """What probably happened to a single entry is told."""
    found = library.check(f"{INPUTS}scaled = {written}")
    assert found.wrong[0].slip == says


def test_every_way_to_write_matrices_gives_the_same() -> None:
    """Brackets, LaTeX, tables, rows below a name, NumPy's print, JSON."""
    ways = (
        INPUTS + "S = [[1, 0], [1, 2]]",
        INPUTS + r"\[ S = Q K^T = \left[\begin{array}{cc} 1 & 0 \\ 1 & 2 \end{array}\right] \]",
        INPUTS + "\n**Scores**\n\n| | a | b |\n|---|---|---|\n| c | 1 | 0 |\n| d | 1 | 2 |\n",
        INPUTS + "\nscores | k0 | k1\n---|---|---\nq0 | 1 | 0\nq1 | 1 | 2\n",
        INPUTS + "scores:\n1 0\n1 2\n",
        INPUTS + "scores = 1 0; 1 2",
        INPUTS + "scores = np.array([[1., 0.],\n                   [1., 2.]])",
        INPUTS + "QK^T =\n[[1. 0.]\n [1. 2.]]\n",
        INPUTS + "QKᵀ = [[1, 1], [0, 2]] [[1]] = [[1, 0], [1, 2]]",
        '{"q": [[1, 0], [0, 1]], "k": [[1, 1], [0, 2]], "v": [[1, 2], [3, 4]],\n'
        '"scores": [[1, 0], [1, 2]]}',
        "q1 = [1, 0], q2 = [0, 1]\nk_1 = [1, 1]\nk_2 = [0, 2]\nv₁ = [1, 2]\nv₂ = [3, 4]\n"
        "scores = [[1, 0], [1, 2]]",
    )
    for way in ways:
        found = library.check(way)
        assert found.points == (4, 4), way


@pytest.mark.parametrize(
    ("name", "step"),
    [
        (r"\frac{QK^T}{\sqrt{d_k}}", "scaled"),
        ("QKᵀ/√d", "scaled"),
        (r"\text{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)", "weights"),
        ("softmax(QK^T / sqrt(d_k)) V", "output"),
        ("Q @ K.T", "scores"),
        (r"\mathbf{S}", "scores"),
        ("Attention(Q, K, V)", "output"),
        ("## Step 3: attention weights", "weights"),
        ("**Softmax of the scaled scores**", "weights"),
        ("注意力权重：", "weights"),
    ],
)
def test_names(name: str, step: str) -> None:
    """What people call the steps is understood."""
    known = known_names(dict.fromkeys(("scores", "scaled", "weights", "output"), ()))
    assert next(candidates([name], known)) == step


def test_formulas_without_their_dress() -> None:
    """What LaTeX, NumPy and Unicode write is one."""
    assert plain(r"\frac{\mathbf{Q}\mathbf{K}^{\top}}{\sqrt{d_k}}") == "qkᵀ/√"
    assert plain("Q · Kᵀ / √d") == plain("Q @ K.T / sqrt(d_k)") == "qkᵀ/√"


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("0.67", 0.67, 0.005),
        ("−3", -3, 0.5),
        ("67 %", 0.67, 0.005),
        ("0,67", 0.67, 0.005),
        ("1,234.5", 1234.5, 0.05),
        ("1.5e-3", 0.0015, 0.00005),
        ("1/3", 1 / 3, 0),
        ("√2/2", 2**-0.5, 0),
        (r"\frac{1}{3}", 1 / 3, 0),
        ("**0.5**", 0.5, 0.05),
        ("-∞", float("-inf"), 0),
        (r"-\infty", float("-inf"), 0),
        ("<.01", 0, 0.005),
    ],
)
def test_numbers_as_written(text: str, value: float, half: float) -> None:
    """Each says how far its rounding lets it be off."""
    found = read_entry(text)
    assert found is not None
    assert found.value == pytest.approx(value, abs=1e-15)
    assert found.half == pytest.approx(half)


@given(st.floats(-1e5, 1e5), st.integers(0, 6))
def test_a_rounded_number_is_within_half_of_its_last_digit(number: float, decimals: int) -> None:
    """What Python rounds is within what is read from it."""
    found = read_entry(f"{number:.{decimals}f}")
    assert found is not None
    assert found.value is not None
    assert abs(found.value - number) <= found.half * (1 + 1e-9)


@pytest.mark.parametrize("text", ["cat", "k0", "all 2 keys", "1 2", "x_1", "", "·", "—"])
def test_what_is_no_number(text: str) -> None:
    """Words are none, and empty places say nothing."""
    found = read_entry(text)
    assert found is None or found.value is None


def test_what_stands_in_sentences_is_no_matrix() -> None:
    """Indices, footnotes, links and factors are left alone."""
    text = (
        "See [1] and weights[0,1] = 0.5 of [this](x.md).\n\n- [ ] todo\n\n"
        "d = 2\n\nsoftmax([1, 2]) is [0.27, 0.73] here.\n"
    )
    assert matrices(text) == []


def test_percent() -> None:
    """A table of per cents is read as such where its caption says so."""
    table = (
        "weights, % of each row\n\n| | k0 | k1 |\n|---|---|---|\n| q0 | 67 | 33 |\n"
        "| q1 | 33 | 67 |\n"
    )
    assert library.check(f"{INPUTS}\n{table}").points == (4, 4)


def test_choices_of_the_text_and_of_the_call(attn: Attn) -> None:
    """A comment in the Markdown states choices; those of the call count more."""
    Path("e.md").write_text(
        f'<!-- attn {{"mode": "dot"}} -->\n{INPUTS}A = [[0.73, 0.27], [0.27, 0.73]]\n'
    )
    assert attn("check", "e.md").status == 0
    assert attn("check", "e.md", "--mode", "scaled").status == 1
    text = json.dumps(
        {"q": [[1]], "k": [[1]], "v": [[2]], "output": [[2]], "choices": {"mode": "dot"}}
    )
    assert "softmax(Q Kᵀ) V" in str(library.check(text + "\n"))


def test_a_mask_that_is_written_down() -> None:
    """Masked scores show which pairs are kept; dashes are masked pairs; choices count more."""
    text = f"{INPUTS}scores = [[1, 0], [1, 2]]\nmasked = [[0.71, -inf], [0.71, 1.41]]\n"
    found = library.check(text)
    assert found.notices == ("The mask is that of the scores in line 5.",)
    assert found.points == (8, 8)
    assert library.check(text, causal=True).points == (8, 8)
    other = text.replace("[[0.71, -inf], [0.71, 1.41]]", "[[0.71, 0.00], [-inf, 1.41]]")
    assert library.check(other).points == (8, 8)
    table = (
        "\n## Weights\n\n| | k0 | k1 |\n|---|---|---|\n| q0 | 1.00 | - |\n| q1 | 0.33 | 0.67 |\n"
    )
    assert library.check(f"{INPUTS}{table}", causal=True).points == (4, 4)
    assumed = library.check(f"{INPUTS}{table}")
    assert assumed.match
    assert "hold with causal=, which is taken to be meant" in assumed.notices[0]


def test_other_matrices_are_left_out_and_named() -> None:
    """A matrix that is no step is no error."""
    found = library.check(f"{INPUTS}S = [[1, 0], [1, 2]]\nfoo = [[1, 2, 3], [4, 5, 6]]\n")
    assert found.match
    assert found.notices[0] == "16 of about 22 numbers were read."
    assert "left out: line 5." in found.notices[1]
    assert "The 4 numbers that were read hold" in str(found)


def test_arrays_may_come_from_elsewhere(attn: Attn) -> None:
    """Inputs that the text does not have are given as for compute."""
    Path("e.md").write_text("Q = [[1, 0], [0, 1]]\n\nscores = [[1, 0], [1, 2]]\n")
    assert attn("check", "e.md", "--k", "1 1; 0 2").status == 0
    missing = attn("check", "e.md")
    assert missing.status == 2
    assert (
        "It does not hold k: write each matrix with its name, as in K = [[1, 0], [0, 1]]"
        in missing.err
    )


def test_projections() -> None:
    """With X and W_Q … the queries are steps of their own."""
    found = library.check(
        "X = [[1, 0], [0, 1]]\nW_Q = [[1, 2], [0, 1]]\nW_K = [[1, 0], [0, 1]]\n"
        "W_V = [[1, 1], [0, 1]]\n"
        "Q = [[1, 2], [0, 1]]\nK = [[1, 0], [0, 1]]\nscores = [[1, 2], [0, 2]]\n"
    )
    assert [one.name for one in found.report.steps] == ["q", "k", "scores"]
    assert cells(found.wrong) == ["scores[q1,k1]"]


def test_the_document(attn: Attn) -> None:
    """--json prints attn.check/1, which --save writes too."""
    Path("e.md").write_text(EXAMPLE)
    ran = attn("check", "e.md", "--json", "--save", "c.json")
    document = json.loads(ran.out)
    assert document == json.loads(Path("c.json").read_text())
    assert document["schema"] == "attn.check/1"
    assert not document["match"]
    assert document["points"] == {"reached": 15, "of": 16}
    (scaled,) = [one for one in document["steps"] if one["name"] == "scaled"]
    assert [one["status"] for one in scaled["entries"]] == ["right", "right", "right", "wrong"]
    assert scaled["entries"][3]["line"] == 18
    assert document == library.check("e.md").to_dict()


@pytest.mark.parametrize("suffix", ["md", "txt", "json"])
def test_what_compute_writes_is_right(attn: Attn, suffix: str) -> None:
    """A page and a document of compute pass, for masks and other modes too."""
    given = ("--q", "1 0; 0 1; 1 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")
    for more in ((), ("--causal",), ("--mode", "cosine"), ("--softcap", "2"), ("--rope",)):
        option = "--save" if suffix == "json" else "--export"
        written = attn("compute", *given, *more, "--steps", option, f"e.{suffix}", "--force")
        if suffix == "txt":
            continue
        assert written.status == 0
        ran = attn("check", f"e.{suffix}", *more)
        assert ran.status == 0, ran.out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "There is nothing in e.md"),
        (b"  \n", "There is nothing in e.md"),
        (b"no matrix here\n", "e.md holds no matrix"),
        (b"\xff\xfe\x00", "e.md is no text in UTF-8"),
        (
            b"Q = [[1, 0]]\nK = [[1, 0]]\nV = [[1, 0]]\n",
            "e.md holds nothing that is computed, of the mode scaled: scores",
        ),
        (
            b"Q = [[1, 0]]\nK = [[1, 0]]\nV = [[1, 0]]\nscores = [[1, 0, 0]]\n",
            "Line 4: scores is 1×3, and 1×1 was meant",
        ),
        (b'{"q": [[1, 0], [1]]}', "The rows of q are not as long as each other"),
        (b'{"q": [["cat"]]}', "q holds 'cat', which is no number"),
        (b'{"q": ', "is not JSON"),
        (b"<!-- attn {x} -->\nQ = [[1, 0]]\n", "The choices {x} are no JSON"),
    ],
)
def test_what_can_not_be_checked(attn: Attn, content: bytes, says: str) -> None:
    """Each has a message of its own, and the status 2."""
    Path("e.md").write_bytes(content)
    ran = attn("check", "e.md")
    assert ran.status == 2
    assert says in ran.err


def test_files_that_are_none(attn: Attn) -> None:
    """Missing files, folders, arrays and large files are told apart."""
    Path("a.npy").write_bytes(b"x")
    Path("large.md").write_bytes(b" " * (2**22 + 1))
    for arguments, says in (
        ((), "FILE is missing: a worked example, or --new"),
        (("no.md",), "There is no file no.md"),
        ((".",), "is a folder"),
        (("a.npy",), "a.npy is no Markdown, text or JSON"),
        (("large.md",), "large.md has more than 4 MiB"),
    ):
        ran = attn("check", *arguments)
        assert ran.status == 2
        assert says in ran.err
    Path("list.json").write_text("[1]")
    with pytest.raises(AttnError, match="Give matrices by name"):
        library.check("list.json")


def test_standard_input(attn: Attn) -> None:
    """- reads the example from a pipe."""
    ran = attn("check", "-", stdin=EXAMPLE.encode())
    assert ran.status == 1
    assert "Check of standard input" in ran.out


def test_many_wrong_entries_stay_a_page(attn: Attn) -> None:
    """Of many wrong entries some are told, and the rest is counted."""
    rng = np.random.default_rng(0)
    q = rng.integers(0, 3, (5, 4)).tolist()
    Path("e.md").write_text(
        f"Q = {q}\nK = {q}\nV = {q}\nscores = {rng.integers(50, 90, (5, 5)).tolist()}\n"
    )
    ran = attn("check", "e.md")
    assert "and 13 more" in ran.flat
    assert len(ran.out.splitlines()) < 60


def test_exports_and_languages(attn: Attn) -> None:
    """The page goes into files, is plain where that is asked for, and speaks Chinese."""
    Path("e.md").write_text(EXAMPLE)
    for suffix in ("html", "md", "tex", "svg", "txt"):
        assert attn("check", "e.md", "--export", f"d.{suffix}").status == 1
        assert "1.4142" in Path(f"d.{suffix}").read_text()
    assert attn("check", "e.md", "--export", "d.txt").status == 2
    assert attn("check", "e.md", "--export", "d.txt", "--force", "--width", 60).status == 1
    assert attn("check", "e.md", "--plain").out.isascii()
    assert "处有误" in attn("check", "e.md", "--lang", "zh").out


OWN = {"file", "new", "answers", "level", "steps"}


def test_every_option_is_here() -> None:
    """Those it shares with compute say what was meant; the others are tried here and beside."""
    assert option_names("check") - option_names("compute") <= OWN


@pytest.mark.parametrize("more", [("--scale", "1"), ("--causal",), ("--normalizer", "sparsemax")])
def test_what_was_meant_decides(attn: Attn, more: tuple[str, ...]) -> None:
    """Choices of compute change what numbers are held against."""
    Path("e.md").write_text(RIGHT)
    assert attn("check", "e.md").out != attn("check", "e.md", *more).out


BLOG = (
    "q1 = [1, 0]\nq2 = [0, 1]\nk1 = [1, 1]\nk2 = [0, 1]\nv1 = [2, 0]\nv2 = [0, 4]\n\n"
    "a1 = [0.67, 0.33]\na2 = [0.50, 0.50]\n\nz1 = [1.34, 1.32]\nz2 = [1.00, 2.00]\n"
)
HEAD = "Q = [[1, 0], [0, 1]]\nK = [[1, 1], [0, 1]]\nV = [[2, 0], [0, 4]]\n"
"""Scores 1 0; 1 1, scaled .7071 0; .7071 .7071, weights .67 .33; .5 .5, output 1.34 1.32; 1 2."""


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (BLOG, 8),
        (BLOG.replace("a1", "- a1").replace("a2", "- a2"), 8),
        (HEAD + "Output:\nz1 = 0.67·[2, 0] + 0.33·[0, 4] = [1.34, 1.32]\n", 2),
        (HEAD + "weights:\n\na0 = [0.67, 0.33]\na1 = [0.50, 0.50]\n", 4),
        (
            HEAD + r"$$S=\frac{QK^T}{\sqrt{d_k}}=\frac{1}{\sqrt{2}}\begin{bmatrix}1&0\\1&1"
            r"\end{bmatrix}=\begin{bmatrix}0.71&0\\0.71&0.71\end{bmatrix}$$",
            4,
        ),
        (
            HEAD + "## Step 3: Divide by √d_k = 1.414\n\n| | a | b |\n|--|--|--|\n"
            "| x | 0.71 | 0 |\n| y | 0.71 | 0.71 |\n\n## Step 5: Multiply by V\n\n"
            "| | a | b |\n|--|--|--|\n| x | 1.34 | 1.32 |\n| y | 1 | 2 |\n",
            8,
        ),
        (
            HEAD + "## Weights\n\n| | a | b | Sum |\n|--|--|--|--|\n| x | 0.67 | 0.33 | 1 |\n"
            "| y | 0.5 | 0.5 | 1 |\n",
            4,
        ),
        (
            "## Inputs\n**Query**: [[1, 0], [0, 1]]\n**Key**: [[1, 1], [0, 1]]\n"
            "**Value**: [[2, 0], [0, 4]]\n\nweights: [[0.67, 0.33], [0.5, 0.5]]\n",
            4,
        ),
        (
            "Let $Q = [[1, 0], [0, 1]]$, $K = [[1, 1], [0, 1]]$ and $V = [[2, 0], [0, 4]]$.\n\n"
            "Then $A = [[0.67, 0.33], [0.5, 0.5]]$.\n",
            4,
        ),
        (
            r"\begin{align}Q &= \begin{pmatrix}1&0\\0&1\end{pmatrix}\\"
            "\n"
            r"K &= \begin{pmatrix}1&1\\0&1\end{pmatrix}\\"
            "\n"
            r"V &= \begin{pmatrix}2&0\\0&4\end{pmatrix}\\"
            "\n"
            r"A &= \begin{pmatrix}0.67&0.33\\0.5&0.5\end{pmatrix}\end{align}",
            4,
        ),
        (HEAD + "w1 = softmax(s1/√2) = [0.67, 0.33]\n", 2),
        (HEAD + "scores = Q @ K.T\nprint(scores)\n# [[1 0]\n#  [1 1]]\n", 4),
        (
            HEAD + r"**Step 3.** $\text{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right) = "
            r"\begin{bmatrix}0{,}67&0{,}33\\0.5&0.5\end{bmatrix}$" + "\n\n"
            r"**Step 4.** $\text{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right)V = "
            r"\begin{bmatrix}1.34&1.32\\1&2\end{bmatrix}$",
            8,
        ),
        (
            HEAD + "## Step 3: Divide the scores by the square root of the dimension\n\n"
            "| | a | b |\n|--|--|--|\n| x | 0.71 | 0 |\n| y | 0.71 | 0.71 |\n\n"
            "## Step 5: Multiply the weights by the values\n\n"
            "| | a | b |\n|--|--|--|\n| x | 1.34 | 1.32 |\n| y | 1 | 2 |\n",
            8,
        ),
        (
            "Q = K = V = [[1, 0], [0, 1]]\n\nscores = [[1, -inf], [0, 1]]\n\n"
            "weights = [[1, 0], [0.33, 0.67]]\n",
            7,
        ),
        (HEAD + "得分：\n1 0\n1 1\n", 4),
        (HEAD + "weights = [[0.67, 0.33], [0.5, 0.5]]\nscores = [[1, 0, 2]]\n", 4),
    ],
)
def test_as_people_write(text: str, points: int) -> None:
    """Blogs, lessons and sessions of Python are read as they are, and found right."""
    found = library.check(text)
    assert found.match, str(found)
    assert found.points == (points, points)


def test_a_second_example_is_named() -> None:
    """Of two examples in one text the first is checked, and it is said."""
    found = library.check(
        f"{HEAD}A = [[0.67, 0.33], [0.5, 0.5]]\n{INPUTS}A = [[0.1, 0.9], [0, 1]]\n"
    )
    assert found.points == (4, 4)
    assert "Line 6, 7: an input stands there again" in " ".join(found.notices)
    assert "a second one of a step, were left out: line 8" in " ".join(found.notices)


def test_per_cents_are_answered_in_per_cent() -> None:
    """The right number is told as the entry is written, and slips are found in it."""
    (wrong,) = library.check(f"{HEAD}A = [[76.0%, 33.0%], [50.0%, 50.0%]]").wrong
    assert (wrong.written, wrong.right, wrong.slip) == (
        "76.0%",
        "66.976%",
        "Two digits are exchanged.",
    )
    (slip,) = library.check(f"{HEAD}A = [[67.0%, 30.3%], [50.0%, 50.0%]]").wrong
    assert slip.slip == "Two digits are exchanged."


def test_empty_cells_are_blanks_of_answers() -> None:
    """Who deletes a blank gains nothing."""
    sheet = library.exercise(level=1).solution
    emptied = sheet.replace("| 0.27 |", "|  |", 1)
    assert emptied != sheet
    full, less = (library.check(one, answers=True).points for one in (sheet, emptied))
    assert less == (full[0] - 1, full[1])


def test_answers_that_are_not_there(attn: Attn) -> None:
    """A section or a cell that is deleted, and what can't be read, is left blank, not forgiven."""
    made = library.exercise(level=2, seed=7)
    whole = library.check(made.solution, answers=True).points
    start = made.solution.index("## scaled")
    end = made.solution.index("## weights")
    without = library.check(made.solution[:start] + made.solution[end:], answers=True)
    assert without.points == (whole[0] - 6, whole[1])
    row = next(line for line in made.solution[end:].splitlines() if line.startswith("| q1"))
    cells = row.split("|")
    odd = "|".join([*cells[:2], " ? ", " n/a ", *cells[4:]])
    marked = library.check(made.solution.replace(row, odd), answers=True)
    assert marked.points[1] == whole[1]
    assert marked.points[0] == whole[0] - 2
    Path("blank.md").write_text(made.sheet)
    assert "Nothing is filled in yet" in attn("check", "blank.md").out


def test_coarse_numbers_miss_no_rule() -> None:
    """Whole numbers beside decimals are wrong, and no fault is blamed for the rounding."""
    scaled = "scaled = [[0.71, 0], [0.71, 0.71]]"
    weights = "weights = [[0.67, 0.33], [0.5, 0.5]]"
    found = library.check(f"{HEAD}{scaled}\n{weights}\noutput = [[1, 1], [1.04, 2.1]]\n")
    assert not found.report.missed


@pytest.mark.parametrize("option", [("--local", "p", "--local-d", "1"), ("--bias", "t5(8, 6)")])
def test_arrays_of_windows_and_biases_are_read_back(attn: Attn, option: tuple[str, ...]) -> None:
    """Exercises whose matrices belong to a window or a bias are marked too."""
    made = attn("check", "--new", "--answers", *option, "--n", 2, "--d", 2)
    assert made.status == 0
    Path("s.md").write_text(made.out)
    assert attn("check", "s.md", "--answers").status == 0
