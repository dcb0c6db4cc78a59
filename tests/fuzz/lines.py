"""Command lines and files drawn from a seed; `python -m tests.fuzz.lines 20000` runs many.

Whatever is typed, a command ends with status 0, 1 or 2, says what is wrong in one message without
Python's internals, leaves no half-written file, and prints no `nan` without a notice.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from typer.testing import CliRunner

from attn_cli import mechanisms
from attn_cli.cli.app import app
from attn_cli.mechanisms.normalizers import NORMALIZERS

MODES = [one.name for one in mechanisms.MECHANISMS]

INTERNALS = re.compile(r"0x[0-9a-f]{6,}|object at|Traceback|<class|NoneType|__\w+__|numpy\.|np\.")


class Outcome(NamedTuple):
    """What a command line left."""

    line: tuple[str, ...]
    status: int
    out: str
    err: str


def number(draw: Random) -> str:
    """A number as somebody may type it."""
    return draw.choice(NUMBERS)


NUMBERS = [
    *("0", "1", "-1", "2", "3", "5", "1/2", "0.1", "1e3", "1e200", "-1e200", "1e999", "nan", "inf"),
    *("-inf", "x", "", "٣", "1e-300", "7" * 30),
]


def matrix(draw: Random) -> str:
    """A typed matrix, mostly well-formed."""
    rows, columns = draw.randint(1, 4), draw.randint(1, 4)
    if draw.random() < 0.1:
        return draw.choice(["", ";", "[[", "1 2; 3", "a b", "[[1,2],[3]]", "[]", "-", "\x1b[31m"])
    return "; ".join(" ".join(number(draw) or "0" for _ in range(columns)) for _ in range(rows))


def plain(draw: Random) -> str:
    """A typed matrix of small numbers that fits others of three columns."""
    rows = draw.randint(1, 4)
    return "; ".join(" ".join(str(draw.randint(-3, 3)) for _ in range(3)) for _ in range(rows))


MASKS = [
    *(
        "causal",
        "window(3)",
        "~causal",
        "causal & window(2) | global(0)",
        "block(2)",
        "random(0.5)",
    ),
    *("window(0)", "causal(", "nothing", "1 0; 0 1", "documents(0,0,1)", "local-m(1)", "prefix(1)"),
]


def options(draw: Random) -> dict[str, list[str]]:
    """Every option with a value drawn for it."""
    small = str(draw.choice([0, 1, 1, 2, 2, 3, 4, 5, 8, -1, 10**9]))
    return {
        "--n": [small],
        "--m": [str(draw.randint(0, 6))],
        "--d": [str(draw.choice([1, 2, 4, 4, 6, 8, 16, 0]))],
        "--dv": [str(draw.randint(0, 4))],
        "--batch": [str(draw.randint(0, 3))],
        "--heads": [str(draw.choice([1, 2, 2, 3, 4]))],
        "--kv-heads": [str(draw.choice([1, 2, 3]))],
        "--seed": [str(draw.randint(0, 9))],
        "--mode": [draw.choice([*MODES, "scalde"])],
        "--normalizer": [draw.choice([*(one.name for one in NORMALIZERS), "softmx"])],
        "--temperature": [number(draw)],
        "--alpha": [number(draw)],
        "--scale": [number(draw)],
        "--softcap": [number(draw)],
        "--causal": [],
        "--offset": [str(draw.randint(-3, 3))],
        "--align": [draw.choice(["top-left", "bottom-right", "middle"])],
        "--window": [str(draw.randint(0, 5))],
        "--lengths": [draw.choice(["1", "3,2", "0", "9,9", ","])],
        "--mask": [draw.choice(MASKS)],
        "--bias": [draw.choice(["alibi", "t5", "relative(2)", "0", "-inf 0", "sharks"])],
        "--rope": [draw.choice(["interleaved", "half-split", "sideways"])],
        "--positions": ["sinusoidal"],
        "--local": [draw.choice(["m", "p", "q"])],
        "--local-d": [str(draw.randint(0, 3))],
        "--dtype": [draw.choice(["float64", "float32", "float16", "float8"])],
    }


COMPUTE = ("q", "k", "v", "x", "w-q", "bias", "past-k", "past-v")


def compute_line(draw: Random) -> list[str]:
    """A line of `attn compute`."""
    line = ["compute"]
    if draw.random() < 0.4:
        for name in draw.sample(("q", "k", "v"), draw.randint(1, 3)):
            line += [f"--{name}", plain(draw) if draw.random() < 0.6 else matrix(draw)]
    elif draw.random() < 0.3:
        line += ["--text", draw.choice(["the cat sat", "a", "", "猫 坐", "\u202e x", "{x} [/b]"])]
    elif draw.random() < 0.3:
        line += [f"--{draw.choice(COMPUTE)}", draw.choice(FILES)]
    elif draw.random() < 0.3:
        line += ["--input", draw.choice(FILES)]
    known = {
        **options(draw),
        "--activation": [draw.choice(["tanh", "relu", "sine"])],
        "--block-size": [str(draw.randint(0, 3))],
        "--query-index": [str(draw.randint(0, 3))],
        "--decode": [],
        "--only": [draw.choice(["weights", "output", "scores", "nothing"])],
        "--from": [draw.choice(["weights", "q", "nothing"])],
        "--show-work": [draw.choice(["weights[0,0]", "weights[9,9]", "scores", "output[-1,0]"])],
        "--head": [str(draw.randint(0, 2))],
        "--precision": [str(draw.choice([0, 1, 4, 17, 18]))],
        "--json": [],
        "--quiet": [],
        "--plain": [],
        "--all": [],
        "--layout": [draw.choice(["bshd", "sbe", "thd"])],
        "--weights-layout": ["out-in"],
        "--save": [draw.choice(["out.npz", "out.json", "out.txt"])],
        "--export": [draw.choice(["page.html", "page.svg", "page.md", "page.tex", "page.pdf"])],
        "--param": [draw.choice(["w=1", "beta=2", "w", "=", "v_a=1 2 3 4"])],
        "--lang": [draw.choice(["zh", "en", "xx"])],
    }
    return line + drawn(draw, known)


def complexity_line(draw: Random) -> list[str]:
    """A line of `attn complexity`."""
    skipped = ("--seed", "--scale", "--softcap")
    known = {name: value for name, value in options(draw).items() if name not in skipped}
    known["--n"] = [draw.choice(["8", "n", "1", "0", "10**9", "1,000", "9" * 40])]
    known |= {
        "--layers": [draw.choice(["2", "L", "0"])],
        "--cross": [],
        "--no-projections": [],
        "--tile": [draw.choice(["2", "0"])],
        "--compare": [draw.choice(["dot,cosine", "mha,gqa,mqa", "mla", "x"])],
        "--sweep": [draw.choice(["n=2:16", "d=4:8", "q=1", "n=9:1"])],
        "--hardware": [draw.choice(["a100", "h100", "z80"])],
        "--config": [draw.choice(FILES)],
        "--kv-dtype": ["float8"],
        "--json": [],
        "--latex": [],
        "--plain": [],
    }
    return ["complexity", *drawn(draw, known)]


def mask_line(draw: Random) -> list[str]:
    """A line of `attn mask`."""
    kept = ("--n", "--m", "--causal", "--offset", "--align", "--window", "--mask", "--lengths")
    known = {name: value for name, value in options(draw).items() if name in (*kept, "--bias")}
    known |= {
        "--diff": [draw.choice(MASKS)],
        "--as": [draw.choice(["torch-mha", "additive", "odd"])],
        "--json": [],
        "--plain": [],
        "--save": [draw.choice(["mask.npy", "mask.txt"])],
    }
    return ["mask", *drawn(draw, known)]


def compare_line(draw: Random) -> list[str]:
    """A line of `attn compare`."""
    known = options(draw) | {
        "--modes": [draw.choice(["scaled,dot", "cosine,additive", "scaled,x"])],
        "--normalizers": [draw.choice(["softmax,hard", "softmax"])],
        "--masks": [draw.choice(["causal,none", "causal, window(2)"])],
        "--json": [],
    }
    return ["compare", *drawn(draw, known)]


KINDS = (compute_line, compute_line, compute_line, complexity_line, mask_line, compare_line)


def drawn(draw: Random, known: dict[str, list[str]]) -> list[str]:
    """Some of the options, few more often than many."""
    names = draw.sample([*known], min(len(known), draw.choice([0, 1, 1, 2, 2, 3, 4, 6])))
    return [part for name in names for part in (name, *known[name])]


FILES = ("good.npz", "odd.npy", "text.csv", "deep.json", "cut.npz", "huge.npy", "config.json", "no")


def write_files(draw: Random) -> None:
    """Files that are well-formed, cut short, made up or hostile."""
    np.savez("good.npz", q=np.eye(3), k=np.ones((4, 3)), v=np.arange(8.0).reshape(4, 2))
    np.save("odd.npy", draw.choice([np.eye(2), np.zeros((2, 3, 4)), np.array(["a"]), np.zeros(0)]))
    Path("text.csv").write_text(draw.choice(["1,2\n3,4\n", "a,b\n", "1;2\n", "\x00", ""]), "utf-8")
    Path("deep.json").write_text(draw.choice(["[" * 500, '{"q": [[1]]}', "{}", "[[1, 2], [3]]"]))
    whole = Path("good.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[: draw.randint(0, len(whole))])
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 9), }" % 10**9
    start = b"\x93NUMPY\x01\x00" + len(header + b"\n").to_bytes(2, "little")
    Path("huge.npy").write_bytes(start + header + b"\n" + b"12345678")
    config = {
        "model_type": draw.choice(["llama", "{x}", "gemma2", "t5", "newest", 3]),
        "hidden_size": draw.choice([8, 0, "x", 10**20]),
        "num_attention_heads": draw.choice([2, 3]),
        "num_hidden_layers": draw.choice([2, 10**7]),
        "max_position_embeddings": 16,
        "sliding_window": draw.choice([None, 4, -1, "w"]),
    }
    Path("config.json").write_text(json.dumps(config))


def run(line: list[str]) -> Outcome:
    """Run a line in this process."""
    done = CliRunner().invoke(app, line, input=b"")
    return Outcome(tuple(line), done.exit_code, done.stdout, done.stderr)


def wrong(outcome: Outcome) -> str | None:
    """Which promise an outcome breaks; None where it breaks none."""
    line, status, out, err = outcome
    if status not in (0, 1, 2):
        return f"status {status}"
    if "which it should not" in err:
        return "an error that is none of ours"
    if status and not err.strip():
        return "a failure without a word"
    if INTERNALS.search(err):
        return "Python's internals in a message"
    if len(err) > 4000:
        return "a message of pages"
    if "--json" in line and status == 0:
        try:
            json.loads(out, parse_constant=_refused)
        except ValueError as error:
            return f"no strict JSON: {error}"
    if status == 0 and line[0] == "compute" and "--quiet" in line and "nan" in out and not err:
        return "nan without a word"
    if any(path.name.startswith(".attn.") for path in Path().iterdir()):
        return "a half-written file"
    return None


def _refused(word: str) -> float:
    raise ValueError(word)


def fuzz(seed: int, count: int) -> tuple[list[tuple[str, Outcome]], Counter[int]]:
    """Run `count` lines of a seed in this folder; what they break, and how they ended."""
    draw = Random(seed)
    broken, ended = [], Counter[int]()
    for number_ in range(count):
        if number_ % 50 == 0:
            write_files(draw)
        for name in ("out.npz", "out.json", "out.txt", "mask.npy"):
            Path(name).unlink(missing_ok=True)
        for page in Path().glob("page.*"):
            page.unlink()
        outcome = run(draw.choice(KINDS)(draw))
        ended[outcome.status] += 1
        problem = wrong(outcome)
        if problem is not None:
            broken.append((problem, outcome))
    return broken, ended


def main() -> None:
    """Run many lines by hand: python -m tests.fuzz.lines COUNT [SEED]."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    os.environ.update(COLUMNS="80", NO_COLOR="1")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        broken, ended = fuzz(seed, count)
    for problem, outcome in broken[:40]:
        print(f"{problem}: {list(outcome.line)}\n  {outcome.status} {outcome.err[:200]!r}")
    print(f"{count:,} command lines from seed {seed}: {dict(ended)}, {len(broken)} broken promises")
    raise SystemExit(bool(broken))


if __name__ == "__main__":
    main()
