"""Sky, sun and clouds."""

from __future__ import annotations

import skia

from inscape.scenes.canvas import Canvas, mix, oval, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light

_CLOUDS = {"clear": (0, 1), "fair": (1, 4), "overcast": (2, 4), "mist": (0, 1)}


def draw_sky(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    """Fill the picture with the sky of the hour, its sun or stars, and clouds."""
    horizon = factors.horizon
    between = mix(light.above, light.low, 0.55)
    canvas.backdrop(((0.5, 0.0), (0.5, horizon)), (light.above, between, light.low), ("sky",))
    x = 0.5 + light.side * random.uniform(0.18, 0.42)
    if factors.hour > 0.9:
        if factors.weather in ("clear", "fair"):
            _stars(canvas, horizon, random.stream("stars"))
            _disc(canvas, 1 - x, random.uniform(0.1, 0.25), 0.03, (0.96, 0.96, 0.88), 0.35)
    elif factors.weather in ("clear", "fair"):
        low = abs(factors.hour - 0.45) / 0.45
        y = 0.06 + (horizon - 0.16) * min(low, 1.0) * random.uniform(0.7, 1.0)
        warm = mix((1.0, 0.98, 0.86), (1.0, 0.72, 0.42), min(low * low, 1.0))
        _disc(canvas, x, y, 0.036, warm, 0.7)
    few, many = _CLOUDS[factors.weather]
    clouds = random.stream("clouds")
    for _ in range(clouds.integer(few, many)):
        size = clouds.uniform(0.16, 0.34)
        draw_cloud(
            canvas, light, clouds, (clouds.uniform(0.02, 0.98), clouds.uniform(0.06, horizon * 0.55)), size
        )


def _stars(canvas: Canvas, horizon: float, random: Random) -> None:
    path = skia.Path()
    for _ in range(28):
        radius = random.uniform(0.0015, 0.0035)
        path.addCircle(random.unit(), random.uniform(0, horizon * 0.8), radius)
    canvas.fill(path, (1, 1, 0.95), alpha=0.8)


def _disc(
    canvas: Canvas, x: float, y: float, radius: float, color: tuple[float, float, float], alpha: float
) -> None:
    canvas.glow((x, y), radius * 7, color, alpha)
    canvas.fill(oval(x, y, radius, radius), mix(color, (1, 1, 1), 0.5))


def draw_cloud(
    canvas: Canvas, light: Light, random: Random, centre: tuple[float, float], size: float
) -> None:
    """A heap of ovals over a flat base: shaded below, bright where the sun is."""
    x, y = centre
    count = random.integer(4, 6)
    whole, bright, base = skia.Path(), skia.Path(), y + size * 0.13
    for index in range(count):
        along = (index + 0.5) / count * 2 - 1
        rx = size * random.uniform(0.15, 0.22)
        ry = size * random.uniform(0.12, 0.19) * (1.25 - along * along)
        cx = x + along * size * 0.42
        cy = base - ry * 0.75
        whole.addOval(skia.Rect.MakeLTRB(cx - rx, cy - ry, cx + rx, cy + ry))
        shift = light.side * rx * 0.12
        bright.addOval(
            skia.Rect.MakeLTRB(cx - rx * 0.84 + shift, cy - ry * 0.92, cx + rx * 0.84 + shift, cy + ry * 0.5)
        )
    whole.addOval(
        skia.Rect.MakeLTRB(x - size * 0.58, base - size * 0.12, x + size * 0.58, base + size * 0.035)
    )
    body = light.on((0.97, 0.97, 0.98), 0.45)
    top = mix(light.on((1.0, 1.0, 1.0), 1.0), light.low, 0.12)
    canvas.fill(whole, mix(body, light.low, 0.25), ("cloud",))
    canvas.shade(bright, ((x, y - size * 0.25), (x, base)), (scaled(top, 1.03), mix(body, light.low, 0.2)))
    canvas.place("cloud", whole.getBounds())
