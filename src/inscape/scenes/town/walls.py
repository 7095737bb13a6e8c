"""Walls and roofs with the texture of their material. The left foot of a face is at the origin."""

from __future__ import annotations

from typing import NamedTuple

import skia

from inscape.scenes.canvas import Canvas, Color, Label, mix, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Light

WALL_COLORS: dict[str, tuple[Color, ...]] = {
    "plaster": (
        (0.96, 0.91, 0.80),
        (0.95, 0.80, 0.52),
        (0.94, 0.72, 0.66),
        (0.70, 0.82, 0.88),
        (0.97, 0.96, 0.93),
        (0.76, 0.84, 0.68),
    ),
    "brick": ((0.72, 0.32, 0.24), (0.62, 0.26, 0.20), (0.78, 0.44, 0.30), (0.56, 0.32, 0.28)),
    "stone": ((0.70, 0.68, 0.64), (0.80, 0.73, 0.60), (0.60, 0.61, 0.64), (0.74, 0.66, 0.58)),
    "wood": (
        (0.60, 0.16, 0.12),
        (0.52, 0.36, 0.22),
        (0.34, 0.42, 0.34),
        (0.40, 0.48, 0.56),
        (0.72, 0.56, 0.36),
    ),
}
ROOF_COLORS: tuple[tuple[Color, str], ...] = (
    ((0.76, 0.36, 0.22), "tile"),
    ((0.64, 0.26, 0.18), "tile"),
    ((0.52, 0.32, 0.22), "tile"),
    ((0.34, 0.40, 0.50), "slate"),
    ((0.28, 0.30, 0.34), "slate"),
    ((0.36, 0.58, 0.52), "copper"),
)


class Look(NamedTuple):
    """What a wall or a roof is made of, its colour, and how much of the sun falls on it, 0 to 1."""

    material: str
    color: Color
    exposure: float = 1.0


def draw_face(
    canvas: Canvas, light: Light, shape: skia.Path, extent: tuple[float, float], look: Look, label: Label
) -> None:
    """A wall of this outline; `extent` is its width and height."""
    width, height = extent
    material, color, exposure = look
    lit, foot = light.on(color, exposure), light.on(scaled(color, 0.84), exposure * 0.85)
    canvas.shade(shape, ((0, -height), (0, 0)), (lit, foot), label)
    with canvas.inside(shape):
        if material == "brick":
            mortar = light.on(mix(color, (0.9, 0.84, 0.76), 0.6), exposure)
            _courses(canvas, width, height, (0.022, 0.046), mortar, 0.5)
        elif material == "stone":
            _courses(canvas, width, height, (0.036, 0.07), light.on(scaled(color, 0.62), exposure), 0.55)
        elif material == "wood":
            _boards(canvas, width, height, light.on(scaled(color, 0.6), exposure))
        else:
            _stains(canvas, width, height, light.on(scaled(color, 0.86), exposure))


def _courses(
    canvas: Canvas, width: float, height: float, unit: tuple[float, float], color: Color, alpha: float
) -> None:
    high, wide = unit
    path = skia.Path()
    row, y = 0, 0.0
    while y < height:
        path.moveTo(0, -y)
        path.lineTo(width, -y)
        x = wide * (0.5 if row % 2 else 1.0)
        while x < width:
            path.moveTo(x, -y)
            path.lineTo(x, -y - high)
            x += wide
        y += high
        row += 1
    canvas.stroke(path, color, high * 0.14, alpha)


def _boards(canvas: Canvas, width: float, height: float, color: Color) -> None:
    path = skia.Path()
    y = 0.026
    while y < height:
        path.moveTo(0, -y)
        path.lineTo(width, -y)
        y += 0.026
    canvas.stroke(path, color, 0.005, 0.65)


def _stains(canvas: Canvas, width: float, height: float, color: Color) -> None:
    path = skia.Path()
    for index in range(5):
        x, y = width * ((index * 0.37 + 0.13) % 1.0), height * ((index * 0.61 + 0.2) % 1.0)
        path.addRect(skia.Rect.MakeXYWH(x, -y, width * 0.16, 0.012))
    path.addRect(skia.Rect.MakeXYWH(0, -0.02, width, 0.02))
    canvas.fill(path, color, alpha=0.5)


def draw_roof(canvas: Canvas, light: Light, shape: skia.Path, look: Look, kind: str, *, snow: bool) -> None:
    """A sloping roof of this outline, with rows of tiles, or under snow."""
    material, color, exposure = look
    bounds = shape.getBounds()
    left, top, right, bottom = bounds.left(), bounds.top(), bounds.right(), bounds.bottom()
    if snow:
        material, color = "snow", mix(color, (0.95, 0.97, 1.0), 0.9)
    lit, foot = light.on(color, exposure), light.on(scaled(color, 0.78), exposure * 0.8)
    canvas.shade(shape, ((0, top), (0, bottom)), (lit, foot), ("roof", material, kind))
    with canvas.inside(shape):
        path = skia.Path()
        y, row = top + 0.022, 0
        while y < bottom:
            path.moveTo(left, y)
            path.lineTo(right, y)
            if material == "tile":
                x = left + (0.012 if row % 2 else 0.0)
                while x < right:
                    path.moveTo(x, y)
                    path.lineTo(x, y - 0.018)
                    x += 0.026
            y += 0.022
            row += 1
        canvas.stroke(path, light.on(scaled(color, 0.66), exposure * 0.7), 0.004, 0.2 if snow else 0.5)
    canvas.stroke(shape, light.on(scaled(color, 0.55), 0.3), 0.005, 0.6)


def draw_chimney(canvas: Canvas, light: Light, random: Random, x: float, top: float, foot: float) -> None:
    """A brick stack from the roof, with a little smoke now and then."""
    color = random.choice(WALL_COLORS["brick"])
    stack = skia.Path()
    stack.addRect(skia.Rect.MakeLTRB(x - 0.022, top, x + 0.022, foot))
    stack.addRect(skia.Rect.MakeLTRB(x - 0.028, top, x + 0.028, top + 0.016))
    colors = (light.on(color, 0.5 - light.side * 0.45), light.on(color, 0.5 + light.side * 0.45))
    canvas.shade(stack, ((x - 0.022, 0), (x + 0.022, 0)), colors, ("roof", "chimney", "brick"))
