"""Background colours for heat maps, even to the eye: mixed in OKLab (Ottosson 2020)."""

from __future__ import annotations

from functools import cache

Triple = tuple[float, float, float]

SHARE = ("#f4f1ea", "#8fb8d8", "#12436d")
SIGNED = ("#b8500b", "#f4f1ea", "#1f5f99")
LEVELS = 24

EQUAL_CONTRAST = 0.179
"""The luminance of a background on which black and white text are read equally well."""


def shade(level: float, signed: bool) -> str:
    """A Rich style for a level: 0 to 1 for shares, −1 to 1 for signed numbers."""
    position = (level + 1) / 2 if signed else level
    return _style(round(min(max(position, 0), 1) * LEVELS), signed)


@cache
def _style(step: int, signed: bool) -> str:
    low, middle, high = (_to_lab(text) for text in (SIGNED if signed else SHARE))
    along = step / LEVELS * 2
    one, other, part = (low, middle, along) if along <= 1 else (middle, high, along - 1)
    lab = tuple(a + (b - a) * part for a, b in zip(one, other, strict=True))
    background = _to_rgb(lab)  # type: ignore[arg-type]
    text = "#000000" if _luminance(background) > EQUAL_CONTRAST else "#ffffff"
    return f"{text} on #" + "".join(f"{round(255 * c):02x}" for c in background)


def _luminance(rgb: Triple) -> float:
    """Relative luminance as in WCAG 2.2."""
    r, g, b = (_linear(c) for c in rgb)
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
