"""Start-up: commands against scripts that import the same and print one table."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.pairs import ratio

TABLE = """
import typer
from rich.console import Console
from rich.table import Table

table = Table()
for column in range(4):
    table.add_column(str(column))
for row in range(4):
    table.add_row(*(str(4 * row + column) for column in range(4)))
Console().print(table)
"""
WITH_NUMPY = f"import numpy{TABLE}"
WITH_SYMPY = f"import sympy{TABLE}"
RUNS = 31


def run(*command: str) -> None:
    """Run a process, its output thrown away."""
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print a ratio for each command."""
    for arguments, script in (
        (["compute"], WITH_NUMPY),
        (["complexity", "--n", "512", "--d", "64"], WITH_SYMPY),
        (["--help"], TABLE),
        (["--version"], TABLE),
    ):
        one, other, times = ratio(
            lambda: run("-m", "attn_cli", *arguments),  # noqa: B023
            lambda: run("-c", script),  # noqa: B023
            RUNS,
        )
        name = " ".join(["attn", *arguments])
        print(f"{name:32} {one * 1e3:4.0f} ms / script {other * 1e3:4.0f} ms = {times:.2f}")


if __name__ == "__main__":
    main()
