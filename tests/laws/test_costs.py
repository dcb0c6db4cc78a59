"""Laws 2 to 7: one source for a number; tables sum up; orders, paths and sizes hold."""

from __future__ import annotations

import csv
import json
import re
from itertools import product
from typing import Any

import pytest
import sympy

from attn_cli import masks, mechanisms
from attn_cli.masks import Board
from attn_cli.masks.expressions import read
from attn_cli.masks.paths import longest_path, path_order
from tests.conftest import Attn
from tests.laws.screens import MODES

ASKING = [one.name for one in mechanisms.MECHANISMS if one.asks]
MASKING = [one.name for one in mechanisms.MECHANISMS if "mask" in one.takes]

SAME: dict[str, tuple[list[str], list[str]]] = {
    **{f"mode {mode}": (["--mode", mode], []) for mode in MODES},
    **{f"mode {mode}, causal": (["--mode", mode, "--causal"], []) for mode in MASKING},
    **{
        f"normalizer {name}": (["--normalizer", name, "--causal"], [])
        for name in ("softmax-steps", "softmax-sink", "hard", "sample", "sparsemax", "sigmoid")
    },
    "window": (["--window", "2"], []),
    "window at the end": (["--window", "2", "--align", "bottom-right"], []),
    "mask": (["--mask", "causal & window(2) | global(0)"], []),
    "lengths": (["--batch", "2", "--lengths", "3,5"], []),
    "heads": (["--heads", "2", "--causal"], []),
    "grouped": (["--heads", "4", "--kv-heads", "2", "--window", "3"], []),
    "local p": (["--local", "p", "--local-d", "1"], []),
    "local p, causal": (["--local", "p", "--local-d", "1", "--causal"], []),
    "local p, mask": (["--local", "p", "--local-d", "1", "--mask", "global(0) | causal"], []),
    "local m": (["--local", "m", "--local-d", "1"], []),
    "alibi": (["--bias", "alibi", "--causal"], []),
    "rotary": (["--rope"], []),
}
"""Options that compute and complexity share, and those that only compute needs."""


def document(attn: Attn, *arguments: object) -> dict[str, Any]:
    """What --json prints."""
    ran = attn(*arguments, "--json")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("options", SAME)
def test_operations_of_a_step_are_the_same_in_both_commands(attn: Attn, options: str) -> None:
    """FLOPs of a step in `attn compute` are those of `attn complexity` for the same options."""
    shared, _ = SAME[options]
    mode = shared[shared.index("--mode") + 1] if "--mode" in shared else "scaled"
    bare = mode in ASKING and not mode.startswith("mla")
    computed = document(attn, "compute", "--n", 5, "--d", 16, *shared)
    without = ["--no-projections"] if bare else []
    costed = document(attn, "complexity", "--n", 5, "--d", 16, *shared, *without)
    steps = {step["name"]: step["flops"] for step in computed["steps"] if step["flops"]}
    assert steps == {step["name"]: step["value"] for step in costed["steps"]}


def test_both_say_which_pairs_they_count(attn: Attn) -> None:
    """Compute and complexity say that masked pairs are left out, and how many are counted."""
    page = attn("compute", "--n", 5, "--causal", "--heads", 2, "--d", 4).out.replace("\n", " ")
    assert "FLOPs count p = 30 of 50 pairs: masked pairs are left out" in page
    page = attn("complexity", "--n", 5, "--d", 4, "--causal").out
    assert "pairs kept        n² / 2 + n / 2 = 15, of n² = 25" in page
    near = attn("compute", "--n", 6, "--local", "p", "--local-d", 1).flat
    assert "FLOPs count p = 18 of 36 pairs: at most 3 keys a query" in near
    near = attn("complexity", "--n", 6, "--d", 4, "--local", "p", "--local-d", 1, "--details").out
    assert "pairs kept        3 n = 18, of n² = 36" in near
    assert "at most 2 D + 1 keys a query are counted" in near


COSTED = {
    **{f"mode {mode}": ["--mode", mode] for mode in MODES},
    "causal": ["--causal"],
    "window": ["--window", "7"],
    "layers": ["--layers", "3", "--batch", "2", "--heads", "2"],
    "grouped": ["--heads", "4", "--kv-heads", "2"],
    "cache": ["--m", "100"],
    "cross": ["--m", "10", "--cross"],
    "mask": ["--mask", "causal & window(3) | global(0)"],
    "tiles": ["--mask", "causal", "--tile", "4"],
    "sparsemax": ["--normalizer", "sparsemax"],
    "rotary": ["--rope", "--bias", "t5"],
}


def number(text: str) -> int:
    """An integer with commas."""
    return int(text.replace(",", ""))


@pytest.mark.parametrize("options", COSTED)
def test_a_table_sums_to_its_total(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    """Rows sum to the total and shares to about 100 %, as in JSON; bars begin in one column."""
    monkeypatch.setenv("COLUMNS", "240")
    arguments = ("complexity", "--n", 24, "--d", 16, *COSTED[options])
    found = document(attn, *arguments)
    page = attn(*arguments).out
    total = found["totals"]["all"]["value"]
    table = page[page.index("─\n") :].partition("\nall ")[0]
    rows = re.findall(r"^\w+ .* ([\d,]+) +<?(\d+\.\d) %(?: [█▏▎▍▌▋▊▉]*)?$", table, re.MULTILINE)
    assert len(rows) == len(found["steps"])
    assert sum(number(flops) for flops, _ in rows) == total
    assert abs(sum(float(share) for _, share in rows) - 100) <= 0.1 * len(rows)
    assert len(dict(rows)) == len({*rows}), "equal steps have equal shares"
    assert len({line.rindex("%") for line in table.splitlines() if line.endswith("█")}) <= 1
    assert [number(flops) for flops, _ in rows] == [step["value"] for step in found["steps"]]
    symbols = {sympy.Symbol(name): size for name, size in found["symbols"].items()}
    for one in [*found["steps"], *found["totals"].values(), found["core"]]:
        formula = sympy.parse_expr(one["flops"])
        assert (
            formula.subs({s: symbols[sympy.Symbol(s.name)] for s in formula.free_symbols})
            == (one["value"])
        )
    assert found["core"]["value"] + found["projections"]["value"] == total


EQUATION = re.compile(
    r"(?<![A-Za-z.\d])([\dLbhnmwpTd][\w.² ³/+-]*?) = ([\d,]+)(?=[,:;]|\.(?!\d)|$| against)"
)


@pytest.mark.parametrize("options", COSTED)
def test_printed_formulas_give_the_printed_numbers(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    """`4 n² d = 67,108,864` holds for the sizes in the title, wherever it stands."""
    monkeypatch.setenv("COLUMNS", "240")
    arguments = ("complexity", "--n", 24, "--d", 16, *COSTED[options])
    symbols = document(attn, *arguments)["symbols"]
    checked = 0
    for line in attn(*arguments, "--details").out.splitlines()[1:]:
        for formula, value in EQUATION.findall(line):
            text = re.sub(r"(?<=[\w²³]) (?=[\w])", "*", formula.strip())
            text = text.replace("²", "**2").replace("³", "**3")
            names = set(re.findall(r"[A-Za-z]\w*", text))
            if not names or not names <= {*symbols} or line.lstrip().startswith("n ="):
                continue
            found = sympy.parse_expr(text, {name: sympy.Integer(symbols[name]) for name in names})
            assert abs(found - number(value)) < 1e-9, line
            checked += 1
    assert checked >= 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--n", "512", "--d", "64"],
        ["--n", "192", "--d", "64", "--mode", "additive"],
        ["--n", "200", "--d", "32", "--mode", "cosine"],
        ["--n", "100", "--d", "8", "--heads", "2", "--causal"],
        ["--n", "64", "--d", "64", "--window", "9"],
    ],
)
def test_what_dominates_agrees_with_the_shares(attn: Attn, arguments: list[str]) -> None:
    """The per cent of a sentence is the sum of the shares of its part in the table above it."""
    found = document(attn, "complexity", *arguments)
    page = attn("complexity", *arguments).out
    said = re.search(r"(\d+) % between queries and keys$", page, re.MULTILINE)
    assert said
    whole = found["totals"]["all"]["value"]
    met = sum(s["value"] for s in found["steps"] if s["name"] not in projections(found))
    assert int(said[1]) == round(100 * met / whole)


def projections(found: dict[str, Any]) -> set[str]:
    """Steps without a pair of positions in their formula."""
    return {s["name"] for s in found["steps"] if not re.search(r"n\*\*2|n\*w|w", s["flops"])}


def test_parts_cross_where_their_leading_terms_do(attn: Attn) -> None:
    """Additive: 6 n² d between queries and keys, 12 n d² in projections, equal at n = 2 d."""
    found = document(attn, "complexity", "--n", 192, "--d", 64, "--mode", "additive")
    assert [c["at"] for c in found["crossovers"]][:1] == ["2*d"]
    page = attn("complexity", "--n", 192, "--d", 64, "--mode", "additive").out
    assert "Where they cross, by leading terms; shares count every operation." in page


def test_sizes_apply_everywhere(attn: Attn) -> None:
    """Layers and batch rows: the peak holds every layer's weights, Table 1 is for one layer."""
    one = document(attn, "complexity", "--n", 64, "--d", 16)["memory"]
    many = document(attn, "complexity", "--n", 64, "--d", 16, "--layers", 32)["memory"]
    weights = one["weights_of_projections"]["value"]
    assert many["weights_of_projections"]["value"] == 32 * weights
    assert many["peak"]["value"] == one["peak"]["value"] + 31 * weights
    cached = ("--n", 1, "--m", 64, "--d", 16)
    one, many = (
        document(attn, "complexity", *cached, *more) for more in ((), ("--layers", 3, "--batch", 2))
    )
    held = one["kv_cache"]["all"]["value"] - one["kv_cache"]["per_token"]["value"]
    alone = document(attn, "complexity", *cached, "--batch", 2)["memory"]["peak"]["value"]
    assert many["memory"]["peak"]["value"] == alone + 2 * (weights + 2 * held)
    layers = {
        layer["name"]: layer["value"]
        for layer in document(
            attn, "complexity", "--n", 64, "--d", 16, "--layers", 12, "--batch", 8, "--window", 64
        )["layers"]
    }
    assert layers["this one (scaled)"] == (64 * 65 // 2) * 16
    assert layers["self-attention"] == 64 * 64 * 16


@pytest.mark.parametrize("mode", ["scaled", "additive", "cosine"])
def test_orders_are_never_above_their_formula(attn: Attn, mode: str) -> None:
    """Every order is of the formula's own size: their ratio is bounded as all letters grow."""
    for options in ([], ["--causal"], ["--window", "w"], ["--n", "n", "--m", "m"]):
        found = document(attn, "complexity", "--mode", mode, *options)
        for step in found["steps"]:
            ratios = []
            for scale in (10, 1000):
                at = {"n": scale**2, "m": scale**3, "w": scale, "d": scale}
                formula, order = (
                    sympy.parse_expr(text).subs(at) for text in (step["flops"], step["order"])
                )
                ratios.append(float(formula / order))
            assert ratios[1] > 0.3, (options, step)
            assert ratios[1] < 20 * max(ratios[0], 1)
    window = document(attn, "complexity", "--window", "w")["steps"]
    assert {s["name"]: s["order"] for s in window}["scores"] == "n*w*d"


GRAPHS = {
    "causal": ("O(1)", 1),
    "window(3)": ("O(n / 2)", 32),
    "window(1)": ("none", None),
    "left(4) & right(4)": ("O(n / 4)", 16),
    "local-m(2)": ("O(n / 2)", 32),
    "block(8)": ("none", None),
    "documents(0,0,1,1)": ("none", None),
    "dilation(2)": ("none", None),
    "stride(8)": ("O(1)", 2),
    "global(0)": ("O(1)", 2),
    "causal & window(3) | global(0)": ("O(1)", 2),
    "log-sparse": ("O(log n)", None),
    "prefix(3)": ("O(1)", 1),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_longest_paths_by_search(name: str) -> None:
    """The path that is told grows as a search over the mask's own graph does."""
    n = 4 if name.startswith("documents") else 64
    mask = read(name, "--mask").on(Board(n, n, 0, 1))
    order, layers = GRAPHS[name]
    found = longest_path(mask, n)
    assert path_order(mask, n) == order
    if layers is not None or order == "none":
        assert found == layers
    assert brute(mask, n) == found


def brute(mask: masks.Mask, n: int) -> int | None:
    """The longest path by joining pairs (Floyd and Warshall)."""
    far = 10**6
    apart = [
        [0 if i == j else 1 if mask.allows(i, j, 0, 0) else far for j in range(n)] for i in range(n)
    ]
    for k, i in product(range(n), range(n)):
        through = apart[i][k]
        if through < far:
            apart[i] = [
                min(old, through + more) for old, more in zip(apart[i], apart[k], strict=True)
            ]
    longest = max(min(apart[i][j], apart[j][i]) for i in range(n) for j in range(n))
    return longest if longest < far else None


def test_paths_of_modes(attn: Attn) -> None:
    """Features never mix time steps; a sum of keys holds all alike; a gate passes through all."""

    def own(*options: object) -> tuple[str, str]:
        (first, *_) = document(attn, "complexity", *options)["layers"]
        return first["sequential"], first["path"]

    assert own("--mode", "fc-feature") == ("O(1)", "none")
    assert own("--mode", "linear", "--causal") == ("O(n), O(1) as kernel", "O(1)")
    assert (
        document(attn, "complexity", "--mode", "kernel", "--causal")["layers"][0]["path"] == "O(1)"
    )
    assert own("--mode", "gated") == ("O(n)", "O(n)")
    assert own("--window", "w") == ("O(1)", "O(n / w)")
    assert own("--n", 64, "--window", 9) == ("O(1)", "O(n / 9)")
    assert own("--n", 64, "--mask", "block(8)") == ("O(1)", "none")
    assert own("--local", "p", "--local-d", 5) == ("O(1)", "O(n / 5)")


def test_a_sweep_has_one_source(attn: Attn) -> None:
    """Every row of a sweep, on the screen, in JSON and in CSV, is the report at that size."""
    found = document(attn, "complexity", "--d", 8, "--sweep", "n=4:32", "--causal")
    attn("complexity", "--d", 8, "--sweep", "n=4:32", "--causal", "--save", "s.csv")
    with open("s.csv", encoding="utf-8", newline="") as file:
        saved = [{k: int(v) for k, v in row.items()} for row in csv.DictReader(file)]
    for row, line in zip(found["sweep"]["rows"], saved, strict=True):
        alone = document(attn, "complexity", "--d", 8, "--n", row["size"], "--causal")
        assert row["all"] == alone["totals"]["all"]["value"] == row["core"] + row["projections"]
        assert row["core"] == alone["core"]["value"]
        assert [*line.values()] == [*row.values()]


@pytest.mark.parametrize("mode", MODES)
def test_conventions_are_those_in_use(attn: Attn, mode: str) -> None:
    """Counting conventions speak of softmax where there is one, and of nothing that is not used."""
    lines = " ".join(document(attn, "complexity", "--mode", mode)["conventions"])
    softmax = mode not in ("linear", "kernel", "gated", "delta")
    assert ("softmax is max" in lines) == softmax
    assert ("a direction is" in lines) == (mode in ("cosine", "delta"))


def test_conventions_of_normalizers(attn: Attn) -> None:
    """Each normalizer's price is told, by the numbers that are charged."""
    from attn_cli.costs.conventions import ENTMAX, HALVED
    from attn_cli.readings.cost import BISECTED, SPARSE

    for alpha, (entries, rows) in SPARSE.items():
        assert f"is {entries} for each entry, less {-rows} for each row" in ENTMAX[alpha]
    assert f"is {BISECTED[0]} for each entry and {BISECTED[1]} for each row" in HALVED
    for name, text in (("sparsemax", "sorting is not counted"), ("hard", "hard is comparing")):
        lines = document(attn, "complexity", "--normalizer", name)["conventions"]
        assert any(text in line for line in lines)
        assert not any("softmax is" in line for line in lines)
    sigmoid = document(attn, "complexity", "--normalizer", "sigmoid")["conventions"]
    assert any("sigmoid is a power" in line for line in sigmoid)


def test_no_fraction_of_an_operation(attn: Attn) -> None:
    """A width that can't be halved into pairs is refused by both commands in the same words."""
    told = "mla turns half of a head's width in pairs, and "
    ran = attn("complexity", "--mode", "mla", "--n", 5, "--d", 4)
    assert ran.err == f"Error: {told}heads are 1 wide. Choose heads whose width 4 divides.\n"
    ran = attn("compute", "--mode", "mla", "--d", 6, "--heads", 2)
    assert ran.err.startswith(f"Error: {told}a head is d = 3 wide (")
    assert "--rope" not in ran.err
