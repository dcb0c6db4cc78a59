"""How results look: nothing cut, nothing ambiguous, at any width, on any terminal."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.views import latex
from attn_cli.views.ascii import TABLE
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.numbers import column, scientific, short
from attn_cli.views.page import ASCII_SIGNS, Display
from attn_cli.views.shades import shade
from tests.conftest import Attn

SMALL = ("--q", "1 0; 0 1; 1 1", "--k", "1 0; 0 1; 1 1", "--v", "1 2; 3 4; 5 6")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.70710678, "0.7071"),
        (3.0, "3"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-9, "1e-9"),
        (0.00004, "4e-5"),
        (123456.789, "123456.789"),
        (1234567.0, "1.235e6"),
        (float("-inf"), "-∞"),
        (float("inf"), "∞"),
        (float("nan"), "nan"),
    ],
)
def test_numbers(number: float, text: str) -> None:
    """Four decimals, zeros short, powers of ten for the huge and the tiny."""
    assert short(number) == text


@given(st.floats(-1e300, 1e300), st.integers(0, 17))
def test_a_number_is_never_shown_as_another(number: float, precision: int) -> None:
    """What is shown is the number to the decimals shown, and only zero is shown as zero."""
    shown = float(short(number, precision))
    assert (shown == 0) == (number == 0)
    assert abs(shown - number) <= max(
        0.51 * 10.0**-precision, abs(number) * 10.0 ** (1 - precision)
    )


def test_powers_stay_short() -> None:
    """A mantissa drops its zeros, an exponent its sign and padding."""
    assert [scientific(x) for x in (1e-9, 12340.0, -1.5e300)] == ["1e-9", "1.234e4", "-1.5e300"]


@given(st.lists(st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3), min_size=1))
def test_decimal_points_stand_in_line(numbers: list[float]) -> None:
    """In a column all texts are as wide, and every decimal point is at the same place."""
    texts = column(numbers, 4, False)
    assert len({len(text) for text in texts}) == 1
    assert len({text.index(".") for text in texts if "." in text}) <= 1


def matrix(values: np.ndarray, **more: object) -> Matrix:
    """A matrix to lay out."""
    rows, columns = values.shape
    fields: dict = {
        "caption": "",
        "values": values,
        "positions": range(rows),
        "total_rows": rows,
        "row_names": [f"q{i}" for i in range(rows)],
        "column_names": [f"k{j}" for j in range(columns)],
        "look": "plain",
        "kind": "",
        "rows_are": "",
        "columns_are": "",
        "largest": float(np.abs(values).max()),
    }
    return Matrix(**{**fields, **more})


@given(
    rows=st.integers(1, 30),
    columns=st.integers(1, 60),
    width=st.integers(1, 160),
    everything=st.booleans(),
)
def test_every_number_shown_is_whole(rows: int, columns: int, width: int, everything: bool) -> None:
    """At any width each cell holds its whole number; with everything, each cell is there."""
    values = np.arange(rows * columns).reshape(rows, columns) * 1.5
    grids = grids_of(matrix(values), Display(width=width, everything=everything))
    seen = set()
    for grid in grids:
        for label, cells in grid.rows:
            for name, cell in zip(grid.columns, cells, strict=True):
                if "…" in (label, name):
                    assert cell.text.strip() == "…"
                    continue
                i, j = int(label[1:]), int(name[1:])
                assert float(cell.text) == values[i, j]
                seen.add((i, j))
    if everything:
        assert len(seen) == rows * columns
    left_out = len(seen) < rows * columns
    assert left_out == bool(grids[0].note) or len(grids) > 1


def test_the_note_counts_what_is_shown() -> None:
    """The line under a table counts exactly the rows and columns above it."""
    (grid,) = grids_of(matrix(np.zeros((50, 70))), Display(width=40))
    counted = re.fullmatch(r"shown: (\d+) of 50 rows and (\d+) of 70 columns", grid.note)
    assert counted is not None
    assert int(counted[1]) == sum(label != "…" for label, _ in grid.rows)
    assert int(counted[2]) == sum(name != "…" for name in grid.columns)


def test_masked_cells_have_a_sign() -> None:
    """A masked weight is a sign and not a colour; an allowed 0 stays a 0."""
    values = np.array([[1.0, 0.0], [1.0, 0.0]])
    hidden = np.array([[False, True], [False, False]])
    made = matrix(values, look="share", hidden=hidden)
    (grid,) = grids_of(made, Display())
    assert [[cell.text.strip() for cell in cells] for _, cells in grid.rows] == [
        ["1", "·"],
        ["1", "0"],
    ]
    (plain,) = grids_of(made, Display(signs=ASCII_SIGNS))
    assert plain.rows[0][1][1].text.strip() == "."


def test_sums_are_taken_before_rounding() -> None:
    """Thirds are shown as 0.3333, and their row sums to 1."""
    made = matrix(np.full((1, 3), 1 / 3), sums=[1.0])
    (grid,) = grids_of(made, Display())
    assert [cell.text.strip() for cell in grid.rows[0][1]] == ["0.3333"] * 3 + ["1"]


@pytest.mark.parametrize("width", [10, 20, 40, 80, 160])
@pytest.mark.parametrize("text", ["The cat is sitting on the mat.", "猫坐在垫子上。", "a" * 40])
def test_no_line_is_wider_than_the_terminal(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int, text: str
) -> None:
    """From 40 columns on every line fits; below, numbers stay whole and lines may wrap."""
    monkeypatch.setenv("COLUMNS", str(width))
    ran = attn("compute", "--text", text, "--heads", 2, "--causal")
    assert ran.status == 0
    if width >= 40:
        assert max(cell_len(line) for line in ran.out.splitlines()) <= width


def test_long_words_are_folded_and_not_cut(attn: Attn) -> None:
    """A word too long for its column stands in several lines, whole."""
    ran = attn("compute", "--text", "Donaudampfschifffahrtsgesellschaft", "--only", "weights")
    assert "  Donaudampfsc             1    1\n  hifffahrtsge\n  sellschaft\n" in ran.out
    for part in ("Donaudampfsc", "hifffahrtsge", "sellschaft"):
        assert ran.out.count(part) == 2


def test_shades_are_readable() -> None:
    """Text on a shade has a contrast of at least 4.5 (WCAG 2.2, success criterion 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for signed in (True, False):
        for level in np.linspace(-1 if signed else 0, 1, 60):
            text, _, background = shade(float(level), signed).partition(" on ")
            light, dark = sorted((luminance(text), luminance(background)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_colours_only_where_wanted(shell: Attn) -> None:
    """NO_COLOR and pipes have no escapes; FORCE_COLOR has, and the same text."""
    plain = shell("compute", *SMALL, NO_COLOR="1")
    coloured = shell("compute", *SMALL, NO_COLOR="", FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b" not in plain.out
    assert "\x1b[" in coloured.out
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured.out) == plain.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_narrow_encodings_lose_no_number(shell: Attn, encoding: str) -> None:
    """A terminal without √ and ∞ gets ASCII for our signs, and every number."""
    whole = shell("compute", *SMALL, "--causal")
    narrow = shell("compute", *SMALL, "--causal", PYTHONIOENCODING=encoding)
    assert narrow.status == 0
    assert narrow.out.isascii()
    assert "scores / sqrt 2" in narrow.out
    numbers = re.compile(r"\d+\.\d{4}")
    assert numbers.findall(narrow.out) == numbers.findall(whole.out)


def test_a_closed_pipe_is_no_error() -> None:
    """`attn compute --n 200 | head -3` prints three lines and nothing else."""
    import subprocess
    import sys

    done = subprocess.run(
        f"{sys.executable} -m attn_cli compute --n 200 --all | head -3",
        shell=True,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == ""


@pytest.mark.parametrize("kind", ["html", "svg", "md", "txt", "tex"])
def test_exports_hold_every_number_of_the_page(attn: Attn, kind: str) -> None:
    """Each kind of file holds the title, the words with their brackets, and all numbers."""
    arguments = ("--text", "the [cat] & 50% _x_ sat", "--causal")
    ran = attn("compute", *arguments, "--export", f"run.{kind}")
    assert ran.status == 0
    assert ran.err == f"Exported run.{kind}\n"
    text = Path(f"run.{kind}").read_text(encoding="utf-8")
    assert "Scaled dot-product attention" in text.replace("&#160;", " ")
    for number in set(re.findall(r"\d\.\d{4}", ran.out)):
        assert number in text


def test_notices_are_exported(attn: Attn) -> None:
    """What a person must know stands in the file too."""
    attn("compute", "--causal", "--offset", -1, "--export", "run.md")
    assert "Note: No key is allowed for q0" in Path("run.md").read_text(encoding="utf-8")


def test_svg_and_html_load_nothing_from_elsewhere(attn: Attn) -> None:
    """The files are complete: no font, script or style from a network; the SVG is XML."""
    for kind in ("svg", "html"):
        attn("compute", *SMALL, "--export", f"run.{kind}")
        text = Path(f"run.{kind}").read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}
    ElementTree.fromstring(Path("run.svg").read_text(encoding="utf-8"))


def test_latex_escapes_what_latex_reads(attn: Attn) -> None:
    """Words with signs that LaTeX reads are escaped; formulas are LaTeX."""
    attn("compute", "--text", "50% & _x_", "--export", "run.tex")
    text = Path("run.tex").read_text(encoding="utf-8")
    assert r"\% & \& & \_x\_" in text
    assert r"\[ \mathrm{scaled} = \frac{\mathrm{scores}}{\sqrt{4}} \]" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 5


def test_markdown_tables_are_tables(attn: Attn) -> None:
    """Every row of a Markdown table has as many cells as its head."""
    attn("compute", *SMALL, "--export", "run.md")
    tables = re.findall(r"(?:^\|.*\n)+", Path("run.md").read_text(encoding="utf-8"), re.M)
    assert len(tables) == 7
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_letters_that_pdflatex_lacks_are_told(attn: Attn) -> None:
    """A page with letters beyond Latin says which LaTeX to use; others say nothing."""
    told = "Note: it has letters that pdflatex lacks; use lualatex or xelatex.\n"
    assert attn("compute", "--text", "猫", "--export", "a.tex").err.endswith(told)
    assert told not in attn("compute", "--text", "naïve", "--export", "b.tex").err


def test_every_sign_of_ours_has_ascii_and_latex() -> None:
    """Formulas, sources and meanings need no sign that a plain terminal or pdflatex lacks."""
    ours = list(MEANINGS.values())
    for one in MECHANISMS:
        ours += [one.formula, one.title, one.source, one.about, *one.meanings.values()]
    for normal in NORMALIZERS:
        ours += [normal.formula, normal.title, normal.means, normal.source]
    assert all(line.translate(TABLE).isascii() for line in ours)
    assert all(latex.text(line).isascii() for line in ours)
