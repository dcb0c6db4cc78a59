"""The words of a command line, before Typer reads them: a bare --rope, and options given twice."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from attn_cli.cli import streams
from attn_cli.cli.given import HELP
from attn_cli.cli.typed import remember
from attn_cli.errors import AttnError, Exit, brief
from attn_cli.spelling import spelling

SEVERAL = ("--param", "--pair", "--expected")
"""Options that may be given more than once."""


class Command(TyperCommand):
    """A command whose --rope may stand without a value, and none of whose options is dropped."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill in bare --rope, join several --mask by and, refuse what is given twice."""
        remember(shlex.join(["attn", ctx.info_name or "", *args]))
        self._help(args)
        args = _joined(_filled(args))
        wrong = _wrong(args, _valued(self))
        if wrong is not None:
            streams.complain(wrong)
            raise typer.Exit(int(Exit.USAGE))
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            option = getattr(error.param, "opts", ["value"])[0]
            streams.complain(f"{option}: {_no_number(str(error.message))}")
            raise typer.Exit(int(Exit.USAGE)) from None

    def _help(self, args: list[str]) -> None:
        """Show help where it is asked for: in short, of a group (--help masks), or all."""
        asked = next((at for at, word in enumerate(args) if word in HELP), None)
        if asked is None:
            return
        from attn_cli.cli.help import options_in, print_help
        from attn_cli.views import help_page as pages

        module = import_module(f"attn_cli.cli.{self.name}")
        name, options = str(self.name), options_in(self)
        group = next((word for word in args[asked + 1 :][:1] if not word.startswith("-")), "")
        group = pages.ALL if args[asked] == "--help-all" else group
        try:
            with spelling(streams.as_option):
                if group:
                    page = pages.group_page(name, group, options)
                else:
                    page = pages.help_page(name, module.HELP, module.EXAMPLES, module.USED, options)
        except AttnError as error:
            streams.complain(error.message)
            raise typer.Exit(int(Exit.USAGE)) from None
        print_help(page)
        raise typer.Exit()


THOUSANDS = re.compile(r"'(?P<digits>\d+)[kK]'")


def _no_number(message: str) -> str:
    """What is wrong with the value of an option: 1k may be one of two numbers."""
    match = THOUSANDS.search(message)
    if match is None:
        return message.replace("is not a valid int", "is not a whole number").replace(
            "is not a valid float", "is not a number"
        )
    count = int(match["digits"])
    return f"{match[0]} is not a whole number. Did you mean {count * 1000} or {count * 1024}?"


NUMBERS = ("int", "int range", "integer", "integer range", "float", "float range", "fraction")


def _valued(command: Any) -> dict[str, bool]:
    """Options of a command that take a value, and whether it is a number."""
    return {
        word: getattr(option.type, "name", "") in NUMBERS
        for option in command.params
        if not getattr(option, "is_flag", False)
        for word in option.opts
    }


def _filled(args: list[str]) -> list[str]:
    """Put the usual value behind every bare --rope."""
    filled = []
    for place, word in enumerate(args):
        filled.append(word)
        following = args[place + 1] if place + 1 < len(args) else "-"
        if word == "--rope" and following.startswith("-"):
            filled.append("half-split")
    return filled


def _joined(args: list[str]) -> list[str]:
    """Several masks are combined with and, as all masks are that are given as options."""
    masks, others = [], []
    words = iter(args)
    for word in words:
        if word == "--mask":
            masks.append(next(words, None))
        elif word.startswith("--mask="):
            masks.append(word.removeprefix("--mask="))
        else:
            others.append(word)
    if len(masks) < 2 or None in masks:
        return args
    return [*others, "--mask", " & ".join(f"({mask})" for mask in masks)]


def _wrong(args: list[str], valued: Mapping[str, bool]) -> str | None:
    """What is wrong with the first option that is given twice, or whose number has other digits."""
    seen: set[str] = set()
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in valued:
            continue
        if name in seen and name not in SEVERAL:
            return f"{name} is given twice: give it once."
        seen.add(name)
        value = value if equals else next(words, "")
        if valued[name] and not value.isascii():
            return f"{name}: {brief(value)!r} is not a number in the digits 0 to 9."
    return None
