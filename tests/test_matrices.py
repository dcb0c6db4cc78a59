"""Arrays in: every form gives the same numbers; nothing unsafe is read."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as array_strategy

from attn_cli import units
from attn_cli.arrays import limits, literals, numeric, seeded, writing
from attn_cli.arrays.sources import Sources
from attn_cli.arrays.tokens import tokens
from attn_cli.errors import AttnError, ImpossibleError
from attn_cli.views.matrix import lines

NUMBERS = np.array([[1.5, -2.25, 1e-7], [0.1, 3.0, -1e9]])


def read(argument: str, option: str = "‹q›", stdin: bytes = b"") -> np.ndarray:
    """Read one argument."""
    return Sources(io.BytesIO(stdin)).one(argument, option)


def refusal(argument: str, option: str = "‹q›", stdin: bytes = b"") -> str:
    """Read one argument that has to be refused, and return the message."""
    with pytest.raises(AttnError) as error:
        read(argument, option, stdin)
    return str(error.value)


def npy(array: np.ndarray) -> bytes:
    """The bytes of an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The same numbers in every kind of file."""
    np.save(tmp_path / "q.npy", NUMBERS)
    np.save(tmp_path / "fortran.npy", np.asfortranarray(NUMBERS))
    np.savez(tmp_path / "q.npz", q=NUMBERS, other=NUMBERS + 1)
    np.savez_compressed(tmp_path / "small.npz", q=NUMBERS)
    text = "\n".join(",".join(map(repr, row)) for row in NUMBERS.tolist())
    (tmp_path / "q.csv").write_text(text)
    (tmp_path / "bom.csv").write_text("\ufeff" + text + "\r\n\r\n", encoding="utf-8")
    (tmp_path / "q.tsv").write_text(text.replace(",", "\t"))
    (tmp_path / "q.txt").write_text(text.replace(",", "  "))
    (tmp_path / "commas.txt").write_text(text)
    (tmp_path / "q.json").write_text(json.dumps(NUMBERS.tolist()))
    (tmp_path / "named.json").write_text(json.dumps({"q": NUMBERS.tolist(), "z": [[1]]}))
    return tmp_path


@pytest.mark.parametrize(
    "argument",
    [
        "q.npy",
        "fortran.npy",
        "q.npz",
        "q.npz:q",
        "small.npz",
        "q.csv",
        "bom.csv",
        "q.tsv",
        "q.txt",
        "commas.txt",
        "q.json",
        "named.json",
        "named.json:q",
    ],
)
def test_every_file_holds_the_same_numbers(files: Path, argument: str) -> None:
    """Each kind of file gives the same array, bit for bit."""
    assert np.array_equal(read(str(files / argument)), NUMBERS)


@pytest.mark.parametrize(
    "data",
    [
        npy(NUMBERS),
        json.dumps(NUMBERS.tolist()).encode(),
        b"1.5 -2.25 1e-7\n0.1 3 -1e9\n",
        b"1.5,-2.25,1e-7;0.1,3,-1e9",
    ],
)
def test_standard_input_is_recognised(data: bytes) -> None:
    """`-` takes .npy, JSON and text without being told which."""
    assert np.array_equal(read("-", stdin=data), NUMBERS)


def test_standard_input_is_read_once() -> None:
    """Two options can't both read standard input."""
    sources = Sources(io.BytesIO(b"1 2"))
    sources.one("-", "‹q›")
    with pytest.raises(AttnError, match="--k: q= reads standard input already"):
        sources.one("-", "--k")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 0; 0 1", [[1, 0], [0, 1]]),
        ("1,0;0,1;", [[1, 0], [0, 1]]),
        ("[[1, 0], [0, 1]]", [[1, 0], [0, 1]]),
        ("1/2 -3", [[0.5, -3]]),
        ("[[1/2, -3]]", [[0.5, -3]]),
        ("−1 +2", [[-1, 2]]),
        ("1，2；3、4", [[1, 2], [3, 4]]),
        (".5 1e3\n2. -1E-2", [[0.5, 1000], [2, -0.01]]),
        ("-inf 0", [[-np.inf, 0]]),
        ('[["-inf", 0]]', [[-np.inf, 0]]),
        ("7", [[7]]),
    ],
)
def test_literals(text: str, expected: list[list[float]]) -> None:
    """Rows end at `;` or a line's end; entries at spaces or commas; fractions are numbers."""
    assert literals.parse(text, "‹q›").tolist() == expected


@given(array_strategy(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4))))
def test_a_printed_matrix_reads_back(array: np.ndarray) -> None:
    """What --quiet prints is read back to the same numbers, bit for bit (NaN as NaN)."""
    again = literals.parse("\n".join(lines(array, None)), "-")
    assert np.array_equal(again, array, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0; 0 x", "q: row 2, column 2 is not a number.\n  1 0; 0 x\n         ^"),
        ("1 0; 0", "q: row 2 has 1 number, row 1 has 2 numbers.\n  1 0; 0\n       ^"),
        ("1/0", "q: row 1, column 1 is not a number.\n  1/0\n  ^"),
        ("1_000", "q: row 1, column 1 is not a number.\n  1_000\n  ^"),
        ("0x10", "q: row 1, column 1 is not a number.\n  0x10\n  ^"),
        ("[[1, 2], [3]]", "q: entry [1] has 1 entry; the first one beside it has 2."),
        ("[[1, 2], 3]", "q: entry [1] is no list; the first one beside it has 2."),
        ('[[1, "a"]]', 'q: entry [0, 1] is not a number: "a"'),
        ("[[1, null]]", "q: entry [0, 1] is not a number: null"),
        ("[[]]", "q: there is an empty list."),
        ("[[1, 2", "q: the brackets don't make a matrix here.\n  [[1, 2\n       ^"),
        (";", "q: there is no number in ';'."),
        ("[" * 10**5, "q: the brackets are nested too deeply."),
    ],
)
def test_wrong_literals(text: str, message: str) -> None:
    """A wrong literal is shown with a caret under the wrong part, or its place is named."""
    assert refusal(text) == message


def test_a_caret_in_a_long_line_shows_its_surroundings() -> None:
    """Of a long line only the part around the mistake is shown, and dots say so."""
    message = refusal("1 " * 200 + "x" + " 1" * 200)
    _, line, caret = message.split("\n")
    assert line.startswith("  …")
    assert line.endswith("…")
    assert line[caret.index("^")] == "x"


def test_missing_file_and_unknown_kind(tmp_path: Path) -> None:
    """A name that is no file is said to be missing, with the forms there are."""
    assert refusal("nothing.npy").startswith("q: there is no file 'nothing.npy'.\nGive a file")
    assert refusal("nothing").startswith("q: there is no file 'nothing'.")
    assert refusal(str(tmp_path)).startswith(f"q: '{tmp_path}' is a folder.")
    assert refusal("").startswith("q: nothing is given.")
    (tmp_path / "q.xlsx").write_text("1")
    assert "q.xlsx is not a known kind of file: .npy, .npz" in refusal("q.xlsx")


def test_objects_are_refused(tmp_path: Path) -> None:
    """An array of Python objects is never unpickled."""
    (tmp_path / "o.npy").write_bytes(npy(np.array([[1, None]], dtype=object)))
    assert refusal("o.npy").startswith("q: the array holds Python objects, which could run code")


def test_a_header_is_not_believed(tmp_path: Path) -> None:
    """A file of 128 bytes that claims 32 GiB is refused before anything is allocated."""
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (65536, 65536)}
    np.lib.format.write_array_header_1_0(stream, header)
    (tmp_path / "big.npy").write_bytes(stream.getvalue())
    expected = "q: the header claims 65536×65536 float64 = 32 GiB, but only 0 bytes follow."
    assert refusal("big.npy").startswith(expected)
    with zipfile.ZipFile("big.npz", "w") as archive:
        archive.writestr("q.npy", stream.getvalue())
    assert refusal("big.npz").startswith(expected)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    """Half a file is not an array."""
    (tmp_path / "cut.npy").write_bytes(npy(NUMBERS)[:-8])
    assert "but only 40 bytes follow" in refusal("cut.npy")
    (tmp_path / "junk.npy").write_bytes(b"junk")
    assert refusal("junk.npy").startswith("q: this is not a NumPy array file")
    (tmp_path / "junk.npz").write_bytes(b"PKjunk")
    assert refusal("junk.npz") == "q: junk.npz is not an .npz archive."


def test_archives_name_what_they_hold(files: Path) -> None:
    """Without the wanted name, the message lists the names there are."""
    expected = f"q: {files}/q.npz holds no array 'z'. It holds: q, other."
    assert refusal(f"{files}/q.npz:z") == expected
    assert "holds no array 'w_q'" in refusal(f"{files}/q.npz", "‹w_q›")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,2\n1,2\n", "row 1, column 1 is not a number: 'a'.\n  a,2\nNames of columns fill the"),
        ("a,b\n1,x\n", "row 2, column 2 is not a number: 'x'.\n  1,x"),
        ("a,1\nb,x\n", "row 2, column 2 is not a number: 'x'.\n  b,x"),
        ("a,1\nb,1,2\n", "row 2 has 2 numbers, row 1 has 1.\n  b,1,2"),
        ("a,b\n1,2,3\n", "the first row has 2 words for 3 columns.\n  a,b"),
        ("a,b\nc,d\n", "row 2, column 2 is not a number: 'd'."),
        ("a\nb\n", "there is no number in it."),
        (",1\nb,2\n", "name 1 is empty."),
        ("1,2\n3,x\n", "row 2, column 2 is not a number: 'x'.\n  3,x"),
        ("1,2\n3\n", "row 2 has 1 numbers, row 1 has 2.\n  3"),
        ("", "there is nothing in it."),
        ("\xff", "neither text in UTF-8 nor a known format"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: str, message: str) -> None:
    """A wrong cell is named by row and column, counted from 1, and its line is shown."""
    (tmp_path / "q.csv").write_text(text, encoding="latin-1")
    assert message in refusal("q.csv")


def test_wrong_json(tmp_path: Path) -> None:
    """JSON that is none is said to be none."""
    (tmp_path / "q.json").write_text("{")
    assert refusal("q.json").startswith("q: q.json is not JSON")


def test_safetensors(tmp_path: Path) -> None:
    """Tensors by name; bfloat16 becomes float32."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    safetensors = pytest.importorskip("safetensors.numpy")
    rough = NUMBERS.astype(ml_dtypes.bfloat16)
    safetensors.save_file({"q": NUMBERS, "rough": rough}, "model.safetensors")
    assert np.array_equal(read("model.safetensors:q"), NUMBERS)
    found = numeric.as_floats(read("model.safetensors:rough"), "‹q›")
    assert found.dtype == np.float32
    assert np.array_equal(found, rough.astype(np.float32))
    (tmp_path / "bad.safetensors").write_bytes(b"junk")
    assert refusal("bad.safetensors:q").startswith("q: bad.safetensors can't be read")


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int8", "uint64", "bool"])
def test_kinds_of_numbers(kind: str) -> None:
    """Floats stay, whole numbers and booleans become float64."""
    found = numeric.as_floats(np.ones((2, 2), dtype=kind), "‹q›")
    assert str(found.dtype) == (kind if kind.startswith("float") else "float64")


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.array([[1j]]), "complex numbers"),
        (np.array([["a"]]), "text"),
        (np.array([[b"a"]]), "text"),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "dates"),
        (np.zeros((1, 1), dtype=[("a", float)]), "records"),
    ],
)
def test_kinds_that_are_no_numbers(array: np.ndarray, what: str) -> None:
    """What can't be computed with is named."""
    with pytest.raises(AttnError, match=f"q: it holds {what}; real numbers are needed"):
        numeric.as_floats(array, "‹q›")


def test_masks_are_booleans_or_ones_and_zeros() -> None:
    """True, 1: may attend. Anything else is a bias."""
    assert numeric.as_booleans(np.array([[1.0, 0.0]]), "‹mask›").tolist() == [[True, False]]
    assert numeric.as_booleans(np.array([True]), "‹mask›").tolist() == [True]
    with pytest.raises(AttnError, match="are a bias: bias="):
        numeric.as_booleans(np.array([[0.0, -np.inf]]), "‹mask›")


def test_random_numbers_depend_on_seed_and_name_only() -> None:
    """The same seed and name give the same array; another name or seed another one."""
    one = seeded.normal("q", (3, 2), 0)
    assert np.array_equal(one, seeded.normal("q", (3, 2), 0))
    assert not np.array_equal(one, seeded.normal("k", (3, 2), 0))
    assert not np.array_equal(one, seeded.normal("q", (3, 2), 1))


def test_a_word_has_one_vector() -> None:
    """The same word has the same vector everywhere; another word another one."""
    rows = seeded.embeddings(["the", "cat", "the"], 5, 0)
    assert np.array_equal(rows[0], rows[2])
    assert not np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[1], seeded.embeddings(["cat"], 5, 0)[0])


def test_projections_keep_the_variance() -> None:
    """A random matrix of r rows has entries of variance 1/r."""
    matrix = seeded.projection("w_q", (400, 400), 0)
    assert abs(matrix.var() * 400 - 1) < 0.02


def test_too_much_is_refused_before_it_is_allocated() -> None:
    """The message says what is needed and what there is."""
    with pytest.raises(ImpossibleError, match=r"Random q of 10,000,000,000,000 numbers needs 72"):
        seeded.normal("q", (10**13,), 0)
    assert limits.available_bytes() > 2**20


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (2**34, "16 GiB")]
)
def test_bytes_are_written_with_a_unit(count: int, text: str) -> None:
    """Powers of 1024, four digits."""
    assert units.bytes_text(count) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The cat is sitting on the mat.",
            ["The", "cat", "is", "sitting", "on", "the", "mat", "."],
        ),
        ("l'accord sur la zone économique", ["l'accord", "sur", "la", "zone", "économique"]),
        ("don't self-attend?", ["don't", "self-attend", "?"]),
        ("猫坐在 mat 上。", ["猫", "坐", "在", "mat", "上", "。"]),
        ("我 喜欢 自然语言 。", ["我", "喜欢", "自然语言", "。"]),
        ("我爱你。", ["我", "爱", "你", "。"]),
        ("👩‍🌾 likes 🇫🇷 and 👍🏽!", ["👩‍🌾", "likes", "🇫🇷", "and", "👍🏽", "!"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("[mask] [/INST]", ["[", "mask", "]", "[", "/", "INST", "]"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """Words, signs, and single characters where a script has no spaces."""
    assert tokens(text, "--text") == expected


def test_no_word_is_refused() -> None:
    """An empty sentence has no rows."""
    with pytest.raises(AttnError, match="--text: there is no word in ' '"):
        tokens(" ", "--text")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """When writing fails the old file stays and nothing is left beside it."""
    path = tmp_path / "run.npz"
    path.write_text("old")

    def fail(stream: object) -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        writing.write_whole(path, fail, force=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_existing_files_and_missing_folders_are_refused(tmp_path: Path) -> None:
    """Without --force an existing file is kept; a folder is not made up."""
    path = tmp_path / "run.npz"
    path.write_text("old")
    with pytest.raises(AttnError, match=r"exists already\. Add force="):
        writing.refuse_existing(path, force=False)
    writing.refuse_existing(path, force=True)
    with pytest.raises(AttnError, match="there is no folder"):
        writing.refuse_existing(tmp_path / "none" / "run.npz", force=False)
