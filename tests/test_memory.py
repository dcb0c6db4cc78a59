"""Memory against a naive loop: make every step's array, free it after its last use, look once."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import pytest

import attn_cli as attn
from attn_cli import mechanisms
from attn_cli.api.cost_shapes import shape_of
from attn_cli.costs.symbolic import Shape, symbolic_program
from attn_cli.program import Step
from attn_cli.readings.cost import costs
from attn_cli.readings.formulas import letter
from attn_cli.spec import Spec

SIZES: dict[str, dict[str, Any]] = {
    "plain": {"n": 7, "d": 6},
    "long": {"n": 40, "d": 2},
    "wide": {"n": 2, "d": 40},
    "heads": {"n": 7, "d": 12, "heads": 3},
    "grouped": {"n": 7, "d": 12, "heads": 6, "kv_heads": 2},
    "batch": {"n": 7, "d": 6, "batch": 5},
    "layers": {"n": 7, "d": 6, "layers": 4, "batch": 2},
    "values": {"n": 7, "d": 6, "dv": 10},
    "model": {"n": 7, "d": 6, "d_model": 11},
    "no projections": {"n": 7, "d": 6, "no_projections": True},
    "cross": {"n": 7, "m": 11, "d": 6, "cross": True},
    "decode step": {"n": 1, "m": 30, "d": 12, "heads": 3, "layers": 3, "batch": 2},
    "chunk": {"n": 4, "m": 30, "d": 12, "heads": 3, "batch": 2},
    "causal": {"n": 7, "d": 6, "causal": True},
    "window": {"n": 9, "d": 6, "window": 3},
    "softcap": {"n": 7, "d": 6, "softcap": 5.0, "scale": 2.0},
    "alibi": {"n": 7, "d": 12, "heads": 3, "bias": "alibi"},
    "rotary": {"n": 7, "d": 12, "heads": 3, "rope": "half-split"},
    "waves": {"n": 7, "d": 6, "positions": "sinusoidal"},
    "sparsemax": {"n": 7, "d": 6, "normalizer": "sparsemax"},
    "stable softmax": {"n": 7, "d": 6, "normalizer": "softmax-steps"},
    "local p": {"n": 9, "d": 6, "local": "p", "local_d": 2},
    "half": {"n": 7, "d": 6, "dtype": "float16"},
    "online": {"n": 8, "d": 6, "block_size": 3},
    **{
        one.name: {"mode": one.name, "n": 6, "d": 16, "batch": 3, "layers": 2}
        for one in mechanisms.MECHANISMS
    },
}
ITEM = {"float16": 2, "float32": 4}
ROWS = {"x", "context", "q", "k", "v"}
"""Arrays that are there for one layer at a time; weights and caches are those of every layer."""


def program_of(values: dict[str, Any]) -> list[tuple[Step, tuple[int, ...]]]:
    """Every step with its shape in numbers."""
    spec = Spec(**values)
    mechanism = mechanisms.named(spec.mode or "scaled")
    shape = shape_of(mechanism, spec, None, lambda: None)  # type: ignore[arg-type, return-value]
    program = symbolic_program(mechanism, shape, numbers=True).program
    return [(step, program.shape(step)) for step in program]


def held_of(step: Step, shape: tuple[int, ...], item: int, new: int) -> int:
    """Bytes that a step adds: booleans have one each, a cache its new rows, a state its latest."""
    kept = dict(zip(step.axes, shape, strict=True))
    if step.operation in ("cumsum", "scan"):
        del kept[step.options["over"]]
    if step.operation == "concat":
        kept[step.options["over"]] = new
    return prod(kept.values()) * (1 if step.operation in ("allow", "within") else item)


@pytest.mark.parametrize("name", SIZES)
def test_the_peak_is_that_of_a_naive_loop(name: str) -> None:
    """Inputs and the weights of every layer stay; each step's array goes after its last use."""
    values = SIZES[name]
    item, layers = ITEM[values.get("dtype", "float32")], values.get("layers", 1)
    rows = {*ROWS, *mechanisms.named(values.get("mode", "scaled")).per_call}
    steps = [(step, held_of(step, shape, item, values["n"])) for step, shape in program_of(values)]
    stays = sum(
        held * (1 if step.name in rows else layers)
        for step, held in steps
        if step.operation == "input"
    )
    most, alive = 0, {}
    for place, (step, held) in enumerate(steps):
        if step.operation == "input":
            continue
        alive[step.name] = held
        most = max(most, stays + sum(alive.values()))
        later = {operand.name for other, _ in steps[place + 1 :] for operand in other.operands}
        alive = {name: held for name, held in alive.items() if name in later}
    assert attn.complexity(**values).memory["peak"].value == most


@pytest.mark.parametrize("name", [one for one in SIZES if "mode" not in SIZES[one]])
def test_a_cache_holds_keys_and_values_of_every_layer_and_row(name: str) -> None:
    """By hand: 2 numbers for each layer, batch row, key head, position and width of a head."""
    values = SIZES[name]
    item = ITEM[values.get("dtype", "float32")]
    heads = values.get("heads", 1)
    widths = values["d"] // heads + values.get("dv", values["d"]) // heads
    token = values.get("layers", 1) * item * values.get("kv_heads", heads) * widths
    length = values.get("m", values["n"])
    cache = attn.complexity(**values).kv_cache
    assert cache["per_token"].value == token
    assert cache["all"].value == token * values.get("batch", 1) * length


def value(cost: attn.Cost, name: str) -> int | None:
    """The operations of a step as a number."""
    return next(step.value for step in cost.steps if step.name == name)


def test_prices_by_hand() -> None:
    """Sinks, gates and rates are paid for as the page says, from sizes that all differ."""
    sink = attn.complexity(n=5, d=4, normalizer="softmax-sink")
    assert value(sink, "weights") == 5 * 25 - 2 * 5 + 4 * 5
    gated = attn.complexity(mode="gated", n=5, d=4, dv=3)
    assert value(gated, "state") == 3 * 5 * 4 * 3
    delta = attn.complexity(mode="delta", n=5, d=4, dv=3)
    assert value(delta, "state") == 5 * 5 * 4 * 3 + 2 * 5 * 3


def test_booleans_are_read_as_one_byte_each() -> None:
    """Masking reads scores and booleans, and writes scores: 4, 1 and 4 bytes an entry."""
    costed = symbolic_program(mechanisms.named("scaled"), Shape(n=5, d=4, causal=True))
    masked = next(c for c in costs(costed.program, 4, costed.counted) if c.step.name == "masked")
    letters = {letter(name): number for name, number in (("n", 5), ("d", 4))}
    assert masked.traffic.subs(letters) == 25 * (4 + 1 + 4)


def test_models_by_hand() -> None:
    """Matrices of DeepSeek-V2's attention, and T5's questions to its source, from their sizes."""
    folder = Path(__file__).parent / "configs"
    latent = attn.complexity(config=str(folder / "deepseek-v2.json")).report.kinds
    asked = 5120 * 1536 + 1536 * 128 * (128 + 64)
    kept = 5120 * (512 + 64) + 512 * 128 * (128 + 128)
    assert {kind.weights for kind in latent} == {asked + kept + 128 * 128 * 5120}
    kinds = attn.complexity(config=str(folder / "t5-base.json"), n=2, batch=3).report.kinds
    crossed = next(kind for kind in kinds if kind.name == "cross_attention")
    assert crossed.projections == 3 * 2 * 2 * (2 * 768 * 12 * 64)
    assert crossed.core == 3 * 2 * 4 * crossed.keys * 12 * 64
    mistral = str(folder / "mistral-7b-v0.1.json")
    (slides,) = attn.complexity(config=mistral, m=5000, n=4).report.kinds
    assert slides.core == 4 * 4096 * 4 * 32 * 128
    (grows,) = attn.complexity(config=mistral, m=4098, n=4).report.kinds
    assert grows.core == (4095 + 3 * 4096) * 4 * 32 * 128
    jamba = attn.complexity(config=str(folder / "jamba-v0.1.json")).report.kinds
    (others,) = (kind for kind in jamba if not kind.cache_per_key)
    assert (others.keys, others.projections, others.core, others.weights, others.cached) == (0,) * 5


def test_ways_say_their_form_and_do_without_a_mask() -> None:
    """A mode that takes no mask can be compared where there is none; latent ways say which form."""
    page = str(attn.complexity(n=5, d=16, heads=4, compare=["linear", "mla", "mla-folded"]))
    assert "mla         unfolded " in page
    assert "mla-folded  folded (absorbed)" in page
    cost = attn.complexity(n=5, d=16, heads=4, compare=["mha", "gqa", "mqa"])
    caches = [one.kv_per_token.pretty for one in cost.variants]
    assert caches == ["8 d", "8 h_kv d / h", "8 h_kv d / h"]
    with pytest.raises(attn.AttnError, match="does without a mask"):
        attn.complexity(n=5, d=16, window=2, compare=["linear"])
