"""Tints of heat maps: even to the eye (mixed in OKLab, Ottosson 2020), the largest stands out most.

What is 0 has no tint, so it is the ground itself; every tint brings the text that reads on it.
"""

from __future__ import annotations

from functools import cache

from attn_cli.views.palette import Ground, Palette

Triple = tuple[float, float, float]

LEVELS = 24

ABOVE: dict[Ground, tuple[str, ...]] = {
    "dark": ("#22303f", "#2b5f93", "#bfe4ff"),
    "light": ("#e6eff8", "#86b4d9", "#0b3a66"),
    "unknown": ("#8b9096", "#5b86b5", "#0a50c4"),
}
"""From just above 0 to the largest."""

BELOW: dict[Ground, tuple[str, ...]] = {
    "dark": ("#3a2c24", "#8f5a35", "#ffcf9e"),
    "light": ("#faeee2", "#e0a878", "#7d3408"),
    "unknown": ("#938d88", "#b5804f", "#b34400"),
}
"""From just below 0 to what is farthest below."""

ABOVE_256: dict[Ground, tuple[int, ...]] = {
    "dark": (235, 236, 24, 31, 74, 117, 153, 195),
    "light": (255, 254, 153, 110, 68, 25, 18, 17),
    "unknown": (246, 245, 103, 67, 61, 32, 26, 20),
}
BELOW_256: dict[Ground, tuple[int, ...]] = {
    "dark": (235, 236, 94, 130, 136, 172, 215, 223),
    "light": (255, 254, 223, 216, 180, 173, 130, 94),
    "unknown": (246, 245, 138, 137, 136, 172, 166, 130),
}
"""Numbers of the 256 colours, chosen, since the nearest ones of a mixture make a rainbow."""

STRONG = 0.5
"""From here on a number is bold where there are 16 colours, which make no scale."""

LARGEST = 1 - 0.5 / LEVELS
"""From here on a number is bold beside its tint: the largest."""

EQUAL_CONTRAST = 0.179
"""The luminance of a background on which black and white text are read equally well."""


def tint(level: float, palette: Palette) -> str:
    """A Rich style for a level from -1 to 1, relative to the largest number of a table."""
    share = min(abs(level), 1.0)
    if palette.depth == "standard":
        return "bold" if share >= STRONG else ""
    colour = colour_of(level, palette)
    if not colour:
        return ""
    bold = "bold " if share >= LARGEST else ""
    seen = cube_colour(int(colour[6:-1])) if palette.depth == "256" else colour
    return f"{bold}{_text_on(seen)} on {colour}"


def colour_of(level: float, palette: Palette) -> str:
    """The colour of a level as Rich names it; none for 0, and where no colours make a scale."""
    share = min(abs(level), 1.0)
    if palette.depth in ("none", "standard") or not share:
        return ""
    if palette.depth == "256":
        numbers = (ABOVE_256 if level > 0 else BELOW_256)[palette.ground]
        return f"color({numbers[min(int(share * len(numbers)), len(numbers) - 1)]})"
    return _mixed(round(share * LEVELS), level > 0, palette.ground)


def cube_colour(number: int) -> str:
    """One of the upper 240 of the 256 colours, as xterm has it."""
    if number >= 232:
        return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
    parts = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
    return "#" + "".join(f"{55 + 40 * part if part else 0:02x}" for part in parts)


def _text_on(background: str) -> str:
    return "#000000" if luminance(background) > EQUAL_CONTRAST else "#ffffff"


@cache
def _mixed(step: int, above: bool, ground: Ground) -> str:
    low, middle, high = (_to_lab(text) for text in (ABOVE if above else BELOW)[ground])
    along = step / LEVELS * 2
    one, other, part = (low, middle, along) if along <= 1 else (middle, high, along - 1)
    red, green, blue = (a + (b - a) * part for a, b in zip(one, other, strict=True))
    return "#" + "".join(f"{round(255 * c):02x}" for c in _to_rgb((red, green, blue)))


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as in WCAG 2.2."""
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _to_lab(text: str) -> Triple:
    r, g, b = (_linear(int(text[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _to_rgb(lab: Triple) -> Triple:
    lightness, a, b = lab
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    rgb = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    red, green, blue = (_gamma(min(max(c, 0.0), 1.0)) for c in rgb)
    return red, green, blue


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def _gamma(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
