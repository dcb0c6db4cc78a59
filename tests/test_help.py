"""Help: what to paste, the most used options, and every option one word away."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.main import get_command

from attn_cli.cli.app import COMMANDS, _made, app
from tests.conftest import Attn, option_names

WITH_OPTIONS = [name for name in COMMANDS if name != "explain"]


def test_attn_alone_says_what_to_paste(attn: Attn) -> None:
    """Three commands that run, then the five commands, and no error."""
    ran = attn()
    assert (ran.status, ran.err) == (0, "")
    pasted = [line.strip() for line in ran.out.splitlines() if line.startswith("  attn")]
    assert len(pasted) == 3
    for line in pasted:
        assert attn(*shlex.split(line)[1:]).status == 0, line
    for name in COMMANDS:
        assert f"\n{name} " in ran.out


def test_help_without_a_command(attn: Attn) -> None:
    """All of `attn` alone, and the options that need no command, in the reader's language."""
    ran = attn("--help")
    assert ran.status == 0
    assert attn("-h").out == attn("help").out == ran.out
    assert all(line in ran.out for line in attn().out.splitlines())
    names = {name for one in get_command(app).params for name in one.opts if len(name) > 2}
    assert {name for name in names if name in ran.out} == names
    assert "--install-completion" in names
    assert "选项" in attn("--help", "--lang", "zh").out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_short_and_begins_with_examples(attn: Attn, name: str) -> None:
    """One screen: examples, about a dozen options, a line for each group; -h is the same."""
    ran = attn(name, "--help")
    assert ran.status == 0
    assert attn(name, "-h").out == ran.out
    lines = ran.out.splitlines()
    assert len(lines) < 60
    assert lines.index("Examples") < lines.index("Most used options")
    module = import_module(f"attn_cli.cli.{name}")
    assert len(module.USED) <= 14
    for example in module.EXAMPLES:
        assert example in ran.flat
    assert "<" not in ran.out
    assert "x>=" not in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_one_word_away(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Groups together hold every option; names are whole at 40 columns, where all lines fit."""
    monkeypatch.setenv("COLUMNS", "40")
    short = attn(name, "--help").out
    words = [line.split()[1] for line in short.splitlines() if line.startswith("--help ")]
    assert words[-1] == "all"
    held: list[str] = []
    for word in words[:-1]:
        ran = attn(name, "--help", word)
        assert ran.status == 0
        held += [line.split()[0] for line in ran.out.splitlines() if line.startswith("--")]
    whole = attn(name, "--help-all")
    assert whole.out == attn(name, "--help", "all").out
    named = [line.split()[0] for line in whole.out.splitlines() if line.startswith("--")]
    assert named == held
    count = len(option_names(name)) if name in WITH_OPTIONS else len(named)
    assert len(named) == len(set(named)) == count
    assert all(cell_len(line) <= 40 for line in whole.out.splitlines())


def test_an_unknown_group_is_told(attn: Attn) -> None:
    """A word that is no group names the nearest that is."""
    ran = attn("compute", "--help", "mask")
    assert ran.status == 2
    assert ran.err.startswith("Error: --help: there is no group 'mask'. Did you mean masks?")


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ([], set()),
        (["--n", "3", "--causal"], {"n", "causal"}),
        (["--d-v=3", "-"], None),
        (["--offset", "-1"], None),
        (["--n", "3", "--nothing"], None),
        (["-h"], None),
    ],
)
def test_only_options_that_are_typed_are_made(words: list[str], taken: set[str] | None) -> None:
    """Others wait for a word that no option has, as help is; then all are there."""
    made = {one.name for one in _made("compute", words).params}
    every = {one.name for one in _made("compute", ["--help"]).params}
    assert every >= option_names("compute")
    assert made == (every if taken is None else taken)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("attn compute --mode ", "scaled"),
        ("attn compute --normalizer s", "softmax"),
        ("attn compute --mode bad --normalizer ", "sparsemax"),
        ("attn --lang zh compute --mode ", "scaled"),
        ("attn co", "compute"),
        ("attn complexity --config ", ""),
        ("attn compute --q ", ""),
        ("attn compute --bogus ", ""),
        ("attn compute --n -", "--q"),
        ('attn compute "--mode ', ""),
        ("attn nope ", ""),
    ],
)
def test_nothing_is_refused_while_a_shell_completes(line: str, offered: str) -> None:
    """What is typed half is no mistake yet: words are offered, or nothing; never an error."""
    words = line.split()
    place = len(words) - (not line.endswith(" "))
    program = Path(sys.executable).parent / "attn"
    if not program.exists():
        pytest.skip("attn is not installed as a program")
    asked = {"_ATTN_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(place)}
    ran = subprocess.run(
        [program], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert not offered or offered in ran.stdout.split()
