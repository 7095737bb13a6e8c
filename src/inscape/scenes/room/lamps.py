"""Lamps: from the ceiling, on a table, on a stand. Each has a shade that shines when it is lit."""

from __future__ import annotations

from dataclasses import dataclass

from inscape.scenes.canvas import Color, Point, mix, oval, polygon, scaled
from inscape.scenes.random import Random
from inscape.scenes.room.geometry import Spot
from inscape.scenes.room.light import Bulb
from inscape.scenes.room.openings import Mirror
from inscape.scenes.room.plan import Plan
from inscape.scenes.room.stage import Stage

_TINTS: dict[str, tuple[Color, Color]] = {
    "warm": ((1.00, 0.62, 0.27), (0.95, 0.86, 0.68)),
    "soft": ((1.00, 0.78, 0.50), (0.94, 0.92, 0.86)),
    "amber": ((1.00, 0.45, 0.12), (0.88, 0.58, 0.24)),
    "rose": ((1.00, 0.40, 0.36), (0.86, 0.50, 0.48)),
    "green": ((0.55, 0.92, 0.42), (0.36, 0.62, 0.46)),
}
"""Colours of light and of shades."""
_WEIGHTS = {"warm": 0.4, "soft": 0.22, "amber": 0.2, "rose": 0.12, "green": 0.06}
_SHADES: dict[str, tuple[tuple[Point, ...], ...]] = {
    # half outlines from the top, in metres from the bulb: (half width, height)
    "ceiling": (
        ((0.08, 0.22), (0.4, -0.15)),
        ((0.36, 0.16), (0.36, -0.15)),
        ((0.12, 0.27), (0.25, 0.19), (0.31, 0.02), (0.25, -0.15), (0.12, -0.23)),
    ),
    "table": (((0.14, 0.2), (0.28, -0.14)), ((0.23, 0.19), (0.23, -0.14))),
    "standing": (((0.16, 0.23), (0.34, -0.18)), ((0.28, 0.21), (0.28, -0.18))),
}
_SPREADS = {"ceiling": (0.55, 0.25, 1.2), "table": (0.6, 0.8, 0.5), "standing": (0.55, 0.9, 0.6)}
_POWERS = {"ceiling": 2.3, "table": 1.5, "standing": 2.0}


@dataclass(frozen=True)
class Lamp:
    """A lamp of a room.

    Args:
        number: 0 to 2, its place among the lamps.
        kind: "ceiling", "table" or "standing".
        place: Where its bulb is.
        foot: The height that it stands on; for a ceiling lamp that of the ceiling.
        outline: Half the outline of its shade, from the top, in metres from the bulb.
        color: Of the shade.
        tint: Of the light, linear.
        metal: Colour of stand or cord.
        lit: Whether the scene has it on.
    """

    number: int
    kind: str
    place: Spot
    foot: float
    outline: tuple[Point, ...]
    color: Color
    tint: Color
    metal: Color
    lit: bool

    @property
    def bulb(self) -> Bulb:
        """The lamp as a source of light."""
        side, up, down = _SPREADS[self.kind]
        return Bulb(f"{self.kind} lamp", self.place, _POWERS[self.kind], (side, up, down), self.tint)

    def shade(self) -> list[Spot]:
        """The outline of its shade."""
        x, y, z = self.place
        right = [(x + half, y + rise, z) for half, rise in self.outline]
        return right + [(x - half, y + rise, z) for half, rise in reversed(self.outline)]


def make_lamp(random: Random, kind: str, place: Spot, foot: float, *, number: int, lit: bool) -> Lamp:
    """Choose the look of a lamp."""
    tint, color = _TINTS[random.weighted(_WEIGHTS)]
    metal = random.choice(((0.20, 0.19, 0.19), (0.70, 0.56, 0.32), (0.86, 0.85, 0.83)))
    return Lamp(number, kind, place, foot, random.choice(_SHADES[kind]), color, tint, metal, lit)


def draw_lamp(stage: Stage, plan: Plan, lamp: Lamp) -> None:
    """The lamp itself, and its shine should it be lit."""
    camera, (x, y, z) = plan.camera, lamp.place
    shade = camera.path(lamp.shade())
    _halo(stage, plan, lamp)
    if lamp.kind == "ceiling":
        cord = camera.path(
            [(x - 0.018, lamp.foot, z), (x + 0.018, lamp.foot, z), (x + 0.018, y, z), (x - 0.018, y, z)]
        )
        stage.flat(cord, lamp.metal, ("lamp", "stand", "metal"), z)
    elif lamp.kind == "standing":
        pole = [
            (x - 0.025, y, z),
            (x + 0.025, y, z),
            (x + 0.025, 0.06, z),
            (x + 0.17, 0.03, z),
            (x + 0.17, 0.0, z),
        ]
        pole += [(2 * x - px, py, pz) for px, py, pz in reversed(pole[2:])]
        stage.flat(camera.path(pole), lamp.metal, ("lamp", "stand", "metal"), z)
    else:
        body = [(0.03, -0.1), (0.035, -0.16), (0.1, -0.26), (0.09, lamp.foot - y)]
        points = [(x + half, y + rise, z) for half, rise in body]
        points += [(x - half, y + rise, z) for half, rise in reversed(body)]
        stage.flat(camera.path(points), mix(lamp.metal, lamp.color, 0.35), ("lamp", "stand", "ceramic"), z)
    stage.flat(shade, lamp.color, ("lamp", "shade", "fabric"), z)
    stage.belongs(shade, lamp.number)
    bounds = shade.getBounds()
    left, right = (bounds.left(), 0.0), (bounds.right(), 0.0)
    stage.shade(shade, (left, right), (scaled(lamp.color, 0.8), lamp.color, scaled(lamp.color, 0.72)))
    line = ((0.0, bounds.top()), (0.0, bounds.bottom()))
    stage.glowing(shade, lamp.number, line, (0.5, 0.95, 0.8))
    stage.place("lamp", bounds, kind=lamp.kind, lit=lamp.lit)


def _halo(stage: Stage, plan: Plan, lamp: Lamp) -> None:
    """A little of the shine round about, as a lens scatters it."""
    x, y = plan.camera.see(*lamp.place)
    radius = 0.5 * plan.camera.focal / lamp.place[2]
    disc = oval(x, y, radius, radius)
    stage.glowing(disc, lamp.number, ((0.0, y), (0.0, y + 1.0)), (0.1, 0.1), radius * 0.5)


def mirror_lamp(stage: Stage, plan: Plan, lamp: Lamp, mirror: Mirror) -> None:
    """The image of a lamp's shade in a level mirror, should it be lit."""
    camera = plan.camera
    points = [camera.see(x, 2.0 * mirror.height - y, z) for x, y, z in lamp.shade()]
    shade = polygon(points)
    rows = [y for _, y in points]
    middle = (sum(x for x, _ in points) / len(points), (min(rows) + max(rows)) / 2)
    share = mirror.share(plan, middle)
    with stage.mirror(mirror.outline):
        stage.glowing(
            shade,
            lamp.number,
            ((0.0, min(rows)), (0.0, max(rows))),
            (0.8 * share, 0.95 * share),
            max(mirror.blur, 0.008),
        )
        stage.mirrors(shade, lamp.number + 1)
