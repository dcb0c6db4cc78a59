"""The program `attn`: its commands and where it starts."""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import signature
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from attn_cli.cli import streams
from attn_cli.cli.given import HELP, options_among
from attn_cli.cli.speaking import before_a_command, speak_early

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


VERSION = ("--version", "-V", "-v")


class Commands(TyperGroup):
    """Loads a command when it is asked for: reading the options of all takes longer than most."""

    def list_commands(self, _: Any) -> list[str]:
        """Names, in the order of the help."""
        return [*COMMANDS]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse options that stand before a command; --lang may."""
        speak_early(args)
        args = before_a_command(args)
        if ctx.resilient_parsing:  # a shell completes: nothing is refused or shown
            return super().parse_args(ctx, args)
        if args and args[0] in HELP:
            _start(helped=True)
            raise typer.Exit()
        if args and args[0].startswith("-") and not self._has(args[0]):
            from attn_cli.cli.meant import outside_a_command

            _refuse(outside_a_command(args))
        return super().parse_args(ctx, args)

    def _has(self, word: str) -> bool:
        """Whether an option stands before commands: --version, --help, those of completion."""
        known = {name for one in self.params for name in one.opts}
        return word.partition("=")[0] in known | {*HELP}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for; of another word, the nearest there is."""
        word, *words = args
        if ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if word == "help" and (not words or words[0] in COMMANDS):
            if not words:
                _start(helped=True)
                raise typer.Exit()
            return self.resolve_command(ctx, [*words[:1], "--help"])
        if word not in COMMANDS and not word.startswith("-"):
            _refuse(_no_command(args))
        if word not in COMMANDS:
            return super().resolve_command(ctx, args)
        words = _understood(word, words)
        return word, _made(word, words), words

    def get_command(self, _: Any, cmd_name: str) -> Any:
        """The command of a name with all its options; None where there is none."""
        return _made(cmd_name, ["--help"]) if cmd_name in COMMANDS else None


def _start(*, helped: bool = False) -> None:
    """Show what `attn` alone shows; helped: with the options that need no command."""
    from attn_cli.cli.help import print_help, start_page

    print_help(start_page([(name, _first_line(name)) for name in COMMANDS], helped=helped))


def _refuse(message: str) -> NoReturn:
    from attn_cli.errors import Exit

    streams.complain(message)
    raise typer.Exit(int(Exit.USAGE))


def _no_command(words: list[str]) -> str:
    """What is said of a first word that is no command: a topic's, or a slip away from one."""
    from attn_cli.cli.meant import command_meant
    from attn_cli.errors import brief

    return f"there is no command {brief(words[0])!r}. {command_meant(words, COMMANDS)}"


def _understood(name: str, words: list[str]) -> list[str]:
    """The words behind a command, read as what they mean; refused where that is not known."""
    if any(word in HELP for word in words):
        return words
    parameters = signature(getattr(import_module(f"attn_cli.cli.{name}"), name)).parameters
    given = options_among([*parameters.values()])
    if not given.need_reading(words):
        return words
    from attn_cli.cli.meant import understood
    from attn_cli.errors import AttnError
    from attn_cli.spelling import spelling

    with spelling(streams.as_option):
        try:
            words, note = understood(name, words, given)
        except AttnError as error:
            _refuse(error.message)
    if note:
        streams.note(note)
    return words


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
        typer.Option(*VERSION, help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Attention mechanisms, computed and explained step by step."""
    if context.invoked_subcommand is None:
        _start()


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
