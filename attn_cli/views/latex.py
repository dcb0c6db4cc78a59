"""Pages as a LaTeX document that compiles with pdflatex, xelatex or lualatex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest

from attn_cli.views.axes import late, range_of
from attn_cli.views.page import (
    Bars,
    Block,
    Cell,
    Curves,
    Grid,
    Grids,
    Heading,
    Lines,
    Listing,
    LongTable,
    Raster,
    Title,
    in_order,
)
from attn_cli.views.palette import KINDS, Palette
from attn_cli.views.tints import colour_of, tint

PREAMBLE = r"""% pdflatex knows Latin letters; lualatex and xelatex know more
\documentclass{article}
\usepackage{iftex}
\ifpdftex
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\else
\usepackage{fontspec}
@font@\fi
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage[table]{xcolor}
\providecommand{\lt}{<}
\providecommand{\gt}{>}
\usepackage[margin=2cm]{geometry}
@plots@\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\begin{document}
"""

PLOTTED = "% drawn by pgfplots\n"
PGFPLOTS = "\\usepackage{pgfplots}\n\\pgfplotsset{compat=1.16}\n"

CHINESE = r"""\IfFontExistsTF{Noto Serif CJK SC}{\setmainfont{Noto Serif CJK SC}}{}
\ifxetex\XeTeXlinebreaklocale "zh"\XeTeXlinebreakskip = 0pt plus 1pt\fi
"""
"""A font with Chinese letters where there is one, and lines that may end between them."""

WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")

ROOT = re.compile(r"√(?:(\w+)|\(([^()]*)\))")

BAR_EM, BAR_COLOURS = 16, ("gray", "black")

SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "√": r"$\surd$",
        "ᵀ": r"$^{\top}$",
        "·": r"$\cdot$",
        "→": r"$\to$",
        "×": r"$\times$",
        "∞": r"$\infty$",
        "Σ": r"$\Sigma$",
        "⊙": r"$\odot$",
        "⊗": r"$\otimes$",
        "Φ": r"$\Phi$",
        "φ": r"$\varphi$",
        "α": r"$\alpha$",
        "β": r"$\beta$",
        "κ": r"$\kappa$",
        "σ": r"$\sigma$",
        "τ": r"$\tau$",
        "…": r"\dots{}",
        "≈": r"$\approx$",
        "∂": r"$\partial$",
        **{sign: f"$_{digit}$" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "≠": r"$\ne$",
        "²": r"$^2$",
        "³": r"$^3$",
        "█": r"\rule{0.6em}{1.4ex}",
        **{
            sign: rf"\rule{{{0.6 * eighths / 8:.3g}em}}{{1.4ex}}"
            for eighths, sign in enumerate("▏▎▍▌▋▊▉", 1)
        },
        "◂": r"$\triangleleft$",
        "½": "1/2",
        "─": "-",
        "│": r"\textbar{}",
        "▶": r"\textgreater{}",
        "▼": "v",
        **dict.fromkeys("┐┘└├┴┬┤", "+"),
        "■": r"$\bullet$",
    }
)


def latex_page(blocks: Iterable[Block]) -> str:
    """Write a page as a whole document."""
    body = "\n\n".join(part for block in in_order(blocks) for part in _block(block))
    preamble = PREAMBLE.replace("@font@", CHINESE if WIDE.search(body) else "")
    preamble = preamble.replace("@plots@", PGFPLOTS if PLOTTED in body else "")
    return f"{preamble}{body}\n\\end{{document}}\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Title):
        about = ", ".join(text(part) for part in (block.formula, block.source) if part)
        return [rf"\section*{{{text(block.left)}}}", *([about] if about else [])]
    if isinstance(block, Heading):
        title = block.name if block.latex else block.text
        parts = [rf"\subsection*{{{text(f'{block.number} {title}'.strip())}}}"]
        if block.latex:
            parts.append(rf"\[ {block.latex} \]")
        return parts + [text(part) for part in (block.about, block.right) if part]
    if isinstance(block, Lines) and block.kind == "drawing":
        drawing = r" \\ ".join(_spaced(line) for line in block.lines)
        return [rf"{{\ttfamily {drawing}}}"]
    if isinstance(block, Lines) and block.kind == "command":
        commands = r" \\ ".join(text(line) for line in block.lines)
        return [rf"{{\raggedright\ttfamily {commands}\par}}"]
    if isinstance(block, Lines):
        return [r" \\ ".join(text(line) for line in block.lines)] if block.lines else []
    if isinstance(block, LongTable):
        lines = [r"{\tiny\begin{verbatim}", *block.lines(), r"\end{verbatim}}"]
        return ["\n".join(lines)]
    if isinstance(block, Bars):
        return [_bars(block)]
    if isinstance(block, Listing):
        return _listing(block)
    if isinstance(block, Raster):
        return _raster(block)
    if isinstance(block, Curves):
        return [_curves(block)]
    assert isinstance(block, Grids)
    return [part for grid in block.grids for part in _grid(grid)]


def _spaced(line: str) -> str:
    """A line of a drawing, all of whose spaces count."""
    return r"\mbox{}" + "~".join(text(part) for part in line.split(" "))


def _grid(grid: Grid) -> list[str]:
    head = " & ".join(["", *(text(name) for name in grid.columns)])
    rows = [" & ".join([text(label), *map(_cell, cells)]) for label, cells in grid.rows]
    named = [head + r" \\", r"\midrule"] if any(grid.columns) else []
    lines = [
        rf"{{\footnotesize \begin{{tabular}}{{l{'r' * len(grid.columns)}}}",
        r"\toprule",
        *named,
        *(row + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    return [part for part in (text(grid.caption), "\n".join(lines), text(grid.told)) if part]


PAPER = Palette("light", "truecolor")


def _cell(cell: Cell) -> str:
    """A number on its tint, with the text that reads on it."""
    number = f"${cell.latex}$" if cell.latex else _number(cell.text.strip())
    number = rf"\textbf{{{number}}}" if cell.marked else number
    style = tint(cell.level, PAPER) if cell.level is not None else ""
    if not style:
        return number
    letters, _, ground = style.removeprefix("bold ").partition(" on ")
    colour = r"\color{white}" if letters == "#ffffff" else ""
    return rf"\cellcolor[HTML]{{{ground[1:].upper()}}}{colour}{number}"


LINES = ("solid", "dashed", "dotted")


def _curves(block: Curves) -> str:
    """Axes of the package pgfplots, curves by colour and by how they are dashed."""
    lines = [
        rf"{PLOTTED}\begin{{tikzpicture}}\begin{{loglogaxis}}[width=12cm, height=7cm,",
        rf"xlabel={{{text(block.across)}}}, ylabel={{{text(block.up)}}}, legend pos=north west]",
    ]
    for curve, dashed in zip(block.curves, LINES, strict=False):
        colour = KINDS["light"][curve.kind][1:].upper()
        points = " ".join(f"({x:.10g},{y:.10g})" for x, y in curve.points)
        lines += [
            rf"\definecolor{{curve}}{{HTML}}{{{colour}}}",
            rf"\addplot[curve, thick, {dashed}] coordinates {{{points}}};",
            rf"\addlegendentry{{{text(curve.name)}}}",
        ]
    for x, meaning in block.marks:
        side = "left" if late(x, range_of(block)[0]) else "right"
        lines += [
            rf"\draw[gray] ({{axis cs:{x:.10g},0}} |- {{rel axis cs:0,0}}) --",
            rf"({{axis cs:{x:.10g},0}} |- {{rel axis cs:0,1}})",
            rf"node[pos=0.1, {side}] {{\footnotesize {text(meaning)}}};",
        ]
    return "\n".join([*lines, r"\end{loglogaxis}\end{tikzpicture}"])


POINTS = 5
"""Points along each side of a level of a picture."""


def _raster(raster: Raster) -> list[str]:
    """Rows of rules, equal levels beside each other in one."""
    rows = [
        "".join(_rule(level, len([*run])) for level, run in groupby(row)) for row in raster.levels
    ]
    lines = [
        r"{\setlength{\fboxsep}{0pt}\fbox{\vbox{\offinterlineskip",
        *(rf"\hbox{{\rule{{0pt}}{{{POINTS}pt}}{row}}}" for row in rows),
        r"}}}",
    ]
    samples = r"\quad ".join(
        rf"\fbox{{{_rule(level, 1)}}} {text(meaning)}" for level, meaning in raster.legend
    )
    parts = (text(raster.caption), "\n".join(lines), samples, text(raster.note))
    return [part for part in parts if part]


def _rule(level: float, times: int) -> str:
    colour = colour_of(level, PAPER)
    height = POINTS if colour else 0
    rule = rf"\rule{{{POINTS * times}pt}}{{{height}pt}}"
    return rf"\textcolor[HTML]{{{colour[1:].upper()}}}{{{rule}}}" if colour else rule


def _listing(listing: Listing) -> list[str]:
    ends = "".join("r" if name in listing.right else "l" for name in listing.columns)
    rows = [" & ".join(map(_entry, row, own)) + r" \\" for row, own in _with_latex(listing)]
    head = [" & ".join(map(text, listing.columns)) + r" \\", r"\midrule"]
    total = [r"\midrule", " & ".join(rf"\textbf{{{text(t)}}}" for t in listing.total) + r" \\"]
    lines = [
        rf"{{\footnotesize \begin{{tabular}}{{{ends}}}",
        r"\toprule",
        *(head if any(name.strip() for name in listing.columns) else []),
        *rows,
        *(total if listing.total else []),
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    return [part for part in (text(listing.caption), "\n".join(lines)) if part]


def _with_latex(listing: Listing) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each row beside what LaTeX has for its texts, which is mostly nothing."""
    nothing = ("",) * len(listing.columns)
    return zip_longest(listing.rows, listing.latex, fillvalue=nothing)


def _entry(words: str, latex: str) -> str:
    return rf"$\displaystyle {latex}$" if latex else text(words)


def _bars(block: Bars) -> str:
    """Bars as rules, the first part gray and the second black."""
    rows = []
    for bar in block.bars:
        drawn = "".join(
            rf"\textcolor{{{colour}}}{{\rule{{{share * BAR_EM:.2f}em}}{{1.4ex}}}}"
            for colour, share in zip(BAR_COLOURS, bar.shares, strict=False)
        )
        rows.append(" & ".join([text(bar.label), drawn, text(bar.text), text(bar.note)]) + r" \\")
    parts = zip(BAR_COLOURS, map(text, block.names), strict=False)
    legend = "; ".join(f"{colour}: {name}" for colour, name in parts)
    return "\n".join(
        [r"{\footnotesize \begin{tabular}{llrl}", *rows, r"\end{tabular}}", "", legend]
    )


def _number(digits: str) -> str:
    """A number, its sign as mathematics has it."""
    number = re.fullmatch(r"-[\d.]+(e-?\d+)?|-∞", digits)
    return f"${digits}$".replace("∞", r"\infty") if number else text(digits)


def text(words: str) -> str:
    """Words with the signs that LaTeX reads escaped, and ours in its own."""
    parts, end = [], 0
    for root in ROOT.finditer(words):
        parts.append(words[end : root.start()].translate(SPECIAL))
        parts.append(rf"$\sqrt{{{_in_root(root[1] or root[2])}}}$")
        end = root.end()
    parts.append(words[end:].translate(SPECIAL))
    return "".join(parts).replace("--", "-{}-")


def _in_root(words: str) -> str:
    """What stands under a root, in math: names of steps upright."""
    return rf"\text{{{words.translate(SPECIAL)}}}" if len(words) > 1 else words.translate(SPECIAL)
