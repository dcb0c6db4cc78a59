"""`attn mask`: what is drawn, counted, compared, converted and read."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from attn_cli.arrays.forms import FORMS
from attn_cli.cli import options
from attn_cli.errors import AttnError
from tests.conftest import Attn, Ran, once, option_names
from tests.programs import normal


def document(ran: Ran) -> dict[str, Any]:
    """The JSON that a command printed."""
    assert ran.status == 0, ran.err
    return json.loads(ran.out, parse_constant=lambda text: pytest.fail(text))


def drawn(ran: Ran) -> list[str]:
    """The marks of each query's row, as drawn."""
    assert ran.status == 0, ran.err
    rows = [line.split() for line in ran.out.splitlines()]
    queries = [row for row in rows if row and re.fullmatch(r"q\d+", row[0])]
    return ["".join(word for word in row[1:] if word in "■·+-") for row in queries]


def table(ran: Ran) -> list[list[bool]]:
    """The booleans in a document."""
    steps = document(ran)["steps"]
    return next(step["values"] for step in steps if step["name"] == "mask")


def test_causal_is_drawn_with_counts(attn: Attn) -> None:
    """The whole page of the simplest mask: rule, counts, grid, names elsewhere."""
    ran = attn("mask", "--causal", "--n", 3)
    assert ran.out.splitlines() == [
        "causal                                             query i may attend keys 0 … i",
        "3 queries, 3 keys; top-left and bottom-right alignment are the same",
        "6 of 9 pairs kept (66.7 %), no empty row",
        "",
        "   k0 k1 k2 keys",
        "q0  ■  ·  ·    1",
        "q1  ■  ■  ·    2",
        "q2  ■  ■  ■    3",
        "■ may attend, · may not",
        "",
        "Others would call this",
        "  torch SDPA is_causal=True · JAX is_causal=True · Keras use_causal_mask=True ·",
        "  ONNX is_causal=1 · FlashAttention causal=True",
        "",
        'Try, added to this:   --diff "window(3)"   --libraries   --save mask.npy',
        "Try:   attn compute --mask mask.npy",
    ]


def test_both_alignments(attn: Attn) -> None:
    """With n ≠ m the alignment is said, and who does it so."""
    top = attn("mask", "--causal", "--n", 3, "--m", 5)
    assert drawn(top) == ["■····", "■■···", "■■■··"]
    assert "3 queries, 5 keys, aligned top-left (bottom-right is offset 2)" in top.out
    assert "FlashAttention             bottom-right\n" in top.out
    bottom = attn("mask", "--causal", "--n", 3, "--m", 5, "--align", "bottom-right")
    assert drawn(bottom) == ["■■■··", "■■■■·", "■■■■■"]
    assert "aligned bottom-right (offset m - n = 2)" in bottom.out
    assert "torch causal_lower_right(n, m)" in bottom.out
    assert "torch SDPA is_causal=True" not in bottom.out
    other = attn("mask", "--causal", "--n", 3, "--m", 5, "--offset", 1)
    assert "offset 1 (top-left is 0, bottom-right 2)" in other.out


def test_an_expression_is_drawn(attn: Attn) -> None:
    """Window and a global token: its row and its column are whole."""
    ran = attn("mask", "--n", 12, "--mask", "causal & window(3) | global(0)")
    expected = [
        "".join("■" if i == 0 or j == 0 or i - 2 <= j <= i else "·" for j in range(12))
        for i in range(12)
    ]
    assert drawn(ran) == expected


def test_documents_say_the_length(attn: Attn) -> None:
    """Five numbers are five tokens."""
    ran = attn("mask", "--documents", "0,0,1,1,1", "--causal")
    assert drawn(ran) == ["■····", "■■···", "··■··", "··■■·", "··■■■"]


SHORTHANDS = {
    "--causal": "causal",
    "--window 3": "window(3)",
    "--left 2": "left(2)",
    "--right 1": "right(1)",
    "--lengths 4": "lengths(4)",
    "--prefix 2": "prefix(2)",
    "--block 3": "block(3)",
    "--dilation 2": "dilation(2)",
    "--stride 3": "stride(3)",
    "--global 0,4": "global(0, 4)",
    "--documents 0,0,1,1,1,2": "documents(0,0,1,1,1,2)",
    "--causal --offset -1": "causal(offset=-1)",
    "--left 2 --right 1 --block 4": "left(2) & right(1) & block(4)",
}


@pytest.mark.parametrize("line", SHORTHANDS)
def test_shorthands_are_the_same_masks(attn: Attn, line: str) -> None:
    """An option and its expression keep the same pairs, here and in compute."""
    text = SHORTHANDS[line]
    assert table(attn("mask", *line.split(), "--json")) == table(
        attn("mask", "--mask", text, "--json")
    )
    size = ("--n", 6, "--quiet")
    short = attn("compute", *size, *line.split())
    assert short.status == 0
    assert short.out == attn("compute", *size, "--mask", text).out


def test_saved_masks_are_masks(attn: Attn) -> None:
    """Compute --mask m.npy is compute with the options, also by batch row and with heads."""
    for line, more in (
        ("--causal --window 2", ()),
        ("--lengths 2,4 --causal", ("--batch", 2)),
        ("--lengths 2,4", ("--batch", 2, "--heads", 2)),
    ):
        heads = more[2:]
        assert (
            attn("mask", *line.split(), "--n", 4, *heads, "--save", "m.npy", "--force").status == 0
        )
        given = attn("compute", "--n", 4, *more, "--mask", "m.npy", "--quiet")
        assert given.status == 0, given.err
        assert given.out == attn("compute", "--n", 4, *more, *line.split(), "--quiet").out


def test_every_form_keeps_the_same_pairs(attn: Attn) -> None:
    """What --as writes, --import reads back; each form by its own rule."""
    keeps = np.tril(np.ones((3, 5), bool), 2)
    size = ("--causal", "--n", 3, "--m", 5, "--align", "bottom-right")
    lowest = np.finfo(np.float32).min
    expected = {
        "bool": keeps,
        "additive": np.where(keeps, np.float32(0), np.float32(-np.inf)),
        "torch-sdpa": keeps,
        "torch-mha": ~keeps,
        "jax": keeps[None, None],
        "onnx": keeps,
        "keras": keeps[None],
        "hugging-face": np.where(keeps, np.float32(0), lowest)[None, None],
    }
    assert set(expected) == {form.name for form in FORMS}
    for name, array in expected.items():
        saved = attn("mask", *size, "--as", name, "--save", f"{name}.npy")
        assert saved.status == 0
        found = np.load(f"{name}.npy")
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert (found == array).all()
        back = attn("mask", "--import", f"{name}.npy", "--is", name)
        assert drawn(back) == ["■■■··", "■■■■·", "■■■■■"]
        assert "It equals causal, aligned bottom-right, offset=2." in back.out
    shown = attn("mask", *size, "--as", "additive").out
    assert "q0  0  0  0 -∞ -∞\n" in shown
    theirs = attn("mask", *size, "--as", "torch-mha").out
    assert "q0 False False False  True  True\n" in theirs


def test_forms_by_batch_row_and_head(attn: Attn) -> None:
    """Each form has the axes its library wants, batch rows and heads apart or as one."""
    allowed = np.random.default_rng(0).random((2, 3, 4, 5)) > 0.5
    np.save("given.npy", allowed)
    for form in FORMS:
        ran = attn("mask", "--mask", "given.npy", "--as", form.name, "--save", f"{form.name}.npy")
        assert ran.status == 0, ran.err
        found = np.load(f"{form.name}.npy")
        shape = (6, 4, 5) if form.name == "torch-mha" else (2, 3, 4, 5)
        assert found.shape == shape
        kept = found.reshape(2, 3, 4, 5) == form.kept
        assert (kept == allowed).all()
        back = attn(
            "mask", "--import", f"{form.name}.npy", "--is", form.name, "--heads", 3, "--json"
        )
        assert table(back) == allowed.tolist()


def test_batch_rows_in_each_form(attn: Attn) -> None:
    """Padding of 2 rows: where queries have heads the mask has an axis for them."""
    shapes = {
        "bool": (2, 3, 4),
        "additive": (2, 3, 4),
        "torch-sdpa": (2, 1, 3, 4),
        "torch-mha": (2, 3, 4),
        "jax": (2, 1, 3, 4),
        "onnx": (2, 1, 3, 4),
        "keras": (2, 3, 4),
        "hugging-face": (2, 1, 3, 4),
    }
    for name, shape in shapes.items():
        line = ("mask", "--lengths", "2,4", "--n", 3, "--m", 4, "--as", name)
        assert attn(*line, "--save", f"{name}.npy").status == 0
        assert np.load(f"{name}.npy").shape == shape
        back = attn("mask", "--import", f"{name}.npy", "--is", name)
        assert "It equals lengths(2,4)." in back.out
        headed = attn(*line, "--heads", 3, "--save", f"{name}-3.npy")
        assert headed.status == 0
        found = np.load(f"{name}-3.npy")
        assert found.shape == ((6, 3, 4) if name == "torch-mha" else (2, 1, 3, 4))
    repeated = np.load("torch-mha-3.npy")
    assert (repeated == np.repeat(np.load("torch-mha.npy"), 3, axis=0)).all()
    page = attn("mask", "--lengths", "2,4", "--n", 3, "--m", 4, "--as", "torch-mha").out
    assert "bool, 2×3×4, (batch·heads, n, m)" in page
    assert page.count("batch row 1") == 2


def test_three_axes_are_lined_up_as_in_compute(attn: Attn) -> None:
    """With heads the first of three axes is theirs, without them the batch's."""
    np.save("three.npy", np.stack([np.tri(4), np.ones((4, 4))]))
    assert "batch row 1" in attn("mask", "--mask", "three.npy").out
    heads = attn("mask", "--mask", "three.npy", "--heads", 2)
    assert "head 1" in heads.out
    assert "batch" not in heads.out
    assert attn("compute", "--mask", "three.npy", "--heads", 2).status == 0
    costs = attn("complexity", "--mask", "three.npy", "--heads", 2, "--d", 4, "--json")
    assert document(costs)["symbols"]["p"] == 10 + 16
    assert drawn(attn("mask", "--mask", "[1, 0, 1]")) == ["■·■"]


def test_torch_agrees(attn: Attn) -> None:
    """With the forms torch takes, torch attends what we attend, empty rows too."""
    torch = pytest.importorskip("torch")
    attn(
        "mask",
        "--mask",
        "causal(offset=-1) | block(2)",
        "--n",
        5,
        "--as",
        "torch-sdpa",
        "--save",
        "s.npy",
    )
    attn("mask", "--causal", "--n", 5, "--offset", -1, "--as", "additive", "--save", "a.npy")
    q, k, v = (torch.from_numpy(normal(place, 1, 1, 5, 4)) for place in range(3))
    for name, chosen in (("s.npy", ("--mask", "s.npy")), ("a.npy", ("--causal", "--offset", -1))):
        given = torch.from_numpy(np.load(name))
        given = given if given.dtype == torch.bool else given.to(q.dtype)
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=given)
        for letter, array in zip("qkv", (q, k, v), strict=True):
            np.save(f"{letter}.npy", array[0, 0].numpy())
        arrays = ("--q", "q.npy", "--k", "k.npy", "--v", "v.npy")
        assert attn("compute", *arrays, *chosen, "--save", "run.npz", "--force").status == 0
        with np.load("run.npz") as saved:
            assert np.abs(saved["output"] - expected[0, 0].numpy()).max() < 1e-12
    layer = torch.nn.MultiheadAttention(4, 1, bias=False, batch_first=True, dtype=q.dtype)
    attn("mask", "--causal", "--n", 5, "--as", "torch-mha", "--save", "m.npy")
    with torch.no_grad():
        _, weights = layer(q[0], k[0], v[0], attn_mask=torch.from_numpy(np.load("m.npy")))
    assert ((weights[0] > 0).numpy() == np.tril(np.ones((5, 5), bool))).all()


LOOKS = {
    "causal": "It equals causal.",
    "causal & window(3)": "It equals causal & window(3).",
    "local-m(2)": "It equals local-m(2).",
    "left(3)": "It equals left(3).",
    "right(2)": "It equals right(2).",
    "left(2) & right(1)": "It equals left(2) & right(1).",
    "prefix(3)": "It equals prefix(3).",
    "block(3)": "It equals block(3).",
    "causal & block(3)": "It equals causal & block(3).",
    "dilation(3)": "It equals dilation(3).",
    "stride(3)": "It equals stride(3).",
    "log-sparse": "It equals log-sparse.",
    "lengths(5)": "It equals lengths(5).",
    "causal & lengths(5)": "It equals causal & lengths(5).",
    "documents(0,0,1,1,1,2,2,2)": "It equals documents(0, 0, 1, 1, 1, 2, 2, 2).",
    "causal & documents(0,0,1,1,1,2,2,2)": "It equals causal & documents(0, 0, 1, 1, 1, 2, 2, 2).",
    "global(2)": "It equals global(2).",
    "causal & window(2) | global(0)": "It equals causal & window(2) | global(0).",
    "neighbourhood(3, 1)": "It equals neighbourhood(3, 1).",
    "causal(offset=-1)": "It equals causal(offset=-1).",
    "causal | ~causal": "It keeps every pair: no mask at all.",
    "causal & ~causal": "It keeps no pair.",
    "random(1, 3)": "No mask of ours, nor causal or padding with one, explains it exactly.",
}


@pytest.mark.parametrize("text", LOOKS)
def test_what_a_table_looks_like(attn: Attn, text: str) -> None:
    """A table is named when a mask of ours keeps exactly the same pairs."""
    assert attn("mask", "--mask", text, "--n", 8, "--save", "m.npy").status == 0
    ran = attn("mask", "--import", "m.npy", "--is", "bool", "--json")
    assert document(ran)["looks_like"][0] == LOOKS[text]
    assert document(attn("mask", "--mask", "m.npy", "--json"))["looks_like"][0] == LOOKS[text]


def test_a_mask_read_the_wrong_way_round(attn: Attn) -> None:
    """Where the opposite is a known mask, its polarity is in doubt, and that is said."""
    np.save("m.npy", ~(np.tri(6, dtype=bool) & ~np.tri(6, k=-3, dtype=bool)))
    ran = attn("mask", "--import", "m.npy", "--is", "bool")
    assert "Its opposite equals causal & window(3): does its True mean 'may not" in ran.out
    right = attn("mask", "--import", "m.npy", "--is", "torch-mha")
    assert "It equals causal & window(3)." in right.out


def test_the_commonest_mask_read_the_wrong_way_round(attn: Attn) -> None:
    """A causal mask with True for blocked is a range of keys too, but nobody means that one."""
    assert attn("mask", "--causal", "--n", 5, "--as", "torch-mha", "--save", "m.npy").status == 0
    ran = attn("mask", "--import", "m.npy", "--is", "bool")
    assert "Its opposite equals causal: does its True mean 'may not attend'?" in ran.out
    plain = attn("mask", "--mask", "left(2)", "--save", "l.npy")
    assert plain.status == 0
    assert "opposite" not in attn("mask", "--import", "l.npy", "--is", "bool").out


@pytest.mark.parametrize(
    ("n", "m", "text"),
    [
        (20, 21, "window(3, offset=12)"),
        (21, 20, "causal(offset=-12)"),
        (3, 5, "window(2, offset=2)"),
    ],
)
def test_what_is_recognised_is_the_mask(attn: Attn, n: int, m: int, text: str) -> None:
    """The name and the alignment that are said, typed in, give the same pairs."""
    size = ("--n", n, "--m", m)
    assert attn("mask", "--mask", text, *size, "--save", "m.npy").status == 0
    line, *_ = document(attn("mask", "--mask", "m.npy", "--json"))["looks_like"]
    name, _, aligned = line.removeprefix("It equals ").removesuffix(".").partition(", aligned ")
    more = ("--align", aligned.partition(",")[0]) if aligned else ()
    assert table(attn("mask", "--mask", name, *size, *more, "--json")) == np.load("m.npy").tolist()


def test_padding_is_recognised_by_batch_row(attn: Attn) -> None:
    """Batch rows that differ by their padding alone."""
    attn("mask", "--lengths", "2,4", "--causal", "--n", 4, "--m", 5, "--save", "m.npy")
    ran = attn("mask", "--import", "m.npy", "--is", "bool")
    assert "It equals causal & lengths(2,4), aligned top-left." in ran.out
    assert ran.out.count("batch row") >= 3


def test_differences(attn: Attn) -> None:
    """Pairs kept by one mask alone are marked, counted and listed."""
    ran = attn("mask", "--causal", "--n", 4, "--diff", "local-m(1)")
    assert drawn(ran) == ["■-··", "■■-·", "+■■-", "++■■"]
    assert "■ both, · neither, + only the mask, - only the other" in ran.out
    assert "  7 pairs kept by both, 3 by the mask alone, 3 by the other alone." in ran.out
    apart = document(attn("mask", "--causal", "--n", 4, "--diff", "local-m(1)", "--json"))["diff"]
    assert apart == {
        "other": "local-m(1)",
        "both": 7,
        "here": 3,
        "there": 3,
        "pairs": {"here": [[2, 0], [3, 0], [3, 1]], "there": [[0, 1], [1, 2], [2, 3]]},
    }
    same = attn("mask", "--causal", "--window", 2, "--diff", "left(1) & right(0)")
    assert "  Both keep the same 11 pairs." in same.out
    np.save("m.npy", np.tri(4))
    array = attn("mask", "--causal", "--n", 4, "--diff", "m.npy")
    assert (array.status, "the same 10 pairs" in array.out) == (0, True)
    many = attn("mask", "--causal", "--batch", 6, "--diff", "lengths(0,1,2,3,1,2)")
    assert "shown: 4 of 6 batch rows and heads" in many.out
    rows = attn("mask", "--causal", "--n", 4, "--diff", "lengths(2,3)", "--batch", 2)
    assert "16 pairs kept by both, 4 by the mask alone, 4 by the other alone." in rows.out


def test_json(attn: Attn) -> None:
    """Keys kept by each query, the fraction, empty rows, tiles, names, beside the steps."""
    found = document(attn("mask", "--causal", "--offset", -1, "--n", 4, "--tile", 2, "--json"))
    assert found["schema"] == "attn.trace/1"
    assert found["command"] == "mask"
    assert (found["mask"], found["rule"]) == (
        "causal(offset=-1)",
        "query i may attend keys 0 … i-1",
    )
    assert (found["kept"], found["pairs"], found["fraction_kept"]) == (6, 16, 6 / 16)
    assert found["kept_per_query"] == [0, 1, 2, 3]
    assert found["empty_rows"] == [0]
    assert found["tiles"] == {
        "size": 2,
        "all": 4,
        "kept": 3,
        "full": 1,
        "cells": 12,
        "rows": 4,
    }
    assert found["steps"][0]["values"] == np.tri(4, k=-1, dtype=bool).tolist()
    assert {one["library"]: one["row without a key"] for one in found["conventions"]}[
        "torch SDPA"
    ] == "0"
    rows = document(attn("mask", "--lengths", "0,3", "--n", 2, "--m", 3, "--json"))
    assert rows["kept_per_query"] == [[0, 0], [3, 3]]
    assert rows["empty_rows"] == [[0, 1], []]
    many = document(attn("mask", "--lengths", "1,2,3,4,5,6", "--n", 2, "--m", 6, "--json"))
    assert many["kept_per_query"] == [[kept, kept] for kept in range(1, 7)]
    assert many["empty_rows"] == [[]] * 6
    big = document(attn("mask", "--causal", "--n", 600, "--batch", 8, "--heads", 8, "--json"))
    assert len(big["steps"]) == 1
    form = document(attn("mask", "--causal", "--n", 2, "--as", "additive", "--json"))["form"]
    assert form["values"] == [[0.0, "-inf"], [0.0, 0.0]]
    assert (form["dtype"], form["shape"]) == ("float32", [2, 2])


def test_empty_rows_are_named(attn: Attn) -> None:
    """Queries without a key are told, with what libraries make of them."""
    ran = attn("mask", "--causal", "--offset", -1, "--n", 3)
    assert "3 of 9 pairs kept (33.3 %), no key for q0" in ran.out
    assert "torch MultiheadAttention   NaN; 0 with need_weights=False" in ran.out
    many = attn("mask", "--causal", "--offset", -12, "--n", 12)
    assert "q6, q7 and 4 more rows" in " ".join(many.out.split())
    words = attn("mask", "--causal", "--offset", -1, "--text", "a b c")
    assert "no key for a\n" in words.out
    rows = attn("mask", "--lengths", "0,1", "--n", 1)
    assert "no key for q0 of batch row 0" in rows.out


def test_parts_that_change_nothing_are_told(attn: Attn) -> None:
    """A mask that drops nothing more is named; for those that add pairs, how to do so."""
    ran = attn("mask", "--causal", "--prefix", 2)
    assert ran.err == (
        "Note: prefix(2) changes nothing here: the rest drops the same pairs. "
        "To add its pairs to the others, combine by | in --mask.\n"
    )
    assert attn("mask", "--causal", "--window", 2).err == ""
    assert "window(9) changes nothing here" in attn("mask", "--causal", "--window", 9).err


def test_masks_that_add_pairs_are_told_how(attn: Attn) -> None:
    """Global tokens combined with and only drop pairs, which nobody means."""
    ran = attn("mask", "--window", 3, "--global", 0)
    assert "global(0) is combined with and: only pairs that it keeps are left." in ran.err


def test_opposites_beside_each_other(attn: Attn) -> None:
    """A mask and its opposite are told as such; an offset that both inherit, too."""
    ran = attn("mask", "--causal", "--diff", "~causal")
    assert "Each keeps what the other drops: one is the opposite of the other." in ran.out
    size = ("--n", 3, "--m", 5, "--align", "bottom-right")
    ran = attn("mask", "--causal", *size, "--diff", "causal")
    assert "(offset=0) in --diff is top-left" in ran.out
    ran = attn("mask", "--causal", *size, "--diff", "causal(offset=0)")
    assert "6 by the mask alone" in ran.out


def test_words_name_rows_and_columns(attn: Attn) -> None:
    """A sentence names queries and keys; another one, the keys."""
    one = attn("mask", "--text", "the cat sat", "--causal").out
    assert "    the cat sat keys\n" in one
    assert "the   ■   ·   ·    1\n" in one
    two = attn("mask", "--text", "the cat", "--context-text", "le chat noir", "--left", 0).out
    assert "     le chat noir keys\n" in two
    assert "2 queries, 3 keys" in two


def test_shades(attn: Attn) -> None:
    """Large masks are averages of squares, and say so; none and all are never rounded to."""
    ran = attn("mask", "--causal", "--n", 400)
    rows = [line for line in ran.out.splitlines() if re.match(r"q\d+ ", line)]
    assert rows[0].split() == ["q0", "▒▒" + "··" * 28]
    assert rows[-1].split() == ["q392", "██" * 28 + "▒▒"]
    assert "a cell is 14 × 14 pairs, fewer at the end" in ran.out
    assert "· none  ░ under a third  ▒ under two thirds  ▓ more  █ all" in ran.out
    plain = attn("mask", "--causal", "--n", 400, "--plain").flat
    assert "A picture stands here: keys k0 to k399 from left to right; a cell is 7 x 7" in plain
    assert plain.isascii()
    almost = attn("mask", "--mask", "~(global(0) & causal)", "--n", 400).out
    assert "▓▓██" in almost
    apart = attn("mask", "--causal", "--n", 400, "--diff", "window(100)").flat
    assert "+ kept by the mask alone, - by the other, x of each, · alike" in apart
    assert "+" * 20 in apart
    exact = attn("mask", "--causal", "--n", 50).out
    assert "q48 " + "█" * 49 + "▄" in exact
    assert (
        "█ kept  · not\n  keys k0 to k49 from left to right; two rows of cells to a line\n" in exact
    )


def test_halves(attn: Attn) -> None:
    """Two rows of a mask stand in one line, each pair for itself."""
    ran = attn("mask", "--mask", "causal & ~window(2)", "--n", 37, "--m", 41)
    rows = [line.split()[1] for line in ran.out.splitlines() if re.match(r"q\d+ ", line)]
    assert len(rows) == 19
    halves = {"█": (True, True), "▀": (True, False), "▄": (False, True), "·": (False, False)}
    for place, row in enumerate(rows):
        queries = (2 * place, 2 * place + 1)
        for key, sign in enumerate(row):
            kept = tuple(i < 37 and key <= i - 2 for i in queries)
            assert halves[sign] == kept


def test_everything(attn: Attn) -> None:
    """--all draws every pair, in bands of columns."""
    ran = attn("mask", "--causal", "--n", 50, "--all")
    assert "columns 0 to 17 of 50" in ran.out
    assert sum(line.count("■") for line in drawn(ran)) == 50 * 51 // 2
    assert attn("mask", "--causal", "--n", 5000, "--all").err.startswith(
        "Error: 25,000,000 numbers are too many to show one by one."
    )


def test_large_masks_are_saved_and_told(attn: Attn) -> None:
    """Above 4 million pairs there is no table in the document, but a picture and a file."""
    ran = attn("mask", "--causal", "--n", 2100, "--json", "--save", "m.npy")
    found = document(ran)
    assert found["steps"] == []
    assert found["kept"] == 2100 * 2101 // 2
    assert "the table is too large to list; --save writes it." in found["notices"]
    assert (np.load("m.npy") == np.tri(2100, dtype=bool)).all()
    tiles = attn("mask", "--block", 128, "--n", 2100, "--tile", 128).out
    assert "tiles of 128×128: 17 of 289 keep a pair (5.9 %), 17 of them every pair" in tiles


def test_bias_with_the_mask(attn: Attn) -> None:
    """Each head's bias stands where the mask allows, and a dot elsewhere."""
    ran = attn("mask", "--bias", "alibi", "--heads", 6, "--causal", "--n", 3)
    assert "q2 -0.50 -0.25  0.00" in ran.out
    assert "q1 -0.25  0.00     ·" in ran.out
    assert "heads 0 to 3 of 6; --head N shows another" in ran.out
    assert "bias = slopes · distance, added to the scores before the mask" in ran.out
    assert "1 distance = -|i - j|" in ran.out
    padded = document(attn("mask", "--bias", "alibi", "--lengths", "1,2", "--n", 2, "--json"))
    assert padded["steps"][-1]["values"][0] == [[0.0, "-inf"], [-0.00390625, "-inf"]]
    saved = attn("mask", "--bias", "alibi", "--causal", "--save", "b.npy")
    assert "the form and the file hold the mask alone, without the bias." in saved.err
    last = attn("mask", "--bias", "alibi", "--heads", 6, "--causal", "--n", 3, "--head", 5)
    assert "-0.12" in last.out
    assert "head 0" not in last.out
    found = document(attn("mask", "--bias", "alibi", "--heads", 2, "--causal", "--n", 2, "--json"))
    assert [step["name"] for step in found["steps"]] == [
        *("distance", "slopes", "bias", "mask", "masked"),
    ]
    assert found["steps"][-1]["values"] == [
        [[0.0, "-inf"], [-0.0625, 0.0]],
        [[0.0, "-inf"], [-0.00390625, 0.0]],
    ]
    alone = attn("mask", "--bias", "relative(1)", "--n", 3)
    assert "bias_table is random (seed 0)" in alone.out
    assert "2 bias = bias_table[bucket]" in alone.out


def test_lists_in_help_are_whole() -> None:
    """Forms and biases that options name are all there are."""
    from attn_cli.mechanisms.biases import BIASES

    assert options.FORMS.split(", ") == [form.name for form in FORMS]
    assert options.LISTED["biases"].split(", ") == [kind.name for kind in BIASES]


def test_the_catalogue(attn: Attn) -> None:
    """Attn mask alone lists every mask with its numbers and source, and the libraries."""
    from attn_cli import masks
    from attn_cli.data.libraries import LIBRARIES

    for ran in (attn("mask", "--libraries"), attn("mask", "--plain", "--libraries")):
        assert ran.status == 0
        for kind in masks.KINDS:
            assert kind.signature.replace("…", "...") in ran.out.replace("…", "...")
        for one in LIBRARIES:
            assert one.name in ran.out
    assert attn("mask", "--export", "masks.md").status == 0
    assert "Vaswani 2017, section 3.2.3" in Path("masks.md").read_text()


def test_exports(attn: Attn) -> None:
    """A page goes to every kind of file."""
    for suffix in ("html", "svg", "md", "txt", "tex"):
        assert attn("mask", "--causal", "--bias", "alibi", "--export", f"m.{suffix}").status == 0
        text = Path(f"m.{suffix}").read_text(encoding="utf-8")
        assert "slopes" in text
        assert "0.0039" in text
    assert attn("mask", "--causal", "--n", 300, "--export", "large.svg").status == 0
    assert "▀" in Path("large.svg").read_text(encoding="utf-8")


CHANGES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "mask": (("--causal",), ("--mask", "block(2)")),
    "causal": (("--block", 2), ("--causal",)),
    "offset": (("--causal",), ("--offset", 1)),
    "align": (("--causal", "--m", 9), ("--align", "bottom-right")),
    "window": (("--causal",), ("--window", 2)),
    "left": (("--causal",), ("--left", 2)),
    "right": (("--block", 2), ("--right", 0)),
    "lengths": (("--causal",), ("--lengths", 2)),
    "prefix": (("--block", 2), ("--prefix", 2)),
    "block": (("--causal",), ("--block", 2)),
    "dilation": (("--causal",), ("--dilation", 2)),
    "stride": (("--causal",), ("--stride", 2)),
    "global_tokens": (("--causal",), ("--global", 2)),
    "documents": (("--causal",), ("--documents", "0,0,1,1,2,2")),
    "n": (("--causal",), ("--n", 3)),
    "m": (("--causal",), ("--m", 3)),
    "batch": (("--causal",), ("--batch", 3)),
    "heads": (("--causal",), ("--heads", 3)),
    "text": (("--causal", "--n", 2), ("--text", "a b")),
    "context_text": (("--causal", "--text", "a b"), ("--context-text", "c d")),
    "labels": (("--causal", "--n", "2"), ("--labels", "a b")),
    "key_labels": (("--causal", "--n", "2"), ("--key-labels", "a b")),
    "diff": (("--causal",), ("--diff", "window(2)")),
    "bias": (("--causal",), ("--bias", "alibi")),
    "tile": (("--causal",), ("--tile", 2)),
    "precision": (("--bias", "alibi", "--heads", 3), ("--precision", 3)),
    "head": (("--bias", "alibi", "--heads", 3), ("--head", 2)),
    "batch_index": (("--lengths", "1,2"), ("--batch-index", 1)),
    "everything": (("--causal", "--n", 60), ("--all",)),
    "plain": (("--causal",), ("--plain",)),
    "as_form": (("--causal",), ("--as", "torch-mha")),
    "import_file": (("--mask", "other.npy"), ("--import", "m.npy", "--is", "bool")),
    "is_form": (("--import", "m.npy", "--is", "bool"), ("--is", "torch-mha")),
    "json": (("--causal",), ("--json",)),
    "lang": (("--causal",), ("--lang", "zh")),
    "libraries": ((), ("--libraries",)),
}
ELSEWHERE = {
    "mask_axes": "test_the_axes_of_a_mask_can_be_named",
    "theme": "test_themes",
    "width": "test_an_svg_is_as_wide_as_its_lines",
    "save": "test_saved_masks_are_masks",
    "export": "test_exports",
    "force": "test_saved_masks_are_masks",
}


LEAD = np.tri(8, 4, -1, bool).reshape(2, 4, 4) | np.eye(4, dtype=bool)
"""A mask for two batch rows, or for two heads."""


def test_an_array_that_fits_twice_is_said_and_can_be_named(attn: Attn) -> None:
    """(batch, n, m) and (heads, n, m) are alike where batch = heads; so are (n, m), (batch, m)."""
    np.save("m.npy", LEAD)
    words = ("compute", "--batch", 2, "--heads", 2, "--mask", "m.npy", "--quiet")
    ran = attn(*words)
    note = "mask of 2×4×4 is read as (heads, n, m); (batch, n, m) fits too: give --mask-axes bnm."
    assert note in " ".join(ran.err.split())
    named = attn(*words, "--mask-axes", "hnm")
    assert (named.out, named.err) == (ran.out, "")
    by_batch = attn(*words, "--mask-axes", "bnm")
    np.save("m.npy", LEAD[:, None])
    assert by_batch.out == attn(*words).out != ran.out
    np.save("m.npy", LEAD[0])
    words = ("compute", "--batch", 4, "--mask", "m.npy", "--quiet")
    assert "(n, m); (batch, m) fits too: give --mask-axes bm" in " ".join(attn(*words).err.split())
    by_row = attn(*words, "--mask-axes", "bm").out
    np.save("m.npy", LEAD[0][:, None])
    assert attn(*words).out == by_row


def test_a_bias_that_fits_twice_is_said(attn: Attn) -> None:
    """Four axes leave no doubt."""
    np.save("b.npy", LEAD * 1.0)
    words = ("compute", "--batch", 2, "--heads", 2, "--quiet", "--bias", "b.npy")
    assert "(batch, n, m) fits too: give 2×1×4×4." in " ".join(attn(*words).err.split())
    np.save("b.npy", LEAD[:, None] * 1.0)
    assert attn(*words).err == ""


def test_no_doubt_no_note() -> None:
    """A mask that fits one way only, or is named, has no notice."""
    for how in ({"batch": 3, "heads": 2}, {"batch": 2}, {"heads": 2}):
        assert not library.compute(mask=LEAD, **how).notices
    with pytest.raises(AttnError, match="mask_axes='bm' names 2 axes; mask= is 2×4×4, with 3"):
        library.compute(mask=LEAD, heads=2, mask_axes="bm")
    with pytest.raises(AttnError, match="mask_axes='bm' is for mask= as an array"):
        library.compute(causal=True, mask_axes="bm")


def test_the_axes_of_a_mask_can_be_named(attn: Attn) -> None:
    """Every command that takes an array of booleans reads it by the letters that are given."""
    np.save("m.npy", LEAD)
    sizes = ("--batch", 2, "--heads", 2, "--mask", "m.npy")
    for words in (
        ("gradient", *sizes, "--only", "d_scores"),
        ("compare", "--modes", "dot,scaled", *sizes),
        ("complexity", "--n", 4, "--d", 8, "--no-projections", *sizes),
        ("mask", *sizes),
    ):
        ways = [attn(*words, "--mask-axes", axes) for axes in ("hnm", "bnm")]
        assert all(way.status == 0 for way in ways), ways[1].err
        assert words[0] == "complexity" or ways[0].out != ways[1].out, words


def test_every_option_is_here() -> None:
    """A new option needs a line above, or a test of its own."""
    assert option_names("mask") == set(CHANGES) | set(ELSEWHERE)
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f"def {name}(" in tests for name in ELSEWHERE.values())


@pytest.mark.parametrize("option", CHANGES)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    np.save("m.npy", np.eye(6))
    np.save("other.npy", np.tri(6))
    before, more = CHANGES[option]
    changed = attn("mask", *(more if option == "import_file" else once(*before, *more)))
    without = attn("mask", *before)
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


REFUSALS = {
    "--diff causal": (
        "--diff is about a mask: add one, such as --causal. attn mask alone lists them all."
    ),
    "--n 4": "--n is about a mask: add one, such as --causal. attn mask alone lists them all.",
    "--save m.npy": "--save writes a mask: add one, such as --causal.",
    "--bias alibi --save m.npy": "--save writes a mask: add one, such as --causal.",
    "--bias alibi --tile 2": "--diff, --tile and --as are about a mask: add one.",
    "--bias eye.npy": "--bias: here a bias goes by its name; arrays are for attn compute.",
    "--causal --as numpy": (
        "--as: there is no form 'numpy'. Known: bool, additive, torch-sdpa, torch-mha, jax, onnx, "
        "keras, hugging-face."
    ),
    "--import eye.npy": "--import needs --is, the form that its numbers are in: --is bool.",
    "--causal --is bool": "--is says what --import holds: give both.",
    "--import eye.npy --is bool --mask eye.npy": (
        "--import and --mask both read an array: give one."
    ),
    "--import half.npy --is additive": (
        "--import: [1, 0] is 0.5; an additive mask holds 0, and numbers from -10000 down. Other "
        "numbers are a bias."
    ),
    "--import list.npy --is bool": "--import is 1×1×1×1×1; a mask has 1 to 4 axes.",
    "--mask eye.npy --n 5": ("The number of queries n is 5 by --n and 4 by the mask of 4×4."),
    "--text a,b --n 2 --causal": "The number of queries n is 2 by --n and 3 by the words.",
    "--documents 0,0,1 --m 4": "The number of keys m is 4 by --m and 3 by --documents.",
    "--causal --diff eye.npy": "--diff is 4×4: n is 4, not 6.",
    "--causal --diff block(0)": "--diff: block(size): size is at least 1, not 0.",
    "--causal --context-text a": "--context-text needs --text, the sentence that asks.",
    "--causal --head 1": "--head 1: there are no heads; --heads says how many.",
    "--causal --batch 2 --batch-index 2": "--batch-index 2: there are 2, counted from 0.",
    "--causal --precision 2": "--precision rounds the numbers of a bias: add --bias.",
    "--causal --json --all": "--all has no effect with --json. Leave one out.",
    "--causal --json --precision 2": ("--precision has no effect with --json. Leave one out."),
    "--lengths 9": "--lengths: every length must be between 0 and the 6 keys there are.",
    "--lengths 1,2 --batch 3": (
        "--lengths: 2 lengths for a batch of 3; give one for all batch rows, "
        "or one for each (--batch 2)."
    ),
    "--window -1": "--window: window(w): w is at least 1, not -1.",
    "--window two": "--window: 'two' is not a whole number.",
    "--global two": "--global: 'two' is not a list of whole numbers like 5,3.",
    "--global 6": "--global: there is no token 6: keys are counted from 0 to 5.",
    "--prefix 7": "--prefix: a prefix of 7 is longer than the 6 keys there are.",
    "--lengths 2 --offset 1": (
        "--offset and --align place the queries for masks such as --causal: add one."
    ),
    "--causal --offset 999999999": "--offset 999999999 is beyond every array.",
    "--causal --heads 3 --head 2": "--head 2: all 3 are the same here; leave it out.",
    "--causal --diff four.npy --batch 2": "--diff has 3 heads, the mask has 1.",
    "--causal --diff four.npy": "--diff has 2 batch rows, the mask has 1.",
    "--mask four.npy --batch 3": "The mask has 2 batch rows, not 3.",
    "--mask four.npy --heads 2": "The mask has 3 heads, not 2.",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """The message says what is wrong with which input, the sizes met, and what to try."""
    np.save("eye.npy", np.eye(4))
    np.save("half.npy", np.array([[0, -np.inf], [0.5, 0]]))
    np.save("list.npy", np.ones((1,) * 5))
    np.save("four.npy", np.ones((2, 3, 6, 6)))
    ran = attn("mask", *line.split())
    first = ran.err.splitlines()[0] if "block(0)" in line else ran.err.rstrip("\n")
    assert first == f"Error: {REFUSALS[line]}"
    assert (ran.status, ran.out) == (2, "")


def test_a_large_file_is_said_before(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much will be written is said first; without room for it nothing is written."""
    monkeypatch.setattr("attn_cli.cli.masks.LONG_TO_WRITE", 100)
    ran = attn("mask", "--causal", "--n", 40, "--save", "m.npy")
    assert ran.err.startswith("Note: 1.562 KiB will be written to m.npy.\nSaved m.npy: ")
    assert "将向" in attn("mask", "--causal", "--n", 40, "--save", "n.npy", "--lang", "zh").err
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    ran = attn("mask", "--causal", "--n", 40, "--save", "o.npy")
    assert ran.status != 0
    assert "Error: --save: o.npy needs 1.562 KiB; 1000 bytes are free there." in ran.err
    assert not Path("o.npy").exists()


def test_a_saved_mask_is_read_back_by_its_name(attn: Attn) -> None:
    """What is proposed runs: the file that was written, not another."""
    ran = attn("mask", "--causal", "--n", 4, "--save", "my mask.npy")
    assert "attn compute --mask 'my mask.npy'" in ran.out
    assert "--save mask.npy" not in ran.out
    assert attn("compute", "--mask", "my mask.npy", "--n", 4).status == 0
    assert "--save mask.npy" in attn("mask", "--causal", "--n", 4).out
