"""The measures and colours of a building, by kind and style."""

from __future__ import annotations

from dataclasses import dataclass

from inscape.scenes.canvas import Color, mix, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors
from inscape.scenes.town.walls import ROOF_COLORS, WALL_COLORS, Look

_Range = tuple[float, float]
# width of the front, height of its wall, height of its gable or roof, depth of the side seen, storeys
_PLANS: dict[str, tuple[_Range, _Range, _Range, _Range, int]] = {
    "cottage": ((0.43, 0.51), (0.20, 0.235), (0.13, 0.18), (0.0, 0.0), 1),
    "townhouse": ((0.27, 0.33), (0.34, 0.40), (0.12, 0.17), (0.12, 0.18), 2),
    "church": ((0.24, 0.29), (0.25, 0.29), (0.16, 0.21), (0.24, 0.32), 1),
    "hall": ((0.52, 0.62), (0.25, 0.30), (0.07, 0.10), (0.0, 0.0), 2),
    "barn": ((0.30, 0.36), (0.20, 0.24), (0.15, 0.19), (0.16, 0.22), 1),
}
_DOORS: dict[str, tuple[float, float]] = {
    "cottage": (0.115, 0.165),
    "townhouse": (0.11, 0.19),
    "church": (0.128, 0.195),
    "hall": (0.132, 0.205),
    "barn": (0.17, 0.17),
}


@dataclass(frozen=True)
class Plan:
    """The measures of one building, as fractions of the picture before it is scaled."""

    kind: str
    width: float
    height: float
    gable: float
    depth: float
    storeys: int
    tower: float
    tower_width: float
    tower_x: float
    door: tuple[float, float]
    wall: Look
    roof: Look
    frame: Color
    flip: bool
    snow: bool

    @property
    def top(self) -> float:
        """The height of everything, tower and its top included."""
        return max(
            self.height + self.gable + 0.05, self.tower + self.tower_width * 2.5 if self.tower else 0.0
        )

    @property
    def span(self) -> tuple[float, float]:
        """How far it reaches to both sides of the origin."""
        left, right = -self.width * 0.5, self.width * 0.5 + self.depth
        if self.tower:
            left = min(left, self.tower_x - self.tower_width * 0.62)
        return (-right, -left) if self.flip else (left, right)


def plan_building(factors: Factors, random: Random) -> Plan:
    """Choose the measures and colours of a building."""
    widths, heights, gables, depths, storeys = _PLANS[factors.plan]
    width, height = random.uniform(*widths), random.uniform(*heights)
    gable, depth = random.uniform(*gables), random.uniform(*depths)
    colors = WALL_COLORS[factors.style]
    color = scaled(
        mix(random.choice(colors), random.choice(colors), random.uniform(0, 0.35)), random.uniform(0.9, 1.04)
    )
    roof, material = random.choice(ROOF_COLORS)
    roof = scaled(mix(roof, random.choice(ROOF_COLORS)[0], random.uniform(0, 0.2)), random.uniform(0.88, 1.1))
    tower_width = random.uniform(0.145, 0.18)
    tower, tower_x = 0.0, 0.0
    if factors.tower != "none":
        tower = height + gable * 0.5 + random.uniform(0.08, 0.16)
        if factors.tower == "side":
            tower_x = -width * 0.5 - tower_width * random.uniform(0.1, 0.36)
        else:
            tower = max(tower, height + gable + 0.06)
    door_width, door_height = _DOORS[factors.plan]
    share = random.uniform(0.94, 1.06)
    frame: Color = (
        (0.97, 0.96, 0.93) if random.chance(0.65) else random.choice(((0.34, 0.24, 0.18), (0.24, 0.34, 0.38)))
    )
    return Plan(
        factors.plan, width, height, gable, depth, storeys, tower, tower_width, tower_x,
        (door_width * (0.7 + 0.3 * width / widths[1]), door_height * height / heights[1] * share),
        Look(factors.style, color), Look(material, roof), frame, random.chance(0.5), factors.snow,
    )  # fmt: skip
