"""What `attn mask` lists: all masks and biases, and what libraries make of masks."""

from __future__ import annotations

from collections.abc import Sequence

from attn_cli.data.libraries import LIBRARIES, QUESTIONS
from attn_cli.language import told
from attn_cli.spelling import spelled
from attn_cli.views.advice import advice_lines
from attn_cli.views.page import Block, Heading, Lines, Title, listing

Row = tuple[str, str, str]
"""How it is written, what it keeps, where it is from."""

TRY = ("attn mask ‹causal›", 'attn mask ‹n 12› ‹mask› "causal & window(3) | global(0)"')


def catalogue_page(
    masks: Sequence[Row], biases: Sequence[Row], *, libraries: bool, command: str | None
) -> list[Block]:
    """The lists; libraries: what they make of masks, too. command: what was typed."""
    blocks: list[Block] = [
        Title("Masks", "combined by & | ~ ( )", "True = may attend"),
        _listed(("written", "keeps", "source"), masks),
        Heading("", spelled("Biases, by ‹bias› NAME")),
        _listed(("written", "adds", "source"), biases),
        *(library_blocks() if libraries else []),
    ]
    if command is None:
        return blocks
    more = () if libraries else ("attn mask ‹libraries›",)
    return [*blocks, Lines((), apart=True), *advice_lines("", (*TRY, *more))]


def _listed(columns: Row, rows: Sequence[Row]) -> Block:
    strong = ((columns[0], "strong"),)
    return listing(columns, rows, spare=("source",), wrap=columns[1:2], kinds=strong)


def library_blocks() -> list[Block]:
    """What every library makes of masks: one row for each, one column for each question."""
    rows = [
        (f"{one.name} {one.version}", *(told(getattr(one, name)) for name in QUESTIONS))
        for one in LIBRARIES
    ]
    columns = ("library", *QUESTIONS.values())
    return [Heading("", "What libraries make of masks"), listing(columns, rows, wrap=columns[1:])]
