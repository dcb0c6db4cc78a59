"""Start-up: `attn compute` against a script that imports the same and prints one table."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.pairs import ratio

REFERENCE = """
import typer
from rich.console import Console
from rich.table import Table
import numpy as np

table = Table()
for column in range(4):
    table.add_column(str(column))
for row in np.arange(16).reshape(4, 4):
    table.add_row(*map(str, row))
Console().print(table)
"""
RUNS = 31


def run(*command: str) -> None:
    """Run a process, its output thrown away."""
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print the three ratios."""
    for arguments in (["compute"], ["--help"], ["--version"]):
        one, other, times = ratio(
            lambda: run("-m", "attn_cli", *arguments),  # noqa: B023
            lambda: run("-c", REFERENCE),
            RUNS,
        )
        name = " ".join(["attn", *arguments])
        print(f"{name:14} {one * 1e3:4.0f} ms / script {other * 1e3:4.0f} ms = {times:.2f}")


if __name__ == "__main__":
    main()
