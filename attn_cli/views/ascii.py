"""Our own signs in ASCII, for terminals that lack them; the user's words stay as they are."""

from __future__ import annotations

from typing import Any

from attn_cli.views.page import Block, Grid

TABLE = str.maketrans(
    {
        "√": "sqrt ",
        "ᵀ": "^T",
        "·": "*",
        "→": "->",
        "×": "x",
        "∞": "inf",
        "Σ": "sum",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "−": "-",
        "■": "#",
        "≈": "~",
        "∂": "d",
        "²": "^2",
        "’": "'",
        "—": "-",
        **dict.fromkeys("█▉▊▋▌", "#"),
        **dict.fromkeys("▍▎▏", ""),
        "³": "^3",
        "µ": "u",
        "α": "alpha",
        "β": "beta",
        "σ": "sigma",
        "τ": "tau",
        "⊙": "*",
        "⊗": "(x)",
        "Φ": "Phi",
        "φ": "phi",
        "κ": "kappa",
    }
)


def ascii_page(blocks: list[Block]) -> list[Block]:
    """Write every text of a page in ASCII, before it is laid out."""
    return [_plain(block) for block in blocks]


def _grid(grid: Grid) -> Grid:
    """A table in ASCII, whose signs may be longer: columns of words are filled up again."""
    plain = _fields(grid)
    columns = list(plain.columns)
    rows = [list(cells) for _, cells in plain.rows]
    for place, name in enumerate(columns):
        texts = [name, *(row[place].text for row in rows)]
        if not all(text == text.rstrip() for text in texts):
            width = max(len(text.rstrip()) for text in texts)
            columns[place] = name.rstrip().ljust(width)
            for row in rows:
                row[place] = row[place]._replace(text=row[place].text.rstrip().ljust(width))
        else:
            columns[place] = name.lstrip()
            for row in rows:
                row[place] = row[place]._replace(text=row[place].text.lstrip())
    named = [label for label, _ in plain.rows]
    return plain._replace(
        columns=tuple(columns),
        rows=tuple((label, tuple(row)) for label, row in zip(named, rows, strict=True)),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Grid):
        return _grid(value)
    return _fields(value)


def _fields(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(TABLE)
    if isinstance(value, tuple):
        parts = [_plain(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
