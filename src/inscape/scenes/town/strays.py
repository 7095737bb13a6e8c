"""Things where no rule would have them: doors in the sky, trees on roofs, windows on trees."""

from __future__ import annotations

from inscape.scenes.canvas import Canvas, Color, oval, polygon, rectangle
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light
from inscape.scenes.town.openings import DOOR_COLORS, draw_door, draw_window
from inscape.scenes.town.sky import draw_cloud
from inscape.scenes.town.terrain import grass_color
from inscape.scenes.town.things import draw_car, draw_person, draw_sign
from inscape.scenes.town.towers import draw_dome, draw_spire
from inscape.scenes.town.trees import KINDS, draw_shade, draw_tree
from inscape.scenes.town.walls import ROOF_COLORS, WALL_COLORS, Look, draw_face, draw_roof

_STRAYS = {
    "patch": 0.22,
    "door": 0.2,
    "window": 0.12,
    "tree": 0.16,
    "dome": 0.1,
    "spire": 0.1,
    "car": 0.06,
    "person": 0.07,
    "sign": 0.06,
    "cloud": 0.05,
}


def draw_strays(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    """Three to eight things, each anywhere."""
    for number in range(random.integer(3, 8)):
        own = random.stream(f"stray {number}")
        x, y = own.uniform(0.02, 0.98), own.uniform(0.15, 1.02)
        with canvas.at(x, y, own.uniform(0.7, 1.5)):
            _stray(canvas, factors, light, own, own.weighted(_STRAYS))


def _stray(canvas: Canvas, factors: Factors, light: Light, random: Random, what: str) -> None:
    if what == "patch":
        _patch(canvas, factors, light, random)
    elif what == "door":
        kind = random.choice(tuple(DOOR_COLORS))
        draw_door(canvas, light, random, (random.uniform(0.08, 0.15), random.uniform(0.14, 0.2)), kind)
    elif what == "window":
        frame: Color = random.choice(((0.97, 0.96, 0.93), (0.34, 0.24, 0.18), (0.24, 0.34, 0.38)))
        arch = random.choice(("flat", "flat", "round", "pointed"))
        size = (random.uniform(0.05, 0.08), random.uniform(0.08, 0.12))
        draw_window(canvas, light, size, (arch, frame, frame), random.chance(0.5))
    elif what == "tree":
        height, kind = random.uniform(0.18, 0.42), random.choice(KINDS)
        if random.chance(0.3):
            draw_shade(canvas, light, kind, height)
        draw_tree(canvas, factors, light, random, kind, height)
    elif what == "dome":
        draw_dome(canvas, light, random, random.uniform(0.16, 0.24), random.chance(0.5))
    elif what == "spire":
        draw_spire(canvas, light, random, random.uniform(0.15, 0.22), random.uniform(0.22, 0.34))
    elif what == "car":
        draw_car(canvas, light, random, random.uniform(0.24, 0.32))
    elif what == "person":
        draw_person(canvas, light, random, random.uniform(0.17, 0.24))
    elif what == "sign":
        draw_sign(canvas, light, random, random.uniform(0.19, 0.26))
    else:
        draw_cloud(canvas, light, random, (0.0, 0.0), random.uniform(0.14, 0.3))


def _patch(canvas: Canvas, factors: Factors, light: Light, random: Random) -> None:
    """A piece of wall, roof, grass, hill or sky."""
    width, height = random.uniform(0.08, 0.3), random.uniform(0.08, 0.25)
    shape = random.choice(
        (
            rectangle(0, -height, width, height),
            oval(width * 0.5, -height * 0.5, width * 0.5, height * 0.5),
            polygon([(0, 0), (width * 0.5, -height), (width, 0)]),
        )
    )
    what = random.choice(("wall", "wall", "roof", "roof", "grass", "hill", "sky"))
    if what == "wall":
        material = random.choice(tuple(WALL_COLORS))
        look = Look(material, random.choice(WALL_COLORS[material]), random.unit())
        draw_face(canvas, light, shape, (width, height), look, ("wall", material))
    elif what == "roof":
        color, material = random.choice(ROOF_COLORS)
        look = Look(material, color, random.unit())
        draw_roof(canvas, light, shape, look, "cottage", snow=factors.snow)
    elif what == "grass":
        label = ("grass", "snow" if factors.snow else "turf")
        canvas.fill(shape, light.on(grass_color(factors, random), 0.9), label)
    elif what == "hill":
        canvas.fill(shape, light.on((0.3, 0.45, 0.3), 0.85, random.uniform(0.3, 0.8)), ("hill", "foliage"))
    else:
        canvas.shade(shape, ((0, -height), (0, 0)), (light.above, light.low), ("sky",))
