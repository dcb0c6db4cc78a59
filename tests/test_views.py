"""How results look: nothing cut, nothing ambiguous, at any width, on any terminal."""

from __future__ import annotations

import json
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
from attn_cli.views import latex, tints
from attn_cli.views.ascii import TABLE
from attn_cli.views.grids import Matrix, grids_of
from attn_cli.views.numbers import needs_powers, percent, scientific, short, table
from attn_cli.views.page import ASCII_SIGNS, Display
from attn_cli.views.palette import KINDS, Palette, ground_of
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


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=1))
def test_decimal_points_stand_in_line(rows: list[list[float]]) -> None:
    """All numbers of a table have as many decimals, and none but 0 reads as 0."""
    largest = max(abs(number) for row in rows for number in row)
    texts = [text for row in table(rows, None, largest) for text in row]
    if needs_powers(largest, 4):
        return
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    for text, number in zip(texts, (number for row in rows for number in row), strict=True):
        plain = text.replace(",", "")
        if plain[0] in "<>":
            assert 0 < abs(number) < float(plain.lstrip("<>-").join(["0", ""]))
            assert (plain[0] == ">") == (number < 0)
        else:
            assert (float(plain) == 0) == (number == 0)
            assert abs(float(plain) - number) <= 0.5001 * 10.0 ** -len(plain.partition(".")[2])


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        ([[1.0, -2.0], [3000.0, 0.0]], [["1", "-2"], ["3,000", "0"]]),
        ([[0.125, 2.0]], [["0.12", "2.00"]]),
        ([[0.001, 2.5], [-0.001, 2.5]], [["<.01", "2.50"], [">-.01", "2.50"]]),
        ([[0.333, 1.0], [0.334, 1.0]], [["0.333", "1.000"], ["0.334", "1.000"]]),
        ([[0.0123, 0.002]], [["0.012", "0.002"]]),
        ([[1e-9, 2e-9]], [["1e-9", "2e-9"]]),
        ([[float("-inf"), 1.5]], [["-∞", "1.50"]]),
    ],
)
def test_numbers_of_a_table(rows: list[list[float]], texts: list[list[str]]) -> None:
    """Two decimals, more to tell rows apart or for small numbers; whole numbers stay whole."""
    largest = max(abs(n) for row in rows for n in row if np.isfinite(n))
    assert table(rows, None, largest) == texts


def test_per_cent() -> None:
    """0 and 100 only where it is nothing and all."""
    shown = [[percent(x) for x in (0, 0.004, 0.005, 0.5, 0.995, 1, float("nan"))]]
    assert shown == [["0", "<1", "0", "50", ">99", "100", "nan"]]


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
                assert float(cell.text.replace(",", "")) == values[i, j]
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
    """Thirds are shown as 0.33, and their row sums to 1."""
    made = matrix(np.full((1, 3), 1 / 3), sums=[1.0])
    (grid,) = grids_of(made, Display())
    assert [cell.text.strip() for cell in grid.rows[0][1]] == ["0.33"] * 3 + ["1"]


@pytest.mark.parametrize("width", [10, 20, 40, 80, 160])
@pytest.mark.parametrize("text", ["The cat is sitting on the mat.", "猫坐在垫子上。", "a" * 40])
def test_no_line_is_wider_than_the_terminal(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int, text: str
) -> None:
    """From 40 columns on every line fits; below, numbers stay whole and lines may wrap.

    An option to be pasted is never broken.
    """
    monkeypatch.setenv("COLUMNS", str(width))
    ran = attn("compute", "--text", text, "--heads", 2, "--causal")
    assert ran.status == 0
    if width >= 40:
        lines = [line for line in ran.out.splitlines() if not line.startswith("--show-work")]
        assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [20, 40, 80])
def test_commands_are_never_broken(attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """What is proposed to type stands in one line each, and can be copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    page = attn("explain", "overflow").out.splitlines()
    assert [line.count('"') % 2 for line in page if "attn " in line] == [0, 0, 0, 0]
    assert any(line.endswith("--dtype float16 --only weights") for line in page)
    lines = attn("compute", "--text", "the cat sat", "--heads", 2).out.splitlines()
    assert any("--save run.npz" in line for line in lines)
    assert '  attn compute --text "The cat is sitting on the mat." --heads 2 --causal' in (
        attn().out.splitlines()
    )


@pytest.mark.parametrize("width", range(24, 90, 7))
def test_the_worked_cell_is_among_those_shown(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Columns and rows are left out where there is no room, but not those of the worked cell."""
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (("--n", 2, "--m", 17), ("--n", 40, "--m", 3)):
        out = attn("compute", *arguments, "--only", "weights", "--seed", 3).out
        worked = re.search(r"^  weights\[(q\d+),(k\d+)\]", out, re.M)
        assert worked is not None
        assert re.search(rf"^ .*\b{worked[2]}\b", out, re.M)
        assert re.search(rf"^ *{worked[1]} ", out, re.M)


def test_long_words_are_folded_and_not_cut(attn: Attn) -> None:
    """A word too long for its column stands in several lines, whole."""
    ran = attn("compute", "--text", "Donaudampfschifffahrtsgesellschaft", "--only", "weights")
    assert re.search(r"^Donaudampfsc\nhifffahrtsge\nsellschaft +1$", ran.out, re.M)
    head = ran.out.splitlines()[2:6]
    assert "".join(line.strip() for line in head) == "Donaudampfschifffahrtsgesellschaft"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2.2, of formulas of its own."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUNDS = {"dark": ("#000000", "#1e1e1e"), "light": ("#ffffff",), "unknown": ("#000000", "#ffffff")}
LEVELS = [float(level) for level in np.linspace(-1, 1, 121) if level]


def colours(style: str) -> tuple[str, str]:
    """Text and background of a tint."""
    text, _, background = style.removeprefix("bold ").partition(" on ")
    if background.startswith("color("):
        background = tints.cube_colour(int(background[6:-1]))
    return text, background


@pytest.mark.parametrize("depth", ["256", "truecolor"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_on_tints_is_readable(ground: str, depth: str) -> None:
    """Text on a tint has a contrast of at least 4.5 (WCAG 2.2, success criterion 1.4.3)."""
    for level in LEVELS:
        assert contrast(*colours(tints.tint(level, Palette(ground, depth)))) >= 4.5


@pytest.mark.parametrize("depth", ["256", "truecolor"])
@pytest.mark.parametrize("ground", ["dark", "light"])
def test_what_is_larger_stands_out_more(ground: str, depth: str) -> None:
    """The farther a number is from 0, the more its tint contrasts with the ground; 0 has none."""
    palette = Palette(ground, depth)
    assert tints.tint(0.0, palette) == ""
    for sign in (1, -1):
        found = [
            contrast(colours(tints.tint(sign * level, palette))[1], GROUNDS[ground][-1])
            for level in LEVELS
            if level > 0
        ]
        assert found == sorted(found)
        assert found[-1] > 5 > 1.5 > found[0]


@pytest.mark.parametrize("ground", GROUNDS)
def test_words_are_readable(ground: str) -> None:
    """Names have a contrast of 4.5 on the ground they are for; where it is not known, on both."""
    for colour in KINDS[ground].values():
        assert all(contrast(colour, one) >= 4.5 for one in GROUNDS[ground])


def test_sixteen_colours_have_no_backgrounds() -> None:
    """Where tones are the terminal's own, the large numbers are bold."""
    palette = Palette("dark", "standard")
    assert [tints.tint(x, palette) for x in (0.2, 0.6, -1.0)] == ["", "bold", "bold"]
    assert tints.tint(1.0, Palette("dark", "none")) == ""


def test_themes(shell: Attn) -> None:
    """--theme, ATTN_THEME and COLORFGBG choose colours; another word is refused."""
    colour = {"NO_COLOR": "", "FORCE_COLOR": "1", "TERM": "xterm", "COLORTERM": "truecolor"}

    def page(*arguments: str, **variables: str) -> str:
        return shell(*arguments, **colour, **variables).out.split("Try")[0]

    for command in ("compute", "complexity", "mask", "compare", "explain"):
        pages = {theme: page(command, "--theme", theme) for theme in ("dark", "light")}
        assert pages["dark"] != pages["light"], command
        assert pages["dark"] == page(command, ATTN_THEME="dark")
        assert pages["light"] == page(command, COLORFGBG="0;15")
        assert page(command) not in pages.values()
    assert shell("compute", "--theme", "blue").err == (
        "Error: --theme: there is no 'blue'. Known: auto, dark, light.\n"
    )


def test_the_ground_is_told() -> None:
    """What is said goes first, then COLORFGBG, whose last number is the background's."""
    from attn_cli.cli.ground import read_answer

    assert ground_of("dark", "0;15") == "dark"
    assert [ground_of(None, told) for told in ("15;0", "0;15", "0;default;7", "", "x")] == [
        *("dark", "light", "light", "unknown", "unknown"),
    ]
    assert read_answer(b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?6c") == "dark"
    assert read_answer(b"\x1b]11;rgb:ff/fd/f0\x07\x1b[?6c") == "light"
    assert read_answer(b"\x1b[?6c") is None


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
    assert "scores / sqrt(2)" in narrow.out
    numbers = re.compile(r"\d+\.\d\d")
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
    for number in set(re.findall(r"\d\.\d\d|\d+ %", ran.out)):
        assert number in text.replace("\\%", "%").replace("&#160;", " ")


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
    attn("compute", "--text", "50% & _x_", "--steps", "--export", "run.tex")
    text = Path("run.tex").read_text(encoding="utf-8")
    assert r"\% & \& & \_x\_" in text
    assert r"\[ \mathrm{scaled} = \frac{\mathrm{scores}}{\sqrt{4}} \]" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 5


def test_markdown_tables_are_tables(attn: Attn) -> None:
    """Every row of a Markdown table has as many cells as its head."""
    attn("compute", *SMALL, "--export", "run.md")
    tables = re.findall(r"(?:^\|.*\n)+", Path("run.md").read_text(encoding="utf-8"), re.M)
    assert len(tables) == 8
    for one in tables:
        assert len({line.count("|") for line in one.splitlines()}) == 1


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


NUMBER = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?![\w.,]*\d)")
EVERY_NUMBER: dict[tuple[object, ...], frozenset[str]] = {}
"""The numbers of a command, which are the same at every width."""


@pytest.mark.parametrize("width", [20, 33, 40, 57, 80, 119, 160, 200])
@pytest.mark.parametrize(
    "arguments",
    [
        ("compute", "--causal"),
        ("compute", "--n", 30, "--heads", 3, "--d", 6, "--steps"),
        ("compute", "--steps", "--mode", "additive"),
        ("compute", "--q", "123456.5 -7", "--k", "1e5 3; 2 1", "--v", "1 2; -987654.25 4"),
        ("complexity", "--n", 512, "--d", 64, "--details", "--compare", "mha,gqa", "--heads", 8),
        ("compare", "--normalizers", "softmax,sparsemax"),
    ],
)
def test_no_number_is_cut_at_any_width(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], width: int
) -> None:
    """Every number on a page of any width is one that the widest page has, or that JSON has."""
    if arguments not in EVERY_NUMBER:
        monkeypatch.setenv("COLUMNS", "100000")
        whole = attn(*arguments, "--json").out + attn(*arguments).out
        if arguments[0] != "complexity":
            whole += attn(*arguments, "--all").out
        EVERY_NUMBER[arguments] = frozenset(NUMBER.findall(whole))
    monkeypatch.setenv("COLUMNS", str(width))
    page = attn(*arguments).out
    shown = [found for found in NUMBER.findall(page) if "." in found or "," in found]
    assert shown
    wrong = [found for found in shown if found not in EVERY_NUMBER[arguments]]
    assert not wrong


def test_long_sequences_are_pictures(attn: Attn) -> None:
    """More rows than a table has: a shade for two pairs above each other, said with its scale."""
    page = attn("compute", "--n", 64, "--causal").out
    rows = [line for line in page.splitlines() if re.match(r"q\d+ +[·░▒▓█]+$", line)]
    assert len(rows) == 32
    assert len({len(line) for line in rows}) == 1
    assert "a cell is the mean of 2 × 2 pairs" in page
    assert "░ under 5.56 %  ▒ under 22.2 %  ▓ more  █ 50 %, the strongest" in page
    assert {len(row.split()[1]) for row in rows} == {64}
    weights = np.array(
        json.loads(attn("compute", "--n", 64, "--causal", "--json").out)["steps"][7]["values"]
    )
    means = weights.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    for row, cells in zip(rows, means / means.max(), strict=True):
        for sign, share in zip(row.split()[1][::2], cells, strict=True):
            bound = "·" if share == 0 else "█" if share == 1 else "░▒▓"[int(3 * share**0.5)]
            assert sign == bound
    assert "k0" in attn("compute", "--n", 64, "--causal", "--only", "weights").out


@pytest.mark.parametrize(("depth", "colours"), [("truecolor", 20), ("256", 5)])
def test_pictures_have_two_colours_a_sign(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, depth: str, colours: int
) -> None:
    """Where there are colours, each half of a sign has that of its own pair."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", depth)
    monkeypatch.setenv("ATTN_THEME", "dark")
    page = attn("compute", "--n", 64).out
    code = r"2;\d+;\d+;\d+" if depth == "truecolor" else r"5;\d+"
    signs = re.findall(rf"\x1b\[38;({code});48;({code})m▀", page)
    assert len({upper for upper, _ in signs}) >= colours
    assert any(upper != lower for upper, lower in signs)


def test_very_many_numbers_are_streamed(attn: Attn) -> None:
    """Every number of large tables is there, aligned; how long it will be is said before."""
    arguments = ("compute", "--n", 200, "--only", "scaled", "--causal")
    ran = attn(*arguments, "--all")
    told = re.search(r"Note: 40,000 numbers follow, in about ([\d,]+) lines\.", ran.err)
    assert told
    rows = [line for line in ran.out.splitlines() if re.match(r"q\d+ ", line)]
    assert len(rows) % 200 == 0
    bands = len(rows) // 200
    assert int(told[1].replace(",", "")) == bands * 202
    scaled = next(
        np.array(step["values"])
        for step in json.loads(attn(*arguments, "--json").out)["steps"]
        if step["name"] == "scaled"
    )
    for query in (0, 77, 199):
        texts = [t for line in rows if line.split()[0] == f"q{query}" for t in line.split()[1:]]
        assert len(texts) == 200
        for text, number in zip(texts, scaled[query], strict=True):
            if text[0] in "<>":
                assert 0 < abs(number) < 0.005
            else:
                assert abs(float(text) - number) <= 0.00501
    masked = attn("compute", "--n", 200, "--only", "masked", "--causal", "--all").out
    assert masked.count("-∞") >= 200 * 199 // 2
    weights = attn("compute", "--n", 200, "--only", "weights", "--causal", "--all").out
    assert (
        sum(line.count("·") for line in weights.splitlines() if line[:1] == "q") == 200 * 199 // 2
    )
