"""The watermark of a stock photo: a banner below, lettering across the middle."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import skia

from inscape.scenes.canvas import Canvas, Color, rectangle
from inscape.scenes.random import Random

FONT = Path(__file__).parent.parent / "fonts" / "DejaVuSans-Bold.ttf"
_WORDS = ("STOCK", "SAMPLE", "PREVIEW", "PHOTO", "TOWNPIX")
_BANNERS: tuple[tuple[Color, Color], ...] = (
    ((0.12, 0.12, 0.14), (0.96, 0.96, 0.96)),
    ((0.95, 0.95, 0.95), (0.2, 0.2, 0.24)),
    ((0.08, 0.26, 0.52), (0.96, 0.97, 0.98)),
)


@cache
def _typeface() -> skia.Typeface:
    """The shipped font, opened without asking the system for its fonts."""
    return skia.FontMgr.New_Custom_Empty().makeFromFile(str(FONT))


@lru_cache(maxsize=256)
def word_path(text: str) -> skia.Path:
    """The outline of a word, its left foot at the origin, one unit of the em high."""
    font = skia.Font(_typeface(), 256)
    font.setHinting(skia.FontHinting.kNone)
    font.setSubpixel(True)
    font.setLinearMetrics(True)
    glyphs = font.textToGlyphs(text)
    whole, x = skia.Path(), 0.0
    for glyph, width in zip(glyphs, font.getWidths(glyphs), strict=True):
        outline = font.getPath(glyph)
        if outline is not None:
            whole.addPath(outline, x, 0.0)
        x += width
    whole.transform(skia.Matrix.Scale(1 / 256, 1 / 256))
    return whole


def draw_banner(canvas: Canvas, random: Random) -> None:
    """An opaque strip along the lower border, with small print."""
    paper, ink = random.choice(_BANNERS)
    height = random.uniform(0.11, 0.14)
    strip = rectangle(-0.05, 1 - height, 1.1, height + 0.05)
    canvas.fill(strip, paper, ("banner",))
    text = f"{random.choice(_WORDS)} {random.integer(100000, 999999)}"
    scale = height * 0.58
    with canvas.at(0.05, 1 - height * 0.28, scale):
        canvas.fill(word_path(text), ink)
    with canvas.at(0.94, 1 - height * 0.5):
        canvas.fill(rectangle(-height * 0.4, -height * 0.3, height * 0.6, height * 0.6), ink, alpha=0.85)
    canvas.place("banner", strip.getBounds(), text=text)


def draw_lettering(canvas: Canvas, random: Random) -> None:
    """Large half-transparent white letters across the middle."""
    text = random.choice(_WORDS)
    path = word_path(text)
    bounds = path.getBounds()
    width = random.uniform(0.8, 0.9)
    scale = width / bounds.width()
    x, y = 0.5 - width * 0.5 - bounds.left() * scale, random.uniform(0.5, 0.62)
    with canvas.at(x, y, scale):
        canvas.stroke(path, (0.1, 0.1, 0.12), 0.05, 0.3)
        canvas.fill(path, (1, 1, 1), ("lettering",), alpha=0.72)
        canvas.place("lettering", bounds, text=text)
