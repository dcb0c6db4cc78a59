"""Pages as a LaTeX document that compiles with pdflatex, xelatex or lualatex."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attn_cli.views.page import Block, Grid, Grids, Heading, Lines, Title

PREAMBLE = r"""% pdflatex knows Latin letters; lualatex and xelatex know more
\documentclass{article}
\usepackage{iftex}
\ifpdftex
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\else
\usepackage{fontspec}
\fi
\usepackage{amsmath}
\providecommand{\lt}{<}
\providecommand{\gt}{>}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\begin{document}
"""

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
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "≠": r"$\ne$",
        "²": r"$^2$",
        "³": r"$^3$",
        "█": r"\rule{0.6em}{1.4ex}",
        "½": "1/2",
        "■": r"$\bullet$",
    }
)


def latex_page(blocks: Iterable[Block]) -> str:
    """Write a page as a whole document."""
    body = "\n\n".join(part for block in blocks for part in _block(block))
    return f"{PREAMBLE}{body}\n\\end{{document}}\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Title):
        about = ", ".join(text(part) for part in (block.formula, block.source) if part)
        return [rf"\section*{{{text(block.left)}}}", *([about] if about else [])]
    if isinstance(block, Heading):
        title = block.name if block.latex else block.text
        parts = [rf"\subsection*{{{text(f'{block.number} {title}'.strip())}}}"]
        if block.latex:
            parts.append(rf"\[ {block.latex} \]")
        return parts + ([text(block.right)] if block.right else [])
    if isinstance(block, Lines):
        return [r" \\ ".join(text(line) for line in block.lines)] if block.lines else []
    assert isinstance(block, Grids)
    return [part for grid in block.grids for part in _grid(grid)]


def _grid(grid: Grid) -> list[str]:
    head = " & ".join(["", *(text(name) for name in grid.columns)])
    rows = [
        " & ".join([text(label), *(_number(cell.text.strip()) for cell in cells)])
        for label, cells in grid.rows
    ]
    lines = [head + r" \\ \hline", *(row + r" \\" for row in rows)]
    table = "\n".join(
        [rf"\begin{{tabular}}{{l|{'r' * len(grid.columns)}}}", *lines, r"\end{tabular}"]
    )
    parts = (text(grid.caption), rf"{{\footnotesize {table}}}", text(grid.note))
    return [part for part in parts if part]


def _number(digits: str) -> str:
    """A number, its sign as mathematics has it."""
    number = re.fullmatch(r"-[\d.]+(e-?\d+)?|-∞", digits)
    return f"${digits}$".replace("∞", r"\infty") if number else text(digits)


def text(words: str) -> str:
    """Words with the signs that LaTeX reads escaped, and ours in its own."""
    return words.translate(SPECIAL)
