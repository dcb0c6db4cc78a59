"""Words on a person's own numbers: options, files, samples."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import attn_cli as library
from attn_cli.arrays.tables import read_table
from attn_cli.data.samples import SAMPLES, Sample, document
from attn_cli.errors import AttnError
from attn_cli.spec import SAMPLED
from tests.conftest import Attn

Q = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]


def labels(**given: object) -> dict[str, tuple[str, ...]]:
    """The names that a run has, by axis."""
    return dict(library.compute(**given).trace.labels)


@pytest.mark.parametrize("given", ["cat mat dog", "cat,mat,dog", ["cat", "mat", "dog"]])
def test_labels_name_queries_and_as_many_keys(given: object) -> None:
    """Names are parted by commas, by spaces, or are a list."""
    words = ("cat", "mat", "dog")
    assert labels(q=Q, labels=given) == {"n": words, "m": words}
    assert labels(labels=given) == {"n": words, "m": words}


def test_names_may_have_spaces() -> None:
    """Between commas, and in a list, a space is part of a name."""
    assert labels(labels="New York, Rome")["n"] == ("New York", "Rome")
    assert labels(labels=["New York", "Rome"])["n"] == ("New York", "Rome")
    assert labels(labels="我爱你")["n"] == ("我爱你",)


def test_key_labels_name_keys() -> None:
    """Keys go by their own names, and say how many there are."""
    run = library.compute(q=Q, key_labels="a b")
    assert run.trace.labels == {"m": ("a", "b")}
    assert run.steps[1].shape == (2, 2)
    assert run.work("weights[0,b]").startswith("weights[q0,b] = ")


def test_labels_behind_a_cache() -> None:
    """Names of keys name the cached ones too; those of queries name new ones."""
    k = np.eye(2)
    assert labels(q=[[1, 0]], k=k, past_k=k, past_v=k, key_labels="a b c d")["m"] == tuple("abcd")
    assert labels(q=k, k=k, past_k=k, past_v=k, labels="c d")["m"] == ("past0", "past1", "c", "d")
    with pytest.raises(AttnError, match="key_labels: 3 words for 4 or 2 keys"):
        labels(q=k, k=k, past_k=k, past_v=k, key_labels="a b c")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": Q, "labels": "a b"}, "labels= (n = 2)"),
        ({"k": Q, "key_labels": "a b"}, "key_labels= (m = 2)"),
        ({"text": "a b", "labels": "c d"}, "labels: text= names its rows itself; leave one out."),
        (
            {"text": "a b", "context_text": "e", "key_labels": "c d"},
            "key_labels: context_text= names its rows itself",
        ),
        ({"labels": ", "}, "labels: name 1 is empty."),
        ({"labels": ""}, "labels: there is no word in ''."),
        ({"sample": "dog"}, "sample: there is no 'dog'."),
        ({"sample": "cat-mat", "input": {"q": Q}}, "sample= is an input of its own; leave input="),
        ({"input": {"q": Q}, "labels": ["a", "b", "\udcff"]}, "labels: this is not text in UTF-8"),
    ],
)
def test_wrong_labels(given: dict[str, object], message: str) -> None:
    """Names that can't be are refused by the option that has them."""
    with pytest.raises(AttnError) as error:
        library.compute(**given)
    assert message in str(error.value)


TABLES = {
    "cat,1,0\nmat,0,1\n": (("cat", "mat"), ()),
    "word,furry,flat\ncat,1,0\nmat,0,1\n": (("cat", "mat"), ("furry", "flat")),
    "furry,flat\ncat,1,0\nmat,0,1\n": (("cat", "mat"), ("furry", "flat")),
    "furry,flat\n1,0\n0,1\n": ((), ("furry", "flat")),
    "cat 1 0\nmat 0 1 # flat\n": (("cat", "mat"), ()),
    '"cat, big",1,0\nmat,0,1\n': (("cat, big", "mat"), ()),
    "1,0\n0,1\n": ((), ()),
}


@pytest.mark.parametrize("text", TABLES)
def test_tables_with_names(text: str) -> None:
    """A first column and a first row of words are names; the rest are the numbers."""
    kind = ".csv" if "," in text else ".txt"
    found = read_table(text.encode(), kind, "‹q›")
    assert found.names == TABLES[text]
    np.testing.assert_array_equal(found.array, np.eye(2))


@pytest.mark.parametrize(
    ("kind", "text", "cell"),
    [
        (".csv", "10%,20%\n1,2\n", "10%"),
        (".csv", "1.O,2.O\n1,2\n", "1.O"),
        (".csv", "$1,$2\n1,2\n", "$1"),
        (".csv", "€ 1,€ 2\n1,2\n", "€ 1"),
        (".csv", "−1,−2\n1,2\n", "−1"),
        (".csv", "(1),(2)\n1,2\n", "(1)"),
        (".tsv", "1,5\t2,5\n1\t2\n", "1,5"),
        (".csv", "1.O,2\n3.O,4\n", "1.O"),
        (".txt", "2x 3x\n1 2\n", "2x"),
    ],
)
def test_mistyped_numbers_are_no_names(kind: str, text: str, cell: str) -> None:
    """What begins with a digit, a sign or a currency is refused, never taken for a name."""
    with pytest.raises(AttnError, match="row 1, column 1 is not a number") as refused:
        read_table(text.encode(), kind, "‹q›")
    assert repr(cell) in str(refused.value)
    expected = "with a point" if kind == ".tsv" else "doesn't begin with a digit, a sign"
    assert expected in str(refused.value)


@pytest.mark.parametrize("word", [".", "-", "$", "[CLS]", "##ing", "x_1", "猫", "q1"])
def test_words_and_signs_alone_are_names(word: str) -> None:
    """Tokens of a sentence name rows, its full stop among them."""
    found = read_table(f"{word},1,0\nmat,0,1\n".encode(), ".csv", "‹q›")
    assert found.names.rows == (word, "mat")


def test_names_that_are_taken_are_said(attn: Attn) -> None:
    """A first row or column that is no numbers is a notice, in JSON too."""
    Path("q.csv").write_text("a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n", encoding="utf-8")
    Path("k.csv").write_text("cat,1,0,0,0,0,0,0\nmat,0,1,0,0,0,0,0\n", encoding="utf-8")
    run = attn("compute", "--q", "q.csv", "--k", "k.csv", "--json")
    said = [
        "--q: its first row names the columns: a, b, c, d, e, f ….",
        "--k: its first column names the rows: cat, mat.",
    ]
    assert json.loads(run.out)["notices"] == said
    assert all(notice in run.err for notice in said)


def test_names_of_a_file(attn: Attn) -> None:
    """Rows of q name queries, rows of k name keys, columns of both their width."""
    Path("q.csv").write_text("word,furry,flat\ncat,1,0\nmat,0,1\n", encoding="utf-8")
    Path("k.csv").write_text("chat,1,0\ntapis,0,1\nchien,1,1\n", encoding="utf-8")
    told = json.loads(attn("compute", "--q", "q.csv", "--k", "k.csv", "--json").out)["labels"]
    assert told == {"n": ["cat", "mat"], "m": ["chat", "tapis", "chien"], "d": ["furry", "flat"]}
    told = json.loads(attn("compute", "--x", "q.csv", "--json").out)["labels"]
    assert told["n"] == told["m"] == ["cat", "mat"]


def test_files_that_disagree(attn: Attn) -> None:
    """Two files that name the same rows otherwise are not settled in silence; options are."""
    Path("k.csv").write_text("cat,1,0\nmat,0,1\n", encoding="utf-8")
    Path("v.csv").write_text("dog,1,0\nmat,0,1\n", encoding="utf-8")
    words = ("compute", "--k", "k.csv", "--v", "v.csv")
    assert attn(*words).err == (
        "Error: --v: it names dog, mat what --k names cat, mat. Give the same names.\n"
    )


@pytest.mark.parametrize("kind", ["json", "npz"])
def test_labels_in_a_file_of_arrays(kind: str, tmp_path: Path) -> None:
    """Entries labels and key_labels name rows of the arrays beside them."""
    path = tmp_path / f"run.{kind}"
    if kind == "json":
        path.write_text(
            json.dumps({"q": Q, "k": Q[:2], "labels": ["a", "b", "c"], "key_labels": ["d", "e"]}),
            encoding="utf-8",
        )
    else:
        named = {"labels": np.array(["a", "b", "c"]), "key_labels": np.array(["d", "e"])}
        np.savez(path, q=np.array(Q), k=np.array(Q[:2]), **named)
    expected = {"n": ("a", "b", "c"), "m": ("d", "e")}
    assert labels(input=str(path)) == expected
    assert labels(q=f"{path}:q", k=f"{path}:k") == expected
    assert labels(input=str(path), q=np.eye(2)) == {}


def test_labels_in_a_file_that_are_no_words(tmp_path: Path) -> None:
    """An entry of that name that is no list of words is refused, and so are too few."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"q": Q, "labels": [1, 2, 3]}), encoding="utf-8")
    with pytest.raises(AttnError, match="labels: a list of words is wanted, one for each row"):
        labels(input=str(path))
    path.write_text(json.dumps({"q": Q, "labels": ["a"]}), encoding="utf-8")
    with pytest.raises(AttnError, match="labels: 1 word for 3 rows"):
        labels(input=str(path))


def test_labels_stay_with_a_saved_run(attn: Attn) -> None:
    """A run that is read back has its words, and others where they are given."""
    attn("compute", "--q", "1 0; 0 1", "--labels", "cat mat", "--save", "run.npz")
    assert labels(input="run.npz")["n"] == ("cat", "mat")
    assert labels(input="run.npz", labels="dog log")["n"] == ("dog", "log")


def test_words_are_data(attn: Attn) -> None:
    """Names may look like markup, be long, or hold signs that can't be shown."""
    ran = attn("compute", "--q", "1 0; 0 1", "--labels", "[bold],a\x1b[31mred")
    assert "[bold]" in ran.out
    assert "\x1b[31m" not in ran.out
    long = "x" * 200
    refused = attn("compute", "--q", "1 0; 0 1", "--labels", f"{long} b")
    assert "--labels: a name has at most 60 letters" in refused.err


def test_cat_attends_to_mat() -> None:
    """The sample shows what it was trained to: cat ↔ mat."""
    weights = library.compute(sample="cat-mat")["weights"]
    words = labels(sample="cat-mat")["n"]
    cat, mat = words.index("cat"), words.index("mat")
    assert weights[cat].argmax() == mat
    assert weights[mat].argmax() == cat
    assert min(weights[cat, mat], weights[mat, cat]) > 0.9


def test_the_alignment_crosses() -> None:
    """Zone économique européenne attends backwards; two words share one, one looks at two."""
    run = library.compute(sample="alignment")
    french, english = run.trace.labels["n"], run.trace.labels["m"]
    found = dict(zip(french, (english[at] for at in run["weights"].argmax(-1)), strict=True))
    assert [found[word] for word in ("zone", "économique", "européenne")] == [
        "Area",
        "Economic",
        "European",
    ]
    assert found["a"] == found["été"] == "was"
    assert (run["weights"][0, :2] > 0.4).all()


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_say_what_they_are_trained_on(name: str) -> None:
    """Where a sample is shown, its page says what it was trained on, and by which command."""
    sample = next(one for one in SAMPLES if one.name == name)
    facts = library.compute(sample=name).facts
    assert any("on nothing else" in line for line in facts)
    assert f"made by {sample.made}" in facts


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_the_command_makes_the_sample(sample: Sample, attn: Attn) -> None:
    """The command that a sample names saves its numbers, which are rounded to four decimals."""
    attn(*shlex.split(sample.made)[1:], "--save", "run.npz")
    held = document(sample.name)
    assert held["made"] == sample.made
    with np.load("run.npz") as run:
        for name, rows in held["arrays"].items():
            np.testing.assert_allclose(run[name], rows, atol=1.01e-4)


def test_every_sample_is_known() -> None:
    """The option names the samples there are."""
    assert tuple(one.name for one in SAMPLES) == SAMPLED


def test_columns_are_as_wide_as_their_words(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words above columns stand in one line where there is room, else they are folded whole."""
    words = ("--q", "1 0; 2 1", "--k", "1 0; 2 1", "--key-labels", "economic,considerable")
    wide = attn("compute", *words, "--only", "weights").out
    assert " economic considerable\n" in wide
    monkeypatch.setenv("COLUMNS", "20")
    narrow = attn("compute", *words, "--only", "weights").out
    assert re.search(r" +cons\n +econ ider\n +omic able\n", narrow)


def test_a_chinese_comma_parts_names(attn: Attn) -> None:
    """Names of a Chinese keyboard: 猫，坐、垫."""
    out = attn("compute", "--x", "1；2；3", "--labels", "猫，坐、垫", "--only", "weights").out
    assert re.search(r"猫 +坐 +垫\n", out)


def test_only_arrays_behind_a_step_are_called_random(attn: Attn) -> None:
    """Weights are made without values, whose numbers are not read there."""
    given = ("--q", "1 0; 2 1", "--k", "1 0; 2 1")
    assert "random" not in attn("compute", *given, "--only", "weights").out
    assert "random: V (seed 0)" in attn("compute", *given, "--only", "output").out
    assert "mean nothing" in attn("compute", "--only", "weights").out


def test_one_word_is_one_name(attn: Attn) -> None:
    """A word of two Chinese letters names one row, as an English one does."""
    out = attn(
        "compute", "--q", "1 0", "--k", "1 0", "--v", "1 2", "--labels", "过高", "--steps"
    ).out
    assert "过高" in out
