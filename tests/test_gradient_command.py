"""`attn gradient`: what is printed, saved and refused; every option has an effect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from tests.conftest import Attn, Ran, once, option_names
from tests.programs import normal
from tests.test_options import CHANGES as OF_COMPUTE

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


def document(ran: Ran) -> dict[str, Any]:
    """The JSON that a command printed."""
    assert ran.status == 0, ran.err
    return json.loads(ran.out, parse_constant=lambda text: pytest.fail(text))


def test_the_page(attn: Attn) -> None:
    """What each array gets, beside central differences; then the steps back, each worked out."""
    ran = attn("gradient", *SMALL, "--check")
    assert ran.status == 0
    assert "loss = the sum of the output" in ran.out
    rows = dict(re.findall(r"^(q|k|v) +d_\w .* (\d\.\de-\d\d)$", ran.out, re.M))
    assert set(rows) == {"q", "k", "v"}
    assert all(float(apart) < 1e-8 for apart in rows.values())
    assert "d_scores = d_scaled / √2" in ran.out
    assert "weights_above_mean = d_weights -" in ran.out
    assert "d_scaled[q0,k0] = 0.67 · (-1.32)" in ran.out


def test_a_longer_page_lists_the_steps(attn: Attn) -> None:
    """Each step with its formula, shape and the norm of its numbers, those of arrays bold."""
    ran = attn("gradient", "--text", "the cat sat", "--heads", 2, "--causal")
    assert re.search(r"^ 9 d_scaled +d_masked ⊙ mask +2×3×3 +\d", ran.out, re.M)
    assert re.search(r"^20 d_x +d_x_1 \+ d_x_from_q", ran.out, re.M)
    every = attn("gradient", "--text", "the cat sat", "--heads", 2, "--causal", "--steps").out
    assert "20 d_x = d_x_1 + d_x_from_q" in every
    assert len(every.splitlines()) > 100


def test_the_document(attn: Attn) -> None:
    """The steps of the gradient and what each array gets, with norms, in strict JSON."""
    found = document(attn("gradient", *SMALL, "--json", "--check"))
    assert found["command"] == "gradient"
    assert found["loss"] == "the sum of the output"
    by_name = {step["name"]: step for step in found["steps"]}
    for one in found["gradients"]:
        values = np.array(by_name[one["step"]]["values"])
        assert one["norm"] == pytest.approx(np.sqrt((values**2).sum()), rel=1e-15)
        assert one["largest"] == np.abs(values).max()
        assert one["from_central_differences"] < 1e-8
    assert found["norms"]["d_q"] == found["gradients"][0]["norm"]


def test_d_output(attn: Attn) -> None:
    """The loss is a sum, a weighted sum, or one number of the output."""
    np.save("change.npy", np.array([[0.0, 0.0], [0.0, 1.0]]))
    cell = document(attn("gradient", *SMALL, "--d-output", "output[q1,d1]", "--json"))
    array = document(attn("gradient", *SMALL, "--d-output", "change.npy", "--json"))
    assert cell["loss"] == "output[q1,d1]"
    assert array["loss"] == "Σ d_output ⊙ output"
    assert [s["values"] for s in cell["steps"]] == [s["values"] for s in array["steps"]]
    weights = document(attn("compute", *SMALL, "--json"))["steps"]
    row = next(step for step in weights if step["name"] == "weights")["values"][1]
    d_v = next(step for step in cell["steps"] if step["name"] == "d_v")["values"]
    assert [line[1] for line in d_v] == row
    random = attn("gradient", *SMALL, "--d-output", "random").out
    assert "d_output random (seed 0)" in random
    assert random != attn("gradient", *SMALL, "--d-output", "random", "--seed", 1).out


REFUSALS = {
    "--d-output 1,2": "--d-output: 1×2, but the output is 2×2.",
    "--d-output weights[0,1]": "--d-output: the loss is of output, not of weights.",
    "--json --steps": "--steps has no effect with --json. Leave one out.",
    "--only nothing": "--only: there is no step 'nothing'.",
    "--show-work d_q[9,0]": "--show-work: axis n has the positions 0 to 1, not 9.",
    "--head 1": "--head 1: there are no heads; --heads says how many.",
    "--save g.csv": "--save: g.csv must end in .npz, .json.",
    "--decode": "there is no option --decode",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusals(attn: Attn, line: str) -> None:
    """What can't be is refused in a sentence that says what would."""
    ran = attn("gradient", *SMALL, *line.split())
    assert ran.status == 2
    assert REFUSALS[line] in ran.err


@pytest.mark.parametrize("option", [("--only", "d_q"), ("--show-work", "d_q[0,0]")])
def test_a_check_is_not_ignored(attn: Attn, option: tuple[str, str]) -> None:
    """One step and one number have no place for the differences."""
    ran = attn("gradient", *SMALL, "--check", *option)
    assert f"--check has no effect with {option[0]}. Leave one out." in ran.err


def test_the_loss_of_a_cell_is_refused_by_its_own_option(attn: Attn) -> None:
    """--d-output names itself where its cell is not there."""
    ran = attn("gradient", *SMALL, "--d-output", "output[5,0]")
    assert "--d-output: axis n has the positions 0 to 1, not 5." in ran.err


def test_what_is_typed_is_not_advised(attn: Attn) -> None:
    """The page ends with what can be added, and --check is there already."""
    out = attn("gradient", *SMALL, "--check").out
    assert "Try, added to this:   --steps" in out


def test_large_arrays_are_not_checked(attn: Attn) -> None:
    """Two runs for each number take too long for many."""
    ran = attn("gradient", "--n", 200, "--d", 64, "--check")
    assert ran.status == 2
    assert "--check moves every number by a little: 38,400 are more than 20,000." in ran.err


def test_saved_arrays(attn: Attn) -> None:
    """Every step by its name, as NumPy reads it."""
    assert attn("gradient", *SMALL, "--save", "g.npz").status == 0
    with np.load("g.npz") as saved:
        found = {
            step["name"]: step for step in document(attn("gradient", *SMALL, "--json"))["steps"]
        }
        assert set(found) <= set(saved)
        for name, step in found.items():
            assert (saved[name] == np.array(step["values"])).all()
    attn("gradient", "--text", "the cat sat", "--heads", 2, "--save", "run.npz")
    again = attn("compute", "--input", "run.npz", "--quiet")
    assert again.out == attn("compute", "--text", "the cat sat", "--heads", 2, "--quiet").out
    for suffix in ("html", "md", "tex", "svg", "txt"):
        assert attn("gradient", *SMALL, "--export", f"g.{suffix}").status == 0
        assert Path(f"g.{suffix}").stat().st_size > 1000


OWN: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "d_output": ((), ("--d-output", "random")),
    "check": ((), ("--check",)),
    "jacobian": (("--text", "the cat sat"), ("--jacobian", "output:x")),
}
ELSEWHERE = {
    "theme": "test_themes",
    "width": "test_an_svg_is_as_wide_as_its_lines",
    "save": "test_saved_arrays",
    "export": "test_saved_arrays",
    "force": "test_existing_files_are_kept",
    "lang": "test_chinese",
    "show_work": "test_one_number",
    "alpha": "test_gradients_are_those_of_autograd",
    "activation": "test_gradients_are_those_of_autograd",
}


def test_every_option_is_here() -> None:
    """Those it shares with compute are tried below; a new one of its own needs a line above."""
    own = option_names("gradient") - option_names("compute")
    assert own == set(OWN)


@pytest.mark.parametrize(
    "option", sorted({*OWN, *option_names("gradient")} - {*ELSEWHERE, "past_v", "past_k"})
)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    np.save("rows.npy", normal(0, 5, 4))
    np.save("square.npy", normal(1, 4, 4))
    np.save("lead.npy", np.tri(8, 4, -1, bool).reshape(2, 4, 4) | np.eye(4, dtype=bool))
    np.save("four.npy", normal(5, 1, 2, 3, 4))
    np.save("table.npy", normal(4, 32))
    np.save("whole.npy", normal(6, 4, 4))
    np.savez("qkv.npz", qkv=normal(7, 5, 12))
    np.savez("all.npz", q=normal(3, 2, 4))
    before, more = OWN[option] if option in OWN else OF_COMPUTE[option]
    if option in ("only", "start"):
        more = (more[0], "d_scores")
    without, changed = attn("gradient", *before), attn("gradient", *once(*before, *more))
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


def test_one_number(attn: Attn) -> None:
    """--show-work works one number of the gradient out, named as on the page."""
    ran = attn("gradient", *SMALL, "--show-work", "d_scores[q0,k1]")
    assert ran.out.startswith("d_scores[q0,k1]")
    assert "= 0.8845 / √2" in ran.out or "/ √2" in ran.out


def test_chinese(attn: Attn) -> None:
    """Meanings and heads of tables are said in Chinese."""
    out = attn("gradient", *SMALL, "--lang", "zh").out
    assert "每个数组得到的梯度" in out
    assert "scores 的每个数变化时，损失变化多少" in out


def test_saturated_scores_let_less_through(attn: Attn) -> None:
    """At d = 512 softmax passes less than a tenth where its scores are not scaled."""
    wide = ("--d", 512, "--n", 8, "--d-output", "random", "--json")
    dot, scaled = (
        document(attn("gradient", "--mode", mode, *wide))["norms"] for mode in ("dot", "scaled")
    )
    assert dot["d_scores"] < 0.1 * scaled["d_scaled"]


def test_the_library() -> None:
    """One call gives every gradient by its array's name, and checks it."""
    run = library.gradient(np.eye(2), np.eye(2), [[1, 2], [3, 4]], check=True)
    assert set(run.gradients) == {"q", "k", "v"}
    assert (run.gradients["q"] == run["d_q"]).all()
    assert np.allclose(run.output, library.compute(np.eye(2), np.eye(2), [[1, 2], [3, 4]]).output)
    assert max(run.check().values()) < 1e-8
    hard = library.gradient(n=3, normalizer="hard")
    assert not hard.gradients["q"].any()
    assert hard.notices[0].startswith("No gradient goes through weights")
    assert "d_q" in str(run)
