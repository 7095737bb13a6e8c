"""Trees: broadleaf, conifer and poplar. The root is at the origin, one unit is the height."""

from __future__ import annotations

import skia

from inscape.scenes.canvas import Canvas, Color, lines, mix, oval, ovals, polygon, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light

KINDS = ("broadleaf", "conifer", "poplar")
_LEAVES: dict[str, tuple[Color, ...]] = {
    "spring": ((0.50, 0.68, 0.26), (0.42, 0.66, 0.30), (0.92, 0.70, 0.78)),
    "summer": ((0.20, 0.46, 0.18), (0.30, 0.52, 0.20), (0.36, 0.50, 0.16)),
    "autumn": ((0.86, 0.46, 0.14), (0.80, 0.26, 0.14), (0.90, 0.68, 0.20)),
    "winter": ((0.46, 0.38, 0.34), (0.52, 0.46, 0.40), (0.42, 0.36, 0.38)),
}
_NEEDLES: tuple[Color, ...] = ((0.12, 0.36, 0.26), (0.10, 0.30, 0.22), (0.20, 0.40, 0.24))
_LOBES = (
    (-1, -0.48),
    (-0.62, -0.78),
    (-0.1, -0.86),
    (0.5, -0.82),
    (0.95, -0.5),
    (-0.4, -0.45),
    (0.45, -0.43),
)
_BARK: Color = (0.38, 0.26, 0.18)


def draw_shade(canvas: Canvas, light: Light, kind: str, height: float) -> None:
    """The shadow on the ground of a tree of this height at the origin."""
    wide = 0.3 if kind != "poplar" else 0.2
    with canvas.at(0, 0, height):
        shadow = oval(-light.side * 0.22, 0.0, wide, 0.035)
        canvas.fill(shadow, light.on((0.1, 0.12, 0.1), 0.1), alpha=0.4 * light.crisp)


def draw_tree(
    canvas: Canvas, factors: Factors, light: Light, random: Random, kind: str, height: float
) -> None:
    """Draw a tree of this height at the origin."""
    with canvas.at(0, 0, height):
        if kind == "conifer":
            bounds = _conifer(canvas, factors, light, random)
        elif kind == "poplar":
            bounds = _poplar(canvas, factors, light, random)
        else:
            bounds = _broadleaf(canvas, factors, light, random)
        canvas.place("tree", bounds, kind=kind, height=round(height, 4))


def _trunk(canvas: Canvas, light: Light, kind: str, half: float, top: float) -> None:
    path = polygon([(-half, 0.0), (-half * 0.6, -top), (half * 0.6, -top), (half, 0.0)])
    colors = (
        light.on(_BARK, 0.9 if light.side < 0 else 0.2),
        light.on(_BARK, 0.9 if light.side > 0 else 0.2),
    )
    canvas.shade(path, ((-half, 0), (half, 0)), colors, ("tree", "trunk", "bark", kind))


def _leaf_color(factors: Factors, random: Random) -> Color:
    leaves = _LEAVES[factors.season]
    color = mix(random.choice(leaves), random.choice(leaves[:2]), random.uniform(0, 0.5))
    return scaled(color, random.uniform(0.85, 1.1))


def _broadleaf(canvas: Canvas, factors: Factors, light: Light, random: Random) -> skia.Rect:
    color = _leaf_color(factors, random)
    _trunk(canvas, light, "broadleaf", 0.055, 0.55)
    wide = random.uniform(0.26, 0.36)
    lobes = [(0.0, -0.7, wide * 0.86, 0.28)]
    for x, y in _LOBES:
        radius = random.uniform(0.13, 0.18)
        cx, cy = x * wide * 0.75 + random.uniform(-0.03, 0.03), y + random.uniform(-0.03, 0.03)
        lobes.append((cx, cy, radius * 1.1, radius))
    side, whole = light.side, ovals(lobes)
    middle = ovals((x + side * rx * 0.14, y - ry * 0.16, rx * 0.78, ry * 0.76) for x, y, rx, ry in lobes)
    bright = ovals((x + side * rx * 0.3, y - ry * 0.36, rx * 0.42, ry * 0.36) for x, y, rx, ry in lobes)
    label = ("tree", "crown", "foliage", "broadleaf")
    canvas.shade(
        whole, ((0, -1), (0, -0.35)), (light.on(color, 0.45), light.on(scaled(color, 0.6), 0.1)), label
    )
    canvas.shade(middle, ((0, -1), (0, -0.3)), (light.on(color, 0.95), light.on(scaled(color, 0.72), 0.4)))
    top = (0.95, 0.97, 1.0) if factors.snow else mix(color, (1.0, 0.96, 0.5), 0.28)
    canvas.fill(bright, light.on(top, 1.0), alpha=0.75)
    _leaves(canvas, light, random, color, (wide, -0.9, -0.4))
    bounds = whole.getBounds()
    return skia.Rect.MakeLTRB(bounds.left(), bounds.top(), bounds.right(), 0)


def _leaves(
    canvas: Canvas, light: Light, random: Random, color: Color, extent: tuple[float, float, float]
) -> None:
    """Dabs of lighter and darker leaf over the crown."""
    wide, top, bottom = extent
    dabs = ovals((random.bell(-wide, wide), random.uniform(top, bottom), 0.022, 0.014) for _ in range(16))
    canvas.fill(dabs, light.on(scaled(color, 0.55), 0.3), alpha=0.45)


def _poplar(canvas: Canvas, factors: Factors, light: Light, random: Random) -> skia.Rect:
    color = _leaf_color(factors, random)
    _trunk(canvas, light, "poplar", 0.03, 0.3)
    wide = random.uniform(0.12, 0.16)
    levels = ((-0.3, 0.85), (-0.5, 1.0), (-0.68, 0.82), (-0.84, 0.5))
    whole = ovals((random.uniform(-0.015, 0.015), y, wide * share, 0.18) for y, share in levels)
    bright = ovals((light.side * wide * 0.3, y - 0.03, wide * share * 0.5, 0.12) for y, share in levels)
    label = ("tree", "crown", "foliage", "poplar")
    canvas.shade(
        whole, ((0, -1), (0, -0.15)), (light.on(color, 0.6), light.on(scaled(color, 0.62), 0.2)), label
    )
    top = (0.93, 0.95, 1.0) if factors.snow else mix(color, (1.0, 0.96, 0.5), 0.18)
    canvas.fill(bright, light.on(top, 0.95), alpha=0.7)
    _leaves(canvas, light, random, color, (wide * 0.7, -0.78, -0.25))
    bounds = whole.getBounds()
    return skia.Rect.MakeLTRB(bounds.left(), bounds.top(), bounds.right(), 0)


def _conifer(canvas: Canvas, factors: Factors, light: Light, random: Random) -> skia.Rect:
    color = scaled(random.choice(_NEEDLES), random.uniform(0.9, 1.15))
    _trunk(canvas, light, "conifer", 0.032, 0.25)
    wide = random.uniform(0.2, 0.29)
    tiers = random.integer(3, 5)
    label = ("tree", "crown", "foliage", "conifer")
    for tier in range(tiers):
        share = tier / tiers
        half = wide * (1.0 - share * 0.82)
        foot = -0.13 - share * 0.78
        peak = min(foot + 0.02, -0.13 - (share + 1.75 / tiers) * 0.78)
        peak = max(peak, -1.0)
        shape = polygon(
            [
                (0, peak),
                (half, foot),
                (half * 0.5, foot + 0.025),
                (0, foot + 0.005),
                (-half * 0.5, foot + 0.025),
                (-half, foot),
            ]
        )
        canvas.shade(
            shape,
            ((-half, 0), (half, 0)),
            (light.on(color, 0.5 - light.side * 0.5), light.on(color, 0.5 + light.side * 0.5)),
            label,
        )
        low = foot + 0.02
        edge = lines([(-half, foot), (-half * 0.5, low), (0, foot), (half * 0.5, low), (half, foot)])
        canvas.stroke(edge, light.on(scaled(color, 0.5), 0.1), 0.014, 0.5)
        if factors.snow:
            snow = polygon(
                [
                    (0, peak),
                    (half * 0.5, (peak + foot) * 0.5 + 0.02),
                    (half * 0.1, (peak + foot) * 0.5),
                    (-half * 0.35, (peak + foot) * 0.5),
                ]
            )
            canvas.fill(snow, light.on((0.95, 0.97, 1.0), 0.9), alpha=0.85)
    return skia.Rect.MakeLTRB(-wide, -1, wide, 0)
