"""Scripts that are printed: they run without this project and give the numbers of its readings."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as attn_library
from attn_cli.api.run import Run
from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.program import OPERATIONS, Places, Program, Sizes
from attn_cli.readings.code import RULES, lines
from attn_cli.readings.code_helpers import HELPERS
from attn_cli.readings.code_script import Script
from tests.conftest import Attn

SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")
TEXT = {"text": "the cat sat on", "d": 8, "heads": 2}

CASES: dict[str, dict[str, Any]] = {
    **{
        f"mode {one.name}": {"mode": one.name, "d": 8, "heads": 2}
        if one.name.startswith("mla")
        else {"mode": one.name, "n": 3, "d": 4}
        for one in MECHANISMS
    },
    **{
        f"normalizer {one.name}": {"normalizer": one.name, "n": 3, "m": 4, "d": 2, "causal": True}
        for one in NORMALIZERS
    },
    **{
        f"entmax {alpha}": {"normalizer": "entmax", "alpha": alpha, "n": 3}
        for alpha in (1.2, 1.5, 2.0, 2.5)
    },
    **{
        f"bias {bias}": {**TEXT, "kv_heads": 1, "causal": True, "bias": bias}
        for bias in ("alibi", "t5(8, 20)", "t5-decoder(4, 6)", "relative(2)")
    },
    **{
        f"mask {mask}": {"mask": mask, "n": 5, "m": 5, "d": 3}
        for mask in (
            "causal & window(2) | global(0)",
            "~block(2) & dilation(2) | log-sparse",
            "random(2, 1, 3) | neighbourhood(2, 1) | stride(2)",
            "documents(0, 0, 1, 1, 1)",
            "lengths(3)",
        )
    },
    "odd heads": {"n": 3, "heads": 3, "d": 6, "bias": "alibi"},
    "half-split": {**TEXT, "rope": "half-split", "softcap": 5.0, "window": 2},
    "interleaved": {**TEXT, "rope": "interleaved", "kv_heads": 1},
    "batch": {"batch": 2, "n": 3, "m": 4, "d": 8, "heads": 4, "kv_heads": 2, "lengths": (2, 4)},
    "aligned": {"n": 3, "m": 5, "d": 4, "causal": True, "align": "bottom-right"},
    "causal sums": {"mode": "linear", "causal": True, "n": 4, "m": 4, "d": 3},
    "waves": {**TEXT, "positions": "sinusoidal"},
    "residual": {**TEXT, "residual": True, "norm": "post", "heads": 2},
    "pre-norm": {**TEXT, "residual": True, "norm": "pre"},
    "local m": {"local": "m", "local_d": 1, "n": 5},
    "local p": {"local": "p", "local_d": 1, "n": 5},
    "cache": {"past_k": np.ones((2, 4)), "past_v": np.eye(2, 4), "n": 3, "d": 4},
    "rows without a key": {"mask": np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]], bool), "n": 3},
    "a bias with -inf": {"bias": np.array([[0, -np.inf, 1], [2, 1, 0]]), "n": 2, "m": 3},
    "tempered and scaled": {"n": 3, "temperature": 2.0, "scale": 0.3},
}
"""Every mode and normalizer, and what changes the steps."""

OF_COMPUTE = {
    "online": {"block_size": 2, "n": 5, "d": 4, "causal": True},
    "decoded": {**TEXT, "decode": True},
    "online heads": {"block_size": 3, "n": 4, "m": 7, "heads": 2, "d": 4},
}
"""What has no gradient page."""


def runs() -> dict[str, Run]:
    """A run of every case, and its gradient."""
    made = {name: attn_library.compute(**one) for name, one in {**CASES, **OF_COMPUTE}.items()}
    made |= {f"gradient {name}": attn_library.gradient(**one) for name, one in CASES.items()}
    return made


def close(name: str, run: Run, arrays: dict[str, Any]) -> None:
    """Every step is there, has its shape, and its numbers within 1e-12 of the largest."""
    for step in run._found.request.program:
        ours, theirs = run[step.name], np.asarray(arrays[step.name])
        assert theirs.shape == ours.shape, (name, step)
        if ours.dtype.kind == "b":
            assert (theirs == ours).all(), (name, step)
            continue
        size = max(1.0, float(np.abs(ours[np.isfinite(ours)]).max(initial=0)))
        same = ours == theirs
        apart = np.abs(np.where(same, 0, ours) - np.where(same, 0, theirs))
        assert apart.max(initial=0) <= 1e-12 * size, (name, step)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_a_line_of_code(operation: str) -> None:
    """A new operation without one is named here."""
    assert operation in RULES


RUNNER = """
import runpy, sys
import numpy as np
for script in sys.argv[1:]:
    made = runpy.run_path(script)
    assert "attn_cli" not in sys.modules
    np.savez(script + ".npz", **{k: a for k, a in made.items() if isinstance(a, np.ndarray)})
"""


def test_scripts_give_the_same_numbers_in_a_clean_interpreter(tmp_path: Path) -> None:
    """Every mode, normalizer, bias, mask and gradient, to 1e-12, without this project."""
    made, scripts = runs(), {}
    for place, (name, run) in enumerate(made.items()):
        scripts[name] = tmp_path / f"script{place}.py"
        text = run.code("numpy")
        assert "attn" not in text.replace("attention", "")
        scripts[name].write_text(text, encoding="utf-8")
    runner = tmp_path / "runner.py"
    runner.write_text(RUNNER)
    command = [sys.executable, "-I", "-W", "error", runner, *scripts.values()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for name, run in made.items():
        with np.load(f"{scripts[name]}.npz") as arrays:
            close(name, run, dict(arrays))


def test_all_helpers_and_rules_are_run() -> None:
    """What the law above goes through leaves no helper and no operation out but `place`."""
    made = runs()
    text = "\n".join(run.code("numpy") for run in made.values())
    used = {step.operation for run in made.values() for step in run._found.request.program}
    assert used == set(RULES) - {"place"}
    assert all(f"def {name}(" in text for name in HELPERS)


@pytest.mark.parametrize("within", [range(0, 2), range(1, 3), range(1, 2), range(0, 3)])
def test_what_is_placed_has_zeros_around_it(within: range) -> None:
    """The turned slice, which only gradients of blocks are made of."""
    sizes = Sizes()
    sizes.bind("n", 3, "x")
    sizes.bind("a", len(within), "x")
    p = Program(sizes)
    places = Places(within.start, within.stop)
    placed = p.place(p.input(("a",), name="x"), "n", places, ("n",), name="placed")
    (line,) = lines(Script(p), [placed])
    space = {"np": np, "x": np.arange(1.0, 1 + len(within))}
    expected = [float(at - within.start + 1) if at in within else 0.0 for at in range(3)]
    assert eval(line.code or "", space).tolist() == expected


@contextlib.contextmanager
def usual_type(library: str) -> Iterator[None]:
    """A script sets the type of PyTorch's numbers; other tests have the usual one again."""
    yield
    if library == "torch":
        import torch

        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", [*CASES, *OF_COMPUTE])
def test_other_libraries_give_the_same_numbers(library: str, name: str) -> None:
    """PyTorch and JAX compute the same steps; where there is a gradient, so does their own."""
    pytest.importorskip(library)
    call = attn_library.gradient if name in CASES else attn_library.compute
    run = call(**{**CASES, **OF_COMPUTE}[name])
    space: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), usual_type(library):
        exec(run.code(library), space)
    for step in run._found.request.program:
        if step.name in space and not callable(space[step.name]):  # the function is "attention"
            theirs = np.asarray(space[step.name])
            ours = run[step.name]
            np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
    ends = [line for line in printed.getvalue().splitlines() if line.startswith("farthest")]
    reached = len(run.code(library).partition("by_hand = {")[2].partition("}")[0].split(","))
    if name in CASES and "def loss" in run.code(library):
        assert len(ends) == reached
    assert all(float(line.split()[-1]) <= 1e-11 for line in ends)


def test_a_gradient_that_goes_straight_through_does_so_in_code() -> None:
    """Gumbel-hard chooses, and automatic differentiation is told to look past it."""
    run = attn_library.gradient(normalizer="gumbel-hard", n=3)
    assert "constant(" in run.code("torch")
    assert "def constant(x):" in run.code("jax")
    assert "constant(" not in run.code("numpy")


def test_each_step_has_its_formula_and_one_line(attn: Attn) -> None:
    """Our names, a comment for each formula; nothing else stands between."""
    out = attn("compute", *SMALL, "--code", "numpy").out
    assert out.startswith("# Scaled dot-product attention: softmax(Q Kᵀ / √d) V\n# Vaswani 2017")
    end = out[out.index("# scores =") :].splitlines()
    assert end == [
        "# scores = Q Kᵀ",
        "scores = q @ k.T",
        "# scaled = scores / √2",
        "scaled = scores / sqrt(2)",
        "# weights = softmax(scaled), over the keys",
        "weights = softmax(scaled, axis=-1)",
        "# output = weights V",
        "output = weights @ v",
        "print(output)",
    ]
    assert "q = np.array([[1.0, 0.0], [0.0, 1.0]])" in out


def test_the_script_is_run_as_it_is_printed(attn: Attn) -> None:
    """What it prints is the output of the command."""
    script = attn("compute", *SMALL, "--code", "numpy").out
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[[1.6604769 2.6604769]\n [2.3395231 3.3395231]]\n"


def test_gradients_stand_beside_those_of_the_library(attn: Attn) -> None:
    """In PyTorch and JAX the forward steps are a function that the library differentiates too."""
    out = attn("gradient", *SMALL, "--code", "torch").out
    assert "def attention(q, k, v):" in out
    assert "torch.func.grad(loss, argnums=(0, 1, 2))(q, k, v)" in out
    assert "jax.grad(loss" in attn("gradient", *SMALL, "--code", "jax").out
    by_hand = attn("gradient", *SMALL, "--code", "numpy").out
    assert "d_scaled = weights * weights_above_mean" in by_hand
    assert "def attention" not in by_hand


def test_one_step_alone_takes_what_it_needs(attn: Attn) -> None:
    """--only ends the script there; values are not among what weights are made of."""
    out = attn("compute", *SMALL, "--only", "weights", "--code", "numpy").out
    assert out.endswith("print(weights)\n")
    assert "\nv = " not in out
    backward = attn("gradient", *SMALL, "--only", "d_v", "--code", "torch").out
    assert backward.endswith("print(d_v)\n")
    assert "d_weights" not in backward


def test_positions_are_written_as_rules() -> None:
    """A mask is its rule; one that is looked up, or long, is its numbers."""
    assert "mask = j <= i\n" in attn_library.compute(n=3, causal=True).code()
    moved = attn_library.compute(n=3, causal=True, window=2, offset=2).code()
    assert "mask = (j <= i + 2) & ((j >= i + 1) & (j <= i + 2))\n" in moved
    named = attn_library.compute(n=2, mask="documents(0, 1)").code()
    assert "mask = np.array([[True, False], [False, True]])" in named


def test_large_arrays_are_loaded(attn: Attn) -> None:
    """From the files that were typed, where they hold these numbers, else from what is saved."""
    rows = np.random.default_rng(0).standard_normal((3, 30, 40))
    for name, array in zip("qkv", rows, strict=True):
        np.save(f"{name}.npy", array)
    typed = ("--q", "q.npy", "--k", "k.npy", "--v", "v.npy")
    assert 'q = np.load("q.npy")' in attn("compute", *typed, "--code", "numpy").out
    np.savez("all.npz", q=rows[0], k=rows[1], v=rows[2])
    several = attn("gradient", "--input", "all.npz", "--code", "torch").out
    assert 'k = torch.from_numpy(np.load("all.npz")["k"])' in several
    assert "d_output = torch.full((30, 40), 1.0)" in several
    saved = attn("gradient", "--n", 30, "--d", 40, "--code", "jax", "--save", "run.npz")
    assert 'v = jnp.asarray(np.load("run.npz")["v"])' in saved.out
    assert np.load("run.npz")["v"].shape == (30, 40)


def test_a_file_that_holds_other_numbers_is_not_loaded(attn: Attn) -> None:
    """As given, q.npy has its heads elsewhere: the script would not compute the same."""
    np.save("q.npy", np.random.default_rng(0).standard_normal((1, 30, 2, 20)))
    typed = ("--q", "q.npy", "--k", "q.npy", "--v", "q.npy", "--layout", "bshd")
    ran = attn("compute", *typed, "--code", "numpy")
    assert ran.status == 2
    assert (
        "--code: q has more than 400 numbers, too many to write into a script. Give --save "
        "run.npz: the script loads it from there." in ran.err
    )


def test_long_masks_are_loaded_too(attn: Attn) -> None:
    """A mask that is no rule stands in the saved run as every step does."""
    ids = ",".join("0" * 12 + "1" * 20)
    more = ("--n", 32, "--d", 4, "--mask", f"documents({ids})", "--save", "run.npz")
    out = attn("compute", *more, "--code", "numpy").out
    assert 'mask = np.load("run.npz")["mask"]' in out
    done = subprocess.run([sys.executable, "-c", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_float32_stays_float32() -> None:
    """Arrays are of the type that was computed in."""
    run = attn_library.compute(n=3, dtype="float32", bias="alibi", causal=True)
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(run.code(), space)
    assert space["q"].dtype == space["bias"].dtype == space["output"].dtype == np.float32
    np.testing.assert_allclose(space["output"], run.output, rtol=1e-6)


def test_another_library_is_refused(attn: Attn) -> None:
    """With the nearest that there is."""
    ran = attn("compute", *SMALL, "--code", "pytorch")
    assert ran.status == 2
    assert "--code pytorch: Did you mean torch? Known: numpy, torch, jax." in ran.err


@pytest.mark.parametrize(
    "option",
    [
        ("--json",),
        ("--quiet",),
        ("--export", "x.html"),
        ("--steps",),
        ("--from", "scaled"),
        ("--step",),
        ("--show-work", "weights[0,0]"),
        ("--head", 0, "--heads", 2),
        ("--batch-index", 1),
        ("--precision", 0),
        ("--percent",),
        ("--all",),
        ("--exact",),
        ("--symbolic",),
        ("--at", "a=1"),
    ],
)
def test_what_has_no_effect_on_a_script_is_refused(attn: Attn, option: tuple[Any, ...]) -> None:
    """Options of pages, documents and exact numbers."""
    ran = attn("compute", *SMALL, "--code", "numpy", *option)
    assert ran.status == 2
    assert f"{option[0]} has no effect on --code. Leave one out." in ran.err


def test_what_has_no_effect_on_a_gradient_in_code_is_refused(attn: Attn) -> None:
    """Central differences, and the Jacobian."""
    checked = attn("gradient", *SMALL, "--code", "numpy", "--check")
    assert "--check has no effect on --code. Leave one out." in checked.err
    jacobian = attn("gradient", *SMALL, "--code", "numpy", "--jacobian", "output:q")
    assert "--code has no effect on a --jacobian. Leave one out." in jacobian.err
    query = attn("compute", "--code", "numpy", "--query-index", 1)
    assert "--query-index has no effect on --code, which has all queries." in query.err


def test_plain_scripts_are_ascii(attn: Attn) -> None:
    """Comments are, where signs can't be shown; code always is."""
    out = attn("compute", *SMALL, "--code", "numpy", "--plain").out
    assert out.isascii()
    assert "# scaled = scores / sqrt(2)" in out
