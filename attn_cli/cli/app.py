"""The program `attn`: its commands and where it starts."""

from __future__ import annotations

import gc
import os
from typing import Annotated

import typer

from attn_cli.cli import compute, streams

app = typer.Typer(
    name="attn",
    help="Attention mechanisms, computed and explained step by step.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("compute", help=compute.HELP, epilog=compute.EXAMPLES)(compute.compute)

COLLECT_AFTER = 100_000
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"attn {version('attn-cli')}")
        raise typer.Exit()


@app.callback()
def attn(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Attention mechanisms, computed and explained step by step."""


def main() -> None:
    """Run `attn`.

    Settings that start-up is measurably faster with (tests/benchmarks/start_up.py): one BLAS
    thread, which small products want too, and rarer garbage collection while modules load.
    """
    gc.set_threshold(COLLECT_AFTER)
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    streams.prepare()
    app()
