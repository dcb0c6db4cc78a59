"""Figures for slides: everything that is told stands inside them, as on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import attn_cli as library
from tests.conftest import Attn

PAGES = {
    "small": ("compute", "--causal"),
    "one step": ("compute", "--only", "weights"),
    "sentence": ("compute", "--text", "The cat is sitting on the mat.", "--heads", 2),
    "long words": ("compute", "--text", "an extraordinarily longish internationalization"),
    "long": ("compute", "--n", 70, "--causal"),
    "cost": ("complexity", "--n", 512, "--d", 64),
    "sweep": ("complexity", "--d", 64, "--sweep", "n=64:65536"),
    "mask": ("mask", "--causal"),
    "long mask": ("mask", "--mask", "causal & window(9)", "--n", 90),
    "comparison": ("compare", "--normalizers", "softmax,sparsemax,hard"),
}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every figure that is written."""
    found: list[Any] = []
    module = pytest.importorskip("matplotlib.figure")
    save = module.Figure.savefig

    def kept(figure: Any, *where: Any, **how: Any) -> None:
        found.append(figure)
        save(figure, *where, **how)

    monkeypatch.setattr(module.Figure, "savefig", kept)
    return found


def texts(figure: Any) -> list[Any]:
    """Every text of a figure, names at axes and legends too."""
    text = pytest.importorskip("matplotlib.text").Text
    return [one for one in figure.findobj(text) if one.get_text().strip() and one.get_visible()]


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_goes_over_the_edge(attn: Attn, figures: list[Any], page: str, width: int) -> None:
    """Every title, name, number and note is inside its figure, and no number is on another."""
    ran = attn(*PAGES[page], "--export", "page.png", "--width", width)
    assert ran.status == 0, ran.err
    assert Path("page.png").read_bytes()[:4] == b"\x89PNG"
    (figure,) = figures
    edges = figure.bbox
    agg = pytest.importorskip("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    agg.draw()
    renderer = agg.get_renderer()
    for one in texts(figure):
        box = one.get_window_extent(renderer)
        assert box.x0 >= edges.x0 - 1, one.get_text()
        assert box.x1 <= edges.x1 + 1, one.get_text()
        assert box.y0 >= edges.y0 - 1, one.get_text()
        assert box.y1 <= edges.y1 + 1, one.get_text()
    for axes in figure.axes:
        numbers = [one.get_window_extent(renderer).shrunk(0.9, 0.9) for one in axes.texts]
        for place, box in enumerate(numbers):
            assert not any(box.overlaps(other) for other in numbers[place + 1 :])


def test_a_figure_has_the_numbers_of_the_page(attn: Attn, figures: list[Any]) -> None:
    """The cells are those of the table on the terminal, in its order."""
    ran = attn("compute", "--n", 3, "--m", 5, "--only", "weights", "--export", "w.pdf")
    rows = [line.split()[1:6] for line in ran.out.splitlines() if re.match(r"q\d ", line)]
    assert len(rows) == 3
    (figure,) = figures
    (axes,) = figure.axes
    assert [one.get_text() for one in axes.texts if "." in one.get_text()][:15] == [
        text for row in rows for text in row
    ]
    assert [one.get_text() for one in axes.get_xticklabels()][:5] == [f"k{j}" for j in range(5)]


def test_a_figure_says_what_is_random(attn: Attn, figures: list[Any]) -> None:
    """Random numbers and what a page notes are told in the figure itself."""
    attn("compute", "--export", "a.png")
    attn("compute", "--only", "weights", "--export", "b.png")
    attn("compute", "--mask", "causal(offset=-1)", "--export", "c.png")
    told = [" ".join(one.get_text() for one in texts(figure)) for figure in figures]
    assert "random numbers (seed 0)" in told[0]
    assert "random numbers (seed 0)" in told[1]
    assert "Note: No key is allowed for q0" in told[2]


def test_pdf_text_is_text_and_does_not_change(attn: Attn) -> None:
    """A PDF embeds its font, and the same page is the same file."""
    pytest.importorskip("matplotlib")
    for name in ("a.pdf", "b.pdf"):
        assert attn("compute", "--export", name).status == 0
    assert Path("a.pdf").read_bytes() == Path("b.pdf").read_bytes()
    assert b"DejaVuSans" in Path("a.pdf").read_bytes()
    assert attn("compute", "--export", "dark.pdf", "--theme", "dark").status == 0
    assert Path("a.pdf").read_bytes() != Path("dark.pdf").read_bytes()


def test_masks_are_drawn_exactly(attn: Attn, figures: list[Any]) -> None:
    """A level of the picture is coloured where its pair is kept."""
    attn("mask", "--mask", "causal & window(5)", "--n", 50, "--m", 41, "--export", "m.png")
    (image,) = figures[0].axes[0].images
    for i in range(50):
        for j in range(41):
            assert (image.get_array()[i][j][3] > 0) == (i - 5 < j <= i)


def test_pages_without_pictures_are_refused(attn: Attn) -> None:
    """A page of text is no figure: it is said what is."""
    pytest.importorskip("matplotlib")
    ran = attn("explain", "bottleneck", "--export", "topic.png")
    assert ran.status == 2
    assert "There is nothing to draw on this page: .png and .pdf hold heat maps, masks" in ran.err
    assert not Path("topic.png").exists()


def test_figures_without_their_extra_write_nothing(
    attn: Attn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where matplotlib is missing it is said how to get it, before any work."""
    monkeypatch.setattr("attn_cli.views.figures.find_spec", lambda name: None)
    ran = attn("compute", "--export", "a.png", "--save", "a.npz")
    assert ran.err == (
        "Error: .png and .pdf need matplotlib: pip install matplotlib "
        "(the extra attn-cli[figures]).\n"
    )
    assert list(Path().iterdir()) == []


def test_letters_that_no_font_has_are_refused(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes in place of letters are no figure."""
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("attn_cli.views.figures.CHINESE_FONTS", ())
    ran = attn("compute", "--text", "猫 坐", "--export", "cat.png")
    assert "No font here has all letters of this page: use .html, or install one." in ran.err
    assert not Path("cat.png").exists()


def test_a_curve_of_many_steps_has_round_ticks() -> None:
    """1, 3, 10, 30, … on a logarithmic axis; few points keep their own."""
    from attn_cli.views.axes import across_ticks
    from attn_cli.views.page import Curve, Curves

    def ticks(numbers: range) -> list[str]:
        curve = Curve("loss", tuple((float(x), 1.0) for x in numbers), "")
        return [text for _, text in across_ticks(Curves((curve,), "step", "loss"))]

    assert ticks(range(1, 302)) == ["1", "3", "10", "30", "100", "300"]
    assert ticks(range(1, 5)) == ["1", "2", "3", "4"]


def test_a_number_worked_out_stands_below_its_map(attn: Attn, tmp_path: Path) -> None:
    """As in the terminal: a figure shows how one number comes about."""
    from attn_cli.api.shown import Frame
    from attn_cli.views.figures import _captioned
    from attn_cli.views.page import in_order

    run = library.compute(n=3, d=4, causal=True)
    found = [*_captioned(in_order(run.blocks(Frame(figure=True))))]
    worked = {one.caption: " ".join(one.work) for one in found}
    assert worked["2 scaled = scores / √4"] == "scaled[q2,k1] = 3.95 / √4 = 1.98"
    assert worked["Q"] == ""
    run.export(tmp_path / "run.png")
    plain = [one._replace(work=()) for one in found]
    assert all(
        one.size[1] > other.size[1] for one, other in zip(found, plain, strict=True) if one.work
    )
