"""Towers, and what sits on them: spires, domes, battlements."""

from __future__ import annotations

import skia

from inscape.scenes.canvas import Canvas, Color, mix, outline, oval, polygon, rectangle, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Light
from inscape.scenes.town.openings import draw_window
from inscape.scenes.town.plans import Plan
from inscape.scenes.town.walls import draw_face

SPIRES: tuple[tuple[Color, str], ...] = (
    ((0.30, 0.36, 0.46), "slate"),
    ((0.68, 0.28, 0.20), "tile"),
    ((0.38, 0.62, 0.54), "copper"),
    ((0.24, 0.26, 0.32), "slate"),
)
DOMES: tuple[tuple[Color, str], ...] = (
    ((0.90, 0.70, 0.24), "metal"),
    ((0.36, 0.66, 0.58), "copper"),
    ((0.30, 0.46, 0.74), "metal"),
    ((0.56, 0.60, 0.68), "metal"),
)


def draw_spire(canvas: Canvas, light: Light, random: Random, width: float, height: float) -> None:
    """A pointed roof whose foot is centred on the origin."""
    color, material = random.choice(SPIRES)
    half = width * 0.5
    whole = polygon([(-half, 0), (0, -height), (half, 0)])
    dark, pale = light.on(scaled(color, 0.8), 0.15), light.on(scaled(color, 1.12), 1.0)
    canvas.fill(whole, pale if light.side < 0 else dark, ("spire", material))
    canvas.fill(polygon([(width * 0.06, 0), (0, -height), (half, 0)]), dark if light.side < 0 else pale)
    rows = skia.Path()
    for index in range(1, 7):
        y = height * index / 7.0
        reach = half * (1 - index / 7.0)
        rows.moveTo(-reach, -y)
        rows.lineTo(reach, -y)
    canvas.stroke(rows, light.on(scaled(color, 0.5), 0.2), 0.004, 0.4)
    rod = rectangle(-0.006, -height - 0.035, 0.012, 0.05)
    canvas.fill(rod, light.on((0.86, 0.72, 0.3), 0.9), ("spire", "finial", "metal"))
    canvas.fill(oval(0, -height - 0.034, 0.011, 0.011), light.on((0.96, 0.8, 0.34), 1.0))
    canvas.place("spire", skia.Rect.MakeLTRB(-half, -height - 0.035, half, 0), material=material)


def draw_dome(canvas: Canvas, light: Light, random: Random, width: float, onion: bool) -> float:
    """A dome whose foot is centred on the origin, round or like an onion; gives its height."""
    color, material = random.choice(DOMES)
    half = width * 0.5
    height = width * (0.98 if onion else 0.62)
    wide, narrow = (half * 1.45, half * 0.72) if onion else (half * 0.98, half * 0.5)
    low, high = (height * 0.42, height * 0.66) if onion else (height * 0.72, height)
    left, right = (-wide, -low, -narrow, -high, 0, -height), (narrow, -high, wide, -low, half * 0.94, 0)
    path = outline((-half * 0.94, 0), left, right)
    dark, middle, pale = (
        light.on(scaled(color, 0.6), 0.15),
        light.on(color, 0.8),
        light.on(mix(color, (1, 1, 1), 0.3), 1.0),
    )
    colors = (dark, middle, pale, middle) if light.side > 0 else (middle, pale, middle, dark)
    canvas.shade(path, ((-half * 1.1, 0), (half * 1.1, 0)), colors, ("dome", material))
    ribs = skia.Path()
    for share in (-0.5, 0.0, 0.5):
        ribs.moveTo(half * share, 0)
        ribs.quadTo(half * share * (1.5 if onion else 1.1), -height * 0.55, 0, -height)
    canvas.stroke(ribs, dark, 0.004, 0.45)
    canvas.fill(rectangle(-half, -0.016, width, 0.022), light.on((0.93, 0.9, 0.84), 0.8), ("dome", "stone"))
    lantern = rectangle(-width * 0.05, -height - width * 0.14, width * 0.1, width * 0.17)
    canvas.fill(lantern, light.on(scaled(color, 0.9), 0.7), ("dome", "lantern", material))
    canvas.fill(
        oval(0, -height - width * 0.16, width * 0.05, width * 0.05), pale, ("dome", "lantern", material)
    )
    canvas.place(
        "dome", skia.Rect.MakeLTRB(-half, -height - width * 0.2, half, 0), material=material, onion=onion
    )
    return height


def draw_tower(canvas: Canvas, light: Light, random: Random, plan: Plan, top: str) -> None:
    """The tower of a building, its foot centred on the origin, with its top and a window."""
    width, height, kind = plan.tower_width, plan.tower, plan.kind
    half, (material, color, _) = width * 0.5, plan.wall
    label = ("wall", "tower", material, kind)
    with canvas.at(-half, 0):
        face = rectangle(0, -height, width, height)
        draw_face(canvas, light, face, (width, height), plan.wall._replace(exposure=0.9), label)
        dark = (0.0, 0.0, 0.05)
        edge = ((0.0, 0.0), (width, 0.0)) if light.side < 0 else ((width, 0.0), (0.0, 0.0))
        canvas.shade(face, edge, (dark, dark), alphas=(0.0, 0.34))
        high = round(height * canvas.scale, 4)
        canvas.place("wall", face.getBounds(), part="tower", material=material, height=high)
    ledge = light.on(mix(scaled(color, 0.9), (0.9, 0.88, 0.84), 0.4), 0.9)
    with canvas.at(0, -height + width * 0.95):
        look = ("pointed" if kind == "church" else "round", plan.frame, plan.frame)
        draw_window(canvas, light, (width * 0.44, width * 0.66), look, random.chance(0.7), kind)
    if top == "battlement":
        teeth = rectangle(-half * 1.12, -height - 0.01, width * 1.12, 0.03)
        for share in (-1.12, -0.31, 0.5):
            teeth.addRect(skia.Rect.MakeXYWH(half * share, -height - 0.042, width * 0.31, 0.04))
        canvas.fill(teeth, ledge, label)
        return
    canvas.fill(rectangle(-half * 1.08, -height - 0.004, width * 1.08, 0.018), ledge, label)
    with canvas.at(0, -height):
        if top == "spire":
            draw_spire(canvas, light, random, width * 1.2, width * random.uniform(1.35, 2.0))
        else:
            draw_dome(canvas, light, random, width * random.uniform(1.12, 1.26), random.chance(0.45))
