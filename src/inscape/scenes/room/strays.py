"""Things where no rule would have them: beds in the air, light and mirrors without reason."""

from __future__ import annotations

from dataclasses import replace

from inscape.scenes.canvas import Color, Label, polygon
from inscape.scenes.random import Random
from inscape.scenes.room.factors import Factors
from inscape.scenes.room.furniture import (
    draw_armchair,
    draw_bed,
    draw_cabinet,
    draw_chair,
    draw_plant,
    draw_table,
)
from inscape.scenes.room.geometry import Box
from inscape.scenes.room.layout import Layout
from inscape.scenes.room.light import Bulb, Opening, Sources
from inscape.scenes.room.openings import Mirror, draw_door, draw_painting, draw_window, mirror_window
from inscape.scenes.room.plan import FABRICS, WOODS, Pane, Plan
from inscape.scenes.room.shell import draw_rug, rug_colors
from inscape.scenes.room.stage import Stage

_STRAYS = {
    "patch": 0.16,
    "window": 0.12,
    "reflection": 0.14,
    "door": 0.07,
    "painting": 0.07,
    "rug": 0.08,
    "table": 0.08,
    "chair": 0.09,
    "bed": 0.07,
    "plant": 0.12,
}
_PATCHES: tuple[tuple[Color, Label], ...] = (
    ((0.82, 0.80, 0.76), ("wall", "plaster")),
    ((0.93, 0.925, 0.91), ("ceiling", "plaster")),
    ((0.62, 0.42, 0.25), ("floor", "parquet")),
    ((0.60, 0.57, 0.55), ("floor", "carpet")),
    ((0.80, 0.78, 0.75), ("floor", "marble")),
    ((0.66, 0.42, 0.32), ("floor", "tile")),
)


def unsettle(layout: Layout, plan: Plan, random: Random) -> None:
    """Move half of the lamps and the furniture somewhere else."""
    for number, lamp in enumerate(layout.lamps):
        own = random.stream(f"lamp {number}")
        if own.chance(0.5):
            _, y, z = lamp.place
            place = (
                own.uniform(-1, 1) * plan.half * 0.8,
                y + own.uniform(-1.0, 0.6),
                z - own.uniform(0.0, 1.5),
            )
            foot = lamp.foot if lamp.kind == "ceiling" else lamp.foot + place[1] - y
            layout.lamps[number] = replace(lamp, place=place, foot=foot)
    for number, thing in enumerate(layout.things):
        own = random.stream(f"thing {number}")
        if own.chance(0.5):
            across, along = own.uniform(-0.9, 0.9), own.uniform(-1.2, 0.0)
            box = thing.box
            moved = Box(
                box.left + across, box.right + across, box.foot, box.top, box.near + along, box.far + along
            )
            layout.things[number] = replace(thing, box=moved)


def scatter_light(sources: Sources, plan: Plan, random: Random) -> Sources:
    """Let the light of half of the lamps come from anywhere, and that of windows from anywhere at times."""

    def anywhere(own: Random) -> tuple[float, float, float]:
        x, y = own.uniform(-0.8, 0.8) * plan.half, own.uniform(0.3, plan.height - 0.3)
        return x, y, plan.depth - own.uniform(0.3, 2.5)

    bulbs: list[Bulb] = []
    for number, bulb in enumerate(sources.bulbs):
        own = random.stream(f"bulb {number}")
        bulbs.append(bulb._replace(place=anywhere(own)) if own.chance(0.5) else bulb)
    openings = [
        opening._replace(middle=anywhere(random.stream(f"opening {number}")))
        if random.chance(0.3)
        else opening
        for number, opening in enumerate(sources.openings)
    ] or [Opening(anywhere(random.stream("opening")), (0.0, 0.0, -1.0), random.uniform(0.5, 1.5))]
    return replace(sources, bulbs=tuple(bulbs), openings=tuple(openings))


def draw_strays(stage: Stage, factors: Factors, plan: Plan, random: Random) -> None:
    """Three to seven things, each anywhere."""
    camera = plan.camera
    for number in range(random.integer(3, 7)):
        own = random.stream(f"stray {number}")
        lift = own.uniform(-0.2, 1.6)
        stage.camera = replace(camera, eye_y=camera.eye_y - lift)
        what = own.weighted(_STRAYS)
        if what in ("patch", "window", "reflection", "door", "painting"):
            _flat_stray(stage, factors, plan, own, what)
        else:
            _stray(stage, factors, replace(plan, camera=stage.camera), own, what)
    stage.camera = camera


def _flat_stray(stage: Stage, factors: Factors, plan: Plan, random: Random, what: str) -> None:
    """Something on a wall, on any other thing or in a mirror that is not there."""
    wall = random.choice((plan.back, plan.back, plan.side(-1), plan.side(1)))
    if wall.name == "back":
        left = random.uniform(-plan.half, plan.half - 0.6)
    else:
        left = plan.depth - random.uniform(0.8, 2.4)
    right = left + random.uniform(0.6, 1.4)
    foot = random.uniform(0.1, 1.5)
    top = foot + random.uniform(0.5, 1.3)
    if what == "patch":
        color, label = random.choice(_PATCHES)
        x, y, size = random.unit(), random.unit(), random.uniform(0.06, 0.16)
        shape = polygon(
            [
                (x - size, y - size),
                (x + size, y - size),
                (x + size * random.uniform(0, 1.4), y + size),
                (x - size, y + size),
            ]
        )
        stage.flat(shape, color, label, plan.depth * random.uniform(0.5, 1.0))
    elif what == "window":
        draw_window(stage, factors, plan, Pane(wall, left, right, foot, top))
    elif what == "reflection":
        everywhere = polygon([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
        mirror = Mirror(random.uniform(0.0, 1.6), everywhere, 0.75, 0.004)
        mirror_window(stage, factors, plan, Pane(wall, left, right, foot, top), mirror)
    elif what == "door":
        draw_door(stage, plan, wall, left, left + 0.85, random.choice(FABRICS))
    else:
        draw_painting(stage, plan, wall, (left, right, foot, top), random)


def _stray(stage: Stage, factors: Factors, plan: Plan, random: Random, what: str) -> None:
    """Furniture, a plant or a rug, above or below the floor."""
    x, near = random.uniform(-1.0, 1.0) * plan.half, plan.depth - random.uniform(0.8, 2.8)
    color, wood = random.choice(FABRICS), random.choice(WOODS)
    if what == "rug":
        wide = random.uniform(0.5, 1.0)
        box = Box(x - wide, x + wide, 0.0, 0.0, near, near + random.uniform(0.6, 1.2))
        draw_rug(stage, plan, random.choice(("square", "round")), box, rug_colors(plan, random))
    elif what == "table":
        box = Box(x - 0.5, x + 0.5, 0.0, random.uniform(0.44, 0.76), near, near + 0.6)
        material = random.choice(("wood", "lacquer"))
        random.choice((draw_table, draw_cabinet))(stage, plan, box, wood, material)
    elif what == "chair":
        if random.chance(0.5):
            draw_armchair(stage, plan, Box(x - 0.45, x + 0.45, 0.0, 0.95, near, near + 0.8), color)
        else:
            box = Box(x - 0.23, x + 0.23, 0.0, 1.0, near, near + 0.45)
            draw_chair(stage, plan, box, wood, random.choice((-1.0, 0.0, 1.0)))
    elif what == "bed":
        draw_bed(stage, plan, Box(x - 0.6, x + 0.6, 0.0, 0.54, near, near + 1.8), (color, wood))
    else:
        kind = random.choice(("bush", "palm", "rubber"))
        draw_plant(stage, plan, random, kind, (x, 0.0, near), random.uniform(0.8, 1.3))
