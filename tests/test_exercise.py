"""Exercises: the solution is right, a filled sheet is marked cell by cell."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attn_cli as library
from attn_cli.api.exercise import MOST_NUMBERS
from attn_cli.errors import AttnError
from attn_cli.worked.exercises import LEVELS
from tests.conftest import Attn

NUMBER = re.compile(r"\| (-?\d+\.\d\d) \|")


@settings(max_examples=25, deadline=None)
@given(st.integers(1, len(LEVELS)), st.integers(0, 10_000))
def test_every_solution_is_right(level: int, seed: int) -> None:
    """Of every level and seed, and the sheet has nothing but blanks to fill in."""
    made = library.exercise(level=level, seed=seed)
    found = library.check(made.solution, answers=True)
    assert found.match
    reached, asked = found.points
    assert reached == asked == made.sheet.count("___") - 1
    empty = library.check(made.sheet, answers=True)
    assert not empty.match
    assert empty.points == (0, asked)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, len(LEVELS)), st.integers(0, 1000), st.integers(0, 100))
def test_one_altered_number_is_found(level: int, seed: int, which: int) -> None:
    """Whatever number of a step is altered, that one alone is wrong of itself."""
    solution = library.exercise(level=level, seed=seed).solution
    places = [*NUMBER.finditer(solution)]
    chosen = places[which % len(places)]
    altered = f"{float(chosen[1]) + 0.55:.2f}"
    text = solution[: chosen.start(1)] + altered + solution[chosen.end(1) :]
    found = library.check(text)
    assert [one.written for one in found.wrong] == [altered]
    assert found.wrong[0].line == text.count("\n", 0, chosen.start()) + 1


def test_made_filled_and_marked(attn: Attn) -> None:
    """A sheet and its solution are written; a filled sheet is marked with points and rules."""
    made = attn("check", "--new", "e.md", "--level", 2, "--seed", 7)
    assert made.status == 0
    assert "Saved e.md and its solution, e-solution.md" in made.err
    solution = Path("e-solution.md").read_text()
    assert attn("check", "--answers", "e-solution.md").status == 0
    scores, _, rest = solution.partition("## scaled")
    unscaled = scores + "## scaled" + rest.partition("## weights")[0]
    table = scores.partition("## scores")[2]
    rows = [line for line in table.splitlines() if line.startswith("| q")]
    filled = unscaled
    for line, row in zip(
        [one for one in rest.splitlines() if one.startswith("| q")][:2], rows, strict=True
    ):
        filled = filled.replace(line, row)
    Path("f.md").write_text(filled)
    marked = attn("check", "--answers", "f.md")
    assert marked.status == 1
    assert re.search(r"\d+ of 26 points", marked.out)
    assert "✗" in marked.out
    assert attn("check", "--answers", "f.md", "--plain").out.isascii()
    assert "Wrong in scaled = scores / √4" in marked.out
    assert "These are the right numbers of scores: was that meant?" in marked.flat
    assert "✓→ right for what is written before it, which counts" in marked.flat


def test_blanks_are_left_out_of_a_check_and_counted_in_answers(attn: Attn) -> None:
    """A sheet half filled: check holds what there is, --answers shows what is missing."""
    made = library.exercise(level=1, seed=3)
    solved = made.solution.split("## weights")[0] + "## weights" + made.sheet.split("## weights")[1]
    Path("half.md").write_text(solved)
    checked = attn("check", "half.md")
    assert checked.status == 0
    assert "All 4 numbers hold" in checked.out
    assert "Left blank: 8. --answers shows them." in checked.flat
    marked = attn("check", "half.md", "--answers")
    assert marked.status == 1
    assert "4 of 12 points" in marked.out


def test_steps_are_those_to_fill_in() -> None:
    """The others are filled, and count no points."""
    made = library.exercise(level=3, seed=1, steps="scaled, weights")
    assert made.sheet.count(" ___ |") == 18
    found = library.check(made.sheet, answers=True)
    assert found.points == (0, 18)
    solved = library.check(made.solution, answers=True)
    assert solved.points == (18, 18)
    assert str(solved).count(" ✓") == 18 + 1


def test_levels_and_seeds_differ(attn: Attn) -> None:
    """Every level and every seed is another sheet, and the same one is the same again."""
    sheets = {
        attn("check", "--new", "--level", level, "--seed", seed).out
        for level in range(1, len(LEVELS) + 1)
        for seed in (0, 1)
        for _ in range(2)
    }
    assert len(sheets) == 2 * len(LEVELS)
    assert attn("check", "--new").out == attn("check", "--new", "--level", 1, "--seed", 0).out
    assert attn("check", "--new", "--answers").out == library.exercise().solution
    assert str(library.exercise()) == library.exercise().sheet


@pytest.mark.parametrize(
    "choices",
    [
        {"mode": "additive"},
        {"mode": "cosine", "n": 3},
        {"mode": "linear"},
        {"heads": 2},
        {"normalizer": "sparsemax"},
        {"softcap": 2},
        {"window": 2},
    ],
)
def test_other_mechanisms(choices: dict[str, object]) -> None:
    """Any mechanism of tables makes an exercise whose solution is right."""
    made = library.exercise(level=3, **choices)
    assert library.check(made.solution, answers=True).match
    assert made.sheet != library.exercise(level=3).sheet


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--new", "--level", "9"), "--level: 9 is not between 1 and 4"),
        (
            ("--new", "--steps", "wieghts"),
            "--steps: there is no step 'wieghts'. Did you mean weights?",
        ),
        (("--new", "--steps", "q"), "--steps: q is given. Computed are scores"),
        (("--new", "--steps", ","), "--steps: name some of scores"),
        (("--new", "--n", "90"), "--new: q would have 180 numbers"),
        (("--new", "--json"), "--json has no effect with --new, which is Markdown"),
        (("--new", "--export", "x.md"), "--export has no effect with --new"),
        (("--new", "--answers", "e.md"), "--answers prints the solution of --new, or marks FILE"),
        (("--new", "e.html"), "e.html"),
        (("--new", "--q", "1 0"), "--q: no numbers are computed with here"),
        (("--level", "2", "e.md"), "--level is for --new"),
        (("--steps", "weights", "e.md"), "--steps is for --new"),
    ],
)
def test_what_is_refused(attn: Attn, given: tuple[str, ...], says: str) -> None:
    """Each has a message that names the option."""
    ran = attn("check", *given)
    assert ran.status == 2
    assert says in ran.err


def test_files_are_not_written_over(attn: Attn) -> None:
    """Neither the sheet nor the solution, without --force."""
    Path("e-solution.md").write_text("mine")
    assert attn("check", "--new", "e.md").status == 2
    assert not Path("e.md").exists()
    assert attn("check", "--new", "e.md", "--force").status == 0
    with pytest.raises(AttnError, match="exists"):
        library.exercise().save("e.md")


def test_more_than_can_be_worked_out_by_hand() -> None:
    """Batches have no tables, and large sizes are refused before anything is drawn."""
    with pytest.raises(AttnError, match="too many to work out by hand"):
        library.exercise(n=MOST_NUMBERS)
    with pytest.raises(AttnError, match="an exercise has tables"):
        library.exercise(level=2, mode="additive", heads=2)


def test_chinese(attn: Attn) -> None:
    """A sheet speaks Chinese, and is marked whatever language it is in."""
    out = attn("check", "--new", "--level", 2, "--lang", "zh").out
    assert "练习" in out
    Path("z.md").write_text(attn("check", "--new", "--answers", "--level", 2, "--lang", "zh").out)
    assert attn("check", "--answers", "z.md").status == 0


@pytest.mark.parametrize("full", ["e.md", "e-solution.md"])
def test_a_full_disk_leaves_no_exercise_without_its_solution(
    monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    """Where one of both files can't be written, none is left."""
    from attn_cli.arrays import writing

    write = writing._write

    def failing(path: Path, *rest: Any) -> None:
        if path.name == full:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, *rest)

    monkeypatch.setattr(writing, "_write", failing)
    with pytest.raises(library.AttnError, match="No space left on device"):
        library.exercise(seed=3).save("e.md")
    assert not Path("e.md").exists()
    assert not Path("e-solution.md").exists()
