"""Files that are handed out: complete, typeset, readable on a phone and by a screen reader."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len

import attn_cli
from tests.conftest import Attn

SENTENCE = ("compute", "--text", "The cat is sitting on the mat.", "--heads", 2, "--causal")
PAGES = {
    "small": ("compute", "--causal"),
    "sentence": SENTENCE,
    "steps": ("compute", "--mode", "additive", "--steps"),
    "cost": ("complexity", "--n", 512, "--d", 64, "--details", "--sweep", "n=64:512"),
    "curves": ("complexity", "--d", 64, "--sweep", "n=64:65536", "--plot"),
    "mask": ("mask", "--causal", "--n", 60, "--libraries"),
    "comparison": ("compare", "--normalizers", "softmax,sparsemax,hard"),
    "topic": ("explain", "scaling"),
}
CHINESE = ("compute", "--text", "猫坐在垫子上", "--heads", 2, "--lang", "zh")


def exported(attn: Attn, page: tuple[object, ...], kind: str, *more: object) -> str:
    """A page as a file of a kind."""
    ran = attn(*page, *more, "--export", f"page.{kind}", "--force")
    assert ran.status == 0, ran.err
    return Path(f"page.{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex"])
@pytest.mark.parametrize("page", ["small", "sentence", "cost", "curves", "mask", "chinese"])
def test_tex_is_typeset(attn: Attn, page: str, engine: str) -> None:
    """Every engine makes a page of it without an error or a missing letter."""
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    if page == "chinese" and engine == "pdflatex":
        pytest.skip("pdflatex has no Chinese letters; a notice says so")
    exported(attn, CHINESE if page == "chinese" else PAGES[page], "tex")
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "page.tex"], capture_output=True, check=False
    )
    log = Path("page.log").read_text(encoding="utf-8", errors="replace")
    if "metric data not found" in log.replace("\n", ""):
        pytest.skip(f"{engine} has no fonts here")
    assert done.returncode == 0, log[-2000:]
    if page != "chinese" or shutil.which("fc-list") is None:
        assert "Missing character" not in log
    assert Path("page.pdf").stat().st_size > 5000


class Outline(HTMLParser):
    """What a screen reader walks: headings, tables with their heads, and the viewport."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.heads = self.cells = self.tables = 0
        self.viewport = self.scheme = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)
        self.tables += tag == "table"
        self.cells += tag == "td"
        self.heads += tag == "th" and given.get("scope") in ("row", "col")
        self.viewport |= tag == "meta" and given.get("name") == "viewport"
        self.scheme |= tag == "meta" and given.get("content") == "light dark"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            self.headings.append(data)


@pytest.mark.parametrize("page", PAGES)
def test_html_is_made_of_tables(attn: Attn, page: str) -> None:
    """Real tables whose rows and columns have heads, under headings, for both grounds."""
    text = exported(attn, PAGES[page], "html")
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert outline.viewport
    assert outline.scheme
    assert outline.tables > 0
    assert outline.heads > outline.tables
    assert outline.headings
    assert "prefers-color-scheme: dark" in text
    assert "<pre" not in text
    assert "Try" not in text


def test_curves_are_in_every_file(attn: Attn) -> None:
    """Each kind of file has both curves, named, with what is marked."""
    for kind in ("html", "svg", "md", "txt", "tex"):
        text = exported(attn, PAGES["curves"], kind).replace("\xa0", " ").replace("&#160;", " ")
        assert "core = 4 n" in text
        assert "projections = 8 n" in text
        assert "equal, by leading terms" in text
    assert "(65536,2147483648)" in exported(attn, PAGES["curves"], "tex")


def test_pictures_in_html_hold_every_level(attn: Attn) -> None:
    """The PNG of a mask has a pixel for each pair, clear where it is not kept."""
    text = exported(attn, ("mask", "--mask", "causal & window(5)", "--n", 50, "--m", 41), "html")
    source = re.search(r'src="data:image/png;base64,([^"]+)"', text)
    assert source
    image = pytest.importorskip("matplotlib.image")
    pixels = image.imread(io.BytesIO(base64.b64decode(source[1])), format="png")
    assert pixels.shape == (50, 41, 4)
    for i in range(50):
        for j in range(41):
            assert pixels[i, j, 3] == (1.0 if i - 5 < j <= i else 0.0)


def test_a_browser_lays_it_out_on_a_phone(attn: Attn, tmp_path: Path) -> None:
    """390 pixels wide nothing but a table scrolls sideways; headings and tables are there."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")
    exported(attn, SENTENCE, "html")
    Path("frame.html").write_text(
        '<iframe id="f" src="page.html" width="390" height="800"></iframe><script>'
        'f.onload = () => { const d = f.contentDocument; document.title = "wide " +'
        'd.documentElement.scrollWidth + " tables " + d.querySelectorAll("table").length +'
        '" heads " + d.querySelectorAll("th[scope]").length; }</script>'
    )
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu"),
            *("--allow-file-access-from-files", "--virtual-time-budget=4000", "--dump-dom"),
            f"--user-data-dir={tmp_path}/profile",
            f"file://{tmp_path}/frame.html",
        ],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    found = re.search(r"wide (\d+) tables (\d+) heads (\d+)", done.stdout)
    assert found, done.stderr[-500:]
    wide, tables, heads = map(int, found.groups())
    assert wide <= 390
    assert tables == 5
    assert heads > 60


@pytest.mark.parametrize("page", PAGES)
def test_an_svg_is_as_wide_as_its_lines(attn: Attn, page: str) -> None:
    """A narrow page gives a narrow picture; --width and --theme change it."""
    wide = exported(attn, PAGES[page], "svg")
    narrow = exported(attn, PAGES[page], "svg", "--width", 50)

    def width(text: str) -> float:
        found = re.search(r'viewBox="0 0 ([\d.]+)', text)
        assert found
        return float(found[1])

    assert width(narrow) < width(wide)
    dark = exported(attn, PAGES[page], "svg", "--theme", "dark")
    assert 'fill="#1e1e1e"' in dark
    assert 'fill="#ffffff"' in wide


def test_drawings_keep_their_columns(attn: Attn) -> None:
    """A drawing is preformatted in HTML and fenced in Markdown; the marks of Markdown are gone."""
    for name in ("residual", "query-key-value"):
        page = attn_cli.explain(name)
        lines = [line for line in page.exported(".txt").decode().splitlines() if "─▶" in line]
        lines += [line for line in page.exported(".txt").decode().splitlines() if " ▼ " in line]
        assert lines
        html, markdown = page.exported(".html").decode(), page.exported(".md").decode()
        drawn = "".join(re.findall(r"<pre>(.*?)</pre>", html, re.S))
        fenced = "".join(re.findall(r"```text\n(.*?)```", markdown, re.S))
        for line in lines:
            assert line.strip() in drawn
            assert line.strip() in fenced
        latex = page.exported(".tex").decode()
        assert r"{\ttfamily \mbox{}" in latex
    assert "*" not in attn_cli.explain("scores").exported(".txt").decode()
    steps = attn_cli.explain("seq2seq").exported(".html").decode()
    assert "<br>2. e_j = v" in steps


def test_exported_numbers_stay_in_line(attn: Attn) -> None:
    """Columns of words stand left and of numbers right, with points in line, in .md and .tex."""
    markdown = exported(attn, PAGES["cost"], "md")
    assert "| step | operation | formula | FLOPs | share |\n|---|---|---|---:|---|" in markdown
    small = exported(attn, PAGES["small"], "md")
    assert "| q0 | 0.59 | -2.79 | 1.05 | -0.20 |" in small.replace("\\", "")
    tex = exported(attn, PAGES["small"], "tex")
    assert r"\cellcolor[HTML]" in tex
    assert r"$\sqrt{" in tex
    assert r"\toprule" in tex


def test_chinese_in_an_svg_has_its_width(attn: Attn) -> None:
    """A run of text is as wide as its cells, two for a Chinese letter."""
    page = exported(attn, ("compute", "--n", 3, "--d", 4, "--lang", "zh"), "svg")
    found = re.findall(r'<text [^>]*?textLength="([\d.]+)"[^>]*>([^<]*)</text>', page)
    wide = [(float(length), unescape(text)) for length, text in found if text.strip()]
    one = next(length / len(text) for length, text in wide if text.strip().isascii())
    assert any(not text.isascii() for _, text in wide)
    for length, text in wide:
        assert length == pytest.approx(one * cell_len(text), abs=0.1), text
