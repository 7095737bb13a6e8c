"""Tables, chairs, beds and plants. Each is drawn where its box stands on the floor."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import TypeAlias

import skia

from inscape.scenes.canvas import Color, Label, Point, mix, outline, oval, polygon, scaled
from inscape.scenes.random import Random
from inscape.scenes.room.geometry import Box, Spot
from inscape.scenes.room.plan import Plan
from inscape.scenes.room.stage import Stage
from inscape.scenes.scene import Factor

_POTS: tuple[Color, ...] = ((0.74, 0.42, 0.30), (0.90, 0.88, 0.84), (0.26, 0.36, 0.46), (0.84, 0.68, 0.34))
_LEAVES: tuple[Color, ...] = ((0.22, 0.46, 0.22), (0.30, 0.54, 0.26), (0.18, 0.42, 0.32))
_LEG = 0.05
_Seen: TypeAlias = Callable[[float, float], Point]
"""From metres beside and above the foot of a plant to the picture."""


def draw_table(stage: Stage, plan: Plan, box: Box, color: Color, material: str) -> skia.Path:
    """A table with a leg at each corner; gives the outline of its top."""
    thick, dark = min(0.07, box.top * 0.2), scaled(color, 0.8)
    label: Label = ("table", "support", "wood")
    legs = [
        Box(x, x + 2 * _LEG, 0.0, box.top - thick, z, z + 2 * _LEG)
        for z in (box.far - 2 * _LEG - 0.04, box.near + 0.04)
        for x in (box.left + 0.04, box.right - 2 * _LEG - 0.04)
    ]
    for leg in legs:
        stage.solid(leg, dark, label)
    top = Box(box.left, box.right, box.top - thick, box.top, box.near, box.far)
    stage.solid(top, color, ("table", "top", material))
    _place(stage, plan, "table", box, shiny=material == "lacquer")
    return plan.camera.path(box.under(box.top))


def draw_cabinet(stage: Stage, plan: Plan, box: Box, color: Color, material: str) -> skia.Path:
    """A small table with a drawer, as beside a bed; gives the outline of its top."""
    body = Box(box.left + 0.03, box.right - 0.03, 0.0, box.top - 0.05, box.near + 0.03, box.far)
    stage.solid(body, scaled(color, 0.9), ("table", "support", "wood"))
    knob = Box(body.left + 0.18, body.right - 0.18, box.top - 0.2, box.top - 0.16, body.near, body.near)
    stage.fill(plan.camera.path(_front(knob)), scaled(color, 0.55))
    top = Box(box.left, box.right, box.top - 0.05, box.top, box.near, box.far)
    stage.solid(top, color, ("table", "top", material))
    _place(stage, plan, "table", box, shiny=material == "lacquer")
    return plan.camera.path(box.under(box.top))


def _front(box: Box) -> list[Spot]:
    left, right, near = box.left, box.right, box.near
    return [(left, box.foot, near), (right, box.foot, near), (right, box.top, near), (left, box.top, near)]


def draw_chair(stage: Stage, plan: Plan, box: Box, color: Color, side: float) -> None:
    """A wooden chair that faces left (-1), right (1) or us (0)."""
    seat, dark = 0.45, scaled(color, 0.78)
    if side == 0.0:
        back = Box(box.left, box.right, seat, box.top, box.far - 0.07, box.far)
    elif side > 0:
        back = Box(box.left, box.left + 0.07, seat, box.top, box.near, box.far)
    else:
        back = Box(box.right - 0.07, box.right, seat, box.top, box.near, box.far)
    legs = [
        Box(x, x + 0.07, 0.0, seat, z, z + 0.07)
        for z in (box.far - 0.07, box.near)
        for x in (box.left, box.right - 0.07)
    ]
    for leg in legs:
        stage.solid(leg, dark, ("chair", "legs", "wood"))
    block = Box(box.left, box.right, seat - 0.02, seat + 0.06, box.near, box.far)
    parts: list[tuple[Box, Color, Label]] = [
        (back, color, ("chair", "back", "wood")),
        (block, color, ("chair", "seat", "wood")),
    ]
    if (side > 0 and plan.camera.eye_x < box.left) or (side < 0 and plan.camera.eye_x > box.right):
        parts.reverse()
    for part, paint, label in parts:
        stage.solid(part, paint, label)
    _place(stage, plan, "chair", box)


def draw_armchair(stage: Stage, plan: Plan, box: Box, color: Color) -> None:
    """A chair with arms, covered with cloth, that faces us."""
    arm, seat = 0.18, 0.42
    label: Label = ("chair", "back", "fabric")
    stage.solid(Box(box.left, box.right, 0.08, box.top, box.far - 0.2, box.far), color, label)
    cushion = Box(box.left + arm, box.right - arm, 0.1, seat, box.near, box.far - 0.2)
    stage.solid(cushion, mix(color, (1.0, 1.0, 1.0), 0.14), ("chair", "seat", "fabric"))
    arms = [
        Box(box.left, box.left + arm, 0.05, 0.6, box.near, box.far - 0.1),
        Box(box.right - arm, box.right, 0.05, 0.6, box.near, box.far - 0.1),
    ]
    if plan.camera.eye_x > (box.left + box.right) / 2:
        arms.reverse()
    for one in arms:
        stage.solid(one, scaled(color, 0.92), ("chair", "seat", "fabric"))
    _place(stage, plan, "chair", box)


def draw_bed(stage: Stage, plan: Plan, box: Box, colors: tuple[Color, Color]) -> None:
    """A bed whose head is at the back wall: headboard, mattress, pillows, blanket."""
    cloth, wood = colors
    camera, top = plan.camera, box.top
    stage.solid(
        Box(box.left - 0.04, box.right + 0.04, 0.0, 1.05, box.far - 0.1, box.far),
        wood,
        ("bed", "headboard", "wood"),
    )
    stage.solid(
        Box(box.left, box.right, 0.06, 0.26, box.near, box.far - 0.1), wood, ("bed", "headboard", "wood")
    )
    linen: Color = (0.94, 0.93, 0.90)
    whole = Box(box.left, box.right, 0.24, top, box.near, box.far - 0.1)
    stage.solid(whole, linen, ("bed", "blanket", "fabric"))
    fold = box.far - 0.72
    cover = Box(box.left - 0.02, box.right + 0.02, 0.2, top + 0.03, box.near - 0.02, fold)
    stage.solid(cover, cloth, ("bed", "blanket", "fabric"))
    stage.on(camera.face((0.0, 1.0, 0.0), (0.0, top + 0.03, 1.0)))
    turned = Box(cover.left, cover.right, 0, 0, fold - 0.24, fold)
    stage.fill(camera.path(turned.under(top + 0.035)), mix(cloth, (1.0, 1.0, 1.0), 0.55))
    wide = box.right - box.left
    for share in (0.27, 0.73):
        middle = box.left + wide * share
        pillow = Box(middle - wide * 0.2, middle + wide * 0.2, top, top + 0.16, box.far - 0.5, box.far - 0.14)
        stage.solid(pillow, (0.97, 0.96, 0.94), ("bed", "pillow", "fabric"))
    _place(stage, plan, "bed", Box(box.left, box.right, 0.0, 1.05, box.near, box.far))


def draw_plant(stage: Stage, plan: Plan, random: Random, kind: str, foot: Spot, height: float) -> None:
    """A plant in a pot."""
    camera, (x, y, z) = plan.camera, foot
    tone = random.choice(_LEAVES)
    pot = height * 0.26
    wide = pot * 0.62

    def seen(across: float, rise: float) -> Point:
        return camera.see(x + across, y + rise, z)

    if kind == "palm":
        leaves = _fronds(random, height, pot, seen)
    elif kind == "rubber":
        leaves = _broad(random, height, pot, seen)
    else:
        leaves = _bush(random, height, pot, seen)
    for number, leaf in enumerate(leaves):
        stage.flat(leaf, scaled(tone, (0.74, 1.0, 1.26)[number % 3]), ("plant", "foliage"), z)
    body = polygon([seen(-wide * 0.72, 0.0), seen(wide * 0.72, 0.0), seen(wide, pot), seen(-wide, pot)])
    stage.flat(body, random.choice(_POTS), ("plant", "pot", "ceramic"), z)
    edge = wide * 1.1
    rim = [seen(-edge, pot * 0.84), seen(edge, pot * 0.84), seen(edge, pot), seen(-edge, pot)]
    stage.fill(polygon(rim), (0.2, 0.16, 0.14), alpha=0.16)
    bounds = skia.Rect.MakeLTRB(*seen(-height * 0.46, height), *seen(height * 0.46, 0.0))
    stage.place("plant", bounds, kind=kind, height=round(height, 3))


def _fronds(random: Random, height: float, pot: float, seen: _Seen) -> list[skia.Path]:
    """Long leaves that bend outwards from the middle; those at the sides first."""
    paths = []
    for number in (0, 8, 1, 7, 2, 6, 3, 5, 4):
        lean = (number - 4) / 4 + random.uniform(-0.08, 0.08)
        tip = (lean * height * 0.46, pot + (height - pot) * (1.0 - 0.55 * lean * lean))
        knee = (lean * height * 0.2, pot + (height - pot) * 0.85)
        wide = height * 0.06
        there = (*seen(knee[0] - wide, knee[1]), *seen(knee[0], knee[1] + wide), *seen(*tip))
        back = (*seen(knee[0] + wide, knee[1] - wide), *seen(knee[0] + wide, knee[1] - wide * 2))
        paths.append(outline(seen(-0.01, pot), there, (*back, *seen(0.02, pot))))
    return paths


def _broad(random: Random, height: float, pot: float, seen: _Seen) -> list[skia.Path]:
    """Broad leaves on a stem, left and right in turn."""
    thin, upper = (pot * 0.8, 0.02), (height * 0.94, 0.012)
    stem = [
        seen(-thin[1], thin[0]),
        seen(thin[1], thin[0]),
        seen(upper[1], upper[0]),
        seen(-upper[1], upper[0]),
    ]
    paths = [polygon(stem)]
    for number in range(8):
        rise = pot + (height - pot) * (0.16 + 0.1 * number)
        reach = height * (0.34 - 0.022 * number) * random.uniform(0.9, 1.1) * (1 if number % 2 else -1)
        lift = height * 0.1
        above = (*seen(reach * 0.2, rise + lift * 1.6), *seen(reach * 0.8, rise + lift * 1.7))
        below = (*seen(reach * 0.8, rise - lift * 0.3), *seen(reach * 0.3, rise - lift * 0.5))
        root, tip = seen(0.0, rise), seen(reach, rise + lift * 0.8)
        paths.append(outline(root, (*above, *tip), (*below, *root)))
    root, tip = seen(0.0, height * 0.82), seen(0.0, height)
    left = (*seen(-height * 0.1, height * 0.86), *seen(-height * 0.08, height))
    right = (*seen(height * 0.08, height), *seen(height * 0.1, height * 0.86))
    return [*paths, outline(root, (*left, *tip), (*right, *root))]


def _bush(random: Random, height: float, pot: float, seen: _Seen) -> list[skia.Path]:
    """A round head of leaves."""
    middle, radius = pot + (height - pot) * 0.52, (height - pot) * 0.44
    scale = seen(1.0, 0.0)[0] - seen(0.0, 0.0)[0]
    paths = []
    for number in range(8):
        turn = number * 2 * pi / 7 + random.uniform(-0.2, 0.2)
        off = radius * (0.0 if number == 7 else 0.56)
        round_ = radius * random.uniform(0.46, 0.56) * scale
        paths.append(oval(*seen(off * cos(turn), middle + off * sin(turn)), round_, round_))
    return paths


def _place(stage: Stage, plan: Plan, concept: str, box: Box, **attributes: Factor) -> None:
    bounds = plan.camera.path(_front(box)).getBounds()
    bounds.join(plan.camera.path(box.under(box.top)).getBounds())
    stage.place(concept, bounds, **attributes)
