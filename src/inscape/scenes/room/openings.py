"""Windows with what is seen through them, doors, and paintings."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, TypeAlias

import skia

from inscape.scenes.canvas import Color, Point, mix, oval, polygon, scaled
from inscape.scenes.random import Random
from inscape.scenes.room.factors import HOURS, Factors
from inscape.scenes.room.geometry import Spot, Wall, mirrored
from inscape.scenes.room.plan import FABRICS, Pane, Plan
from inscape.scenes.room.shell import wall_face
from inscape.scenes.room.stage import Stage

Seen: TypeAlias = Callable[[Spot], Point]
_FRAME = 0.09


class Mirror(NamedTuple):
    """A level surface that mirrors.

    Args:
        height: Of the surface above the floor.
        outline: Of the surface in the picture.
        strength: Share of the light that it mirrors when seen at a grazing angle.
        blur: How rough it is, as a fraction of the picture.
    """

    height: float
    outline: skia.Path
    strength: float
    blur: float

    def share(self, plan: Plan, at: Point) -> float:
        """Share of the light mirrored at a point of the picture: more at grazing angles, like Fresnel's."""
        camera = plan.camera
        down = max(at[1] - camera.vanish_y, 0.0) / camera.focal
        across = (at[0] - camera.vanish_x) / camera.focal
        steep = down / sqrt(1.0 + down * down + across * across)
        return self.strength * (0.3 + 0.7 * (1.0 - steep) ** 2)


def draw_window(stage: Stage, factors: Factors, plan: Plan, pane: Pane) -> None:
    """A window in its wall: frame, panes, sill, and curtains beside it."""
    camera, (wall, left, right, foot, top) = plan.camera, pane
    stage.on(wall_face(camera, wall))
    outer = camera.path(wall.rectangle(left - _FRAME, right + _FRAME, foot - _FRAME, top + _FRAME))
    stage.fill(outer, plan.trim, ("window", "frame", "wood"))
    glass = camera.path(wall.rectangle(left, right, foot, top))
    stage.fill(glass, (0.05, 0.06, 0.07), ("window", "pane", "glass"))
    _view(stage, factors, plan, pane, lambda spot: camera.see(*spot), None)
    stage.fill(_bars(plan, pane, 0.0, None), plan.trim, ("window", "frame", "wood"))
    stage.place("window", outer.getBounds(), wall=wall.name)
    sill = wall.rectangle(left - 0.14, right + 0.14, foot - 0.15, foot - 0.07)
    stage.fill(camera.path(sill), scaled(plan.trim, 0.97), ("window", "frame", "wood"))
    if factors.curtains:
        _curtains(stage, plan, pane)


def mirror_window(stage: Stage, factors: Factors, plan: Plan, pane: Pane, mirror: Mirror) -> None:
    """The image of a window in a level mirror: the same window, upside down below the surface."""

    def seen(spot: Spot) -> Point:
        return plan.camera.see(spot[0], 2.0 * mirror.height - spot[1], spot[2])

    wall, left, right, foot, top = pane
    corners = [seen(spot) for spot in wall.rectangle(left, right, max(foot, mirror.height), top)]
    with stage.mirror(mirror.outline):
        _view(stage, factors, plan, pane, seen, mirror)
        stage.mirrors(polygon(corners), 0)
        stage.unmirror(_bars(plan, pane, mirror.height, mirror), marked=False)


def _bars(plan: Plan, pane: Pane, height: float, mirror: Mirror | None) -> skia.Path:
    """The cross in a window, or its mirror image."""
    wall, left, right, foot, top = pane
    middle, upper, half = (left + right) / 2, foot + (top - foot) * 0.62, 0.028
    bars = (
        wall.rectangle(middle - half, middle + half, foot, top),
        wall.rectangle(left, right, upper - half, upper + half),
    )
    return plan.camera.path(*(bars if mirror is None else (mirrored(bar, height) for bar in bars)))


def _view(stage: Stage, factors: Factors, plan: Plan, pane: Pane, seen: Seen, mirror: Mirror | None) -> None:
    """Sky and land through a window, or their image in a mirror."""
    hour = HOURS[factors.hour]
    wall, left, right, foot, top = pane
    middle = (left + right) / 2
    horizon = min(foot + (top - foot) * 0.36, plan.camera.eye_y)
    line = (seen(wall.place(middle, top)), seen(wall.place(middle, horizon)))
    blur = mirror.blur if mirror else 0.0
    shares = [mirror.share(plan, end) if mirror else 1.0 for end in line]
    colors = [_times(color, share) for color, share in zip((hour.above, hour.low), shares, strict=True)]
    low = max(foot, mirror.height) if mirror else foot
    stage.view(polygon([seen(spot) for spot in wall.rectangle(left, right, low, top)]), line, colors, blur)
    if low >= horizon:
        return
    ridge = [wall.place(left, low), wall.place(left, horizon - 0.04)]
    for number, rise in enumerate((0.07, 0.13, 0.05, 0.0, 0.08), start=1):
        ridge.append(wall.place(left + (right - left) * number / 6, horizon + rise * (top - foot) / 1.6))
    ridge += [wall.place(right, horizon), wall.place(right, low)]
    land = _times(hour.land, mirror.share(plan, line[1]) if mirror else 1.0)
    stage.view(polygon([seen(spot) for spot in ridge]), line, (land, land), blur)
    if factors.hour == "night" and mirror is None and pane in plan.panes[:1]:
        x, y = seen(wall.place(left + (right - left) * 0.74, foot + (top - foot) * 0.82))
        radius = 0.075 * plan.camera.focal / plan.depth
        stage.view(oval(x, y, radius, radius), line, ((0.7, 0.75, 0.8), (0.7, 0.75, 0.8)), 0.0)


def _times(color: Color, share: float) -> Color:
    return color[0] * share, color[1] * share, color[2] * share


def _curtains(stage: Stage, plan: Plan, pane: Pane) -> None:
    """Cloth on a rod, drawn aside; none between two windows of a wall."""
    camera, (wall, left, right, foot, top) = plan.camera, pane
    cloth, wide = plan.fabric, 0.2 + 0.08 * (right - left)
    label = ("window", "curtain", "fabric")
    neighbours = [other for other in plan.panes if other.wall == wall and other != pane]
    end = plan.half - 0.03 if wall.name == "back" else plan.depth - 0.03
    below, above = max(foot - 0.38, 0.16), top + 0.17
    sides = []
    if not any(other.right < left for other in neighbours):
        sides.append((max(left - wide, -end), left - 0.02))
    if not any(other.left > right for other in neighbours):
        sides.append((right + 0.02, min(right + wide, end)))
    for low, high in sides:
        stage.fill(camera.path(wall.rectangle(low, high, below, above)), cloth, label)
        places = [low + (high - low) * share for share in (0.2, 0.55, 0.85)]
        folds = [wall.rectangle(place - 0.018, place + 0.018, below, above) for place in places]
        stage.fill(camera.path(*folds), scaled(cloth, 0.72), alpha=0.8)
    rod = wall.rectangle(max(left - wide - 0.06, -end), min(right + wide + 0.06, end), top + 0.15, top + 0.2)
    stage.fill(camera.path(rod), plan.wood, label)


def draw_door(stage: Stage, plan: Plan, wall: Wall, left: float, right: float, color: Color) -> None:
    """A panelled door in a wall."""
    camera, top = plan.camera, 2.05
    stage.on(wall_face(camera, wall))
    jamb = camera.path(wall.rectangle(left - 0.1, right + 0.1, 0.0, top + 0.1))
    stage.fill(jamb, plan.trim, ("door", "jamb", "wood"))
    stage.fill(camera.path(wall.rectangle(left, right, 0.0, top)), color, ("door", "leaf", "wood"))
    inset = (right - left) * 0.16
    panels = [wall.rectangle(left + inset, right - inset, *ends) for ends in ((0.2, 0.9), (1.1, 1.85))]
    stage.fill(camera.path(*panels), scaled(color, 0.82))
    knob = left + (right - left) * 0.1
    stage.fill(camera.path(wall.rectangle(knob - 0.04, knob + 0.04, 0.98, 1.06)), (0.86, 0.72, 0.36))
    stage.place("door", jamb.getBounds(), wall=wall.name)


def draw_painting(
    stage: Stage, plan: Plan, wall: Wall, box: tuple[float, float, float, float], random: Random
) -> None:
    """A framed picture; `box` is left, right, foot and top on the wall."""
    camera, (left, right, foot, top) = plan.camera, box
    stage.on(wall_face(camera, wall))
    frame = random.choice(((0.20, 0.17, 0.15), (0.72, 0.56, 0.28), (0.92, 0.90, 0.86)))
    outer = camera.path(wall.rectangle(left, right, foot, top))
    stage.fill(outer, frame, ("painting", "border", "wood"))
    edge = 0.07
    left, right, foot, top = left + edge, right - edge, foot + edge, top - edge
    inner = camera.path(wall.rectangle(left, right, foot, top))
    sky, land = random.choice(FABRICS), random.choice(FABRICS)
    stage.fill(inner, mix(sky, (0.96, 0.93, 0.86), 0.62), ("painting", "canvas", "fabric"))
    share = random.uniform(0.3, 0.5)
    hill = [
        wall.place(left + (right - left) * across, foot + (top - foot) * share * rise)
        for across, rise in ((0.0, 0.7), (0.3, 1.25), (0.62, 0.85), (1.0, 1.1))
    ]
    stage.fill(camera.path([wall.place(left, foot), *hill, wall.place(right, foot)]), land)
    middle = wall.place(left + (right - left) * random.uniform(0.3, 0.7), foot + (top - foot) * 0.74)
    radius = (top - foot) * 0.12
    if wall.name == "back":
        x, y = camera.see(*middle)
        radius *= camera.focal / middle[2]
        stage.fill(oval(x, y, radius, radius), mix(land, (1.0, 0.92, 0.7), 0.7))
    stage.place("painting", outer.getBounds(), wall=wall.name)
