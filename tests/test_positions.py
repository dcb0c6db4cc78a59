"""Biases by position, rotations and waves against loops, complex numbers and laws."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

from attn_cli import masks
from attn_cli.errors import AttnError, ShapeError
from attn_cli.mechanisms import biases
from attn_cli.mechanisms.mechanism import Rope
from attn_cli.program import OPERATIONS
from attn_cli.readings import cost
from tests import oracle
from tests.conftest import Attn
from tests.programs import normal, program_of, run
from tests.test_values import relative

HEADS = {
    "q": normal(0, 2, 6, 4, 2),
    "k": normal(1, 2, 3, 5, 2),
    "v": normal(2, 2, 3, 5, 3),
}
FLAT = {"q": normal(0, 4, 6), "k": normal(1, 7, 6), "v": normal(2, 7, 3)}


def published_slopes(heads: int) -> list[float]:
    """The authors' recursion: powers of two in order, then every other one of twice as many."""
    if heads & (heads - 1) == 0:
        start = 2 ** (-(2 ** -(math.log2(heads) - 3)))
        return [start ** (k + 1) for k in range(heads)]
    lower = 2 ** math.floor(math.log2(heads))
    return published_slopes(lower) + published_slopes(2 * lower)[0::2][: heads - lower]


@pytest.mark.parametrize("heads", range(1, 34))
def test_alibi_slopes(heads: int) -> None:
    """The slopes of any number of heads are those of the published code."""
    table = biases.slopes(heads)
    found = table.number(np, np.arange(heads))
    assert np.allclose(found, published_slopes(heads), rtol=1e-15)
    assert found.tolist() == [table.number(math, head) for head in range(heads)]


def bucket(away: int, buckets: int, farthest: int, both_ways: bool) -> int:
    """The published rule for one distance (key minus query), by logarithms."""
    if both_ways:
        half = buckets // 2
        side = half if away > 0 else 0
        return side + _one_sided(abs(away), half, farthest)
    return _one_sided(max(-away, 0), buckets, farthest)


def _one_sided(away: int, buckets: int, farthest: int) -> int:
    exact = buckets // 2
    if away < exact:
        return away
    grown = math.log(away / exact) / math.log(farthest / exact) * (buckets - exact)
    return min(exact + int(grown + 1e-9), buckets - 1)


@pytest.mark.parametrize(("buckets", "farthest"), [(32, 128), (8, 8), (16, 40), (4, 20)])
@pytest.mark.parametrize("both_ways", [True, False])
def test_t5_buckets(buckets: int, farthest: int, both_ways: bool) -> None:
    """Every distance from −300 to 300 is in the bucket that the published rule gives."""
    make = biases.t5 if both_ways else biases.t5_decoder
    arrays = {"q": normal(0, 301, 1), "k": normal(1, 301, 1), "v": normal(2, 301, 1)}
    arrays["bias_table"] = normal(3, buckets)
    found = run("scaled", arrays, bias=make(buckets, farthest))["bucket"]
    for i in (0, 17, 300):
        assert found[i].tolist() == [
            bucket(j - i, buckets, farthest, both_ways) for j in range(301)
        ]


def test_t5_buckets_as_torch_computes_them() -> None:
    """The same buckets as by torch's 32-bit logarithms."""
    torch = pytest.importorskip("torch")
    away = torch.arange(-300, 301)
    far = 8 + (torch.log(away.abs().float() / 8) / math.log(128 / 8) * 8).to(torch.long)
    inside = torch.where(away.abs() < 8, away.abs(), far.clamp(max=15))
    expected = (inside + (away > 0) * 16).tolist()
    assert [bucket(j, 32, 128, True) for j in range(-300, 301)] == expected


@pytest.mark.parametrize("offset", [0, 2, (1, -1)])
def test_alibi_in_attention(offset: int | tuple[int, ...]) -> None:
    """Weights are those of loops with −slope·|i + offset − j| added after scaling."""
    found = run(
        "scaled", HEADS, bias=biases.alibi(), offset=offset, mask=masks.causal(offset), softcap=2.0
    )
    steep = published_slopes(6)
    for b in range(2):
        at = offset if isinstance(offset, int) else offset[b]
        for h in range(6):
            weights, output = oracle.attention(
                HEADS["q"][b, h].tolist(),
                HEADS["k"][b, h // 2].tolist(),
                HEADS["v"][b, h // 2].tolist(),
                softcap=2.0,
                bias=[[-steep[h] * abs(i + at - j) for j in range(5)] for i in range(4)],
                allowed=lambda i, j, at=at: j <= i + at,
            )
            assert relative(found["weights"][b, h], weights) < 1e-12
            assert relative(found["heads" if "heads" in found else "output"][b, h], output) < 1e-12


def test_learned_biases_in_attention() -> None:
    """A bias is the table's entry for the distance, in each head its own."""
    for bias, place in (
        (biases.relative(2), lambda away: min(max(away, -2), 2) + 2),
        (biases.t5(8, 6), lambda away: bucket(away, 8, 6, True)),
    ):
        arrays = {**HEADS, "bias_table": normal(3, bias.entries, 6)}
        found = run("scaled", arrays, bias=bias)["bias"]
        for h, i, j in np.ndindex(6, 4, 5):
            assert found[h, i, j] == arrays["bias_table"][place(j - i), h]


def test_bias_without_heads_keeps_the_type() -> None:
    """One head has the slope 2⁻⁸; float32 scores stay float32."""
    arrays = {name: array.astype(np.float32) for name, array in FLAT.items()}
    found = run("scaled", arrays, bias=biases.alibi())
    expected = [[-(2**-8) * abs(i - j) for j in range(7)] for i in range(4)]
    assert found["bias"].tolist() == expected
    assert found["biased"].dtype == found["output"].dtype == np.float32


def rotated(row: list[float], position: int, base: float, interleaved: bool) -> list[float]:
    """Turn pairs as complex numbers."""
    half = len(row) // 2
    pairs = [(2 * c, 2 * c + 1) if interleaved else (c, c + half) for c in range(half)]
    turned = list(row)
    for c, (one, other) in enumerate(pairs):
        turn = cmath.exp(1j * position * base ** (-2 * c / len(row)))
        number = complex(row[one], row[other]) * turn
        turned[one], turned[other] = number.real, number.imag
    return turned


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("base", [10000.0, 50.0])
def test_rotary_positions(interleaved: bool, base: float) -> None:
    """Queries and keys are turned as complex numbers are; offsets move the queries alone."""
    for offset in (0, 3):
        found = run("dot", FLAT, rope=Rope(interleaved, base), offset=offset)
        queries = [
            rotated(row, i + offset, base, interleaved) for i, row in enumerate(FLAT["q"].tolist())
        ]
        keys = [rotated(row, j, base, interleaved) for j, row in enumerate(FLAT["k"].tolist())]
        assert relative(found["q_turned"], queries) < 1e-12
        assert relative(found["k_turned"], keys) < 1e-12


def test_turned_products_depend_on_distance_alone() -> None:
    """Moving queries and keys by the same number of positions leaves the scores as they are."""
    found = [
        run("dot", {**FLAT, "k": FLAT["k"][:4], "v": FLAT["v"][:4]}, rope=Rope())["scores"],
        run(
            "dot",
            {
                **{name: FLAT[name][:4] for name in ("q", "k", "v")},
                "past_k": normal(3, 5, 6),
                "past_v": normal(4, 5, 3),
            },
            rope=Rope(),
            offset=5,
        )["scores"][:, 5:],
    ]
    assert relative(found[1], found[0]) < 1e-12


@pytest.mark.parametrize("with_rows", [False, True])
def test_a_cache_with_positions_is_the_whole(with_rows: bool) -> None:
    """Two pieces with a cache of turned keys are one piece: rotations, waves, ALiBi."""
    chosen: dict[str, Any] = {"rope": Rope(), "bias": biases.alibi()}
    if with_rows:
        chosen["sinusoidal"] = True
        weights = {f"w_{name}": normal(place, 6, 6) for place, name in enumerate("qkv")}
        whole_arrays: dict[str, Any] = {"x": normal(5, 7, 6), **weights}
        names = ["x"]
    else:
        whole_arrays = {"q": normal(0, 7, 6), "k": FLAT["k"], "v": FLAT["v"]}
        weights, names = {}, ["q", "k", "v"]
    whole = run("scaled", whole_arrays, mask=masks.causal(), **chosen)
    first = {name: whole_arrays[name][:4] for name in names}
    second = {name: whole_arrays[name][4:] for name in names}
    one = run("scaled", {**first, **weights}, mask=masks.causal(), **chosen)
    cache = {"past_k": one["k_turned"], "past_v": one["v"]}
    other = run("scaled", {**second, **weights, **cache}, mask=masks.causal(4), offset=4, **chosen)
    both = np.concatenate([one["output"], other["output"]])
    assert relative(both, whole["output"]) < 1e-12


def test_waves() -> None:
    """Sine in even columns, cosine in odd ones, each pair slower; added to rows and context."""
    arrays = {"x": normal(0, 5, 6), "context": normal(1, 4, 5)}
    arrays |= {"w_q": normal(2, 6, 3), "w_k": normal(3, 5, 3), "w_v": normal(4, 5, 2)}
    found = run("scaled", arrays, sinusoidal=True, offset=2)
    for name, width, rows, start in (("", 6, 5, 2), ("context_", 5, 4, 0)):
        waves = [
            [
                (math.cos if c % 2 else math.sin)((t + start) / 10000 ** (c // 2 * 2 / width))
                for c in range(width)
            ]
            for t in range(rows)
        ]
        assert relative(found[f"{name}positions"], waves) < 1e-15
        given = arrays["context" if name else "x"]
        assert relative(found[f"{name}embedded"], given + np.array(waves)) < 1e-15


def test_in_blocks_as_whole() -> None:
    """Blocks of queries know their positions."""
    from attn_cli.transforms.blocks import evaluate_blocks

    arrays = {"q": normal(0, 50, 6), "k": normal(1, 70, 6), "v": normal(2, 70, 3)}
    for bias in (biases.alibi(), biases.t5(8, 9)):
        given = {**arrays, "bias_table": normal(3, 8)} if bias.entries else arrays
        chosen = {"bias": bias, "rope": Rope(), "mask": masks.causal(3), "offset": 3}
        program = program_of("scaled", given, **chosen)
        made = evaluate_blocks(program, given, block_bytes=70 * 8 * 7)
        whole = run("scaled", given, **chosen)
        assert relative(made.arrays["output"], whole["output"]) < 1e-12


def test_costs_by_hand() -> None:
    """Angles 1, turning 3 a number with sine and cosine once a pair, distances 2, slopes 1."""
    program = program_of("scaled", HEADS, bias=biases.alibi(), rope=Rope())
    found = {step.name: cost.flops(step, cost.Count(program.sizes)) for step in program}
    assert found["q_angles"] == 4 * 1
    assert found["q_turned"] == 3 * 2 * 6 * 4 * 2 + 2 * 4 * 1
    assert found["k_turned"] == 3 * 2 * 3 * 5 * 2 + 2 * 5 * 1
    assert (found["distance"], found["slopes"], found["bias"]) == (2 * 4 * 5, 6, 6 * 4 * 5)
    learned = {**HEADS, "bias_table": normal(0, 5, 6)}
    program = program_of("scaled", learned, bias=biases.relative(2))
    assert [
        cost.flops(program[name], cost.Count(program.sizes)) for name in ("bucket", "bias")
    ] == [0, 0]
    assert {step.operation for step in program} <= set(OPERATIONS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: biases.t5(6, 9), "t5: 6 buckets can't be cut into 4 equal parts."),
        (lambda: biases.t5_decoder(3, 9), "t5-decoder: 3 buckets can't be cut into 2 equal parts."),
        (lambda: biases.t5(32, 8), "t5: the farthest distance must be above 8, not 8."),
    ],
)
def test_buckets_that_make_no_sense(make: Any, message: str) -> None:
    """Numbers of buckets that can't be halved are refused."""
    with pytest.raises(AttnError) as refused:
        make()
    assert str(refused.value) == message


def test_odd_widths_have_no_pairs() -> None:
    """A width must be even to be turned; the message says where it comes from."""
    with pytest.raises(ShapeError) as refused:
        program_of("scaled", {name: normal(0, 3, 3) for name in ("q", "k", "v")}, rope=Rope())
    assert str(refused.value) == "rope= turns pairs of numbers, and d = 3 is odd (q is 3×3)."


REFUSALS = {
    "--bias alibii": "--bias: there is no bias 'alibii'. Did you mean alibi?\n  alibii\n  ^",
    "--bias alibi(3)": "--bias: alibi takes no number, not 1.\n  alibi(3)\n  ^",
    "--bias relative(0)": (
        "--bias: relative(reach=16): reach is at least 1, not 0.\n  relative(0)\n  ^"
    ),
    "--bias relative(500000000)": (
        "--bias: relative(reach=16): reach is at most 4096, not 500000000.\n"
        "  relative(500000000)\n  ^"
    ),
    "--bias t5(-)": "--bias: a whole number has to stand here.\n  t5(-)\n     ^",
    "--bias t5(6)": "--bias: t5: 6 buckets can't be cut into 4 equal parts.",
    "--rope turned": "--rope: there is no way 'turned'. Known: half-split, interleaved.",
    "--rope-base 100": "--rope-base changes the angles of --rope: add it.",
    "--rope --rope-base 1": "--rope-base: 1 is not above 1.",
    "--positions learned": "--positions: there is no 'learned'. Known: sinusoidal.",
    "--positions sinusoidal": "--positions are added to rows: give --x or --text.",
    "--param x": "--param: 'x' is not of the form NAME=ARRAY.",
    "--param q=1": "--param q: this array has an option of its own, --q.",
    "--param w=1": "--param w: scaled has no such array. It has: none of its own.",
    "--bias t5 --param w=1": (
        "--param w: scaled with t5(32, 128) has no such array. It has: bias_table."
    ),
    "--bias t5 --param bias_table=1 --param bias-table=1": "--param bias_table is given twice.",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """The message says what is wrong with which option, and what there is."""
    ran = attn("compute", *line.split(" "))
    message, _, known = ran.err.rstrip("\n").partition("\nBiases: ")
    assert (ran.status, message) == (2, f"Error: {REFUSALS[line]}")
    assert bool(known) == ("^" in message)
    assert not known or known == (
        "alibi, t5(buckets=32, farthest=128), t5-decoder(buckets=32, farthest=128), "
        "relative(reach=16).\nIn attn compute an array may stand here too: a file, or numbers."
    )


def test_biases_by_name_of_their_numbers(attn: Attn) -> None:
    """What a list of biases shows can be typed."""
    found = [
        attn("compute", "--bias", text, "--quiet").out
        for text in ("t5(32, 128)", "t5(buckets=32, farthest=128)", "t5", "T5(8)".lower())
    ]
    assert found[0] == found[1] == found[2] != found[3]


def test_bare_rope(attn: Attn) -> None:
    """--rope alone turns halves; it may be followed by an option, a value, or nothing."""
    size = ("compute", "--n", 3, "--quiet")
    bare = attn(*size, "--rope")
    assert bare.out == attn("compute", "--rope", "--n", 3, "--quiet").out
    assert bare.out == attn(*size, "--rope", "half-split").out
    assert bare.out != attn(*size, "--rope", "interleaved").out
    assert "c, c + d/2 (half-split) are a pair, base 10000" in attn("compute", "--rope").flat


def test_a_saved_run_keeps_its_positions(attn: Attn) -> None:
    """Bias, rotation and offset come back with the arrays."""
    options = ("--bias", "relative(2)", "--rope", "interleaved", "--rope-base", 50, "--heads", 2)
    saved = attn(
        "compute", *options, "--m", 6, "--align", "bottom-right", "--save", "run.npz", "--quiet"
    )
    again = attn("compute", "--input", "run.npz", "--quiet")
    assert again.out == saved.out
    table = attn("compute", "--bias", "relative(2)", "--input", "run.npz", "--quiet")
    assert table.out == saved.out


def test_a_new_mask_stands_where_the_saved_run_does(attn: Attn) -> None:
    """Queries of a saved run keep their place for masks that are added, unless they are moved."""
    run = ("compute", "--n", 3, "--m", 5, "--causal", "--offset", 2, "--bias", "alibi")
    assert attn(*run, "--save", "run.npz").status == 0
    again = attn("compute", "--input", "run.npz", "--window", 2, "--only", "mask")
    assert "q0  ·  ■  ■  ·  ·\n" in again.out
    moved = attn("compute", "--input", "run.npz", "--offset", 1, "--only", "distance")
    assert "q0 -1  0 -1 -2 -3\n" in moved.out
    base = attn("compute", "--rope", "--save", "rope.npz")
    assert base.status == 0
    assert attn("compute", "--input", "rope.npz", "--rope-base", 100).status == 0


def test_a_saved_place_of_another_batch(attn: Attn) -> None:
    """An offset for each batch row needs as many rows."""
    run = (
        "compute",
        "--n",
        3,
        "--m",
        4,
        "--batch",
        2,
        "--lengths",
        "4,3",
        "--align",
        "bottom-right",
    )
    assert attn(*run, "--bias", "alibi", "--save", "run.npz").status == 0
    for name, rows in (("q", 3), ("k", 4), ("v", 4)):
        np.save(f"{name}.npy", normal(0, 3, rows, 4))
    given = ("--q", "q.npy", "--k", "k.npy", "--v", "v.npy", "--mask", "[1, 1, 1, 1]")
    ran = attn("compute", "--input", "run.npz", *given)
    assert ran.err == (
        "Error: --input: the saved run places the queries of 2 batch rows, and here there are 3. "
        "Give --offset or --align.\n"
    )


def test_formulas_of_moved_positions(attn: Attn) -> None:
    """A sum of positions stands in brackets where it is divided."""
    ran = attn("compute", "--n", 2, "--rope", "--offset", 2, "--only", "q_angles")
    assert "q_angles = (i+2) / 10000^(2c/4)" in ran.out
    clipped = attn("mask", "--bias", "relative(1)", "--n", 4, "--json")
    assert clipped.status == 0


def test_arrays_that_nothing_asks_for(attn: Attn) -> None:
    """A learned table without its bias, and a bias beside a named one, are told of."""
    np.savez("all.npz", q=normal(0, 3, 4), bias_table=normal(1, 32), bias=normal(2, 3, 3))
    assert "not used: bias_table." in attn("compute", "--input", "all.npz").err
    assert (
        "not used: bias_table, bias."
        in attn("compute", "--input", "all.npz", "--bias", "alibi").err
    )
