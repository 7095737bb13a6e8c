"""Where things stand in a room, and what colours it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from inscape.scenes.canvas import Color, mix, scaled
from inscape.scenes.random import Random
from inscape.scenes.room.factors import Factors
from inscape.scenes.room.geometry import Camera, Wall

_WALLS: tuple[Color, ...] = (
    (0.75, 0.86, 0.70),
    (0.66, 0.82, 0.90),
    (0.97, 0.82, 0.66),
    (0.94, 0.72, 0.68),
    (0.98, 0.90, 0.70),
    (0.80, 0.73, 0.90),
    (0.42, 0.67, 0.66),
    (0.94, 0.71, 0.42),
    (0.94, 0.93, 0.89),
    (0.38, 0.53, 0.70),
    (0.62, 0.75, 0.54),
)
_FLOORS: dict[str, tuple[tuple[Color, Color], ...]] = {
    "parquet": (
        ((0.76, 0.50, 0.27), (0.66, 0.41, 0.20)),
        ((0.52, 0.31, 0.18), (0.43, 0.25, 0.14)),
        ((0.84, 0.66, 0.44), (0.77, 0.58, 0.36)),
    ),
    "tile": (
        ((0.86, 0.84, 0.80), (0.46, 0.54, 0.58)),
        ((0.88, 0.80, 0.68), (0.72, 0.40, 0.28)),
        ((0.86, 0.86, 0.86), (0.28, 0.30, 0.34)),
    ),
    "marble": (
        ((0.84, 0.83, 0.82), (0.72, 0.71, 0.72)),
        ((0.40, 0.48, 0.45), (0.31, 0.39, 0.37)),
        ((0.84, 0.74, 0.66), (0.74, 0.63, 0.55)),
    ),
    "carpet": (
        ((0.72, 0.63, 0.52), (0.68, 0.59, 0.48)),
        ((0.42, 0.52, 0.66), (0.38, 0.48, 0.62)),
        ((0.72, 0.42, 0.40), (0.68, 0.38, 0.36)),
        ((0.48, 0.62, 0.46), (0.44, 0.58, 0.42)),
    ),
}
FABRICS: tuple[Color, ...] = (
    (0.78, 0.32, 0.26),
    (0.22, 0.42, 0.58),
    (0.90, 0.66, 0.24),
    (0.32, 0.54, 0.42),
    (0.86, 0.56, 0.58),
    (0.50, 0.40, 0.62),
    (0.24, 0.54, 0.56),
    (0.84, 0.80, 0.72),
)
WOODS: tuple[Color, ...] = ((0.62, 0.41, 0.24), (0.42, 0.26, 0.16), (0.78, 0.60, 0.40), (0.94, 0.92, 0.88))

_LACQUERS: tuple[Color, ...] = (
    (0.30, 0.17, 0.11),
    (0.15, 0.16, 0.19),
    (0.93, 0.92, 0.90),
    (0.46, 0.16, 0.13),
)


class Pane(NamedTuple):
    """A window: the wall it is in, where along it, from which height to which."""

    wall: Wall
    left: float
    right: float
    foot: float
    top: float


@dataclass(frozen=True)
class Plan:
    """The measures and colours of a room."""

    camera: Camera
    half: float
    height: float
    depth: float
    wall: Color
    second: Color
    floor: tuple[Color, Color]
    wood: Color
    lacquer: Color
    fabric: Color
    other: Color
    trim: Color
    panes: tuple[Pane, ...] = ()

    @property
    def back(self) -> Wall:
        """The wall that we look at."""
        return Wall("back", self.depth)

    def side(self, which: float) -> Wall:
        """The wall on the left (-1) or on the right (1)."""
        return Wall("left", -self.half) if which < 0 else Wall("right", self.half)


def plan_room(factors: Factors, random: Random) -> Plan:
    """Choose measures and colours, and place the windows."""
    half, height = random.uniform(1.75, 2.05), random.uniform(2.65, 2.95)
    depth = random.uniform(5.3, 6.0)
    share = random.uniform(0.59, 0.66)
    side = 1.0 if factors.mirrored else -1.0
    camera = Camera(
        eye_x=side * random.uniform(-0.15, 0.3),
        eye_y=random.uniform(1.5, 1.68),
        focal=share * depth / (2 * half),
        vanish_x=0.5 + side * random.uniform(-0.02, 0.06),
        vanish_y=random.uniform(0.385, 0.425),
    )
    wall = scaled(random.choice(_WALLS), random.uniform(0.94, 1.04))
    fabric = random.choice(FABRICS)
    plan = Plan(
        camera, half, height, depth, wall,
        mix(wall, random.choice(((1.0, 1.0, 1.0), (0.4, 0.42, 0.46))), random.uniform(0.25, 0.5)),
        random.choice(_FLOORS[factors.floor]),
        random.choice(WOODS),
        random.choice(_LACQUERS),
        fabric,
        random.choice([color for color in FABRICS if color != fabric]),
        (0.95, 0.94, 0.92) if random.chance(0.75) else random.choice(WOODS[:2]),
    )  # fmt: skip
    return replace(plan, panes=_panes(factors, plan, random.stream("panes"), side))


def _panes(factors: Factors, plan: Plan, random: Random, side: float) -> tuple[Pane, ...]:
    """Windows on the far half of the back wall, where nothing hides their mirror image, and beside it."""
    foot, top = random.uniform(0.55, 0.85), plan.height - random.uniform(0.42, 0.6)
    on_back = factors.windows - factors.side_window
    # along the back wall, counted towards the side that is free
    low, high = free_span(factors, plan)
    panes = []
    width = min(random.uniform(1.15, 1.5), (high - low) / max(on_back, 1) - 0.16)
    if on_back == 1:
        middles = [random.uniform(low + width / 2, high - width / 2)]
    else:
        gap = (high - low) / 2
        middles = [low + gap * (number + 0.5) for number in range(on_back)]
    for middle in middles:
        ends = sorted((side * (middle - width / 2), side * (middle + width / 2)))
        panes.append(Pane(plan.back, ends[0], ends[1], foot, top))
    if factors.side_window:
        far = plan.depth - random.uniform(0.55, 0.8)
        panes.append(Pane(plan.side(side), far - random.uniform(1.15, 1.4), far, foot, top))
    return tuple(panes)


def free_span(factors: Factors, plan: Plan) -> tuple[float, float]:
    """From where to where along the back wall windows may be, counted towards the free side."""
    if factors.kind == "dining room":
        return -plan.half + 0.25, plan.half - 0.25
    return -plan.half + 1.5, plan.half - 0.22
