"""The program `attn`: its commands and where it starts."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from attn_cli.cli import streams

COMMANDS = (
    "compute",
    "gradient",
    "train",
    "diagnose",
    "check",
    "complexity",
    "reconcile",
    "mask",
    "compare",
    "explain",
)
"""Each is a module beside this one, with a function of its name, HELP, EXAMPLES and USED."""


class Commands(TyperGroup):
    """Loads a command when it is asked for: reading the options of all takes longer than most."""

    def list_commands(self, _: Any) -> list[str]:
        """Names, in the order of the help."""
        return [*COMMANDS]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for; of another word, the nearest there is."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-"):
            from attn_cli.errors import Exit, brief, did_you_mean

            hint = "Type attn --help." if word == "help" else did_you_mean(word, [*COMMANDS])
            streams.say(f"Error: there is no command {brief(word)!r}. {hint}")
            raise typer.Exit(int(Exit.USAGE))
        if word not in COMMANDS:
            return super().resolve_command(ctx, args)
        return word, _made(word, args[1:]), args[1:]

    def get_command(self, _: Any, cmd_name: str) -> Any:
        """The command of a name with all its options; None where there is none."""
        return _made(cmd_name, ["--help"]) if cmd_name in COMMANDS else None


def _made(name: str, words: list[str]) -> Any:
    """A command, with the options that are among the words typed behind it."""
    from attn_cli.cli.options import narrowed
    from attn_cli.cli.words import Command

    module = import_module(f"attn_cli.cli.{name}")
    alone = typer.Typer(add_completion=False)
    register = alone.command(name, cls=Command, help=module.HELP)
    register(narrowed(getattr(module, name), words))
    return typer.main.get_command(alone)


app = typer.Typer(
    name="attn",
    cls=Commands,
    help="Attention mechanisms, computed and explained step by step.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"attn {version('attn-cli')}")
        raise typer.Exit()


@app.callback()
def attn(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Attention mechanisms, computed and explained step by step."""
    if context.invoked_subcommand is None:
        from attn_cli.cli.help import print_help, start_page

        print_help(start_page([(name, _first_line(name)) for name in COMMANDS]))


def _first_line(name: str) -> str:
    """What a command does, in its own words."""
    return str(import_module(f"attn_cli.cli.{name}").HELP).partition("\n")[0]


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
