"""What `attn mask` lists: all masks and biases, and what libraries make of masks."""

from __future__ import annotations

from collections.abc import Sequence

from attn_cli.spelling import spelled
from attn_cli.views.page import Block, Grids, Heading, Lines, Title
from attn_cli.views.texts import text_table

Row = tuple[str, str, str]
"""How it is written, what it keeps, where it is from."""


def catalogue_page(
    masks: Sequence[Row],
    biases: Sequence[Row],
    libraries: Sequence[tuple[str, ...]],
    questions: Sequence[str],
    width: int,
) -> list[Block]:
    """Three lists; libraries have one answer for each question."""
    blocks: list[Block] = [
        Title("Masks", "combined by & | ~ ( )", "True = may attend"),
        *_listed(("written", "keeps", "source"), masks, width),
        Heading("", spelled("Biases, by ‹bias› NAME")),
        *_listed(("written", "adds", "source"), biases, width),
        Heading("", "What libraries make of masks"),
    ]
    for name, *answers in libraries:
        blocks.append(Lines((name,)))
        lines = tuple(f"  {q}: {a}" for q, a in zip(questions, answers, strict=True))
        blocks.append(Lines(lines, quiet=True))
    line = (
        'Next: attn mask ‹causal› \u00b7 attn mask ‹n 12› ‹mask› "causal & window(3) | global(0)"'
    )
    return [*blocks, Lines((spelled(line),), quiet=True, indented=False, apart=True)]


def _listed(columns: Row, rows: Sequence[Row], width: int) -> list[Block]:
    needed = sum(max(len(row[place]) for row in rows) + 2 for place in range(len(columns)))
    if needed <= width:
        return [Grids((text_table(columns, rows, width=width),))]
    lines = [line for written, *about in rows for line in (written, f"  {'; '.join(about)}")]
    return [Lines(tuple(lines))]
