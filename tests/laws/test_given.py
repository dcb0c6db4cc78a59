"""Nothing that was given is ignored in silence, and no axis is guessed in silence."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Attn
from tests.programs import normal

Q = normal(0, 2, 3, 5, 4)


def output(attn: Attn, *arguments: object) -> np.ndarray:
    """The output of a run."""
    ran = attn("compute", *arguments, "--json")
    assert ran.status == 0, ran.err
    return np.array(json.loads(ran.out)["steps"][-1]["values"])


def saved(**arrays: np.ndarray) -> None:
    """Write arrays as files of their names."""
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)


FILES = ("--q", "q.npy", "--k", "k.npy", "--v", "v.npy")


def heads_first(attn: Attn) -> np.ndarray:
    """The output for (batch, heads, rows, width)."""
    saved(q=Q, k=normal(1, 2, 3, 6, 4), v=normal(2, 2, 3, 6, 2))
    return output(attn, *FILES)


@pytest.mark.parametrize("name", ["bshd", "jax", "flash", "BSHD"])
def test_rows_before_heads(attn: Attn, name: str) -> None:
    """(batch, rows, heads, width) gives what (batch, heads, rows, width) gives, and it is said."""
    expected = heads_first(attn)
    for one in "qkv":
        np.save(f"{one}.npy", np.load(f"{one}.npy").transpose(0, 2, 1, 3))
    assert np.array_equal(output(attn, *FILES, "--layout", name), expected)
    page = attn("compute", *FILES, "--layout", name).flat
    assert "arrays read as bshd (batch, rows, heads, width), shown with heads first" in page


def test_rows_before_the_batch(attn: Attn) -> None:
    """(rows, batch, width) is the layout of nn.MultiheadAttention by default."""
    arrays = {"q": normal(0, 2, 5, 8), "k": normal(1, 2, 6, 8), "v": normal(2, 2, 6, 8)}
    saved(**arrays)
    expected = output(attn, *FILES, "--heads", 2)
    saved(**{name: array.transpose(1, 0, 2) for name, array in arrays.items()})
    assert np.array_equal(output(attn, *FILES, "--heads", 2, "--layout", "sbe"), expected)
    aliased = output(attn, *FILES, "--heads", 2, "--layout", "mha-seq-first")
    assert np.array_equal(aliased, expected)


def test_a_packed_sequence(attn: Attn) -> None:
    """(rows, heads, width) is one sequence with its heads."""
    arrays = {"q": normal(0, 1, 3, 5, 4), "k": normal(1, 1, 3, 6, 4), "v": normal(2, 1, 3, 6, 2)}
    saved(**arrays)
    expected = output(attn, *FILES)
    saved(**{name: array[0].transpose(1, 0, 2) for name, array in arrays.items()})
    assert np.array_equal(output(attn, *FILES, "--layout", "varlen"), expected)


def test_a_likelier_layout_is_told(attn: Attn) -> None:
    """More heads than rows: a notice names the other layout; heads first needs none."""
    saved(q=normal(0, 1, 9, 2, 4))
    ran = attn("compute", "--q", "q.npy", "--k", "q.npy", "--v", "q.npy", "--quiet")
    assert ran.err == (
        "Note: q is 1×9×2×4, read as (batch, heads, rows, width): 9 heads of 2 rows. Are its rows "
        "before its heads? Then give --layout bshd.\n"
    )
    told = attn("compute", "--q", "q.npy", "--k", "q.npy", "--v", "q.npy", "--layout", "bhsd")
    assert told.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layout", "bsdh"], "--layout: there is no layout 'bsdh'. Did you mean bshd? Known: "),
        (["--layout", "bshd"], "--layout bshd is for arrays of 4 axes, (batch, rows, heads, wi"),
        (["--weights-layout", "x"], "--weights-layout: 'x' is neither in-out (X W) nor out-in "),
        (["--weights-layout", "out-in"], "--weights-layout out-in is for W_Q, W_K, W_V, W_O: no"),
    ],
)
def test_layouts_that_change_nothing_are_refused(
    attn: Attn, arguments: list[str], message: str
) -> None:
    """A layout that is none, or that no array has, is refused."""
    ran = attn("compute", "--q", "1 0", "--k", "1 0", "--v", "1 2", *arguments)
    assert (ran.status, ran.err[: len(message) + 7]) == (2, f"Error: {message}")


def test_matrices_of_linear_layers(attn: Attn) -> None:
    """Torch's Linear keeps (out, in): --weights-layout turns it, and square ones are told."""
    x, w = normal(0, 3, 4), normal(1, 4, 4)
    saved(x=x, w=w, turned=w.T)
    plain = ("--x", "x.npy", "--w-q", "w.npy", "--seed", 1)
    turned = ("--x", "x.npy", "--w-q", "turned.npy", "--seed", 1, "--weights-layout", "out-in")
    assert np.array_equal(output(attn, *plain), output(attn, *turned))
    page = attn("compute", *plain).out.replace("\n", " ")
    assert "W_Q read as X W (in-out); torch's Linear is --weights-layout out-in" in page
    page = attn("compute", *turned).out.replace("\n", " ")
    assert "matrices read as Wᵀ, as torch's Linear has them (out-in)" in page


def test_only_the_transposed_matrix_fits(attn: Attn) -> None:
    """A matrix that fits on its side alone is refused with the way to say so."""
    saved(x=normal(0, 3, 4), w=normal(1, 2, 4))
    ran = attn("compute", "--x", "x.npy", "--w-q", "w.npy")
    assert ran.status == 2
    assert ran.err.endswith(
        "Transposed they fit: are they torch's Linear? Then give --weights-layout out-in.\n"
    )


def test_made_up_keys_are_told(attn: Attn) -> None:
    """--q alone: K and V are random, and a notice says so."""
    assert attn("compute", "--q", "1 0", "--quiet").err == (
        "Note: Only Q is given: K and V are random.\n"
    )


def test_a_bfloat16_file_is_told(attn: Attn) -> None:
    """NumPy saves bfloat16 as raw bytes, which is said with what to do."""
    np.save("b.npy", np.zeros((2, 2), "V2"))
    ran = attn("compute", "--q", "b.npy")
    assert ran.err == (
        "Error: --q: the array holds raw numbers of two bytes (dtype V2), as bfloat16 is saved. "
        "Save it as array.astype(np.float32), or as .safetensors.\n"
    )


def test_fixed_slopes_are_refused_with_the_way(attn: Attn) -> None:
    """A bias with fixed numbers takes none by --param, and an array can stand in its place."""
    ran = attn("compute", "--bias", "alibi", "--param", "slopes=1")
    assert ran.err.endswith(
        "Its numbers are fixed; for others give the whole bias as an array, --bias FILE.\n"
    )


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("compute", ["--n", "2", "--n", "3"], "--n is given twice: give it once."),
        ("compute", ["--window=2", "--window", "3"], "--window is given twice: give it once."),
        ("compute", ["--save", "a.npz", "--save", "b.npz"], "--save is given twice: give it on"),
        ("complexity", ["--d", "2", "--d", "3"], "--d is given twice: give it once."),
        ("compare", ["--mode", "cosine"], "--mode is one way alone: list several, as --modes sc"),
        (
            "compare",
            ["--masks", "causal,none", "--causal"],
            "--masks: none contradicts the masks that are given to every way.",
        ),
        ("compute", ["--show-work", "weights[0,0]", "--all"], "--all has no effect on the one nu"),
        ("compute", ["--show-work", "weights[0,0]", "--step"], "--step has no effect on the one"),
        ("compute", ["--show-work", "weights[0,0]", "--from", "q"], "--from has no effect on the"),
    ],
)
def test_no_option_is_dropped(attn: Attn, command: str, arguments: list[str], message: str) -> None:
    """What would be ignored is refused."""
    ran = attn(command, *arguments)
    assert (ran.status, ran.err[: len(message) + 7]) == (2, f"Error: {message}")


def test_several_masks_are_combined(attn: Attn) -> None:
    """--mask twice is both, as all masks given as options are."""
    both = attn("mask", "--n", 5, "--mask", "causal", "--mask", "window(2) | global(0)", "--json")
    one = attn("mask", "--n", 5, "--mask", "(causal) & (window(2) | global(0))", "--json")
    assert json.loads(both.out)["steps"] == json.loads(one.out)["steps"]


def test_parameters_from_archives(attn: Attn) -> None:
    """An array argument takes the only array of an archive, or the one of its own name."""
    w = normal(0, 4, 4)
    np.savez("one.npz", anything=w)
    np.savez("two.npz", w=w, other=w + 1)
    np.save("w.npy", w)
    runs = [
        output(attn, "--mode", "general", "--param", f"w={file}")
        for file in ("w.npy", "one.npz", "two.npz", "two.npz:w")
    ]
    assert all(np.array_equal(run, runs[0]) for run in runs)


def test_text_files_take_what_is_typed(attn: Attn) -> None:
    """.txt takes fractions, semicolons and brackets, as standard input does."""
    Path("m.txt").write_text("1/2 0; 0 −1\n", encoding="utf-8")
    typed = attn("compute", "--q", "1/2 0; 0 -1", "--quiet").out
    assert attn("compute", "--q", "m.txt", "--quiet").out == typed


def test_semicolons_in_csv_get_a_hint(attn: Attn) -> None:
    """CSV as some spreadsheets write it is told apart."""
    Path("m.csv").write_text("1,5;2\n3;4\n", encoding="utf-8")
    assert attn("compute", "--q", "m.csv").err.endswith(
        "Columns are parted by commas here; write them so, and decimals with a point.\n"
    )


@pytest.mark.parametrize("text", ["1e999", "[[1e999]]"])
def test_one_rule_for_numbers_beyond_float64(attn: Attn, text: str) -> None:
    """A number beyond float64 is refused, typed, in JSON and in tables alike."""
    Path("m.json").write_text("[[1e999]]", encoding="utf-8")
    Path("m.csv").write_text("1e999,1\n", encoding="utf-8")
    for argument in (text, "m.json", "m.csv"):
        ran = attn("compute", "--q", argument)
        assert ran.status == 2
        assert ran.err.startswith("Error: --q: ")


def test_digits_are_ascii(attn: Attn) -> None:
    """Digits of other scripts are no numbers, wherever they stand."""
    for arguments in (("--q", "٣ 1"), ("--n", "٣")):
        assert attn("compute", *arguments).status == 2


def test_two_entries_of_one_name_are_refused(attn: Attn) -> None:
    """An archive or a JSON file with a name twice is refused, not read by half."""
    buffer = io.BytesIO()
    np.save(buffer, np.eye(2))
    with zipfile.ZipFile("twice.npz", "w") as archive:
        archive.writestr("q.npy", buffer.getvalue())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("q.npy", buffer.getvalue())
    assert "has two arrays called 'q'." in attn("compute", "--input", "twice.npz").err
    Path("twice.json").write_text('{"q": [[1]], "q": [[2]]}', encoding="utf-8")
    assert "'q' stands there twice" in attn("compute", "--input", "twice.json").err


def test_long_names_are_shortened(attn: Attn) -> None:
    """A name of a page of text, and a thousand names, leave a message that can be read."""
    np.savez("long.npz", **{"n" * 60_000: np.eye(2)})
    assert len(attn("compute", "--input", "long.npz").err) < 400
    np.savez("many.npz", **{f"n{i}": np.eye(2) for i in range(500)})
    ran = attn("compute", "--input", "many.npz")
    assert "and 480 more" in ran.err


def test_an_archive_does_not_unpack_to_gigabytes(attn: Attn) -> None:
    """A small archive that claims a huge array is refused before anything is read."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (2**28,)}
    )
    with (
        zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("q.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range(2**10 + 2):
            member.write(bytes(2**20))
    ran = attn("compute", "--input", "bomb.npz")
    assert ran.status == 2
    assert "q.npy unpacks from" in ran.err


def test_only_an_early_step_is_only_computed(attn: Attn) -> None:
    """--only of a step before queries meet keys computes no scores: 10⁶ queries take no time."""
    ran = attn("compute", "--n", 10**6, "--d", 2, "--only", "q", "--quiet")
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 10**6
    whole = attn("compute", "--text", "a b", "--only", "v").out
    assert whole.startswith("3 v = X W_V")


def test_heads_that_divide_only_the_other_way(attn: Attn) -> None:
    """Grouped heads behind their rows: the refusal names the layout that fits."""
    saved(q=normal(0, 1, 5, 4, 2), k=normal(1, 1, 3, 2, 2), v=normal(2, 1, 3, 2, 2))
    ran = attn("compute", *FILES)
    assert ran.status == 2
    assert ran.err.endswith(
        "Are rows before heads, (batch, rows, heads, width)? Then give --layout bshd.\n"
    )
    assert output(attn, *FILES, "--layout", "bshd").shape == (1, 4, 5, 2)


@pytest.mark.parametrize("command", ["compute", "compare"])
def test_more_than_there_is_memory_for_is_refused_at_once(attn: Attn, command: str) -> None:
    """All arrays that would be drawn are counted before the first is."""
    ran = attn(command, "--dtype", "float16", "--n", 10**9)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Error: Drawing 12,000,000,000 numbers and computing with them nee")
