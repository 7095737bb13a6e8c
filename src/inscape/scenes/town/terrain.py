"""Hills, grass and paths."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import skia

from inscape.scenes.canvas import Canvas, Color, mix, outline, oval, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light

_GRASS: dict[str, tuple[Color, Color]] = {
    "spring": ((0.44, 0.68, 0.24), (0.56, 0.76, 0.34)),
    "summer": ((0.30, 0.54, 0.20), (0.46, 0.62, 0.24)),
    "autumn": ((0.52, 0.50, 0.22), (0.62, 0.56, 0.26)),
    "winter": ((0.50, 0.52, 0.34), (0.56, 0.54, 0.36)),
}
_PATHS: tuple[tuple[Color, str], ...] = (
    ((0.86, 0.76, 0.56), "gravel"),
    ((0.76, 0.66, 0.52), "gravel"),
    ((0.72, 0.71, 0.70), "stone"),
    ((0.66, 0.52, 0.40), "gravel"),
)


def grass_color(factors: Factors, random: Random) -> Color:
    """The colour of the meadow in this season."""
    first, second = _GRASS[factors.season]
    color = mix(first, second, random.unit())
    return mix(color, (0.93, 0.95, 0.99), 0.94) if factors.snow else color


def draw_hills(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    """Two ridges of hills or mountains fading into the haze; nothing on flat land."""
    if factors.terrain == "flat":
        return
    mountains = factors.terrain == "mountains"
    for layer, distance in enumerate((0.85, 0.5)):
        height = random.uniform(0.16, 0.3) if mountains else random.uniform(0.08, 0.17)
        height *= (1.0, 0.6)[layer]
        tall = mountains and layer == 0
        color: Color = (0.44, 0.47, 0.52) if tall else mix((0.26, 0.46, 0.24), _GRASS[factors.season][0], 0.5)
        if factors.snow and not tall:
            color = mix(color, (0.86, 0.9, 0.96), 0.7)
        _ridge(canvas, light, random, _Ridge(factors.horizon, height, distance, color, tall))


class _Ridge(NamedTuple):
    """Where a ridge stands, how high it is, and its distance: 1 fades into the sky."""

    base: float
    height: float
    distance: float
    color: Color
    sharp: bool


def _ridge(canvas: Canvas, light: Light, random: Random, ridge: _Ridge) -> None:
    """One ridge across the picture."""
    base, height, distance, color, sharp = ridge
    count = random.integer(6, 9) if sharp else random.integer(4, 6)
    start = random.uniform(-0.3, 0.0)
    points = []
    for index in range(count + 2):
        up = random.uniform(0.55, 1.0) if index % 2 == 0 else random.uniform(0.1, 0.55)
        points.append((start + index * 1.35 / count, base - height * up))
    slopes = [
        end if sharp else ((start[0] + end[0]) * 0.5, start[1], (start[0] + end[0]) * 0.5, end[1], *end)
        for start, end in pairwise(points)
    ]
    path = outline((-0.4, base + 0.06), points[0], *slopes, (1.6, base + 0.06))
    lit, foot = light.on(color, 0.85, distance), light.on(color, 0.7, min(distance + 0.3, 1.0))
    label = ("hill", "rock" if sharp else "foliage")
    canvas.shade(path, ((0.5, base - height), (0.5, base)), (lit, foot), label)
    canvas.place("hill", path.getBounds(), mountain=sharp)
    if sharp:
        _faces(canvas, light, points, ridge)


def _faces(canvas: Canvas, light: Light, points: list[tuple[float, float]], ridge: _Ridge) -> None:
    """Shadow on the far side of every peak, snow on the tops."""
    base, distance = ridge.base, ridge.distance
    dark, caps = skia.Path(), skia.Path()
    for index in range(0, len(points) - 1, 2):
        x, y = points[index]
        if index == 0:
            continue
        near = points[index - light.side]
        dark.addPoly([skia.Point(x, y), skia.Point(*near), skia.Point(x + (near[0] - x) * 0.3, base)], True)
        left, right = points[index - 1], points[index + 1]
        share = 0.34
        caps.addPoly(
            [
                skia.Point(x, y),
                skia.Point(x + (left[0] - x) * share, y + (left[1] - y) * share),
                skia.Point(x - 0.012, y + (left[1] - y) * share * 0.7),
                skia.Point(x + 0.004, y + (right[1] - y) * share * 1.1),
                skia.Point(x + 0.02, y + (right[1] - y) * share * 0.7),
                skia.Point(x + (right[0] - x) * share, y + (right[1] - y) * share),
            ],
            True,
        )
    canvas.fill(dark, light.on((0.28, 0.3, 0.38), 0.2, distance), alpha=0.45)
    canvas.fill(caps, light.on((0.96, 0.97, 1.0), 0.9, distance * 0.4), alpha=0.9)


def draw_grass(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    """The meadow from the horizon down, with soft patches, tufts and flowers."""
    color = grass_color(factors, random)
    horizon = factors.horizon
    swell = random.uniform(-0.025, 0.025)
    edge = (0.3, horizon - swell, 0.6, horizon - swell * 0.5, 1.1, horizon + swell * 0.4)
    path = outline((-0.1, 1.1), (-0.1, horizon + swell), edge, (1.1, 1.1))
    far, near = light.on(color, 0.95, 0.35), light.on(scaled(color, 0.74 if not factors.snow else 0.92), 0.8)
    label = ("grass", "snow" if factors.snow else "turf")
    canvas.shade(path, ((0.5, horizon), (0.5, 1.0)), (far, light.on(color, 0.95), near), label)
    canvas.place("grass", path.getBounds(), season=factors.season)
    dark, pale = light.on(scaled(color, 0.8), 0.5), light.on(mix(color, (1, 1, 0.7), 0.25))
    for _ in range(5):
        depth = random.unit()
        y = horizon + 0.03 + (0.97 - horizon) * depth
        patch = oval(random.unit(), y, random.uniform(0.1, 0.3), 0.006 + 0.02 * depth)
        canvas.fill(patch, dark if random.chance(0.5) else pale, alpha=0.16)
    tufts = skia.Path()
    for _ in range(46):
        depth = random.unit()
        x, y, tall = random.unit(), horizon + 0.03 + (0.97 - horizon) * depth, 0.005 + 0.012 * depth
        tufts.moveTo(x - tall * 0.4, y - tall)
        tufts.lineTo(x, y)
        tufts.lineTo(x + tall * 0.45, y - tall * 0.9)
    canvas.stroke(tufts, dark, 0.003, 0.4)
    if factors.season == "spring":
        _flowers(canvas, factors, light, random)


def _flowers(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    colors: list[Color] = [(0.98, 0.9, 0.3), (0.98, 0.98, 0.96), (0.92, 0.42, 0.56)]
    path = skia.Path()
    for _ in range(30):
        depth = random.unit()
        path.addCircle(
            random.unit(), factors.horizon + 0.05 + (0.95 - factors.horizon) * depth, 0.002 + 0.004 * depth
        )
    canvas.fill(path, light.on(random.choice(colors)))


def draw_path(
    canvas: Canvas, factors: Factors, light: Light, random: Random, start: tuple[float, float], width: float
) -> None:
    """A path from the door towards us, straight or winding, wider as it comes."""
    color, material = random.choice(_PATHS)
    color = mix(color, random.choice(_PATHS)[0], random.uniform(0, 0.4))
    if factors.snow:
        color = mix(color, (0.86, 0.88, 0.92), 0.35)
    x, y = start
    end = min(max(x + random.uniform(-0.3, 0.3), 0.1), 0.9)
    wide = random.uniform(0.24, 0.42)
    bend = random.uniform(-0.22, 0.22) if factors.path == "winding" else 0.0
    one, two = y + (1.0 - y) * 0.4, y + (1.0 - y) * 0.65
    path = outline(
        (x - width * 0.5, y),
        (x - width * 0.6 + bend * 0.6, one, end - wide * 0.4 + bend, two, end - wide * 0.5, 1.02),
        (end + wide * 0.5, 1.02),
        (end + wide * 0.3 + bend, two, x + width * 0.7 + bend * 0.6, one, x + width * 0.5, y),
    )
    canvas.shade(
        path, ((0.5, y), (0.5, 1.0)), (light.on(color, 0.9, 0.15), light.on(scaled(color, 0.9), 0.95)),
        ("path", material),
    )  # fmt: skip
    canvas.place("path", path.getBounds(), material=material)
    canvas.stroke(path, light.on(scaled(color, 0.66), 0.5), 0.007, 0.55)
    with canvas.inside(path):
        stones = skia.Path()
        for _ in range(34):
            depth = random.unit()
            px, py = x + (end - x) * depth + random.uniform(-0.2, 0.2), y + (1.0 - y) * depth
            size = 0.003 + 0.013 * depth
            stones.addOval(skia.Rect.MakeXYWH(px, py, size * 1.6, size * 0.7))
        canvas.fill(stones, light.on(scaled(color, 0.72), 0.6), alpha=0.35)
