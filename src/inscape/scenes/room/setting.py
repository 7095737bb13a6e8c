"""Compose a room on a stage, back to front: shell, windows, mirror images, shadows, furniture."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

from inscape.scenes.canvas import polygon
from inscape.scenes.random import Random
from inscape.scenes.room.factors import HOURS, Factors, draw_factors
from inscape.scenes.room.furniture import (
    draw_armchair,
    draw_bed,
    draw_cabinet,
    draw_chair,
    draw_plant,
    draw_table,
)
from inscape.scenes.room.geometry import Box, Spot, hull, mirrored
from inscape.scenes.room.lamps import Lamp, draw_lamp, mirror_lamp
from inscape.scenes.room.layout import Layout, Thing, lay_out
from inscape.scenes.room.light import DAYLIGHT, Opening, Sources
from inscape.scenes.room.openings import Mirror, draw_door, draw_painting, draw_window, mirror_window
from inscape.scenes.room.plan import Plan, plan_room
from inscape.scenes.room.shell import draw_rug, draw_shell, floor_path, rug_colors
from inscape.scenes.room.stage import Stage
from inscape.scenes.room.strays import draw_strays, scatter_light, unsettle

_FLOORS = {"parquet": (0.62, 0.005), "tile": (0.72, 0.0025), "marble": (0.8, 0.0035)}
"""Strength and roughness of floors that mirror."""
_LACQUER = (0.75, 0.003)
_MASSIVE = ("bed", "armchair", "cabinet")
"""Furniture that one cannot look through; mirrors show it before what is behind."""


@dataclass(frozen=True)
class Setting:
    """A composed room: the choices behind it and its lights."""

    factors: Factors
    sources: Sources
    lights: tuple[str, ...]

    @property
    def numbered(self) -> dict[int, str]:
        """The sources by their bit in the marks: daylight 0, lamps 1 to 3."""
        return dict(enumerate(self.sources.names, start=0 if DAYLIGHT in self.sources.names else 1))


def compose(stage: Stage, seed: int, rules: bool, lights: Collection[str] | None = None) -> Setting:
    """Draw the room of a seed, under the lights given or those that the seed has on."""
    random = Random(seed)
    factors = draw_factors(random)
    if lights is None:
        lights = {DAYLIGHT, *(name for name, lit in factors.lamps.items() if lit)}
    plan = plan_room(factors, random.stream("plan"))
    layout = lay_out(factors, plan, random.stream("layout"), lights)
    if not rules:
        unsettle(layout, plan, random.stream("unsettle"))
    stage.reset()
    stage.camera = plan.camera
    draw_shell(stage, factors, plan)
    _hang(stage, factors, plan, layout, random.stream("walls"))
    if factors.shiny_floor and (rules or random.stream("mirror").chance(0.6)):
        _mirror(stage, factors, plan, layout, Mirror(0.0, floor_path(plan), *_FLOORS[factors.floor]))
    if layout.rug:
        draw_rug(stage, plan, factors.rug, layout.rug, rug_colors(plan, random.stream("rug")))
    for thing in layout.things:
        _cast(stage, plan, thing, layout.lamps)
    _furnish(stage, factors, plan, layout, random.stream("furniture"))
    sources = _sources(factors, plan, layout)
    if not rules:
        draw_strays(stage, factors, plan, random.stream("strays"))
        sources = scatter_light(sources, plan, random.stream("scatter"))
    return Setting(factors, sources, tuple(name for name in sources.names if name in lights))


def _hang(stage: Stage, factors: Factors, plan: Plan, layout: Layout, random: Random) -> None:
    """What is in the walls and on them."""
    if layout.door:
        draw_door(stage, plan, *layout.door)
    for pane in plan.panes:
        draw_window(stage, factors, plan, pane)
    if factors.painting and layout.painting:
        draw_painting(stage, plan, *layout.painting, random.stream("painting"))


def _mirror(stage: Stage, factors: Factors, plan: Plan, layout: Layout, mirror: Mirror) -> None:
    """Windows and lamps in a level mirror; furniture stands before them there, too."""
    for pane in plan.panes:
        mirror_window(stage, factors, plan, pane, mirror)
    for lamp in layout.lamps:
        if lamp.place[1] > mirror.height:
            mirror_lamp(stage, plan, lamp, mirror)
    if mirror.height == 0.0:
        with stage.mirror(mirror.outline):
            for thing in layout.things:
                for box in _blocks(thing) if thing.what in _MASSIVE else []:
                    corners = mirrored([*box.under(box.foot), *box.under(box.top)], 0.0)
                    stage.unmirror(polygon(hull(plan.camera.see(*corner) for corner in corners)))


def _blocks(thing: Thing) -> list[Box]:
    """The solid parts of a thing that hide what is behind it."""
    box = thing.box
    if thing.what in _MASSIVE:
        return [box]
    if thing.what == "table":
        return [Box(box.left, box.right, box.top - 0.07, box.top, box.near, box.far)]
    if thing.what == "chair":
        return [Box(box.left, box.right, 0.43, 0.5, box.near, box.far)]
    return []


def _cast(stage: Stage, plan: Plan, thing: Thing, lamps: list[Lamp]) -> None:
    """The shadow that a thing casts on the floor, in all light and in that of each lamp."""
    box, camera = thing.box, plan.camera
    wide = Box(box.left - 0.1, box.right + 0.1, 0.0, 0.0, box.near - 0.14, min(box.far + 0.1, plan.depth))
    stage.dim(camera.path(wide.under(0.0)), 0.62, 0.012)
    for lamp in lamps:
        for block in _blocks(thing):
            points = [
                _thrown(lamp.place, spot) for spot in (*block.under(block.foot), *block.under(block.top))
            ]
            spots = [spot for spot in points if spot is not None]
            if len(spots) == len(points):
                inside = [
                    (min(max(x, -plan.half), plan.half), y, min(max(z, 0.8), plan.depth)) for x, y, z in spots
                ]
                stage.dim(polygon(hull(camera.see(*spot) for spot in inside)), 0.45, 0.006, lamp.number)


def _thrown(source: Spot, spot: Spot) -> Spot | None:
    """Where the shadow of a point falls on the floor."""
    if source[1] < spot[1] + 0.1:
        return None
    share = source[1] / (source[1] - spot[1])
    return source[0] + (spot[0] - source[0]) * share, 0.0, source[2] + (spot[2] - source[2]) * share


def _furnish(stage: Stage, factors: Factors, plan: Plan, layout: Layout, random: Random) -> None:
    """Furniture and lamps, from back to front."""
    queue: list[tuple[float, int, Thing | Lamp]] = [
        (thing.box.far, number, thing) for number, thing in enumerate(layout.things)
    ]
    for lamp in layout.lamps:
        depth = lamp.place[2]
        if lamp.kind == "table":  # after what it stands on
            depth = min([depth, *(thing.box.far for thing in layout.things if _carries(thing, lamp))]) - 1e-3
        queue.append((depth, 100 + lamp.number, lamp))
    for _, number, one in sorted(queue, key=lambda entry: (-entry[0], entry[1])):
        if isinstance(one, Lamp):
            draw_lamp(stage, plan, one)
        else:
            _draw_thing(stage, factors, plan, layout, one, random.stream(f"thing {number}"))


def _carries(thing: Thing, lamp: Lamp) -> bool:
    """Whether a lamp stands on a thing."""
    box, (x, _, z) = thing.box, lamp.place
    return thing.what in ("table", "cabinet") and box.left <= x <= box.right and box.near <= z <= box.far


def _draw_thing(
    stage: Stage, factors: Factors, plan: Plan, layout: Layout, thing: Thing, random: Random
) -> None:
    box, what = thing.box, thing.what
    material = "lacquer" if factors.shiny_table else "wood"
    if what in ("table", "cabinet"):
        draw = draw_table if what == "table" else draw_cabinet
        color = plan.lacquer if factors.shiny_table else plan.wood
        top = draw(stage, plan, box, color, material)
        if factors.shiny_table:
            _mirror(stage, factors, plan, layout, Mirror(box.top, top, *_LACQUER))
    elif what == "bed":
        draw_bed(stage, plan, box, (plan.other, plan.wood))
    elif what == "armchair":
        draw_armchair(stage, plan, box, plan.other)
    elif what == "chair":
        draw_chair(stage, plan, box, plan.wood, thing.turned)
    else:
        foot = ((box.left + box.right) / 2, 0.0, (box.near + box.far) / 2)
        draw_plant(stage, plan, random, factors.plant, foot, box.top)


def _sources(factors: Factors, plan: Plan, layout: Layout) -> Sources:
    hour = HOURS[factors.hour]
    openings = []
    for wall, left, right, foot, top in plan.panes:
        middle = wall.place((left + right) / 2, (foot + top) / 2)
        openings.append(Opening(middle, wall.inward, (right - left) * (top - foot)))
    return Sources(
        tuple(openings),
        hour.day,
        tuple(lamp.bulb for lamp in layout.lamps),
        hour.exposure,
        (-plan.half, 0.0, -inf),
        (plan.half, plan.height, plan.depth),
    )
