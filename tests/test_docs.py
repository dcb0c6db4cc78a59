"""The documentation is true: what it shows is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cogapp import Cog

from tests.conftest import Attn

ROOT = Path(__file__).parent.parent
PAGES = [
    "README.md",
    "README.zh-CN.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]
PICTURES = {
    "sentence": 'compute --text "The cat is sitting on the mat." --heads 2 --causal',
    "training": 'train --text "The cat is sitting on the mat." --pair cat,mat --pair mat,cat',
}
"""The pictures of the README, and what draws each."""


@pytest.mark.parametrize("page", PAGES)
def test_every_output_is_what_the_command_prints(
    page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cog finds nothing to change."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    status = Cog().main(["cog", "--check", "-P", page])
    assert status == 0, capsys.readouterr()


def commands(page: str) -> list[str]:
    """The `attn …` lines of a page's shell blocks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("attn ")]


@pytest.mark.parametrize("line", [line for page in PAGES for line in commands(page)])
def test_every_command_runs(attn: Attn, line: str) -> None:
    """A command in a shell block ends with exit status 0, or with 1 where the answer is no."""
    attn("compute", "--save", "run.npz")
    attn("mask", "--causal", "--n", 4, "--save", "mask.npy")
    Path("example.md").write_bytes((ROOT / "docs" / "worked-example.md").read_bytes())
    if "--answers" in line:
        attn("check", "--new", "exercise.md")
    arguments = shlex.split(line, comments=True)[1:]
    if ">" in arguments:  # where the shell sends what is printed
        arguments = arguments[: arguments.index(">")]
    if "65536" in arguments:
        arguments[arguments.index("65536")] = "5000"
    again = ["--force"] if arguments[0] != "explain" else []
    answers = (0, 1) if arguments[0] in ("diagnose", "check") else (0,)
    assert attn(*arguments, *again).status in answers


def words(svg: str) -> list[str]:
    """The text of a picture, line by line."""
    return [
        text.text or "" for text in ElementTree.fromstring(svg).iter() if text.tag[-4:] == "text"
    ]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_is_what_the_command_draws(attn: Attn, name: str, theme: str) -> None:
    """The pictures of the README hold the text that their command draws today, on their ground."""
    drawing = (*shlex.split(PICTURES[name]), "--width", 80, "--theme", theme)
    assert attn(*drawing, "--export", "new.svg").status == 0
    drawn = Path("new.svg").read_text(encoding="utf-8")
    kept = (ROOT / "docs" / f"{name}-{theme}.svg").read_text(encoding="utf-8")
    assert words(drawn) == words(kept)
    ground = '<rect fill="#1e1e1e"' if theme == "dark" else '<rect fill="#ffffff"'
    assert ground in drawn
    assert ground in kept


def test_the_second_command_of_the_readme_is_what_ci_runs() -> None:
    """.ci/run takes the test command from the README, so it can't be another one."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        len(re.findall(r"pip install -e '\.\[dev\]' && .venv/bin/python -m pytest$", readme, re.M))
        == 1
    )
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert """command=$(grep -m1 "pip install -e '.\\[dev\\]'" README.md)""" in script
    assert 'bash -c "$command"' in script


def test_links_lead_somewhere() -> None:
    """Every relative link of every page is a file."""
    for page in PAGES:
        path = ROOT / page
        for target in re.findall(
            r'(?:\]\(|src="|srcset=")([^)#:"]+)', path.read_text(encoding="utf-8")
        ):
            assert (path.parent / target).exists(), f"{page}: {target}"
