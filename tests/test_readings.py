"""Every reading has a rule for every operation; cost, words and work against hand counts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks, mechanisms
from attn_cli.mechanisms import biases
from attn_cli.mechanisms.mechanism import Rope
from attn_cli.mechanisms.normalizers import NORMALIZERS, normalizer
from attn_cli.program import OPERATIONS, Program
from attn_cli.readings import code, cost, traced, values, words, work
from attn_cli.readings.notation import Latex, Unicode
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.views.numbers import short
from tests.programs import Arrays, normal, program_of, run

MADE_FOR_GRADIENTS = {"power", "scatter", "place", "earlier", "scan_back"}
"""Operations that only gradients are made of; tests/test_gradient.py uses them."""

TABLES = {
    "values": values.RULES,
    "cost": cost.RULES,
    "words": words.FORMULAS,
    "work": work.WORK,
    "code": code.RULES,
}


@pytest.mark.parametrize("reading", TABLES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_reading_knows_every_operation(reading: str, operation: str) -> None:
    """A new operation brings one rule to each reading; this names the one that is missing."""
    given_from_outside = reading == "values" and operation == "input"
    assert given_from_outside or operation in TABLES[reading]


def all_arrays() -> tuple[Arrays, dict]:
    """A run that uses every operation on arrays and scores."""
    arrays = {
        "x": normal(0, 3, 8),
        "context": normal(1, 4, 6),
        "w_q": normal(2, 8, 4),
        "w_k": normal(3, 6, 2),
        "w_v": normal(4, 6, 3),
        "w_o": normal(8, 6, 5),
        "past_k": normal(5, 1, 2, 2),
        "past_v": normal(6, 1, 2, 3),
        "bias": normal(7, 3, 6),
    }
    chosen = {"heads": 2, "kv_heads": 1, "softcap": 2.0, "mask": masks.causal(2)}
    return arrays, chosen


def positioned_run() -> tuple[Arrays, dict]:
    """A run that uses the operations on positions, beside those of the other."""
    arrays = {
        "x": normal(0, 3, 6),
        "w_q": normal(1, 6, 4),
        "w_k": normal(2, 6, 4),
        "w_v": normal(3, 6, 4),
        "w_o": normal(4, 4, 4),
    }
    chosen = {"heads": 2, "rope": Rope(), "sinusoidal": True, "bias": biases.alibi()}
    return arrays, chosen


def selecting_run() -> tuple[Arrays, dict]:
    """A run that turns neighbours and selects learned numbers."""
    arrays = {name: normal(place, 2, 3, 4, 2) for place, name in enumerate("qkv")}
    arrays["bias_table"] = normal(3, 5, 3)
    return arrays, {"rope": Rope(interleaved=True), "bias": biases.relative(2), "offset": (1, -1)}


def network_run() -> tuple[Arrays, dict]:
    """A run whose scores come from a small network."""
    arrays = {"q": normal(0, 2, 4, 3, 2), "k": normal(1, 2, 2, 3, 3), "v": normal(2, 2, 2, 3, 2)}
    arrays |= {"w": normal(3, 5, 2), "v_a": normal(4, 2)}
    return arrays, {"mode": "concat"}


def angle_run() -> tuple[Arrays, dict]:
    """A run by angles; one key has no direction."""
    arrays = {"q": normal(0, 3, 4), "k": normal(1, 3, 4), "v": normal(2, 3, 2)}
    arrays |= {"beta": np.array([2.0])}
    arrays["k"][1] = 0
    return arrays, {"mode": "cosine"}


def running_run() -> tuple[Arrays, dict]:
    """A run with a running state and a running sum, in grouped heads."""
    arrays = {"q": normal(0, 2, 4, 3, 2), "k": normal(1, 2, 2, 3, 2), "v": normal(2, 2, 2, 3, 3)}
    return arrays, {"mode": "linear", "mask": masks.causal()}


def correcting_run() -> tuple[Arrays, dict]:
    """A run whose state is gated, read and corrected."""
    arrays = {"q": normal(0, 4, 6), "k": normal(1, 4, 6), "v": normal(2, 4, 4)}
    arrays |= {"gate": np.array([0.9, 0.5, 1.0, 0.25]), "beta": np.array([1.0, 0.5, 0.75, 0.0])}
    return arrays, {"mode": "delta", "heads": 2}


def connected_run() -> tuple[Arrays, dict]:
    """A run without a query, whose columns become shares."""
    arrays = {"x": normal(0, 4, 3), "w": normal(1, 4, 4), "b": normal(2, 4)}
    return arrays, {"mode": "fc-time", "activation": "tanh"}


def branched_run() -> tuple[Arrays, dict]:
    """A run whose branches are summed."""
    arrays = {"x": normal(0, 3, 4), "kappa": np.array([0.4, 0.6]), "alpha": np.array([1.0, 0.0])}
    arrays |= {name: normal(place, 4, 4) for place, name in enumerate(("w_q", "w_k", "w_v", "w_o"))}
    arrays |= {"w_1": normal(5, 4, 3), "b_1": normal(6, 3), "w_2": normal(7, 3, 4)}
    return {**arrays, "b_2": normal(8, 4)}, {"mode": "branched", "heads": 2}


def latent_run() -> tuple[Arrays, dict]:
    """A run from a latent row."""
    arrays = {"x": normal(0, 3, 4), "w_q": normal(1, 4, 4), "w_o": normal(2, 4, 3)}
    arrays |= {"w_dkv": normal(3, 4, 3), "w_uk": normal(4, 3, 4), "w_uv": normal(5, 3, 4)}
    arrays |= {"w_qr": normal(6, 4, 4), "w_kr": normal(7, 4, 2)}
    return arrays, {"mode": "mla", "heads": 2}


def single_run() -> tuple[Arrays, dict]:
    """A run by element, in grouped heads."""
    arrays = {"q": normal(0, 2, 4, 2, 2), "k": normal(1, 2, 2, 3, 2), "v": normal(2, 2, 2, 3, 3)}
    return arrays, {"by_element": True}


def online_run() -> tuple[Arrays, dict]:
    """A run by blocks of keys, the last one shorter."""
    arrays = {"q": normal(0, 4, 2), "k": normal(1, 5, 2), "v": normal(2, 5, 3)}
    return arrays, {"block_size": 2, "mask": masks.causal(-1)}


def local_run() -> tuple[Arrays, dict]:
    """A run with a predicted window."""
    arrays = {"q": normal(0, 4, 3), "k": normal(1, 5, 3), "v": normal(2, 5, 2)}
    return {**arrays, "w_p": normal(3, 3, 2), "v_p": normal(4, 2)}, {"local_p": 2}


def normalized_run(name: str) -> Callable[[], tuple[Arrays, dict]]:
    """A run under a normalizer, one row of it empty."""

    def make() -> tuple[Arrays, dict]:
        arrays = {"q": normal(0, 4, 3), "k": normal(1, 5, 3), "v": normal(2, 5, 2)}
        arrays |= {
            key: np.abs(normal(7, *(1 if a == "1" else {"n": 4, "m": 5}[a] for a in axes))) % 1
            for key, axes in normalizer(name).arrays(("n", "m"), "m").items()
        }
        return arrays, {"normalizer": normalizer(name), "mask": masks.causal(-1)}

    return make


RUNS = (
    *(normalized_run(one.name) for one in NORMALIZERS),
    local_run,
    all_arrays,
    positioned_run,
    selecting_run,
    network_run,
    angle_run,
    running_run,
    correcting_run,
    connected_run,
    branched_run,
    latent_run,
    single_run,
    online_run,
)


def traced_run(arrays: Arrays, mode: str = "scaled", **chosen: object) -> tuple:
    """All steps with words, cost and one worked cell each."""
    program = program_of(mode, arrays, **chosen)
    numbers = traced.Numbers(program, values.evaluate(program, arrays))
    return numbers, traced.traced_steps(
        numbers, {**MEANINGS, **mechanisms.named(mode).meanings}, short, 4
    )


def test_every_step_has_its_words() -> None:
    """Formula, LaTeX and meaning stand at every computed step, a symbol and shapes at all."""
    used = {"rearrange"}
    for make in RUNS:
        arrays, chosen = make()
        numbers, steps = traced_run(arrays, **chosen)
        used |= {step.operation for step in numbers.program}
        for step in steps:
            assert step.symbol
            assert step.meaning
            assert step.given or (step.formula and step.latex and step.sizes)
            assert step.latex.count("{") == step.latex.count("}")
    assert used == {*OPERATIONS} - MADE_FOR_GRADIENTS


def test_formulas() -> None:
    """The formulas of a cached, grouped, projected run, in Unicode and LaTeX."""
    arrays, chosen = all_arrays()
    program = program_of("scaled", arrays, **chosen)
    found = {
        step.name: words.formula(step, program.sizes, Unicode())
        for step in program
        if step.operation != "input"
    }
    assert found == {
        "q": "X W_Q",
        "k": "C W_K",
        "v": "C W_V",
        "present_k": "[past_k; K]",
        "present_v": "[past_v; V]",
        "scores": "Q present_kᵀ",
        "scaled": "scores / √2",
        "softcapped": "2 · tanh(scaled / 2)",
        "biased": "softcapped + bias",
        "mask": "causal(offset=2)",
        "masked": "biased where mask, else -∞",
        "weights": "softmax(masked), over the keys",
        "heads": "weights present_v",
        "output": "Concat(heads) W_O",
    }
    packed = program_of("dot", {n: normal(0, 2, 4) for n in ("q", "k", "v")}, heads=2)
    assert words.formula(packed["q_heads"], packed.sizes, Unicode()) == "Q, split into heads"
    assert words.formula(packed["output"], packed.sizes, Unicode()) == "Concat(heads)"
    scaled = words.formula(program["scaled"], program.sizes, Latex())
    assert scaled == r"\frac{\mathrm{scores}}{\sqrt{2}}"
    scores = words.formula(program["scores"], program.sizes, Latex())
    assert scores == r"Q \, \mathrm{present\_k}^{\top}"


sizes = st.integers(1, 7)


@given(n=sizes, m=sizes, d=sizes, dv=sizes)
def test_cost_by_hand(n: int, m: int, d: int, dv: int) -> None:
    """2nmd, nm, 5nm − 2n, 2nm d_v: the counts of the four steps."""
    arrays = {"q": normal(0, n, d), "k": normal(1, m, d), "v": normal(2, m, dv)}
    program = program_of("scaled", arrays)
    found = {step.name: cost.flops(step, cost.Count(program.sizes)) for step in program}
    assert found["scores"] == 2 * n * m * d
    assert found["scaled"] == n * m
    assert found["weights"] == 5 * n * m - 2 * n
    assert found["output"] == 2 * n * m * dv


def test_heads_share_the_cost() -> None:
    """Splitting a width over heads leaves the operations of both products as they are."""
    arrays = {"q": normal(0, 3, 8), "k": normal(1, 5, 8), "v": normal(2, 5, 8)}
    totals = []
    for heads in (None, 2, 4):
        program = program_of("scaled", arrays, heads=heads)
        products = [s for s in program if cost.is_product(s)]
        totals.append(sum(cost.flops(step, cost.Count(program.sizes)) for step in products))
    assert len(set(totals)) == 1


def test_price_in_letters() -> None:
    """The letters name every axis of a product once; grouped heads count as h."""
    arrays, chosen = all_arrays()
    program = program_of("scaled", arrays, **chosen)
    assert words.product_price(program["scores"]) == "2·h·n·m·d"
    assert words.product_price(program["q"]) == "2·h·n·d_model·d"


def exact(number: float, _: int) -> str:
    """Every digit of a number."""
    return repr(number)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def arithmetic(text: str) -> float:
    """Evaluate a worked line: sums, products, quotients, roots, powers, tanh, sine and cosine."""
    assert re.fullmatch(r"(?:[-+*/(),. \de·√^|²]|tanh|sin|cos|max|min|inf)*", text), text
    python = text.replace("²", "**2").replace("·", "*").replace("e^", "E**").replace("^", "**")
    python = re.sub(r"\|([^|]*)\|", r"abs(\1)", python)
    python = re.sub(r"(sin|cos) (-?[\d.]+(?:e-?\d+)?)", r"\1(\2)", python)
    python = re.sub(r"√\(([^√]*)\)$", r"(\1)**0.5", python)
    python = re.sub(r"√(\d+)", r"(\1**0.5)", python)
    names = {
        "E": math.e,
        "tanh": math.tanh,
        "sin": math.sin,
        "cos": math.cos,
        "abs": abs,
        "max": max,
        "min": min,
        "inf": math.inf,
    }
    return float(eval(python, {"__builtins__": {}}, names))


@pytest.mark.parametrize("make", RUNS)
def test_worked_arithmetic_comes_out(make: Callable[[], tuple[Arrays, dict]]) -> None:
    """The numbers put in, worked out by Python, give the cell, for every cell of every step."""
    arrays, chosen = make()
    numbers, _ = traced_run(arrays, **chosen)
    checked = 0
    for step in numbers.program:
        array = numbers.arrays[step.name]
        for index in np.ndindex(array.shape):
            worked = traced.worked_cell(numbers, step.name, index, exact, 17)
            assert worked.cell == f"{step.name}[{','.join(map(str, index))}]"
            if step.operation in ("allow", "within", "input", "mask") or not worked.numbers:
                continue
            found = arithmetic(worked.numbers)
            assert math.isclose(found, array[index], rel_tol=1e-12, abs_tol=1e-14)
            checked += 1
    assert checked > 40


def test_work_points_at_the_cell_a_number_comes_from() -> None:
    """Rearranged and appended numbers name the cell they are copied from."""
    arrays, chosen = all_arrays()
    numbers, _ = traced_run(arrays, **chosen)
    packed = {name: normal(place, 3, 4) for place, name in enumerate("qkv")}
    split, _ = traced_run(packed, heads=2)
    for name in ("q_heads", "v_heads", "output"):
        for index in np.ndindex(split.arrays[name].shape):
            source, _, place = traced.worked_cell(split, name, index, exact, 17).formula.partition(
                "["
            )
            cell = tuple(int(part) for part in place.rstrip("]").split(","))
            step = {"Q": "q", "V": "v"}.get(source, source)
            assert split.arrays[step][cell] == split.arrays[name][index]
    selected, _ = traced_run(*selecting_run()[:1], **selecting_run()[1])
    for index in np.ndindex(selected.arrays["bias"].shape):
        formula = traced.worked_cell(selected, "bias", index, exact, 17).formula
        cell = tuple(
            int(part) for part in formula.removeprefix("bias_table[").rstrip("]").split(",")
        )
        assert selected.arrays["bias_table"][cell] == selected.arrays["bias"][index]
    for name in ("present_k", "present_v", "masked"):
        array = numbers.arrays[name]
        for index in np.ndindex(array.shape):
            worked = traced.worked_cell(numbers, name, index, exact, 17)
            if worked.numbers:
                assert array[index] == -np.inf
                continue
            source, _, place = worked.formula.partition("[")
            cell = tuple(int(part) for part in place.rstrip("]").split(","))
            assert numbers.arrays[source][cell] == array[index]


def test_long_sums_say_what_they_leave_out() -> None:
    """Under a table six terms are shown at most, and the others are counted."""
    arrays = {"q": normal(0, 2, 40), "k": normal(1, 3, 40), "v": normal(2, 3, 2)}
    _, steps = traced_run(arrays)
    scores = next(step for step in steps if step.name == "scores")
    assert scores.work is not None
    assert "… 35 more, together " in scores.work.numbers
    assert scores.work.numbers.count("·") == 5


def test_an_empty_row_is_worked_out_as_nothing() -> None:
    """Where no key is allowed the work says so and the weight is 0."""
    arrays = {"q": normal(0, 2, 2), "k": normal(1, 2, 2), "v": normal(2, 2, 2)}
    numbers, _ = traced_run(arrays, mask=masks.causal(-1))
    worked = traced.worked_cell(numbers, "weights", (0, 1), short, 4)
    assert (worked.result, worked.note) == ("0", "no key is allowed, so the row is 0")


def test_sums_over_axes_are_written_where_no_product_of_matrices_is() -> None:
    """A contraction that is no product of two matrices is written as a sum over its axes."""
    from attn_cli.program import Sizes

    bound = Sizes()
    for axis, size in (("n", 2), ("d", 3), ("m", 4)):
        bound.bind(axis, size, "test")
    p = Program(bound)
    a = p.input(("d", "n"), name="a")
    b = p.input(("d", "m"), name="b")
    step = p.contract("d n, d m -> n m", a, b, name="c")
    assert words.formula(step, bound, Unicode()) == "aᵀ b"
    other = p.contract("d n, d m -> m n", a, b, name="other")
    assert words.formula(other, bound, Unicode()) == "bᵀ a"
    wide, deep = p.input(("d", "m", "n"), name="wide"), p.input(("d", "n", "m"), name="deep")
    total = p.contract("d m n, d a m -> n a", wide, deep, name="total")
    assert words.formula(total, bound, Unicode()) == "Σ_d,m wide deep"
    arrays = {"a": normal(0, 3, 2), "b": normal(1, 3, 4)}
    arrays |= {"wide": normal(2, 3, 4, 2), "deep": normal(3, 3, 2, 4)}
    found = values.evaluate(p, arrays)
    assert np.allclose(found["c"], arrays["a"].T @ arrays["b"], rtol=1e-14)
    assert np.allclose(found["other"], arrays["b"].T @ arrays["a"], rtol=1e-14)
    summed = np.einsum("dmn,dam->na", arrays["wide"], arrays["deep"])
    assert np.allclose(found["total"], summed, rtol=1e-13)


def test_run_keeps_the_order_of_steps() -> None:
    """Steps come out in the order of the contract's names."""
    arrays, chosen = all_arrays()
    names = list(run("scaled", arrays, **chosen))
    order = ["scores", "scaled", "softcapped", "biased", "masked", "weights", "heads", "output"]
    assert [name for name in names if name in order] == order
