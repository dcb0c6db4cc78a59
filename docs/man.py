"""The manual page, attn.1, made from the commands and their options: `python -m docs.man`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import get_args

from attn_cli.cli.app import COMMANDS
from attn_cli.cli.options import options_of

PAGE = Path(__file__).parent / "attn.1"

HEAD = """.TH ATTN 1
.SH NAME
attn \\- attention mechanisms, computed and explained step by step
.SH SYNOPSIS
.B attn
.I COMMAND
.RI [ OPTIONS ]
"""

TAIL = """.SH EXIT STATUS
0 fine; 1 the answer is no, or it can't be computed; 2 wrong usage or unreadable input;
130 interrupted.
.SH ENVIRONMENT
ATTN_DEBUG=1 shows where an error arose. NO_COLOR switches colours off. COLUMNS is the width.
"""


def man_page() -> str:
    """Every command with its help, its options and its examples, in roff."""
    return HEAD + "".join(map(_command, COMMANDS)) + TAIL


def _command(name: str) -> str:
    module = import_module(f"attn_cli.cli.{name}")
    lines = [f'.SH "attn {name}"', _escaped(" ".join(module.HELP.split()))]
    for option in options_of(name):
        info = get_args(option.annotation)[1]
        value = f" \\fI{_escaped(info.metavar)}\\fR" if info.metavar else ""
        lines += [".TP", f"\\fB{_escaped(info.default)}\\fR{value}", _escaped(info.help)]
    examples = module.EXAMPLES
    lines += [".PP", "Examples:", *(f".PP\n{_escaped(line)}" for line in examples)]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Text in which nothing is a request: no sign of roff, no point at the start of a line."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain


if __name__ == "__main__":
    PAGE.write_text(man_page(), encoding="utf-8")
