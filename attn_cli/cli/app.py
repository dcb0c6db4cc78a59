"""The program `attn`: its commands and where it starts."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from attn_cli.cli import complexity, compute, mask, streams
from attn_cli.cli.positions import BareRope

app = typer.Typer(
    name="attn",
    help="Attention mechanisms, computed and explained step by step.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for name, module, command in (
    ("compute", compute, compute.compute),
    ("complexity", complexity, complexity.complexity),
    ("mask", mask, mask.mask),
):
    app.command(name, cls=BareRope, help=module.HELP, epilog=module.EXAMPLES)(command)


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


def run() -> None:
    """Run the command that was typed, and leave with its status once all is written."""
    streams.prepare()
    try:
        app()
    except SystemExit as left:
        status = left.code
    except OSError as error:
        status = streams.unwritten(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        status = streams.unwritten(error) or status
    raise SystemExit(status)
