"""The cost report: formulas equal what is counted while the values are computed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from attn_cli import masks, mechanisms
from attn_cli.costs.report import ITEM_SIZES, cost_report
from attn_cli.costs.symbolic import Shape
from attn_cli.masks.counts import causal_pairs, causal_rows, window_pairs, window_rows
from attn_cli.readings import cost, formulas
from tests.counting import counts, refuse_other_counts
from tests.programs import SCORED, normal, program_of, with_parameters

MODES = {mode: mechanisms.named(mode) for mode in SCORED}
SHAPES = {
    "one head": Shape(n=5, d=6),
    "cross": Shape(n=5, m=7, d=6, cross=True),
    "heads": Shape(n=3, d=12, h=4, h_kv=2, b=2),
    "one key head": Shape(n=7, d=12, h=3, h_kv=1),
    "odd widths": Shape(n=3, m=5, d=12, h=4, d_v=20, d_model=7, cross=True),
    "a head of its own width": Shape(n=3, d=10, h=2, d_head=3, d_v=8),
    "a cache": Shape(n=2, m=9, d=8, h=2, causal=True),
    "no projections": Shape(n=5, m=3, d=4, projections=False, cross=True),
    "causal": Shape(n=7, d=6, h=2, causal=True),
    "window": Shape(n=9, d=6, causal=True, w=4),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_formulas_equal_the_count(shape: str, mode: str) -> None:
    """Each step's formula, with the sizes put in, is the integer counted while it is computed."""
    refuse_other_counts(MODES[mode], SHAPES[shape])


@pytest.mark.parametrize("mode", MODES)
def test_every_operation_is_counted(mode: str) -> None:
    """Softcap, bias and mask too: compute's own programs count what their cost says."""
    arrays = {name: normal(place, 5, 6) for place, name in enumerate("qkv")}
    arrays["bias"] = normal(9, 5, 5)
    program = program_of(mode, arrays, heads=3, softcap=2.0, mask=masks.causal(), scale=0.5)
    for name, count in counts(program, with_parameters(program, arrays)).items():
        assert count == cost.flops(program[name], cost.Count(program.sizes)), name


sizes = st.integers(1, 9)


@given(n=sizes, m=sizes, offset=st.integers(-5, 9), window=st.integers(1, 9))
def test_pairs_equal_a_count(n: int, m: int, offset: int, window: int) -> None:
    """The closed forms count what a loop over all pairs counts."""
    allowed = [(i, j) for i in range(n) for j in range(m) if j <= i + offset]
    assert causal_pairs(n, m, offset, above) == len(allowed)
    assert causal_rows(n, offset, above) == len({i for i, _ in allowed})
    near = [(i, j) for i, j in allowed if j > i + offset - window]
    assert window_pairs(n, m, offset, window, above) == len(near)
    assert window_rows(n, m, offset, window, above) == len({i for i, _ in near})


def above(size: int) -> int:
    """The size where it is positive."""
    return max(size, 0)


@given(
    n=sizes,
    extra=st.integers(0, 9),
    offset=st.none() | st.integers(-12, 12),
    window=st.none() | st.integers(1, 12),
    cross=st.booleans(),
    bottom_right=st.booleans(),
)
def test_pairs_of_the_report_equal_a_count(
    n: int, extra: int, offset: int | None, window: int | None, cross: bool, bottom_right: bool
) -> None:
    """Whatever the sizes, the formula of the report evaluates to the pairs a loop counts."""
    m = n + extra
    shape = Shape(
        n=n,
        m=m if m != n or cross else None,
        d=4,
        w=window,
        causal=True,
        offset=offset,
        bottom_right=bottom_right and offset is None,
        cross=cross,
    )
    shift = offset if offset is not None else m - n if bottom_right or not cross else 0
    kept = [
        (i, j)
        for i in range(n)
        for j in range(m)
        if j <= i + shift and (window is None or j > i + shift - window)
    ]
    report = cost_report(MODES["scaled"], shape)
    assert report.pairs is not None
    assert report.pairs[0].value == len(kept)
    found = {step.name: step.flops.value for step in report.steps}
    assert found.get("weights", 0) == 5 * len(kept) - 2 * len({i for i, _ in kept})
    assert found.get("scores", 0) == 2 * 4 * len(kept)


@given(n=sizes, d=sizes)
def test_masked_pairs_are_left_out_of_the_operations(n: int, d: int) -> None:
    """With causal, products count 2 d for each kept pair, softmax 5, less 2 for each row."""
    shape = Shape(n=n, d=d, causal=True, projections=False)
    report = cost_report(MODES["scaled"], shape)
    pairs = n * (n + 1) // 2
    found = {step.name: step.flops.value for step in report.steps}
    assert found["scores"] == 2 * d * pairs
    assert found["scaled"] == pairs
    assert found.get("weights", 0) == 5 * pairs - 2 * n
    assert report.pairs is not None
    assert report.pairs[0].value == pairs
    assert report.pairs[1].value == n * n


def test_numbers_by_hand() -> None:
    """N = 512, d = 64: core 4 n² d + 6 n² - 2 n, projections 8 n d², crossings at 2 d and d."""
    report = cost_report(MODES["scaled"], Shape(n=512, d=64))
    assert report.core.value == 4 * 512**2 * 64 + 6 * 512**2 - 2 * 512 == 68_680_704
    assert report.projections.value == 8 * 512 * 64**2 == 16_777_216
    assert (report.core.plain, report.projections.plain) == (
        "4*n**2*d + 6*n**2 - 2*n",
        "8*n*d**2",
    )
    assert [(c.between, c.at.plain, c.at.value) for c in report.crossovers] == [
        (("core", "projections"), "2*d", 128),
        (("self-attention layer", "recurrent layer"), "d", 64),
    ]
    assert report.memory["score_matrix"].value == 512 * 512 * 4
    assert report.kv_cache["per_token"].value == 2 * 64 * 4
    core = {n: 4 * n**2 * 64 + 6 * n**2 - 2 * n for n in (64, 128, 512, 2048)}
    assert [share.part for share in report.shares] == [
        part / (part + 8 * n * 64**2) for n, part in core.items()
    ]


def test_peak_memory_by_hand() -> None:
    """At the softmax: x, four matrices, v, and two n×n arrays are alive."""
    report = cost_report(MODES["scaled"], Shape(n=512, d=64))
    alive = 2 * 512 * 64 + 4 * 64 * 64 + 2 * 512 * 512
    assert report.memory["peak"].value == 4 * alive


def test_traffic_by_hand() -> None:
    """Scores read q and k and write n×n; fused, only q, k, v and the output move."""
    report = cost_report(MODES["scaled"], Shape(n=8, d=4, projections=False))
    moved = {step.name: step.bytes.value for step in report.steps}
    assert moved["scores"] == 4 * (2 * 8 * 4 + 64)
    assert moved["weights"] == 4 * 128
    core = report.core_operations.value
    assert report.intensity["fused"] == core / (4 * 4 * 8 * 4)
    assert report.intensity["through_memory"] == core / (2 * moved["scores"] + 2 * 4 * 128)


@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_heads_leave_the_products_and_multiply_the_scores(heads: int) -> None:
    """Splitting d over heads keeps every product's cost; the score matrix grows h times."""
    one = cost_report(MODES["scaled"], Shape(n=512, d=64))
    many = cost_report(MODES["scaled"], Shape(n=512, d=64, h=heads))
    assert many.totals["matmul"].value == one.totals["matmul"].value
    matrix = one.memory["score_matrix"].value
    assert matrix is not None
    assert many.memory["score_matrix"].value == heads * matrix


def test_layers_and_batch_multiply() -> None:
    """L layers and b batch rows cost L·b times as much."""
    one = cost_report(MODES["scaled"], Shape(n=5, d=4)).totals["all"].value
    many = cost_report(MODES["scaled"], Shape(n=5, d=4, L=3, b=2)).totals["all"].value
    assert one is not None
    assert many == 6 * one


@pytest.mark.parametrize("dtype", ITEM_SIZES)
def test_bytes_follow_the_type(dtype: str) -> None:
    """Bytes are entries times the size of the type."""
    report = cost_report(MODES["scaled"], Shape(n=16, d=4), dtype)
    assert report.memory["score_matrix"].value == 256 * ITEM_SIZES[dtype]


def test_a_decode_step() -> None:
    """One new token against 4,096 keys: 2 m d for scores, 2 m d for mixing, 8 d² around."""
    report = cost_report(MODES["scaled"], Shape(n=1, m=4096, d=64, causal=True))
    found = {step.name: step.flops.value for step in report.steps}
    assert found["scores"] == found["heads"] == 2 * 4096 * 64
    assert report.projections.value == 8 * 64**2
    assert report.pairs is not None
    assert report.pairs[0].value == 4096


@given(n=st.integers(1, 10**30), d=st.integers(1, 10**30))
def test_huge_sizes_stay_exact(n: int, d: int) -> None:
    """Integers never become floats."""
    report = cost_report(MODES["scaled"], Shape(n=n, d=d))
    assert report.totals["matmul"].value == 4 * n * n * d + 8 * n * d * d


@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.integers(0, 3), st.integers(-1, 2)), min_size=1, max_size=4
    )
)
def test_written_formulas_mean_what_they_say(terms: list[tuple[int, int, int]]) -> None:
    """A formula in SymPy syntax, read back by SymPy, is the formula."""
    n, d = formulas.letter("n"), formulas.letter("d")
    expression = sum(sympy.Rational(c, 2) * n**a * d**b for c, a, b in terms)
    read = sympy.sympify(formulas.plain(expression), locals={"n": n, "d": d})
    assert sympy.expand(read - expression) == 0


@pytest.mark.parametrize(
    ("text", "expected", "order"),
    [
        ("5*n**2 - 2*n", "5 n² - 2 n", "n²"),
        ("8*n*d**2 + 4*n**2*d", "4 n² d + 8 n d²", "n² d + n d²"),
        ("2*n*d**2*h_kv/h", "2 h_kv n d² / h", "n d²"),
        ("n**2/2 + n/2", "n² / 2 + n / 2", "n²"),
        ("n**12", "n¹²", "n¹²"),
        ("7 + n*0", "7", "1"),
    ],
)
def test_formulas_for_people(text: str, expected: str, order: str) -> None:
    """Highest degree first, letters in the order of the trade, orders without factors."""
    names = {name: formulas.letter(name) for name in ("n", "d", "h", "h_kv")}
    expression = sympy.sympify(text, locals=names)
    assert formulas.pretty(expression) == expected
    assert formulas.pretty(formulas.order(expression)) == order


def test_orders() -> None:
    """Projections are O(n d²), the core O(n² d)."""
    report = cost_report(MODES["scaled"], Shape())
    assert {s.name: s.order for s in report.steps if s.kind == "matmul"} == {
        **dict.fromkeys(("q", "k", "v", "output"), "O(n d²)"),
        **dict.fromkeys(("scores", "heads"), "O(n² d)"),
    }


def test_steps_add_up() -> None:
    """Totals are the sums of the steps, as numbers and as formulas."""
    report = cost_report(MODES["scaled"], Shape(n=6, d=4, h=2, causal=True))
    values = [step.flops.value or 0 for step in report.steps]
    assert report.totals["all"].value == sum(values)
    whole = sum(sympy.sympify(step.flops.plain) for step in report.steps)
    assert sympy.expand(whole - sympy.sympify(report.totals["all"].plain)) == 0
    assert sum(step.share or 0 for step in report.steps) == pytest.approx(1)


def test_causal_formula_is_the_counted_mask() -> None:
    """The pairs of the formula are the True cells of the mask that compute uses."""
    for n in range(1, 8):
        table = np.array([[masks.causal().allows(i, j, 0, 0) for j in range(n)] for i in range(n)])
        assert causal_pairs(n, n, 0, above) == table.sum()


def test_json_is_exact() -> None:
    """Every value of the document is an integer, and each formula evaluates to it."""
    from attn_cli.views.cost_document import described

    shape = Shape(n=512, d=64, h=8, h_kv=2, causal=True, L=3)
    found = json.loads(json.dumps(described(cost_report(MODES["scaled"], shape))))
    symbols = found["symbols"]
    assert symbols == {"n": 512, "d": 64, "h": 8, "h_kv": 2, "L": 3}
    pairs = [(step["flops"], step["value"]) for step in found["steps"]]
    pairs += [(step["bytes"], step["bytes_value"]) for step in found["steps"]]
    pairs += [(total["flops"], total["value"]) for total in found["totals"].values()]
    pairs += [(one["formula"], one["value"]) for one in found["memory"].values()]
    for formula, value in pairs:
        assert isinstance(value, int)
        assert sympy.sympify(formula).subs(symbols) == value
