"""Walls, ceiling and floor, and the rug on it."""

from __future__ import annotations

from math import cos, pi, sin

import skia

from inscape.scenes.canvas import Color, mix, scaled
from inscape.scenes.random import Random
from inscape.scenes.room.factors import Factors
from inscape.scenes.room.geometry import Box, Camera, Face, Spot, Wall
from inscape.scenes.room.plan import Plan
from inscape.scenes.room.stage import Stage

NEAR = 0.6
"""Where walls and floor end on our side, outside the picture."""


def wall_face(camera: Camera, wall: Wall) -> Face:
    """The plane of a wall."""
    axis = 2 if wall.name == "back" else 0
    return camera.face(wall.inward, wall.place(0.0, 0.0), (1.0, 1.0, 0.0) if axis else (0.0, 1.0, 1.0))


def floor_path(plan: Plan) -> skia.Path:
    """The outline of the floor in the picture."""
    return plan.camera.path(_level(plan, 0.0))


def _level(plan: Plan, height: float) -> list[Spot]:
    half, depth = plan.half, plan.depth
    return [(-half, height, NEAR), (half, height, NEAR), (half, height, depth), (-half, height, depth)]


def draw_shell(stage: Stage, factors: Factors, plan: Plan) -> None:
    """Ceiling, walls and floor, in their colours under even light."""
    camera = plan.camera
    stage.on(camera.face((0.0, -1.0, 0.0), (0.0, plan.height, NEAR), (1.0, 0.0, 1.0)))
    stage.fill(camera.path(_level(plan, plan.height)), (0.93, 0.925, 0.91), ("ceiling", "plaster"))
    stage.on(camera.face((0.0, 1.0, 0.0), (0.0, 0.0, NEAR), (1.0, 0.0, 1.0)))
    stage.fill(floor_path(plan), plan.floor[0], ("floor", factors.floor))
    _cover(stage, factors, plan)
    for wall in (plan.side(-1), plan.side(1), plan.back):
        ends = (-plan.half, plan.half) if wall.name == "back" else (NEAR, plan.depth)
        stage.on(wall_face(camera, wall))
        whole = camera.path(wall.rectangle(*ends, 0.0, plan.height))
        stage.fill(whole, plan.wall, ("wall", "plaster"))
        with stage.inside(whole):
            _paper(stage, factors, plan, wall, ends)
        board = camera.path(wall.rectangle(*ends, 0.0, 0.13))
        stage.fill(board, plan.trim, ("wall", "skirting", "wood"))
        stage.fill(camera.path(wall.rectangle(*ends, plan.height - 0.07, plan.height)), (0.95, 0.945, 0.93))


def _paper(stage: Stage, factors: Factors, plan: Plan, wall: Wall, ends: tuple[float, float]) -> None:
    """Stripes, or panels below the middle."""
    camera, (low, high) = plan.camera, ends
    if factors.pattern == "stripes":
        rights = [high - number * 0.3 for number in range(int((high - low) / 0.3) + 1)]
        stripes = [wall.rectangle(right - 0.15, right, 0.0, plan.height) for right in rights]
        stage.fill(camera.path(*stripes), plan.second, alpha=0.55)
    elif factors.pattern == "panels":
        stage.fill(camera.path(wall.rectangle(low, high, 0.0, 0.95)), plan.second)
        stage.fill(camera.path(wall.rectangle(low, high, 0.93, 1.0)), plan.trim)


def _cover(stage: Stage, factors: Factors, plan: Plan) -> None:
    """Boards, tiles or slabs."""
    second = plan.floor[1]
    if factors.floor == "carpet":
        return
    camera, half, depth = plan.camera, plan.half, plan.depth
    if factors.floor == "parquet":
        wide = 2 * half / 14
        lefts = [-half + number * wide for number in range(1, 14, 2)]
        pieces = [Box(left, left + wide, 0.0, 0.0, NEAR, depth).under(0.0) for left in lefts]
    else:
        pieces, count = [], 7 if factors.floor == "tile" else 4
        wide = 2 * half / count
        for row in range(int((depth - NEAR) / wide) + 1):
            far = depth - row * wide
            for column in range(row % 2, count, 2):
                left = -half + column * wide
                pieces.append(Box(left, left + wide, 0.0, 0.0, max(far - wide, NEAR), far).under(0.0))
    with stage.inside(floor_path(plan)):
        stage.fill(camera.path(*pieces), second)


def draw_rug(stage: Stage, plan: Plan, shape: str, box: Box, colors: tuple[Color, Color]) -> None:
    """A rug on the floor with a border and a pattern; matte, so that it mirrors nothing."""
    main, other = colors
    camera = plan.camera
    stage.on(camera.face((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 1.0)))
    label = ("rug", "fabric")
    outer = camera.path(_outline(shape, box, 0.0))
    stage.fill(outer, other, label)
    stage.fill(camera.path(_outline(shape, box, 0.1)), main)
    if shape == "round":
        stage.fill(camera.path(_outline(shape, box, 0.34)), mix(main, other, 0.5))
    else:
        middles = [box.near + (box.far - box.near) * share for share in (0.22, 0.5, 0.78)]
        stripes = [
            Box(box.left + 0.1, box.right - 0.1, 0, 0, middle - 0.06, middle + 0.06).under(0.0)
            for middle in middles
        ]
        stage.fill(camera.path(*stripes), mix(scaled(other, 1.1), main, 0.25))
    stage.place("rug", outer.getBounds(), shape=shape)


def _outline(shape: str, box: Box, inset: float) -> list[Spot]:
    """The outline of a rug, smaller by an inset in metres."""
    if shape != "round":
        return Box(box.left + inset, box.right - inset, 0, 0, box.near + inset, box.far - inset).under(0.0)
    x, z = (box.left + box.right) / 2, (box.near + box.far) / 2
    across, along = (box.right - box.left) / 2 - inset, (box.far - box.near) / 2 - inset
    turns = [number * 2 * pi / 40 for number in range(40)]
    return [(x + across * cos(turn), 0.0, z + along * sin(turn)) for turn in turns]


def rug_colors(plan: Plan, random: Random) -> tuple[Color, Color]:
    """The main colour of a rug and that of its border."""
    pale = (0.90, 0.86, 0.78)
    return random.choice(((plan.other, pale), (pale, plan.other), (plan.fabric, pale)))
