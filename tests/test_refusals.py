"""Wrong usage: one clear message on standard error, exit 2, nothing on standard output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from attn_cli.cli.options import LISTED
from tests.conftest import Attn
from tests.programs import normal

MODES = LISTED["modes"]

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


@pytest.fixture(autouse=True)
def files() -> None:
    """Arrays that some refusals need."""
    np.save("q.npy", normal(0, 3, 8))
    np.save("split.npy", normal(0, 2, 6, 3, 8))
    np.savez("none.npz", loss=np.zeros(2))


REFUSALS = {
    "--q 1_0;0_x": "--q: row 1, column 1 is not a number.\n  1_0;0_x\n  ^",
    "--q 1,0,2;0,1,1 --k 1,0;0,1 --v 1,2;3,4": (
        "The arrays disagree on the width d of queries and keys: q is 2×3 (d = 3), k is 2×2 "
        "(d = 2).\nKeys need one number for each number of a query. Is one of them transposed, or "
        "does a mode with a matrix of its own fit (--mode general)?"
    ),
    "--k 1,0;0,1 --v 1,2": (
        "The arrays disagree on the number of keys m: k is 2×2 (m = 2), v is 1×2 (m = 1).\n"
        "Every key needs its own value: as many rows in k as in v."
    ),
    "--n 3 --q 1,2": (
        "The arrays disagree on the number of queries n: --n (n = 3), q is 1×2 (n = 1)."
    ),
    "--mode scald": (f"--mode: there is no mode 'scald'. Did you mean scaled? Known: {MODES}."),
    "--q q.npy --heads 3": (
        "3 heads (--heads) can't share a width of 8 equally (q is 3×8): 8 = 3 × 2 + 2.\n"
        "Numbers of heads that fit this width: 1, 2, 4, 8."
    ),
    "--heads 6 --kv-heads 4": (
        "6 query heads (--heads) can't share 4 key heads (--kv-heads) equally: 6 is not a "
        "multiple of 4."
    ),
    "--kv-heads 2": "--kv-heads needs --heads, the number of query heads.",
    "--q split.npy --heads 6": (
        "--heads and --kv-heads split packed arrays; q is 2×6×3×8, so its heads are split "
        "already. Leave them out."
    ),
    "--q split.npy --k q.npy": (
        "q has 4 axes (batch, heads, rows, width) and k is 3×8.\nGive q, k and v the same "
        "layout, or pack the heads side by side in the last axis and add --heads."
    ),
    "--x split.npy": "x is 2×6×3×8; here it needs 3 axes: (b, n, d_model).",
    "--x q.npy --q q.npy": "Give --x, or --q, --k and --v; not --x with --q.",
    "--context q.npy": "--context needs --x or --text, the rows it works on.",
    "--w-q q.npy": "--w-q needs --x or --text, the rows it works on.",
    "--text cat --x q.npy": "--text makes the rows itself; leave --x out.",
    "--context-text cat": "--context-text needs --text, the sentence that asks.",
    "--past-k q.npy": "--past-v is missing: a cache holds keys and values.",
    "--q [1,2]": (
        "--q is a list of 2, with one axis; a matrix has two. One row is written [[1, 0]]."
    ),
    "--dtype int8": "--dtype: 'int8' is not one of float64, float32, float16, bfloat16.",
    "--scale nan": "--scale: nan is not a finite number.",
    "--x 1,2,3 --heads 2": (
        "2 heads (--heads) can't share a width of 3 equally (x is 1×3): 3 = 2 × 1 + 1.\n"
        "Numbers of heads that fit this width: 1, 3."
    ),
    "--q 1e5,2 --dtype float16": (
        "--dtype float16: q[0,0] is 100000, and the largest float16 is 65504."
    ),
    "--only q --from k": "--only and --from both decide which steps are shown: give one.",
    "--json --head 1": "--head has no effect with --json. Leave one out.",
    "--json --precision 2": "--precision has no effect with --json. Leave one out.",
    "--quiet --step": "--step has no effect with --quiet. Leave one out.",
    "--quiet --show-work q[0,0]": ("--show-work has no effect with --quiet. Leave one out."),
    "--save a.json --export a.json": (
        "--export: a.json must end in .html, .svg, .md, .txt, .tex, .png, .pdf."
    ),
    "--softcap 0": "--softcap: 0 is not above 0.",
    "--offset 1": "--offset and --align place the queries for masks such as --causal: add one.",
    "--causal --offset 1 --align top-left": (
        "--offset and --align both place the queries: give one."
    ),
    "--causal --align bottom": (
        "--align: there is no 'bottom'. Did you mean bottom-right? Known: top-left, bottom-right."
    ),
    "--lengths 5": "--lengths: every length must be between 0 and the 4 keys there are.",
    "--lengths x": "--lengths: 'x' is not a list of whole numbers like 5,3.",
    "--lengths 1,2": (
        "--lengths: 2 lengths for a batch of 1; give one for all batch rows, "
        "or one for each (--batch 2)."
    ),
    "--mask 0.5,1": (
        "--mask: a mask holds True (may attend) and False, or 1 and 0; this one holds other "
        "numbers.\nNumbers that are added to the scores, 0 and -inf too, are a bias: --bias."
    ),
    "--m 3 --mask 1,0": (
        "The arrays disagree on the number of keys m: --m (m = 3), --mask (m = 2)."
    ),
    "--bias split.npy": (
        "bias is 2×6×3×8; the scores it meets have the axes (n, m), lined up from the right."
    ),
    "--only scors": (
        "--only: there is no step 'scors'. Did you mean scores? Known: q, k, v, scores, scaled, "
        "weights, output."
    ),
    "--from nothing": (
        "--from: there is no step 'nothing'. Known: q, k, v, scores, scaled, weights, output."
    ),
    "--head 1": "--head 1: there are no heads; --heads says how many.",
    "--heads 2 --head 2": "--head 2: there are 2, counted from 0.",
    "--batch-index 1": "--batch-index 1: there are no batch rows; --batch says how many.",
    "--show-work weights": "--show-work: 'weights' does not name a cell like weights[0,1].",
    "--show-work wights[0,1]": (
        "--show-work: there is no step 'wights'. Did you mean weights? Known: q, k, v, scores, "
        "scaled, weights, output."
    ),
    "--show-work weights[0]": (
        "--show-work: weights is 4×4 with the axes (n, m); give 2 positions, not 1."
    ),
    "--show-work weights[0,4]": ("--show-work: axis m has the positions 0 to 3, not 4."),
    "--show-work weights[0,cat]": "--show-work: 'cat' is not a position on axis m.",
    "--text the,the --show-work weights[the,0]": (
        "--show-work: 'the' stands at 0, 2; give the number."
    ),
    "--input none.npz": (
        "--input: none.npz holds none of q, k, v, x, context, w_q, w_k, w_v, w_o, b_q, b_k, b_v, "
        "b_o, bias, past_k, past_v, mask. It holds: loss."
    ),
    "--input q.npy": "--input: several arrays come in .npz, .json, .safetensors.",
    "--input none.json": "--input: there is no file 'none.json'.",
    "--save run.txt": "--save: run.txt must end in .npz, .json.",
    "--export run.doc": "--export: run.doc must end in .html, .svg, .md, .txt, .tex, .png, .pdf.",
    "--save none/run.npz": "none/run.npz: there is no folder 'none'.",
    "--save q.npz --json --quiet": (
        "--json and --quiet both decide what is on standard output: give one."
    ),
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """The message says what is wrong with which input, the sizes met, and what to try."""
    ran = attn("compute", *line.split(" "))
    assert ran.err == f"Error: {REFUSALS[line]}\n"
    assert ran.status == 2
    assert ran.out == ""


@pytest.mark.parametrize("option", ["--n", "--m", "--d", "--dv", "--batch"])
def test_a_size_that_changes_nothing_is_refused(attn: Attn, option: str) -> None:
    """With every array given, a size either agrees or is refused; it is never ignored."""
    ran = attn("compute", *SMALL, option, 7)
    assert ran.status == 2
    assert option in ran.err


def test_one_dash_for_two_arrays(attn: Attn) -> None:
    """Standard input can't be two arrays."""
    ran = attn("compute", "--q", "-", "--k", "-", stdin=b"1 2")
    assert ran.err == "Error: --k: --q reads standard input already.\n"


def test_unnamed_json_is_no_bundle(attn: Attn) -> None:
    """--input needs names."""
    ran = attn("compute", "--input", "-", stdin=b"[[1]]")
    assert ran.err == 'Error: --input: the arrays need names: {"q": [[...]], "k": ...}.\n'


def test_existing_files_are_kept(attn: Attn) -> None:
    """--save and --export refuse to write over a file, unless --force says so."""
    Path("run.npz").write_text("mine")
    ran = attn("compute", "--save", "run.npz")
    assert ran.err == "Error: run.npz exists already. Add --force to write over it.\n"
    assert Path("run.npz").read_text() == "mine"
    assert attn("compute", "--save", "run.npz", "--force").status == 0
    with np.load("run.npz") as saved:
        assert "output" in saved


def test_usage_errors_exit_with_2(attn: Attn) -> None:
    """What Typer refuses has the same status."""
    assert attn("compute", "--n", 0).status == 2
    assert attn("compute", "--nonsense").status == 2
    assert attn("nonsense").status == 2


def test_an_unforeseen_failure_is_one_message(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours is no traceback, unless ATTN_DEBUG=1 asks for it."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("attn_cli.api.compute.computed", fail)
    ran = attn("compute")
    assert ran.status == 1
    assert ran.err == (
        "Error: attn failed on this, which it should not: ZeroDivisionError: oops\n"
        "ATTN_DEBUG=1 shows where. Please report it with the command.\n"
    )
    monkeypatch.setenv("ATTN_DEBUG", "1")
    assert attn("compute").err == ""


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt, 130, "Interrupted.\n"),
        (
            partial(OSError, 28, "No space left on device"),
            1,
            "Error: standard output: No space left on device.\n",
        ),
        (MemoryError, 1, "Error: This needs more memory than there is. Ask for less at once.\n"),
    ],
)
def test_interruption_and_memory(
    attn: Attn,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], BaseException],
    status: int,
    message: str,
) -> None:
    """Ctrl-C leaves with 130; a lack of memory or of room on a disk is said."""

    def fail(*_: object) -> None:
        raise error()

    monkeypatch.setattr("attn_cli.api.compute.computed", fail)
    ran = attn("compute")
    assert (ran.status, ran.err) == (status, message)
