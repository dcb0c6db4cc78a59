"""Runs the commands that stand in the documentation; cog puts what they print below them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from attn_cli.data.libraries import QUESTIONS

ENVIRONMENT = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}


def run(command: str) -> str:
    """Run `attn …` and return what a terminal would show: results and notices."""
    program, *arguments = shlex.split(command)
    assert program == "attn", command
    from typer.testing import CliRunner

    from attn_cli import language
    from attn_cli.cli.app import app

    language.speak(language.ENGLISH)
    return CliRunner().invoke(app, arguments, env=ENVIRONMENT).output


def show(command: str, lines: int | None = None) -> None:
    """Print a command and its output as a code block; `lines` keeps only its beginning."""
    output = run(command).rstrip().splitlines()
    if lines is not None and len(output) > lines:
        output = [*output[:lines], "…"]
    print("```console", f"$ {command}", *(line.rstrip() for line in output), "```", sep="\n")


def options(command: str, *groups: str) -> None:
    """Print the options of a command as tables, all of them or those of some groups."""
    from typing import get_args

    from attn_cli.cli.options import options_of

    tables: dict[str, list[str]] = {}
    for option in options_of(command):
        info = get_args(option.annotation)[1]
        meaning = info.help.replace("|", chr(92) + "|")
        tables.setdefault(info.rich_help_panel, []).append(f"| `{info.default}` | {meaning} |")
    for group, rows in tables.items():
        if not groups or group in groups:
            print(f"**{group}**\n", "| option | meaning |", "|---|---|", *rows, "", sep="\n")


def levels() -> None:
    """Print the levels of exercises, as a table."""
    from attn_cli.worked.exercises import LEVELS

    print("| `--level` | what there is to it |", "|---|---|", sep="\n")
    for number, level in enumerate(LEVELS, 1):
        print(f"| {number} | {level.says} |")


def faults() -> None:
    """Print every fault that is tried, as a table."""
    from attn_cli.cli.streams import as_option
    from attn_cli.faults import FAULTS
    from attn_cli.faults.dropout import DROPOUT
    from attn_cli.spelling import spelled, spelling

    print("| fault | what such code does | what usually brings it about | the same in attn |")
    print("|---|---|---|---|")
    for fault in (*FAULTS, DROPOUT):
        with spelling(as_option):
            option = f"`{spelled(fault.option)}`" if fault.option else ""
        cause = fault.cause.replace("|", chr(92) + "|")
        print(f"| `{fault.id}` | {fault.does} | `{cause}` | {option} |")


def python(path: str) -> None:
    """Print a Python file and what running it prints."""
    with open(path, encoding="utf-8") as file:
        print("```python", file.read().rstrip(), "```", "", sep="\n")
    finished = subprocess.run(
        [sys.executable, path],
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": "."},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    print("```console", f"$ python {path}", finished.stdout.rstrip(), "```", sep="\n")


def catalogue(module: str, name: str) -> None:
    """Print a list of the program as a table: masks, biases, forms, libraries."""
    from importlib import import_module

    entries = getattr(import_module(module), name)
    columns = COLUMNS[name]
    print(f"| {' | '.join(columns.values())} |")
    print(f"|{'---|' * len(columns)}")
    for entry in entries:
        cells = [str(getattr(entry, field)).replace("|", chr(92) + "|") for field in columns]
        cells[0] = f"`{cells[0]}`" if name != "LIBRARIES" else cells[0]
        print(f"| {' | '.join(cells)} |")


def mechanisms(*names: str) -> None:
    """Print modes with formula, cost in matrix products and source: these, or all."""
    from attn_cli.costs.report import cost_report
    from attn_cli.costs.symbolic import Shape
    from attn_cli.mechanisms import MECHANISMS

    print("| mode | name | formula | products, FLOPs | all the rest | source |")
    print("|---|---|---|---|---|---|")
    for one in MECHANISMS:
        if not names or one.name in names:
            totals = cost_report(one, Shape()).totals
            costs = f"{totals['matmul'].pretty} | {totals['other'].pretty}"
            print(f"| `{one.name}` | {one.title} | {one.formula} | {costs} | {one.source} |")


def normalizers() -> None:
    """Print normalizers with formula, cost and source."""
    from attn_cli.costs.report import cost_report
    from attn_cli.costs.symbolic import Shape
    from attn_cli.mechanisms import Choices, named
    from attn_cli.mechanisms.normalizers import NORMALIZERS

    print("| normalizer | weight | FLOPs, those of the scale in | source |\n|---|---|---|---|")
    for one in NORMALIZERS:
        shape = Shape(choices=Choices(normalizer=one))
        other = cost_report(named("scaled"), shape).totals["other"].pretty
        print(f"| `{one.name}` | {one.formula} | {other} | {one.source} |")


def parameters(*names: str) -> None:
    """Print the arrays of modes, with their axes and meanings: of these modes, or of all."""
    from attn_cli.mechanisms import MECHANISMS

    print("| mode | array | axes | meaning |\n|---|---|---|---|")
    for mechanism in [one for one in MECHANISMS if not names or one.name in names]:
        for name, axes in mechanism.parameters.items():
            usual = mechanism.usual.get(name)
            shape = "one number" if axes == ("1",) else f"({', '.join(axes)})"
            shape += "" if usual is None else f", {usual:g} by default"
            print(f"| `{mechanism.name}` | `{name}` | {shape} | {mechanism.meanings[name]} |")


COLUMNS = {
    "NORMALIZERS": {
        "name": "normalizer",
        "title": "what it is",
        "formula": "weight",
        "source": "source",
    },
    "MECHANISMS": {"name": "mode", "title": "name", "formula": "formula", "source": "source"},
    "KINDS": {"signature": "mask", "says": "keeps", "source": "source"},
    "BIASES": {"signature": "bias", "says": "adds", "source": "source"},
    "FORMS": {"name": "form", "says": "what it is"},
    "LIBRARIES": {"name": "library", "version": "version", **QUESTIONS},
}
"""Which fields of an entry are shown, and under which heads."""


def models(folder: str) -> None:
    """Print what each config.json in a folder says of the cache, by the command itself."""
    import json
    from pathlib import Path

    print("| model | bytes a token, all layers | once windows are full | kinds of layers |")
    print("|---|---|---|---|")
    for path in sorted(Path(folder).glob("*.json")):
        found = json.loads(run(f"attn complexity --config {path} --dtype bfloat16 --json"))
        totals = found["totals"]
        kinds = ", ".join(
            f"{kind['layers']} {kind['name']}" for kind in found["layers"] if kind["counted"]
        )
        each, late = (
            f"{totals[name]:,}" if totals["kv_cache_bytes"] else "no cache"
            for name in ("kv_cache_bytes_per_token", "kv_cache_bytes_per_token_beyond_windows")
        )
        print(f"| {path.stem} | {each} | {late} | {kinds} |")
