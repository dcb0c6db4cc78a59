"""Colours by what they mean, for a dark ground, a light one, and one that is not known."""

from typing import Literal, NamedTuple

Ground = Literal["dark", "light", "unknown"]

Depth = Literal["none", "standard", "256", "truecolor"]
"""How many colours a terminal has, as Rich tells it."""

GROUNDS: dict[Ground, tuple[str, str]] = {
    "light": ("#ffffff", "#202124"),
    "dark": ("#1e1e1e", "#dee0e4"),
}
"""Background and text of pages in files."""

KINDS: dict[Ground, dict[str, str]] = {
    "dark": {
        "query": "#4fc3d9",
        "key": "#e5c453",
        "value": "#5fd38d",
        "weight": "#df8bdf",
        "input": "#8ab4ff",
        "quiet": "#a3a9b2",
    },
    "light": {
        "query": "#00697f",
        "key": "#7a5a00",
        "value": "#14703a",
        "weight": "#8e2a8e",
        "input": "#1f4fb0",
        "quiet": "#5a616b",
    },
    "unknown": {
        "query": "#00829a",
        "key": "#967000",
        "value": "#2b8645",
        "weight": "#b04db0",
        "input": "#4672cb",
        "quiet": "#767676",
    },
}
"""Text of queries, keys, values, weights, rows that all are made from, and what stands beside."""

STANDARD: dict[Ground, dict[str, str]] = {
    "dark": {
        "query": "bright_cyan",
        "key": "bright_yellow",
        "value": "bright_green",
        "weight": "bright_magenta",
        "input": "bright_blue",
        "quiet": "dim",
    },
    "light": {
        "query": "blue",
        "key": "red",
        "value": "green",
        "weight": "magenta",
        "input": "blue",
        "quiet": "dim",
    },
    "unknown": {"quiet": "dim"},
}
"""The same where a terminal has 16 colours, whose tones are its own."""


class Palette(NamedTuple):
    """Which colours there are, on what they stand, and whether signs are ASCII alone."""

    ground: Ground = "unknown"
    depth: Depth = "none"
    ascii_only: bool = False

    def style(self, kind: str) -> str:
        """A Rich style for text of a kind, bold for a strong one; none for one without a colour."""
        if kind == "strong":
            return "bold"
        names = STANDARD if self.depth == "standard" else KINDS
        return names[self.ground].get(kind, "")

    def strong(self, kind: str) -> str:
        """The same, bold."""
        return f"bold {self.style(kind)}".strip()


def ground_of(wanted: str | None, colour_fgbg: str) -> Ground:
    """The ground that is said, else the one that COLORFGBG tells (`15;0` is light on dark)."""
    if wanted in ("dark", "light"):
        return "dark" if wanted == "dark" else "light"
    last = colour_fgbg.rpartition(";")[2]
    if not last.isdigit():
        return "unknown"
    return "light" if int(last) in (7, 15) else "dark"
