"""The building, by its plan: walls, roof, tower, openings. The middle of its foot is the origin."""

from __future__ import annotations

from dataclasses import replace

import skia

from inscape.scenes.canvas import Canvas, mix, oval, polygon, rectangle, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Factors, Light
from inscape.scenes.town.openings import draw_door, draw_portico, draw_window
from inscape.scenes.town.plans import Plan
from inscape.scenes.town.towers import draw_tower
from inscape.scenes.town.walls import draw_chimney, draw_face, draw_roof

_RISE = 0.22


def draw_building(canvas: Canvas, factors: Factors, light: Light, random: Random, plan: Plan) -> None:
    """Draw it at the origin, mirrored when the plan says so."""
    local = replace(light, side=-light.side) if plan.flip else light
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
        draw_tower(canvas, light, random, plan, factors.top)


def _flank(canvas: Canvas, light: Light, random: Random, plan: Plan) -> None:
    """The side wall that recedes to the right, with its windows."""
    half, depth, height = plan.width * 0.5, plan.depth, plan.height
    exposure = 0.85 if light.side > 0 else 0.05
    with canvas.at(half, 0, rise=_RISE):
        face = rectangle(0, -height, depth, height)
        material = plan.wall.material
        look, label = plan.wall._replace(exposure=exposure), ("wall", "flank", material, plan.kind)
        draw_face(canvas, light, face, (depth, height), look, label)
        high = round(height * canvas.scale, 4)
        canvas.place("wall", face.getBounds(), part="flank", material=material, height=high)
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
        look, label = plan.wall._replace(exposure=exposure), ("wall", "facade", plan.wall.material, plan.kind)
        draw_face(canvas, light, outline, (plan.width, tall), look, label)
        plinth = rectangle(0, -0.014, plan.width, 0.016)
        canvas.fill(plinth, light.on(scaled(plan.wall.color, 0.6), exposure), alpha=0.7)
        canvas.place("wall", outline.getBounds(), part="facade", material=plan.wall.material, kind=plan.kind,
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
        draw_roof(canvas, light, shape, plan.roof._replace(exposure=0.95), plan.kind, snow=plan.snow)
        canvas.place("roof", shape.getBounds(), material=plan.roof.material)
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
    draw_roof(canvas, light, shape, plan.roof._replace(exposure=exposure), plan.kind, snow=plan.snow)
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
    color = (0.95, 0.97, 1.0) if plan.snow else scaled(plan.roof.color, 0.85)
    material = "snow" if plan.snow else plan.roof.material
    verge = polygon(edge + under)
    canvas.fill(verge, light.on(color, 0.8), ("roof", material, plan.kind))
    shape.addPath(verge)
    canvas.place("roof", shape.getBounds(), material=plan.roof.material)


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
            mix(plan.wall.color, (0.95, 0.92, 0.86), 0.6),
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
