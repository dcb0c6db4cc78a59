"""The gradient of every program, against central differences and torch's autograd; its laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attn_cli import masks, mechanisms
from attn_cli.api.gradient_report import meanings_of
from attn_cli.mechanisms import biases
from attn_cli.mechanisms.mechanism import Rope
from attn_cli.mechanisms.normalizers import NORMALIZERS, normalizer
from attn_cli.program import OPERATIONS, Program
from attn_cli.readings.traced import Numbers, traced_steps
from attn_cli.readings.values import evaluate
from attn_cli.transforms.gradient import Gradient, gradient
from attn_cli.transforms.gradient_rules import RULES
from attn_cli.views.numbers import short
from tests.programs import SCORED, Arrays, normal, program_of, with_parameters
from tests.test_readings import MADE_FOR_GRADIENTS, RUNS, angle_run

NOISE = ("gumbel", "uniform")
CHOSEN = ("hard", "sample")
"""Normalizers that let nothing through; gumbel-hard goes straight through on purpose."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_a_gradient(operation: str) -> None:
    """A new operation brings a rule; those that only gradients are made of need none."""
    assert (operation in RULES) != (operation in MADE_FOR_GRADIENTS)


def grown(program: Program, arrays: Arrays) -> tuple[Gradient, Arrays, np.ndarray, Arrays]:
    """A program's gradient with its numbers, for a random change of the output."""
    arrays = with_parameters(program, arrays)
    wanted = [
        step.name
        for step in program.inputs
        if arrays[step.name].dtype.kind == "f" and step.name not in NOISE
    ]
    made = gradient(program, wanted)
    change = np.random.default_rng(9).standard_normal(program.shape(program.output))
    return made, evaluate(made.program, {**arrays, made.given.name: change}), change, arrays


def assert_by_differences(program: Program, given: Arrays) -> None:
    """Each array's gradient on a random direction is the central difference along it."""
    made, numbers, change, arrays = grown(program, given)
    random = np.random.default_rng(3)
    for name, step in made.found.items():
        along = random.standard_normal(arrays[name].shape)

        def loss(size: float, name: str = name, along: np.ndarray = along) -> float:
            moved = evaluate(program, {**arrays, name: arrays[name] + size * along})
            return float((moved[program.output.name] * change).sum())

        small = 1e-6
        measured = (loss(small) - loss(-small)) / (2 * small)
        found = 0.0 if step is None else float((numbers[step.name] * along).sum())
        assert step is None or numbers[step.name].shape == arrays[name].shape
        assert abs(found - measured) <= 1e-6 * max(abs(measured), 1.0), name


def differentiable(make: Callable[[], Any]) -> bool:
    """Whether a run of the readings' tests is smooth where it stands."""
    _, chosen = make()
    return make is not angle_run and getattr(chosen.get("normalizer"), "name", "") != "gumbel-hard"


SMOOTH = [make for make in RUNS if differentiable(make)]


@pytest.mark.parametrize("make", SMOOTH)
def test_rules_agree_with_central_differences(make: Callable[[], Any]) -> None:
    """Every operation on one random direction, as far as float64 tells."""
    arrays, chosen = make()
    assert_by_differences(program_of(chosen.pop("mode", "scaled"), arrays, **chosen), arrays)


def test_the_runs_use_every_rule() -> None:
    """No rule is left out of what is compared above."""
    used: set[str] = set()
    for make in (*SMOOTH, angle_run):
        arrays, chosen = make()
        program = program_of(chosen.pop("mode", "scaled"), arrays, **chosen)
        used |= {step.operation for step in program}
    assert used == set(RULES)


WIDE = {"x": normal(0, 3, 8)}
GROUPED = {"q": normal(0, 2, 4, 3, 4), "k": normal(1, 2, 2, 5, 4), "v": normal(2, 2, 2, 5, 3)}
PLAIN = {"q": normal(0, 3, 4), "k": normal(1, 5, 4), "v": normal(2, 5, 3)}

CASES: dict[str, tuple[str, Arrays, dict[str, Any]]] = {
    **{
        one.name: (one.name, PLAIN, {}) if one.name in SCORED else (one.name, WIDE, {"heads": 2})
        for one in mechanisms.MECHANISMS
        if not one.name.startswith("fc")
    },
    **{
        f"{mode}, {function}": (mode, {"x": normal(4, 4, 3)}, {"activation": function})
        for mode in ("fc-time", "fc-feature")
        for function in ("tanh", "relu", "sigmoid")
    },
    **{
        f"normalizer {one.name}": (
            "scaled",
            GROUPED,
            {"normalizer": one, "mask": masks.causal(1), "temperature": 0.7},
        )
        for one in NORMALIZERS
        if one.name not in (*CHOSEN, "gumbel-hard")
    },
    "softcap, mask, given bias": (
        "scaled",
        {**GROUPED, "bias": normal(5, 4, 3, 5)},
        {"softcap": 1.5, "mask": masks.causal(2)},
    ),
    "alibi, rotary": ("scaled", GROUPED, {"bias": biases.alibi(), "rope": Rope()}),
    "learned distances": (
        "scaled",
        {**GROUPED, "bias_table": normal(6, 5, 4)},
        {"bias": biases.relative(2), "rope": Rope(interleaved=True)},
    ),
    "predicted window": ("scaled", PLAIN, {"local_p": 2}),
    "a cache": (
        "scaled",
        {**GROUPED, "past_k": normal(7, 2, 2, 3, 4), "past_v": normal(8, 2, 2, 3, 3)},
        {},
    ),
    "by blocks of keys": ("scaled", GROUPED, {"block_size": 2, "mask": masks.causal(0)}),
    "by element": ("scaled", GROUPED, {"by_element": True}),
    "causal linear": ("linear", WIDE, {"heads": 2, "mask": masks.causal()}),
    "positions": ("scaled", WIDE, {"heads": 2, "sinusoidal": True}),
    "residual and pre": ("scaled", WIDE, {"heads": 2, "residual": True, "norm": "pre"}),
    "residual and post": ("additive", WIDE, {"residual": True, "norm": "post"}),
}


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_autograd(case: str) -> None:
    """Every gradient within 1e-12 of torch's, relative to the largest number of its array."""
    pytest.importorskip("torch", reason="torch is not installed")
    from tests import torch_reading
    from tests.torch_reading import torch

    mode, arrays, chosen = CASES[case]
    made, numbers, change, arrays = grown(program_of(mode, arrays, **chosen), arrays)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    for name in made.found:
        tensors[name].requires_grad_()
    forward = [s for s in made.program if s not in made.backward and s is not made.given]
    program = Program(made.program.sizes)
    program.steps = forward
    output = torch_reading.run(program, tensors)[forward[-1].name]
    assert np.abs(output.detach().numpy() - numbers[forward[-1].name]).max() < 1e-12
    (output * torch.from_numpy(change)).sum().backward()
    for name, step in made.found.items():
        theirs = tensors[name].grad
        expected = np.zeros_like(arrays[name]) if theirs is None else theirs.numpy()
        ours = np.zeros_like(arrays[name]) if step is None else numbers[step.name]
        largest = max(np.abs(expected).max(initial=0), 1.0)
        assert np.abs(ours - expected).max(initial=0) <= 1e-12 * largest, name


def test_every_step_of_a_gradient_has_its_words() -> None:
    """Formula, LaTeX, meaning and a worked cell whose line gives its number.

    Where terms cancel but for rounding, the line says so instead.
    """
    used: set[str] = set()
    for make in SMOOTH:
        arrays, chosen = make()
        mode = chosen.pop("mode", "scaled")
        made, numbers, _, _ = grown(program_of(mode, arrays, **chosen), arrays)
        own = {step.name for step in made.backward}
        forward = {step.name for step in made.program} - own
        traced = traced_steps(Numbers(made.program, numbers), meanings_of(made, forward), short, 4)
        for step in traced:
            if step.name in own:
                used.add(step.operation)
                assert step.formula, step.name
                assert step.latex.count("{") == step.latex.count("}")
                assert step.meaning, step.name
                assert step.work is not None
                lost = abs(numbers[step.name][step.work.at]) < 1e-12
                assert step.work.follows or lost, step.work
    assert used >= MADE_FOR_GRADIENTS


@pytest.mark.parametrize("name", CHOSEN)
def test_choices_stop_the_gradient(name: str) -> None:
    """What is chosen or drawn does not change by a little: q and k get none, and it is said."""
    made, numbers, _, _ = grown(program_of("scaled", PLAIN, normalizer=normalizer(name)), PLAIN)
    assert [step.name for step in made.stops] == ["weights"]
    assert made.found["q"] is made.found["k"] is None
    assert made.found["v"] is not None
    assert numbers["d_v"].any()


def test_gumbel_hard_goes_straight_through() -> None:
    """Its gradient is that of the shares it chooses from, as if nothing had been chosen."""
    hard, soft = (
        program_of("scaled", PLAIN, normalizer=normalizer(f"gumbel-{kind}"))
        for kind in ("hard", "softmax")
    )
    _, numbers, change, arrays = grown(hard, PLAIN)
    made = gradient(soft, ["q"])
    shares = evaluate(soft, arrays)
    pulled = change @ arrays["v"].T
    weights = shares["weights"]
    scores = weights * (pulled - (pulled * weights).sum(axis=1, keepdims=True))
    assert np.allclose(numbers["d_q"], scores @ arrays["k"] / 2, rtol=1e-12)
    assert made.found["q"] is not None


def test_softmax_by_hand() -> None:
    """d_scores = w ⊙ (d_w - Σ d_w ⊙ w), on two keys where it is p (1 - p) (d_0 - d_1)."""
    arrays = {"q": np.eye(2), "k": np.eye(2), "v": np.array([[1.0, 2.0], [3.0, 4.0]])}
    program = program_of("scaled", arrays)
    made = gradient(program, ["q", "k", "v"])
    numbers = evaluate(made.program, {**arrays, "d_output": np.ones((2, 2))})
    share = numbers["weights"][0, 0]
    assert abs(numbers["d_scaled"][0, 0] - share * (1 - share) * (3 - 7)) < 1e-15
    assert np.allclose(numbers["d_scaled"].sum(axis=1), 0, atol=1e-15)
    assert np.allclose(numbers["d_v"], numbers["weights"].T @ np.ones((2, 2)), rtol=1e-15)


def test_the_products_cost_twice_their_forward() -> None:
    """Each product of matrices has two in its gradient, each as large as itself."""
    from attn_cli.readings.cost import flops
    from attn_cli.readings.count import Count

    program = program_of("scaled", {"x": normal(0, 6, 8)}, heads=2)
    wanted = [step.name for step in program.inputs]
    made = gradient(program, wanted)
    count = Count(program.sizes)

    def products(steps: Any) -> int:
        return sum(flops(step, count) for step in steps if step.operation == "contract")

    assert products(made.backward) == 2 * products(program)
