"""Exact numbers: the same as the value reading's, read by a grammar of our own, shown unrounded."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import attn_cli as attn
from attn_cli.arrays.exact_literals import parse
from attn_cli.errors import ImpossibleError
from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.program import OPERATIONS
from attn_cli.readings.exact import AS_VALUES, EXACT
from attn_cli.readings.exact_text import decimal, latex, written
from tests.conftest import Attn

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


def close(exact: Any, values: Any) -> None:
    """Within 1e-15 of the largest number, or of 1."""
    floats = np.vectorize(decimal, otypes=[float])(exact)
    size = max(1.0, float(np.abs(values[np.isfinite(values)]).max(initial=0)))
    both = np.isinf(floats) & (floats == values)
    apart = np.abs(np.where(both, 0, floats) - np.where(both, 0, values))
    assert apart.max() <= 1e-15 * size


WITHOUT_EXACT_FORM = {"input", "draw"}
"""What is given, and what is drawn by a float."""

WITHOUT_NORMALIZERS = {
    "sample": "exact numbers: weights has no exact form here",
    "entmax": "exact numbers: weights has an exact form for alpha 2",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_exact_or_says_that_it_is_not(operation: str) -> None:
    """A new operation has an exact rule, or takes that of values, or is named here."""
    known = (operation in EXACT) + (operation in AS_VALUES)
    assert known == (operation not in WITHOUT_EXACT_FORM)


@pytest.mark.parametrize("mode", [one.name for one in MECHANISMS])
def test_every_mode_has_the_values_it_computes(mode: str) -> None:
    """Each step within 1e-15 of the value reading of the same numbers."""
    more = {"d": 8, "heads": 2} if mode.startswith("mla") else {"d": 2}
    found = attn.exact(mode=mode, n=2, seed=1, **more)
    given = {
        one.step.name: np.vectorize(decimal, otypes=[float])(one.step.values)
        for one in found.report.steps
        if one.step.given and one.step.values.dtype == object
    }
    names = ("q", "k", "v", "x", "context", "w_q", "w_k", "w_v", "w_o")
    plain = {name: array for name, array in given.items() if name in names}
    param = {name: array for name, array in given.items() if name not in names}
    heads = {"heads": 2} if "heads" in more else {}
    run = attn.compute(**plain, param=param, mode=mode, **heads)
    for one in found.report.steps:
        if one.step.values.dtype == object:
            close(one.step.values, np.array(run[one.step.name]))


@pytest.mark.parametrize("normalizer", [one.name for one in NORMALIZERS])
def test_every_normalizer_has_the_values_it_computes(normalizer: str) -> None:
    """Weights within 1e-15 of the value reading, with a mask; or its step is named."""
    arrays = {"q": [[1, 0], [2, -1]], "k": [[1, 1], [0, 1], [2, 0]], "v": [[1], [2], [4]]}
    choices: dict[str, Any] = {"normalizer": normalizer, "mask": "window(2)"}
    if normalizer == "entmax":
        choices["alpha"] = 1.3
    if normalizer in WITHOUT_NORMALIZERS:
        with pytest.raises(ImpossibleError, match=WITHOUT_NORMALIZERS[normalizer]):
            attn.exact(**arrays, **choices)
        return
    found = attn.exact(**arrays, **choices)
    given = {
        one.step.name: np.vectorize(decimal, otypes=[float])(one.step.values)
        for one in found.report.steps
        if one.step.given and one.step.name not in arrays
    }
    run = attn.compute(**arrays, **choices, param=given)
    close(found["weights"], np.array(run["weights"]))
    close(found.output, np.array(run.output))


CHOICES: list[dict[str, Any]] = [
    {"causal": True, "softcap": 2},
    {"heads": 2, "d": 4},
    {"bias": "alibi", "heads": 2, "d": 4},
    {"rope": "half-split", "d": 2},
    {"scale": 0.1},
    {"temperature": 3},
]


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_choices_are_taken(choices: dict[str, Any]) -> None:
    """Masks, heads, biases, rotations and factors change exact numbers as they change values."""
    found = attn.exact(n=2, **{"d": 2, **choices})
    arrays = {name: np.vectorize(float)(found[name]) for name in ("q", "k", "v")}
    more = {name: one for name, one in choices.items() if name not in ("d",)}
    run = attn.compute(**arrays, **more)
    close(found["weights"], np.array(run["weights"]))
    close(found.output, np.array(run.output))


def test_the_gradient_is_exact_too() -> None:
    """Every step of the gradient within 1e-15 of the gradient by values."""
    arrays = {"q": "1 0; 0 1", "k": "1 0; 0 1", "v": "1 2; 3 4"}
    found = attn.exact(**arrays, backward=True)
    run = attn.gradient(**arrays)
    for name in ("d_v", "d_scaled", "d_q", "d_k"):
        close(found[name], np.array(run[name]))
    assert written(found["d_q"][0, 0]) == "-2·√2·e^(√2/2)/(1 + e^(√2/2))^2"
    cell = attn.exact(**arrays, backward=True, d_output="output[0,1]")
    close(cell["d_v"], np.array(attn.gradient(**arrays, d_output="output[0,1]")["d_v"]))


def test_the_page(attn: Attn) -> None:
    """Every number as it is, and rounded beside it."""
    ran = attn("compute", "--exact", *SMALL)
    assert ran.status == 0
    assert "weights[q0,k0]  e^(√2/2)/(1 + e^(√2/2))  0.6698" in ran.out
    assert "√2/2" in ran.out
    assert "computed exactly" in ran.flat
    assert "0.66976155" in attn("compute", "--exact", *SMALL, "--precision", 8).out
    only = attn("compute", "--exact", *SMALL, "--only", "weights").out
    assert only.startswith("3 weights = softmax(scaled)")
    assert "精确" in attn("compute", "--exact", *SMALL, "--lang", "zh").out


def test_one_number_is_worked_out(attn: Attn) -> None:
    """Its formula, the numbers put in, the result, and that rounded."""
    ran = attn("compute", "--exact", *SMALL, "--show-work", "weights[q0,k0]")
    assert [line.strip() for line in ran.out.splitlines()[1:]] == [
        "= e^scaled[0,0] / Σ over j of e^scaled[0,j]",
        "= e^(√2/2) / (e^(√2/2) + e^0)",
        "= e^(√2/2)/(1 + e^(√2/2))",
        "≈ 0.6698",
    ]


def test_letters(attn: Attn) -> None:
    """Arrays that are not given are letters; numbers are put in for some or all of them."""
    ran = attn("compute", "--symbolic", "--n", 2, "--d", 1)
    assert ran.status == 0
    assert "k₀₀ q₀₀" in ran.out
    assert "letters: Q, K, V" in ran.flat
    assert "random" not in ran.out
    some = attn("compute", "--symbolic", "--n", 2, "--d", 1, "--at", "q_0_0=1,k_0_0=√2").out
    assert "√2 " in some
    assert "q₁₀" in some
    typed = attn("compute", "--exact", "--q", "a 1; 1 b", "--k", "1 0; 0 1", "--v", "1; 2")
    assert "√2·a/2" in typed.out
    both = attn("compute", "--q", "a 1; 1 b", "--k", "1 0; 0 1", "--v", "1; 2", "--at", "a=1,b=0")
    assert both.status == 0
    assert "√2·a/2" not in both.out
    json_of = json.loads(
        attn("compute", "--symbolic", "--n", 2, "--d", 1, "--json", "--only", "scores").out
    )
    assert json_of["letters"][0] == "k_0_0"
    values = json_of["steps"][0]["values"]
    q, k = sp.symbols("q_1_0 k_0_0")
    assert sp.sympify(values[1][0]) == q * k


def test_the_document_and_files(attn: Attn) -> None:
    """Values in SymPy's syntax with decimals beside; LaTeX has roots and fractions."""
    found = json.loads(attn("compute", "--exact", *SMALL, "--json").out)
    assert found["schema"] == "attn.trace/1"
    assert found["exact"] is True
    weights = next(step for step in found["steps"] if step["name"] == "weights")
    assert sp.sympify(weights["values"][0][0]) == 1 / (1 + sp.exp(-sp.sqrt(2) / 2)) or (
        float(sp.sympify(weights["values"][0][0])) == pytest.approx(weights["decimals"][0][0])
    )
    assert attn("compute", "--exact", *SMALL, "--save", "x.json").status == 0
    assert json.loads(Path("x.json").read_text()) == found
    for suffix in ("html", "md", "svg", "txt", "tex"):
        ran = attn("compute", "--exact", *SMALL, "--export", f"x.{suffix}")
        assert ran.status == 0
        assert "Note" not in ran.err
    tex = Path("x.tex").read_text()
    assert r"\frac{e^{\frac{\sqrt{2}}{2}}}{1 + e^{\frac{\sqrt{2}}{2}}}" in tex
    assert "Try" not in tex


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX here")
def test_letters_and_roots_compile(attn: Attn) -> None:
    """LaTeX takes the exported page, letters with places too."""
    attn("compute", "--symbolic", "--n", 2, "--d", 2, "--export", "s.tex")
    attn("compute", "--exact", *SMALL, "--export", "x.tex")
    for name in ("s.tex", "x.tex"):
        ran = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name], capture_output=True
        )
        assert ran.returncode == 0, ran.stdout[-500:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/2 √2; -3 0.1", [["1/2", "√2"], ["-3", "1/10"]]),
        ("[[1, a], [sqrt(2)/2, e^2]]", [["1", "a"], ["√2/2", "e^2"]]),
        ("√(1+a) 2^-3 exp(-1)", [["√(a + 1)", "1/8", "e^(-1)"]]),
        ("1e-3, x_1*y", [["1/1000", "x₁ y"]]),
        ("(1 + 1) 2·3", [["2", "6"]]),
    ],
)
def test_what_is_read(text: str, expected: list[list[str]]) -> None:
    """Fractions, decimals, roots, powers of e, letters; rows and columns as usual."""
    assert [[written(entry) for entry in row] for row in parse(text, "q=")] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2; 3", "row 2 has 1 numbers, row 1 has 2."),
        ("1 import", "row 1, column 2: 'import' is not a number here. Known: whole numbers"),
        ("__import__('os').getcwd()", "is not a number here"),
        ("a.b", "is not a number here"),
        ("f(x)", "is not a number here"),
        ("sqrt(1,2)", "is not a number here"),
        ("lambda:0", "is not a number here"),
        ("√2√3", "is not a number here"),
        ("(1", "is not a number here"),
        ("1/0", "'1/0' divides by 0."),
        ("a^65", "exponents go to 64."),
        ("((9^60)^60)^60", "that power is too large."),
        ("1" * 41, "has more than 40 digits."),
        ("1+" * 120 + "1", "it is longer than 200 signs."),
        (" ; ", "there is no number in"),
    ],
)
def test_what_is_not_read(text: str, message: str) -> None:
    """One message that says where and what is known; nothing is run."""
    with pytest.raises(attn.AttnError) as refused:
        parse(text, "q=")
    assert message in str(refused.value)


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789abe√()+-*/^., ;[]_'\"", max_size=30))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    """A matrix of SymPy entries, or one message."""
    try:
        found = parse(text, "q=")
    except attn.AttnError:
        return
    assert found.ndim == 2
    assert all(isinstance(entry, sp.Basic) for entry in found.flat)


REFUSED = [
    (("--exact", "--n", "30", "--d", "30"), "q has 900 numbers, 400 at most."),
    (("--symbolic", "--n", "8", "--d", "8"), "terms, 50,000 at most."),
    (("--symbolic", "--normalizer", "hard"), "letters have no order"),
    (("--exact", "--normalizer", "sample"), "has no exact form here"),
    (("--exact", "--normalizer", "entmax", "--alpha", "1.3"), "for alpha 2 (sparsemax) and 1.5"),
    (("--exact", "--dtype", "float16"), "--dtype has no effect on --exact numbers."),
    (("--exact", "--quiet"), "--quiet has no effect on --exact numbers."),
    (("--exact", "--steps"), "--steps has no effect on --exact numbers."),
    (("--exact", "--at", "a=1"), "there is no letter 'a'. There are no letters."),
    (("--symbolic", "--n", "2", "--d", "1", "--at", "b=1"), "there is no letter 'b'."),
    (("--symbolic", "--n", "2", "--d", "1", "--at", "b"), "'b' is not of the form a=1,b=√2."),
    (("--exact", "--only", "nothing"), "there is no step 'nothing'"),
    (("--exact", "--save", "x.npz"), ".json"),
]


@pytest.mark.parametrize(("typed", "message"), REFUSED, ids=[" ".join(t) for t, _ in REFUSED])
def test_refusals(attn: Attn, typed: tuple[str, ...], message: str) -> None:
    """What is too large, has no exact form or no effect is refused in one message."""
    ran = attn("compute", *typed)
    assert ran.status in (1, 2)
    assert message in " ".join(ran.err.split())


def test_latex_of_letters() -> None:
    """Places stand below a letter, with a comma where one is long."""
    assert latex(sp.Symbol("q_0_1")) == "q_{01}"
    assert latex(sp.Symbol("q_0_10")) == "q_{0,10}"
    assert written(sp.Symbol("q_0_10")) == "q₀,₁₀"
    assert written(sp.Symbol("x")) == "x"
    assert decimal(sp.Symbol("x")) is None
    assert decimal(sp.exp(10**4)) is None
    assert {written(-sp.oo), written(sp.oo)} == {"-∞", "∞"}


def test_the_library_takes_arrays() -> None:
    """Floats stand for the simplest fractions that round to them."""
    found = attn.exact([[0.1, 1 / 3]], [[1, 0]], [[2.5]])
    assert [written(entry) for entry in found["q"][0]] == ["1/10", "1/3"]
    assert found.output[0, 0] == sp.Rational(5, 2)
    assert found.to_dict()["steps"][-1]["values"] == [["5/2"]]
    sizes = product((1, 2), (1, 2))
    assert all(attn.exact(n=n, m=m, d=1)["weights"].shape == (n, m) for n, m in sizes)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("sqrt(-2)", "row 1, column 1: 'sqrt(-2)' is not a real number."),
        ("(-1)^(1/2)", "'(-1)^(1/2)' is not a real number."),
        ("e", "e is Euler's number, written e^1; as a letter take another."),
        ("pi", "π is not known here; as a letter take another."),
    ],
)
def test_numbers_that_could_be_taken_for_letters(attn: Attn, number: str, message: str) -> None:
    """What is neither a number here nor plainly a letter is refused with its place."""
    ran = attn("compute", "--exact", "--q", f"{number} 1", "--k", "1 1", "--v", "1")
    assert message in ran.err


def test_a_worked_sum_is_true_as_written() -> None:
    """Every factor of a sum is put in at each place, and √d is a number."""
    run = attn.exact(symbolic=True, n=2, d=2, backward=True)
    assert run.work("scores[0,0]")[1] == "q₀₀ · k₀₀ + q₀₁ · k₀₁"
    for cell in ("d_q[0,0]", "weights[0,1]", "d_scores[0,0]", "output[1,1]"):
        lines = run.work(cell)
        assert not any("[" in line for line in lines[1:])
        assert "√d" not in " ".join(lines[1:])


def test_what_is_not_0_is_not_shown_as_0(attn: Attn) -> None:
    """A number that is too small for its decimals, or for a float, is told as <.0001."""
    more = ("--q", "1000 2", "--k", "3 1; 1 0", "--v", "1; 2", "--only", "weights")
    assert "<.0001" in attn("compute", "--exact", *more).out


def test_letters_are_not_called_random(attn: Attn) -> None:
    """Where letters stand for what is not given, nothing is."""
    ran = attn("compute", "--symbolic", "--n", 2, "--m", 3, "--d", 2, "--q", "a b; 0 1")
    assert "random" not in ran.err + ran.out


def test_one_step_needs_no_later_one(attn: Attn) -> None:
    """--only q of a large symbolic run computes no output."""
    ran = attn("compute", "--symbolic", "--n", 12, "--d", 12, "--only", "q")
    assert ran.status == 0


def test_the_change_of_the_loss_is_exact_too() -> None:
    """--d-output takes roots and letters; random ones are whole numbers."""
    given = ("1 0; 0 1", "1 0; 0 1", "1; 2")
    found = attn.exact(*given, backward=True, d_output="√2; a")
    assert str(found["d_output"][0, 0]) == "sqrt(2)"
    assert str(found["d_output"][1, 0]) == "a"
    drawn = attn.exact(*given, backward=True, d_output="random")
    assert all(entry.is_Integer for entry in drawn["d_output"].flat)


@pytest.mark.parametrize("bias", ["t5", "t5-decoder", "relative", "t5(4, 8)", "alibi"])
@pytest.mark.parametrize("heads", [2, 3])
def test_biases_are_exact(bias: str, heads: int) -> None:
    """Learned numbers are found by whole places; ALiBi's slopes are powers of two."""
    shape = {"n": 2, "m": 3, "d": heads, "heads": heads, "bias": bias}
    steps = {s["name"]: s["decimals"] for s in attn.exact(**shape).to_dict()["steps"]}
    arrays = {name: np.array(steps[name], float) for name in ("q", "k", "v")}
    table = {"bias_table": steps["bias_table"]} if "bias_table" in steps else {}
    floats = attn.compute(**arrays, bias=bias, heads=heads, param=table)
    np.testing.assert_allclose(np.array(steps["output"], float), floats.output, atol=1e-12)
    assert attn.exact(**shape, backward=True).to_dict()["steps"]


def test_the_same_text_whatever_the_hash_seed(shell: Attn) -> None:
    """Sets have another order in each run; terms have not."""
    words = ("gradient", "--exact", "--n", 2, "--d", 2, "--heads", 2, "--bias", "alibi")
    first, *others = (shell(*words, PYTHONHASHSEED=seed).out for seed in "123")
    assert first
    assert others == [first, first]


def test_beyond_floats_is_not_infinite(attn: Attn) -> None:
    """e^(10^10) is a number: it has no rounded value here, and no note that it is lost."""
    ran = attn("compute", "--exact", "--q", "e^(10^10) 0", "--k", "1 0", "--v", "1 1")
    assert "e^10000000000" in ran.out
    assert "∞" not in ran.out
    assert ran.err == ""
