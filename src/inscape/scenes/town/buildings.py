"""The building, by plan and style: walls, roof, tower, openings. The middle of its foot is the origin."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from inscape.scenes.canvas import Canvas, Color, mix, oval, polygon, rectangle, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light
from inscape.scenes.town.openings import draw_door, draw_portico, draw_window
from inscape.scenes.town.towers import draw_tower
from inscape.scenes.town.walls import ROOF_COLORS, WALL_COLORS, draw_chimney, draw_face, draw_roof

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
_RISE = 0.22


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
    wall: tuple[str, Color]
    roof: tuple[str, Color]
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
        (factors.style, color), (material, roof), frame, random.chance(0.5), factors.snow,
    )  # fmt: skip


def draw_building(canvas: Canvas, factors: Factors, light: Light, random: Random, plan: Plan) -> None:
    """Draw it at the origin, mirrored when the plan says so."""
    local = light if not plan.flip else Light(
        light.above, light.low, light.sun, light.shadow, light.glow, -light.side, light.haze, light.crisp
    )  # fmt: skip
    with canvas.at(0, 0, flip=plan.flip):
        _cast_shadow(canvas, local, plan)
        if plan.tower and factors.tower == "middle":
            _tower(canvas, factors, local, random, plan)
        if plan.depth:
            _flank(canvas, local, random, plan)
        _front(canvas, local, plan)
        _roof(canvas, local, random, plan)
        if plan.tower and factors.tower == "side":
            _tower(canvas, factors, local, random, plan)
        _openings(canvas, local, random, plan)


def _cast_shadow(canvas: Canvas, light: Light, plan: Plan) -> None:
    left, right = -plan.width * 0.5, plan.width * 0.5 + plan.depth
    if plan.tower:
        left = min(left, plan.tower_x - plan.tower_width * 0.5)
    lean = -light.side * 0.16
    path = polygon([(left, 0.004), (right, -plan.depth * _RISE), (right + lean, 0.05), (left + lean, 0.055)])
    dark = light.on((0.07, 0.09, 0.12), 0.1)
    canvas.fill(path, dark, alpha=0.42 * light.crisp)
    canvas.fill(oval((left + right) * 0.5, 0.006, (right - left) * 0.53, 0.018), dark, alpha=0.35)


def _tower(canvas: Canvas, factors: Factors, light: Light, random: Random, plan: Plan) -> None:
    with canvas.at(plan.tower_x, 0):
        draw_tower(
            canvas,
            light,
            random,
            (plan.tower_width, plan.tower),
            factors.top,
            plan.wall,
            kind=plan.kind,
            frame=plan.frame,
        )


def _flank(canvas: Canvas, light: Light, random: Random, plan: Plan) -> None:
    """The side wall that recedes to the right, with its windows."""
    half, depth, height = plan.width * 0.5, plan.depth, plan.height
    exposure = 0.85 if light.side > 0 else 0.05
    with canvas.at(half, 0, rise=_RISE):
        face = rectangle(0, -height, depth, height)
        draw_face(
            canvas,
            light,
            face,
            (depth, height),
            plan.wall,
            exposure=exposure,
            label=("wall", "flank", plan.wall[0], plan.kind),
        )
        canvas.place(
            "wall",
            face.getBounds(),
            part="flank",
            material=plan.wall[0],
            height=round(height * canvas.scale, 4),
        )
        count = max(int(depth / 0.095), 1)
        tall = min(height / plan.storeys * 0.5, 0.14)
        arch = "pointed" if plan.kind == "church" else "flat"
        if plan.kind == "church":
            tall = height * 0.5
        for storey in range(plan.storeys):
            for index in range(count):
                x = depth * (index + 0.5) / count
                with canvas.at(x, -height * (storey + 0.3) / plan.storeys):
                    draw_window(
                        canvas,
                        light,
                        (0.052, tall),
                        (arch, plan.frame, plan.frame),
                        random.chance(0.75),
                        plan.kind,
                    )


def _front_outline(plan: Plan) -> skia.Path:
    width, height, gable = plan.width, plan.height, plan.gable
    if not plan.depth:
        return rectangle(0, -height, width, height)
    points = [(0.0, 0.0), (0.0, -height)]
    if plan.kind == "barn":
        points += [
            (width * 0.16, -height - gable * 0.62),
            (width * 0.5, -height - gable),
            (width * 0.84, -height - gable * 0.62),
        ]
    else:
        points += [(width * 0.5, -height - gable)]
    return polygon([*points, (width, -height), (width, 0.0)])


def _front(canvas: Canvas, light: Light, plan: Plan) -> None:
    outline = _front_outline(plan)
    tall = plan.height + (plan.gable if plan.depth else 0.0)
    exposure = 0.95 if not plan.depth or light.side < 0 else 0.5
    with canvas.at(-plan.width * 0.5, 0):
        label = ("wall", "facade", plan.wall[0], plan.kind)
        draw_face(canvas, light, outline, (plan.width, tall), plan.wall, exposure=exposure, label=label)
        plinth = rectangle(0, -0.014, plan.width, 0.016)
        canvas.fill(plinth, light.on(scaled(plan.wall[1], 0.6), exposure), alpha=0.7)
        canvas.place("wall", outline.getBounds(), part="facade", material=plan.wall[0], kind=plan.kind,
                     height=round(tall * canvas.scale, 4))  # fmt: skip


def _roof(canvas: Canvas, light: Light, random: Random, plan: Plan) -> None:
    half, height, gable = plan.width * 0.5, plan.height, plan.gable
    if not plan.depth:
        inset = 0.1 if plan.kind == "cottage" else 0.07
        shape = polygon(
            [
                (-half - 0.025, -height + 0.012),
                (-half + inset, -height - gable),
                (half - inset, -height - gable),
                (half + 0.025, -height + 0.012),
            ]
        )
        if plan.kind == "cottage" or random.chance(0.4):
            x = random.choice((-1, 1)) * half * 0.5
            draw_chimney(canvas, light, random, x, -height - gable - 0.045, -height - gable + 0.05)
        canvas.fill(rectangle(-half, -height, plan.width, 0.03), (0.02, 0.02, 0.06), alpha=0.3)
        draw_roof(canvas, light, shape, plan.roof, exposure=0.95, kind=plan.kind, snow=plan.snow)
        canvas.place("roof", shape.getBounds(), material=plan.roof[0])
        return
    step = (plan.depth, -plan.depth * _RISE)
    exposure = 1.0 if light.side > 0 else 0.25
    ridge, eave = (0.0, -height - gable), (half + 0.022, -height + 0.022)
    points = [ridge, eave, (eave[0] + step[0], eave[1] + step[1]), (ridge[0] + step[0], ridge[1] + step[1])]
    if plan.kind == "barn":
        knee = (plan.width * 0.36, -height - gable * 0.62)
        points = [
            ridge,
            knee,
            eave,
            (eave[0] + step[0], eave[1] + step[1]),
            (knee[0] + step[0], knee[1] + step[1]),
            (ridge[0] + step[0], ridge[1] + step[1]),
        ]
    shape = polygon(points)
    if plan.kind == "townhouse" or (plan.kind == "cottage" and random.chance(0.7)):
        x, y = ridge[0] + step[0] * 0.55, ridge[1] + step[1] * 0.55
        draw_chimney(canvas, light, random, x, y - 0.05, y + 0.04)
    draw_roof(canvas, light, shape, plan.roof, exposure=exposure, kind=plan.kind, snow=plan.snow)
    edge: list[tuple[float, float]] = [
        (-half - 0.022, -height + 0.022),
        (0, -height - gable - 0.008),
        (half + 0.022, -height + 0.022),
    ]
    if plan.kind == "barn":
        edge = [
            edge[0],
            (-plan.width * 0.355, -height - gable * 0.64),
            edge[1],
            (plan.width * 0.355, -height - gable * 0.64),
            edge[2],
        ]
    under = [(x * 0.9, y + 0.028) for x, y in reversed(edge)]
    color = (0.95, 0.97, 1.0) if plan.snow else scaled(plan.roof[1], 0.85)
    material = "snow" if plan.snow else plan.roof[0]
    verge = polygon(edge + under)
    canvas.fill(verge, light.on(color, 0.8), ("roof", material, plan.kind))
    shape.addPath(verge)
    canvas.place("roof", shape.getBounds(), material=plan.roof[0])


def _openings(canvas: Canvas, light: Light, random: Random, plan: Plan) -> None:
    """The door on the ground and the windows of the front."""
    height = plan.height
    shutter = plan.frame
    if plan.kind in ("cottage", "townhouse") and random.chance(0.5):
        shutter = random.choice(((0.22, 0.44, 0.36), (0.24, 0.38, 0.58), (0.62, 0.24, 0.2)))
    look = ("pointed" if plan.kind == "church" else "flat", plan.frame, shutter)
    floor = height / plan.storeys
    slots = _slots(plan)
    for storey in range(plan.storeys):
        for x in slots:
            if storey == 0 and abs(x) < plan.door[0] * 0.5 + 0.03:
                continue
            tall = min(floor * 0.52, 0.105)
            with canvas.at(x, -floor * (storey + 0.34)):
                draw_window(
                    canvas,
                    light,
                    (min(tall * (0.74 if plan.kind == "hall" else 0.8), 0.074), tall),
                    look,
                    random.chance(0.75),
                    plan.kind,
                )
    if plan.depth:
        high = plan.gable * (0.5 if plan.kind != "barn" else 0.42)
        with canvas.at(0, -height - plan.gable * 0.12):
            size = (high * (0.72 if plan.kind != "church" else 0.9), high)
            draw_window(
                canvas,
                light,
                size,
                ("round" if plan.kind == "church" else look[0], plan.frame, plan.frame),
                random.chance(0.7),
                plan.kind,
            )
    if plan.kind == "hall":
        draw_portico(
            canvas,
            light,
            mix(plan.wall[1], (0.95, 0.92, 0.86), 0.6),
            (plan.door[0] * 2.0, height * 0.86),
            plan.kind,
        )
    tall = height + (plan.gable if plan.depth else 0.0)
    draw_door(canvas, light, random, plan.door, plan.kind, tall)


def _slots(plan: Plan) -> list[float]:
    """Where windows stand along the front, from its middle."""
    half = plan.width * 0.5
    if plan.kind == "church":
        return []
    if plan.kind == "barn":
        return [-half * 0.74, half * 0.74]
    if plan.kind == "hall":
        return [-half * 0.87, -half * 0.65, half * 0.65, half * 0.87]
    if plan.kind == "townhouse":
        return [-half * 0.55, half * 0.55]
    return [-half * 0.6, half * 0.6]
