"""Curves as SVG inside a page of HTML, in the colours of its ground."""

from __future__ import annotations

from html import escape

from attn_cli.views.axes import Range, across_ticks, along, late, range_of, up_ticks
from attn_cli.views.page import Curve, Curves

WIDTH, HEIGHT = 640, 400
LEFT, TOP, RIGHT, BOTTOM = 64, 24, 32, 48
ACROSS, UP = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LINE = 18
"""Units of a line of the legend."""

APART = 64
"""Units between two numbers below the axis, at least."""

DASHES = ("", "7 4", "2 3")


def svg_of(block: Curves) -> str:
    """The curves between their axes, which is which inside, and what is marked."""
    x, y = range_of(block)
    names = "; ".join(curve.name for curve in block.curves)
    marks = "; ".join(meaning for _, meaning in block.marks)
    about = ". ".join(filter(None, (f"{block.up} over {block.across}: {names}", marks)))
    parts = [
        f'<rect x="{LEFT}" y="{TOP}" width="{ACROSS}" height="{UP}" fill="none" '
        'stroke="var(--quiet)"/>',
        *_up_axis(block),
        *_across_axis(block),
        *(_mark(at, meaning, x) for at, meaning in block.marks),
    ]
    for place, (curve, dash) in enumerate(zip(block.curves, DASHES, strict=False)):
        parts += _curve(curve, dash, place, x, y)
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str = "quiet") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="var(--{fill})">'
        f"{escape(words)}</text>"
    )


def _up_axis(block: Curves) -> list[str]:
    _, up = range_of(block)
    numbers = [
        _text(LEFT - 6, TOP + UP * (1 - along(number, up)) + 4, text, "end")
        for number, text in up_ticks(block)
    ]
    return [_text(0, TOP - 10, block.up, "start"), *numbers]


def _across_axis(block: Curves) -> list[str]:
    across, _ = range_of(block)
    ticks = [(LEFT + ACROSS * along(number, across), text) for number, text in across_ticks(block)]
    shown = ticks[-1:]
    for x, text in reversed(ticks):
        if shown[-1][0] - x >= APART:
            shown.append((x, text))
    middle, below = LEFT + ACROSS / 2, TOP + UP + 38
    numbers = [_text(x, TOP + UP + 18, text, "middle") for x, text in shown]
    return [*numbers, _text(middle, below, block.across, "middle")]


def _mark(at: float, meaning: str, across: Range) -> str:
    x = LEFT + ACROSS * along(at, across)
    line = (
        f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + UP}" stroke="var(--quiet)" '
        'stroke-dasharray="1 3"/>'
    )
    if late(at, across):
        return line + _text(x - 6, TOP + UP - 8, meaning, "end")
    return line + _text(x + 6, TOP + UP - 8, meaning)


def _curve(curve: Curve, dash: str, place: int, x: Range, y: Range) -> list[str]:
    points = [(LEFT + ACROSS * along(a, x), TOP + UP * (1 - along(b, y))) for a, b in curve.points]
    path = "".join(f"{'L' if at else 'M'}{a:.1f} {b:.1f}" for at, (a, b) in enumerate(points))
    style = f'fill="none" stroke="var(--{curve.kind})" stroke-width="2" stroke-dasharray="{dash}"'
    top = TOP + LINE * (place + 1)
    return [
        f'<path d="{path}" {style}/>',
        f'<path d="M{LEFT + 10} {top - 4}h26" {style}/>',
        _text(LEFT + 42, top, curve.name, fill=curve.kind),
    ]
