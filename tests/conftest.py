"""Shared by all tests: a way to run the command as a person does."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does, before NumPy is there

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from typer.testing import CliRunner

from attn_cli import language
from attn_cli.cli.app import app

settings.register_profile("attn", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("attn")

LONG = "--long"
"""Draw twenty times as many cases where a law is tried on random ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(LONG, action="store_true", help="twenty times as many random cases for laws")


def pytest_configure(config: pytest.Config) -> None:
    os.environ["ATTN_DRAWS"] = "20" if config.getoption(LONG) else "1"


def draws(usual: int) -> int:
    """How many cases a law is tried on."""
    return usual * int(os.environ.get("ATTN_DRAWS", "1"))


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def flat(self) -> str:
        """Standard output in one line, however it was wrapped."""
        return " ".join(self.out.split())


Attn = Callable[..., Ran]


def option_names(command: str) -> set[str]:
    """Every option of a command, by the name it has in Python."""
    from attn_cli.cli.options import options_of

    return {option.name for option in options_of(command)}


def once(*arguments: object) -> list[object]:
    """Arguments in which a later value of an option stands in the place of an earlier one."""
    found: dict[object, list[object]] = {}
    for argument in arguments:
        named = isinstance(argument, str) and argument.startswith("--")
        if named or not found:
            found[argument] = [argument]
            last = argument
        else:
            found[last].append(argument)
    return [part for parts in found.values() for part in parts]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own, on a terminal of 80 columns without colour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("ATTN_DEBUG", raising=False)
    monkeypatch.setenv("ATTN_LANG", "en")
    language.speak(language.ENGLISH)


@pytest.fixture
def attn() -> Attn:
    """Run `attn …` in this process; arguments are given one by one."""

    def run(*arguments: object, stdin: bytes | None = None) -> Ran:
        result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)
        said = result.stdout + result.stderr
        assert "‹" not in said or any("‹" in str(one) for one in arguments), "a choice unspelled"
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def shell() -> Attn:
    """Run a real `python -m attn_cli …` process, with other variables where asked for."""

    def run(*arguments: object, stdin: bytes | None = None, **variables: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "attn_cli", *map(str, arguments)],
            input=stdin or b"",
            capture_output=True,
            env={**os.environ, **variables},
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
