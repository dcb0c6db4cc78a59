"""`attn complexity` as a person or a script meets it."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from rich.cells import cell_len

import attn_cli as library
from attn_cli.cli.options import LISTED
from tests.conftest import Attn, Ran, once, option_names

MODES = LISTED["modes"]

CONFIGS = Path(__file__).parent / "configs"


def document(ran: Ran) -> dict[str, Any]:
    """The JSON document of a run."""
    assert ran.status == 0, ran.err
    return dict(json.loads(ran.out))


def test_the_page(attn: Attn) -> None:
    """Steps with formula, number, share and order; totals, what dominates, memory, layers."""
    ran = attn("complexity", "--n", 512, "--d", 64, "--details")
    assert (ran.status, ran.err) == (0, "")
    for line in (
        "Cost of scaled dot-product attention                     n = 512, d = 64, 1 head",
        "85.5 MFLOPs  4 n² d + 8 n d² + 6 n² - 2 n",
        "O(n² d)      80 % between queries and keys",
        "scores   Q Kᵀ               2 n² d      33,554,432   39.3 % ██████████",
        "all                                     85,457,920    100 %",
        "matrix products   4 n² d + 8 n d² = 83,886,080",
        "everything else   6 n² - 2 n = 1,571,840",
        "  What is between queries and keys costs more than the projections above n = 2 d",
        "  Self-attention without projections costs more than the recurrent layer above n",
        "n =   128 ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒████████████████████ 51 %  ◂ n = 2 d",
        "n =   512 ▒▒▒▒▒▒▒▒████████████████████████████████ 80 %  ◂ here",
        "score matrix  1 MiB (4 n² bytes)",
        "self-attention              O(n² d)     16,777,216  O(1)         O(1)",
        "  a multiply and an add are 2 operations; exp, tanh, a root, a sine are 1",
    ):
        assert line in ran.out.splitlines()


def test_letters_alone(attn: Attn) -> None:
    """Without a number there are formulas only."""
    ran = attn("complexity")
    assert "1 head, any n, d" in ran.out
    assert "scores   Q Kᵀ               2 n² d      O(n² d)" in ran.out.splitlines()
    assert "share" not in ran.out.split("When n grows")[0]
    assert "4 n² d + 8 n d² + 6 n² - 2 n  FLOPs" in ran.out.splitlines()


def test_a_number_and_a_letter(attn: Attn) -> None:
    """`--n 4096 --d d` gives formulas in d."""
    ran = attn("complexity", "--n", 4096, "--d", "d", "--json")
    scores = next(step for step in document(ran)["steps"] if step["name"] == "scores")
    assert (scores["flops"], scores["value"], scores["open"]) == ("2*n**2*d", None, "33554432*d")
    assert "8,192 d²" in attn("complexity", "--n", 4096, "--d", "d").out


def test_own_letters(attn: Attn) -> None:
    """A size may have a name of its own."""
    assert "2 T² D" in attn("complexity", "--n", "T", "--d", "D").out.replace("D T²", "T² D")


def test_causal_pairs(attn: Attn) -> None:
    """131,328 pairs at n = 512, exactly, beside the 262,144 there are."""
    ran = attn("complexity", "--n", 512, "--d", 64, "--causal")
    assert "pairs kept        n² / 2 + n / 2 = 131,328, of n² = 262,144" in ran.out
    found = document(attn("complexity", "--n", 512, "--d", 64, "--causal", "--json"))
    assert found["pairs"]["kept"] == {"formula": "n**2/2 + n/2", "value": 131_328}


def test_pairs_with_open_letters_say_where_they_hold(attn: Attn) -> None:
    """A formula that depends on which size is larger says which it takes."""
    said = "where a letter is open, sequences are taken to be long, and n ≤ m"
    assert said in attn("complexity", "--causal", "--details").out
    assert said not in attn("complexity", "--causal", "--n", 4, "--d", 2, "--details").out
    cached = document(attn("complexity", "--causal", "--m", "m", "--json"))
    assert cached["pairs"]["kept"]["formula"] == "-n**2/2 + n*m + n/2"


def test_window(attn: Attn) -> None:
    """A window of w keys keeps n w − w (w − 1) / 2 pairs."""
    found = document(attn("complexity", "--n", 100, "--d", 4, "--window", 10, "--json"))
    assert found["pairs"]["kept"]["value"] == 100 * 10 - 45


@pytest.mark.parametrize(
    "size", ["__import__('os').system('x')", "0", "-1", "1.5", "1e3", "n*m", ""]
)
def test_sizes_are_numbers_or_names(attn: Attn, size: str) -> None:
    """Nothing a person types is evaluated; what is no size is refused with exit 2."""
    ran = attn("complexity", f"--n={size}")
    assert ran.status == 2
    assert ran.err.startswith("Error: --n: ")


def test_astronomical_sizes(attn: Attn) -> None:
    """10³⁰ queries: exact integers."""
    found = document(attn("complexity", "--n", 10**30, "--d", 64, "--json"))
    n = 10**30
    assert found["core"]["value"] == 4 * n**2 * 64 + 6 * n**2 - 2 * n


def test_grouped_digits(attn: Attn) -> None:
    """1,000 and 1_000 are a thousand."""
    one = attn("complexity", "--n", "1,000", "--d", 4).out
    assert one == attn("complexity", "--n", "1_000", "--d", 4).out
    assert one == attn("complexity", "--n", 1000, "--d", 4).out


def test_large_numbers_fit_too(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 40 columns formulas give way to their numbers, and that is said."""
    monkeypatch.setenv("COLUMNS", "40")
    large = ("--n", 1234567, "--d", 4096, "--heads", 32, "--kv-heads", 8, "--causal")
    for arguments in (large, ("--config", CONFIGS / "deepseek-v2.json")):
        ran = attn("complexity", *arguments)
        assert max(cell_len(line) for line in ran.out.splitlines()) <= 40
    assert "left out at this width" in ran.out


@pytest.mark.parametrize("width", [40, 80, 160])
def test_it_fits(attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """At 40, 80 and 160 columns no line is too wide, and what is left out is said."""
    monkeypatch.setenv("COLUMNS", str(width))
    ran = attn(
        "complexity",
        "--n",
        512,
        "--d",
        64,
        "--heads",
        8,
        "--compare",
        "mha,mqa",
        "--sweep",
        "n=128:65536",
        "--hardware",
        "a100",
    )
    assert max(cell_len(line) for line in ran.out.splitlines()) <= width
    assert ("left out at this width" in ran.out) == (width < 160)


def test_compare_layouts(attn: Attn) -> None:
    """Cache for each key, in elements of 2 d_head: 8, 2, 1 key heads, and 4.5 / 2 for MLA."""
    arguments = ("--n", 512, "--d", 64, "--heads", 8, "--kv-heads", 2, "--json")
    found = document(attn("complexity", *arguments, "--compare", "mha,gqa,mqa,mla"))
    cache = {one["name"]: one["kv_cache_per_token_value"] for one in found["compare"]}
    assert cache == {"mha": 4 * 16 * 8, "gqa": 4 * 16 * 2, "mqa": 4 * 16, "mla": 4 * 36}


def test_compare_modes(attn: Attn) -> None:
    """Dot has the products of scaled, and n² operations less beside them."""
    ran = attn("complexity", "--n", 16, "--d", 4, "--compare", "scaled,dot", "--json")
    scaled, dot = document(ran)["compare"]
    assert scaled["matmul"] == dot["matmul"] == "4*n**2*d + 8*n*d**2"


def test_sweep(attn: Attn) -> None:
    """N from 128 to 1024 doubles three times; the CSV holds the exact numbers."""
    ran = attn("complexity", "--d", 64, "--sweep", "n=128:1100", "--save", "sweep.csv")
    assert ran.status == 0
    assert "\n1,024 " in ran.out
    with open("sweep.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["n"]) for row in rows] == [128, 256, 512, 1024, 1100]
    assert all(int(row["core"]) == (n := int(row["n"])) ** 2 * (4 * 64 + 6) - 2 * n for row in rows)
    assert all(int(row["projections"]) == 8 * int(row["n"]) * 64**2 for row in rows)


def test_plot(attn: Attn) -> None:
    """--plot draws the sweep on logarithmic axes: a curve falls where its numbers say."""
    pytest.importorskip("uniplot")
    ran = attn("complexity", "--d", 64, "--sweep", "n=64:65536", "--plot")
    assert ran.status == 0
    drawing = ran.out[ran.out.index("FLOPs over n") :]
    rows = [line.partition("│")[2][:72] for line in drawing.splitlines() if line[-1:] == "│"]
    assert len(rows) == 14
    core = {n: 4 * n * n * 64 + 6 * n * n - 2 * n for n in (64, 1024, 65536)}
    projections = {n: 8 * n * 64**2 for n in (64, 1024, 65536)}
    low, high = math.log(min(core.values())), math.log(max(core.values()))
    for sign, numbers in (("█", core), ("▒", projections)):
        for n, flops in numbers.items():
            column = min(int(72 * math.log(n / 64) / math.log(1024)), 71)
            row = 13 - min(int(14 * (math.log(flops) - low) / (high - low)), 13)
            near = {rows[at][column] for at in (row - 1, row, row + 1) if 0 <= at < 14}
            assert sign in near
    mark = int(72 * math.log(128 / 64) / math.log(1024))
    assert sum(row[mark] == "│" for row in rows) >= 10
    assert "│ n = 2 d = 128: equal, by leading terms" in drawing
    assert re.search(r"^ +64 .* 65,536$", drawing, re.M)
    assert [line.split()[0] for line in drawing.splitlines() if " G │" in line] == ["100", "1"]


@pytest.mark.parametrize("width", [40, 57, 80, 160])
def test_plots_fit(attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A drawing is no wider than there is room, and its curves differ without colours."""
    pytest.importorskip("uniplot")
    monkeypatch.setenv("COLUMNS", str(width))
    out = attn("complexity", "--d", 64, "--sweep", "n=64:65536", "--plot").out
    drawing = out[out.index("FLOPs over n") : out.index("When n grows")]
    assert max(map(len, drawing.splitlines())) <= width
    assert min(drawing.count("█"), drawing.count("▒")) > 20
    plain = attn("complexity", "--d", 64, "--sweep", "n=64:65536", "--plot", "--plain")
    assert plain.out.isascii()
    assert "projections = 8 n d^2: 2.1 MFLOPs at n = 64, 2.15 GFLOPs at n = 65,536." in plain.flat


def test_a_part_that_costs_nothing_is_not_drawn(attn: Attn) -> None:
    """Zero has no place on a logarithmic axis."""
    pytest.importorskip("uniplot")
    sizes = ("--n", 4, "--d", 64, "--sweep", "n=1:64", "--plot")
    out = attn("complexity", "--mode", "dot", *sizes).out
    assert "FLOPs over n" in out
    one = attn("complexity", "--d", 64, "--sweep", "n=64:64", "--plot")
    assert one.status == 0


def test_hardware(attn: Attn) -> None:
    """Time is operations over the peak, or bytes over the bandwidth; the larger one binds."""
    arguments = ("--n", 512, "--d", 64, "--peak", "1e12", "--bandwidth", "1e11", "--json")
    found = document(attn("complexity", *arguments))
    through, fused = found["hardware"]["floors"]
    core = 4 * 512**2 * 64 + 6 * 512**2 - 2 * 512
    assert through["compute"] == fused["compute"] == pytest.approx(core / 1e12)
    assert fused["memory"] == pytest.approx(4 * 4 * 512 * 64 / 1e11)
    moved = 4 * (2 * (2 * 512 * 64 + 512**2) + 4 * 512**2)
    assert through["memory"] == pytest.approx(moved / 1e11)
    assert (through["bound"], fused["bound"]) == ("compute", "compute")
    slow = document(attn("complexity", *arguments[:-2], "1e9", "--json"))
    assert [floor["bound"] for floor in slow["hardware"]["floors"]] == ["memory", "memory"]
    assert (
        "At best on NVIDIA A100 80GB SXM"
        in attn("complexity", "--n", 512, "--d", 64, "--hardware", "A100").out
    )


def model(attn: Attn, name: str, *arguments: object) -> dict[str, Any]:
    """The report of a configuration."""
    return document(attn("complexity", "--config", CONFIGS / f"{name}.json", "--json", *arguments))


@pytest.mark.parametrize(
    ("name", "dtype", "cache"),
    [
        ("llama-2-7b", "float16", 2 * 32 * 32 * 128 * 2),
        ("llama-3-8b", "bfloat16", 2 * 32 * 8 * 128 * 2),
        ("deepseek-v2", "bfloat16", 60 * (512 + 64) * 2),
    ],
)
def test_models_cache(attn: Attn, name: str, dtype: str, cache: int) -> None:
    """Cache for each token: 512 KiB for Llama 2 7B, 128 KiB for Llama 3 8B, 67.5 KiB for MLA."""
    found = model(attn, name, "--m", 1000, "--dtype", dtype)
    assert found["totals"]["kv_cache_bytes"] == 1000 * cache


def test_model_flops_by_hand(attn: Attn) -> None:
    """Llama 3 8B: 2 d (2 d + 2 · 8 · 128) around, 4 · 32 · 128 · m between, in each layer."""
    found = model(attn, "llama-3-8b", "--m", 1000)
    (layer,) = found["layers"]
    assert layer["projections"] == 2 * 4096 * (2 * 4096 + 2 * 8 * 128)
    assert layer["core"] == 4 * 32 * 128 * 1000
    assert found["totals"]["flops_per_token"] == 32 * (layer["projections"] + layer["core"])


def test_sliding_layers_see_their_window(attn: Attn) -> None:
    """Layers with a window keep as many keys as it is long, the others all."""
    found = model(attn, "gemma-2-2b")
    assert [(kind["name"], kind["layers"], kind["keys"]) for kind in found["layers"]] == [
        ("sliding_attention", 13, 4096),
        ("full_attention", 13, 8192),
    ]
    (layer,) = model(attn, "mistral-7b-v0.1")["layers"]
    assert layer["keys"] == 4096


def test_mla_by_hand(attn: Attn) -> None:
    """DeepSeek-V2: every head scores the latent and the rotary key, and mixes the latent."""
    layer, unfolded = model(attn, "deepseek-v2", "--m", 1000)["layers"]
    assert (layer["form"], unfolded["form"]) == ("folded", "unfolded")
    assert unfolded["core"] == 2 * 128 * 1000 * (128 + 64 + 128)
    assert layer["core"] == 2 * 128 * 1000 * (512 + 64 + 512)
    query = 5120 * 1536 + 1536 * 128 * 192
    folded = 128 * 128 * 512 + 128 * 512 * 128
    assert layer["projections"] == 2 * (query + 5120 * 576 + folded + 128 * 128 * 5120)


def test_model_page(attn: Attn) -> None:
    """The page names the kinds of layers and the conventions."""
    ran = attn("complexity", "--config", CONFIGS / "gemma-2-2b.json", "--export", "model.md")
    assert "sliding_attention" in ran.out
    assert "KV cache" in ran.out
    assert "sliding\\_attention" in Path("model.md").read_text(encoding="utf-8")


def test_latex_compiles(attn: Attn) -> None:
    """--latex is a table that stands in a document with amsmath."""
    ran = attn("complexity", "--n", 512, "--d", 64, "--heads", 8, "--kv-heads", "g", "--latex")
    assert r"scores & matmul & $2 n^{2} d$ & 33\,554\,432 \\" in ran.out
    assert r"k & matmul & $2 n d^{2} g / h$" in ran.out
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex here")
    page = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n"
    Path("cost.tex").write_text(f"{page}{ran.out}\\end{{document}}\n")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "cost.tex"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:]


REFUSALS = {
    "--d 64 --heads 3": (
        "--heads 3 does not divide --d 64: give --head-dim, or a number of heads that does."
    ),
    "--heads 6 --kv-heads 4": (
        "--heads 6 is not a multiple of --kv-heads 4: every key head serves as many query heads."
    ),
    "--kv-heads 2": "--kv-heads needs --heads, the number of query heads.",
    "--cross": "--cross needs --m, the number of other rows.",
    "--n 5 --m 3": (
        "--m 3 is less than --n 5: with a cache there are at least as many keys as new tokens. "
        "Keys from other rows are --cross."
    ),
    "--offset 1": "--offset and --align place the queries for masks such as --causal: add one.",
    "--causal --offset 1 --align top-left": (
        "--offset and --align both place the queries: give one."
    ),
    "--causal --align bottom": (
        "--align: there is no 'bottom'. Did you mean bottom-right? Known: top-left, bottom-right."
    ),
    "--n x --m x": "Two sizes are called x: give each a letter of its own.",
    "--n d": "Two sizes are called d: give each a letter of its own.",
    "--n h --heads 8": "Two sizes are called h: give each a letter of its own.",
    "--no-projections --d-model 5": "--d-model changes nothing without projections.",
    "--d 8 --heads 2 --head-dim 9": (
        "--heads 2 of --head-dim 9 are 2 × 9 wide, not --d 8. The width of the model's rows is "
        "--d-model."
    ),
    "--mask 1,0 --sweep n=2:4": (
        "--sweep changes sizes; this mask is counted at one: give one of them."
    ),
    "--mask 1;0": "--mask is 2×1: with fewer keys add --cross.",
    "--json --plot --sweep n=1:2": "--plot has no effect with --json. Leave one out.",
    "--latex --compare dot": "--compare has no effect with --latex. Leave one out.",
    "--n 1 --m 4 --d 4 --sweep n=1:8": ("--sweep: 8 queries have only 4 keys; end before that."),
    "--sweep n=1:1000000000000000000000000": (
        "--sweep: from 1 to 1000000000000000000000000 are more than 64 rows."
    ),
    "--peak nan --bandwidth 1e9": "--peak: nan is not a finite number.",
    "--config empty.json --mode dot": "--config says what the model is; leave --mode out.",
    "--config empty.json --plot": "--config says what the model is; leave --plot out.",
    "--config kinds.json": (
        "--config: a layer of kind 'odd_attention' is not counted here. Known: full_attention, "
        "attention, linear_attention, mamba, conv, sliding_attention, chunked_attention."
    ),
    "--config named.json": "--config: model_type has to be a short name.",
    "--config shared.json --m 5": "--config: 5 key heads can't be shared by 8 equally.",
    "--dtype float12": (
        "--dtype: no type 'float12'. Did you mean float32? Known: float64, float32, float16, "
        "bfloat16, float8."
    ),
    "--mode sacled": (f"--mode: there is no mode 'sacled'. Did you mean scaled? Known: {MODES}."),
    "--mask 1,0;1,1 --n 3": "--n is 3, but --mask is 2×2.",
    "--mask [[[[[1]]]]]": "--mask: it has more than 4 axes.",
    "--mask [[[1]],[[0]]]": "--mask is 2×1×1: --batch has to be 2.",
    "--mask [[[1]],[[0]]] --heads h": "--heads is h, but --mask is 2×1×1.",
    "--mask 1,0 --window w": "--window w has to be a number where a mask is counted.",
    "--block 2": (
        "--n has to be a number where a mask is counted; only --causal and --window have formulas."
    ),
    "--n 9 --lengths 1,2": (
        "--lengths: 2 lengths for a batch of 1; give one for all batch rows, "
        "or one for each (--batch 2)."
    ),
    "--n 9 --batch b --lengths 1,2": ("--batch b has to be a number where --lengths has several."),
    "--n 10 --m 5 --block 3": (
        "--m 5 is less than --n 10: with a cache there are at least as many keys as new tokens. "
        "Keys from other rows are --cross."
    ),
    "--n 8 --d 6 --heads 2 --rope": "--rope turns pairs of numbers, and heads 3 wide are odd.",
    "--positions sinusoidal --no-projections": (
        "--positions are added to rows; --no-projections leaves them out."
    ),
    "--bias 1": "--bias: here a bias goes by its name; arrays are for attn compute.",
    "--tile 4": "--tile needs a mask, whose kept tiles it counts.",
    "--json --latex": "--json and --latex both decide what is on standard output: give one.",
    "--plot": "--plot needs --sweep, the range it is about.",
    "--save a.csv": "--save needs --sweep, the range it is about.",
    "--sweep n=9": "--sweep: 'n=9' is not a range like n=128:65536.",
    "--sweep q=1:2": "--sweep: no size 'q'. Known: n, m, d, heads, layers, batch, window.",
    "--sweep n=9:3": "--sweep: the range ends at 3, before it begins at 9.",
    "--sweep n=1:9": "--sweep needs a number for every other size: give d, as --d 64.",
    "--compare mh --heads 2": (
        "--compare: 'mh' is neither a mode nor a head layout. Did you mean mha? "
        f"Known: {MODES}, mha, gqa, mqa."
    ),
    "--compare mqa": "--compare mqa needs --heads, the number of query heads.",
    "--compare gqa --heads h": "--compare gqa needs --kv-heads.",
    "--hardware a1000": (
        "--hardware: no machine 'a1000'. Did you mean a100? Known: v100, a100, h100, h200, l4, "
        "mi300x, tpu-v4, tpu-v5e, tpu-v5p."
    ),
    "--n 5 --d 4 --hardware tpu-v4": (
        "--hardware: Google TPU v4 has no published rate for float32. It has: bfloat16; choose "
        "one with --dtype."
    ),
    "--hardware a100": "--hardware needs a number for every size.",
    "--peak 1e12": "--peak and --bandwidth describe a machine together: give both.",
    "--hardware a100 --peak 1e12": (
        "--hardware names a machine, --peak and --bandwidth describe your own."
    ),
    "--config none.json": "--config: there is no file 'none.json'.",
    "--config list.json": "--config: list.json holds no object of names and values.",
    "--config empty.json": (
        "--config: num_hidden_layers is missing; it has to be a whole number from 1 on."
    ),
    "--config endless.json": (
        "--config: the file has no max_position_embeddings; give --m, the context."
    ),
    "--config text.json --m 5": (
        "--config: num_hidden_layers is 'many'; it has to be a whole number from 1 on."
    ),
    "--config empty.json --d 5": "--config says what the model is; leave --d out.",
    "--kv-dtype float16": "--kv-dtype is for --config; elsewhere --dtype is that of the cache too.",
    "--config empty.json --kv-dtype half": (
        "--kv-dtype: no type 'half'. Known: float64, float32, float16, bfloat16, float8."
    ),
    "--config empty.json --m k": "--config: --m, the context length, has to be a number.",
    "--export a.doc": "--export: a.doc must end in .html, .svg, .md, .txt, .tex, .png, .pdf.",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_refusal(attn: Attn, line: str) -> None:
    """What does not go together is refused with one message and exit 2."""
    Path("list.json").write_text("[]")
    Path("empty.json").write_text("{}")
    Path("text.json").write_text('{"num_hidden_layers": "many"}')
    layers = {"num_hidden_layers": 1, "max_position_embeddings": 9}
    kinds = {**layers, "layer_types": ["odd_attention"]}
    sizes = {"num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2}
    Path("endless.json").write_text(json.dumps(sizes))
    Path("kinds.json").write_text(json.dumps(kinds))
    Path("named.json").write_text(json.dumps({**layers, "model_type": "\x1b[31m"}))
    heads = {"num_attention_heads": 8, "num_key_value_heads": 5, "hidden_size": 16}
    Path("shared.json").write_text(json.dumps({**layers, **heads}))
    ran = attn("complexity", *line.split(" "))
    assert ran.err == f"Error: {REFUSALS[line]}\n"
    assert ran.status == 2
    assert ran.out == ""


CHANGES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "details": ((), ("--details",)),
    "n": ((), ("--n", 8)),
    "m": (("--n", 2), ("--m", 8)),
    "d": ((), ("--d", 8)),
    "dv": ((), ("--dv", 8)),
    "heads": (("--n", 8, "--d", 8), ("--heads", 2)),
    "kv_heads": (("--heads", 4), ("--kv-heads", 2)),
    "head_dim": (("--heads", 4), ("--head-dim", 2)),
    "d_model": ((), ("--d-model", 8)),
    "layers": ((), ("--layers", 8)),
    "batch": ((), ("--batch", 8)),
    "mode": ((), ("--mode", "dot")),
    "causal": ((), ("--causal",)),
    "offset": (("--causal", "--n", 4, "--d", 4), ("--offset", 1)),
    "align": (("--causal", "--n", 4, "--m", 8, "--d", 4), ("--align", "top-left")),
    "window": (("--causal",), ("--window", "w")),
    "mask": ((), ("--mask", "1 0; 1 1")),
    "bias": ((), ("--bias", "alibi")),
    "rope": ((), ("--rope",)),
    "positions": ((), ("--positions", "sinusoidal")),
    "left": (("--n", 4, "--d", 4), ("--left", 1)),
    "right": (("--n", 4, "--d", 4), ("--right", 1)),
    "lengths": (("--n", 4, "--d", 4), ("--lengths", 2)),
    "prefix": (("--n", 4, "--d", 4), ("--prefix", 2)),
    "block": (("--n", 4, "--d", 4), ("--block", 2)),
    "dilation": (("--n", 4, "--d", 4), ("--dilation", 2)),
    "stride": (("--n", 4, "--d", 4), ("--stride", 2)),
    "global_tokens": (("--n", 4, "--d", 4), ("--global", 2)),
    "documents": (("--n", 4, "--d", 4), ("--documents", "0,0,1,1")),
    "tile": (("--n", 4, "--d", 4, "--causal"), ("--tile", 2)),
    "cross": (("--n", 4, "--m", 8, "--d", 4), ("--cross",)),
    "no_projections": ((), ("--no-projections",)),
    "dtype": ((), ("--dtype", "float16")),
    "compare": ((), ("--compare", "dot")),
    "sweep": (("--d", 4), ("--sweep", "n=2:8")),
    "backward": ((), ("--backward",)),
    "plot": (("--d", 4, "--sweep", "n=2:8"), ("--plot",)),
    "config": ((), ("--config", CONFIGS / "llama-2-7b.json")),
    "kv_dtype": (
        ("--config", CONFIGS / "llama-2-7b.json"),
        ("--kv-dtype", "float8"),
    ),
    "hardware": (("--n", 8, "--d", 8), ("--hardware", "a100")),
    "peak": (("--n", 8, "--d", 8), ("--peak", 1e12, "--bandwidth", 1e11)),
    "bandwidth": (
        ("--n", 8, "--d", 8, "--peak", 1e12, "--bandwidth", 1e11),
        ("--bandwidth", 1e10),
    ),
    "json": ((), ("--json",)),
    "latex": ((), ("--latex",)),
    "plain": ((), ("--plain",)),
    "lang": ((), ("--lang", "zh")),
    "latent": (("--mode", "mla"), ("--latent", 64)),
    "normalizer": ((), ("--normalizer", "sparsemax")),
    "temperature": ((), ("--temperature", 2)),
    "alpha": (("--normalizer", "entmax"), ("--alpha", 2)),
    "local": (("--n", 8, "--d", 4, "--local", "m", "--local-d", 2), ("--local", "p")),
    "scale": (("--mode", "dot"), ("--scale", 2)),
    "softcap": ((), ("--softcap", 5)),
    "activation": (("--mode", "fc-time"), ("--activation", "sigmoid")),
    "block_size": (("--n", 8, "--d", 4), ("--block-size", 2)),
    "decode": (("--n", 8, "--d", 4), ("--decode",)),
    "local_d": (("--n", 8, "--d", 4, "--local", "m", "--local-d", 2), ("--local-d", 1)),
}
ELSEWHERE = {
    "mask_axes": "test_the_axes_of_a_mask_can_be_named",
    "export": "test_model_page",
    "save": "test_sweep",
    "force": "test_force",
    "theme": "test_themes",
    "width": "test_an_svg_is_as_wide_as_its_lines",
}


def test_every_option_is_here() -> None:
    """A new option needs a line above, or a test of its own."""
    assert option_names("complexity") == set(CHANGES) | set(ELSEWHERE)


@pytest.mark.parametrize("option", CHANGES)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    if option == "plot":
        pytest.importorskip("uniplot")
    before, more = CHANGES[option]
    without, changed = attn("complexity", *before), attn("complexity", *once(*before, *more))
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


def test_force(attn: Attn) -> None:
    """Existing files are kept unless --force says so."""
    arguments = ("complexity", "--d", 4, "--sweep", "n=2:8", "--save", "a.csv")
    assert attn(*arguments).status == 0
    assert attn(*arguments).err == "Error: a.csv exists already. Add --force to write over it.\n"
    assert attn(*arguments, "--force").status == 0


def test_any_mask_is_counted(attn: Attn) -> None:
    """A given mask's pairs are p, counted exactly; other masks are combined with and."""
    mask = ("--mask", "1 0 1; 1 1 0; 0 0 1", "--d", 4, "--json")
    found = document(attn("complexity", *mask))
    scores = next(step for step in found["steps"] if step["name"] == "scores")
    assert (scores["flops"], scores["value"]) == ("2*p*d", 2 * 5 * 4)
    assert found["symbols"] == {"n": 3, "d": 4, "p": 5}
    assert document(attn("complexity", *mask, "--causal"))["symbols"]["p"] == 4
    assert document(attn("complexity", *mask, "--window", 1))["symbols"]["p"] == 3


def pairs_of(ran: Ran) -> int:
    """The number of kept pairs in a report."""
    return document(ran)["symbols"]["p"]


def test_an_expression_is_counted(attn: Attn) -> None:
    """Pairs of any expression are counted, whole tiles with --tile: 4 tiles of 2×2 and 2 of 2×1."""
    size = ("--n", 5, "--d", 4, "--json")
    assert pairs_of(attn("complexity", *size, "--mask", "causal & window(2) | global(0)")) == 16
    assert pairs_of(attn("complexity", *size, "--block", 2)) == 9
    tiled = attn("complexity", *size, "--block", 2, "--tile", 2)
    assert pairs_of(tiled) == 9
    assert pairs_of(attn("complexity", *size, "--causal", "--tile", 2)) == 4 + 8 + 5
    page = attn("complexity", "--n", 5, "--d", 4, "--causal", "--tile", 2, "--details").out
    assert "block-sparse: 6 of 9 tiles of 2×2 keep a pair;" in page
    assert "p is the number of pairs in kept tiles, counted" in page


def test_lengths_are_counted_over_the_batch(attn: Attn) -> None:
    """Batch rows of 2 and 3 real keys keep (2 + 3) · n pairs together, each counted once."""
    ran = attn("complexity", "--n", 4, "--d", 4, "--batch", 2, "--lengths", "2,3", "--json")
    scores = next(step for step in document(ran)["steps"] if step["name"] == "scores")
    assert (scores["flops"], scores["value"]) == ("2*p*d", 2 * 4 * (4 * 2 + 4 * 3))


def test_documents_say_how_many_tokens_there_are(attn: Attn) -> None:
    """Without --n there are as many queries and keys as documents' numbers."""
    ran = attn("complexity", "--documents", "0,0,1", "--d", 4, "--json")
    assert document(ran)["symbols"] == {"n": 3, "d": 4, "p": 5}


def test_pairs_of_batch_rows_are_of_all_batch_rows(attn: Attn) -> None:
    """What is kept stands beside as many pairs as there are."""
    page = attn("complexity", "--n", 4, "--d", 4, "--batch", 2, "--lengths", "2,3").out
    assert "pairs kept        p = 20, of b n² = 32" in page
    tiled = attn("complexity", "--n", 5, "--d", 4, "--causal", "--tile", 2, "--details").out
    assert "pairs computed    p = 17, of n² = 25" in tiled
    assert "pairs outside of kept tiles are not counted" in tiled


def test_the_alignment_is_said(attn: Attn) -> None:
    """With m ≠ n a causal count says how queries and keys are lined up."""
    size = ("complexity", "--n", 4, "--m", 6, "--d", 4, "--causal")
    assert "causal, aligned bottom-right" in attn(*size).out
    assert "causal, aligned top-left" in attn(*size, "--cross").out
    assert "query i is at position i + 0" in attn(*size, "--align", "top-left").out


def test_too_many_pairs_to_count(attn: Attn) -> None:
    """What would take hours is refused at once, and what has a formula is named."""
    ran = attn("complexity", "--n", 10**7, "--block", 2)
    assert ran.status == 1
    assert "pairs are too many to look at one by one" in ran.err


def test_modes_are_compared_as_they_are(attn: Attn) -> None:
    """Heads are not for modes without queries; what a mode does without is refused by name."""
    pair = ("--n", 8, "--d", 4, "--heads", 2, "--compare", "scaled,fc-time", "--json")
    found = {one["name"]: one["matmul"] for one in document(attn("complexity", *pair))["compare"]}
    assert found["fc-time"] == "2*T**2*d"
    assert attn("complexity", "--causal", "--compare", "fc-time").status == 0
    for more in (("--m", 16), ("--m", 9, "--cross"), ("--causal", "--window", 3)):
        ran = attn("complexity", "--n", 8, *more, "--compare", "scaled,gated")
        assert ran.status == 2
        assert "--compare gated: this mode does without" in ran.err


@pytest.mark.parametrize("mode", MODES.split(", "))
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_every_width(attn: Attn, mode: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables fit or say what they leave out, with numbers and without."""
    monkeypatch.setenv("COLUMNS", str(columns))
    for size in ((), ("--n", 8, "--d", 16)):
        ran = attn("complexity", "--mode", mode, *size)
        assert ran.status == 0, ran.err


def test_tables_of_words_stay_aligned_in_ascii(attn: Attn) -> None:
    """Signs become longer in ASCII; columns begin in one place all the same."""
    page = attn("complexity", "--plain").out.splitlines()
    heads = next(at for at, line in enumerate(page) if line.startswith("step"))
    start = page[heads].index("operation")
    assert set(page[heads + 1]) == {"-"}
    assert all(line[start] != " " and line[start - 1] == " " for line in page[heads + 2 :][:8])


@pytest.mark.parametrize(
    "options",
    [
        {"heads": 2},
        {"heads": 4, "kv_heads": 2, "causal": True},
        {"mode": "linear", "heads": 2},
        {"mode": "delta", "heads": 2},
        {"mode": "cosine", "heads": 2, "normalizer": "sparsemax"},
    ],
)
def test_the_backward_pass_is_what_a_gradient_counts(options: dict[str, Any]) -> None:
    """Formulas with the sizes put in give the operations of the gradient's own steps."""
    cost = library.complexity(n=6, d=8, backward=True, **options)
    run = library.gradient(x=np.random.default_rng(0).standard_normal((6, 8)), **options)
    made = sum(step.flops for step in run.steps)
    assert cost.backward is not None
    assert cost.backward.totals["all"].value == made


def test_products_cost_twice_as_much_backwards(attn: Attn) -> None:
    """Each product of matrices has two in the gradient, each as large as itself, formulas too."""
    found = document(attn("complexity", "--n", 512, "--d", 64, "--backward", "--json"))
    one, two = found["totals"]["matmul"], found["backward"]["totals"]["matmul"]
    assert two["value"] == 2 * one["value"]
    n, d = sympy.symbols("n d")
    names = {"n": n, "d": d}
    apart = sympy.parse_expr(two["flops"], names) - 2 * sympy.parse_expr(one["flops"], names)
    assert sympy.expand(apart) == 0
    kept = found["backward"]["kept"]["value"]
    assert kept == 4 * (512 * 512 + 4 * 512 * 64)
    assert found["backward"]["recomputed"]["value"] == 4 * (4 * 512 * 64 + 512)
    page = attn("complexity", "--n", 512, "--d", 64, "--backward").out
    assert "times forward                2            0.875         1.98" in page


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ((), "n = 2 d = 4,096"),
        (("--heads", 1), "n = 2 d = 4,096"),
        (("--heads", 32), "n = 2 d = 4,096"),
        (("--heads", 32, "--kv-heads", 8), "n = 1.25 d = 5,120"),
        (("--heads", 32, "--kv-heads", 8, "--causal"), "n = 2.5 d = 10,240"),
        (("--heads", 32, "--kv-heads", 1), "n = 1.03125 d = 4,224"),
        (("--heads", 32, "--causal"), "n = 4 d = 16,384"),
    ],
)
def test_where_pairs_take_over_with_heads(attn: Attn, options: tuple[object, ...], at: str) -> None:
    """Heads share the width, and key heads are no more than heads: k and v cost h_kv / h of q."""
    d = 4096 if {"--kv-heads", "--causal"} & {*options} else 2048
    ran = attn("complexity", "--n", 512, "--d", d, *options)
    assert f"costs more than the projections above {at}." in ran.flat
    assert f"◂ {at.rpartition(' = ')[0]}" in ran.out
    leading = next(line for line in ran.out.splitlines() if line.startswith("leading terms"))
    assert ("h_kv" in leading) == ("--kv-heads" in options)


def test_a_legend_keeps_its_signs_where_it_wraps(attn: Attn) -> None:
    """Each part begins a line with its sign."""
    ran = attn("complexity", "--n", 512, "--d", 4096, "--heads", 32, "--kv-heads", 8, "--causal")
    named = [line for line in ran.out.splitlines() if line.startswith(("▒ ", "█ "))]
    assert len(named) == 2
    assert named[1].startswith("█ between queries and keys: ")


@pytest.mark.parametrize("command", ["compute", "gradient", "mask", "complexity", "compare"])
def test_a_prefix_that_causality_undoes_is_told(attn: Attn, command: str) -> None:
    """Masks are joined by and: what was meant to add pairs and adds none is said everywhere."""
    ran = attn(command, "--n", 6, *(() if command == "mask" else ("--d", 4)), "--prefix", 3)
    assert "changes nothing here" not in ran.err
    sizes = ("--n", 6) if command == "mask" else ("--n", 6, "--d", 4)
    ran = attn(command, *sizes, "--prefix", 3, "--causal")
    assert "prefix(3) changes nothing here: the rest drops the same pairs." in ran.err
    found = json.loads(attn(command, *sizes, "--prefix", 3, "--causal", "--json").out)
    assert "prefix(3) changes nothing" in json.dumps(found["notices"])
