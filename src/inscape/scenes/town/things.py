"""Cars, people and signs. Their feet are at the origin; one unit is their height, for cars their length."""

from __future__ import annotations

import skia

from inscape.scenes.canvas import Canvas, Color, mix, outline, oval, polygon, rectangle, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Light

_PAINTS: tuple[Color, ...] = (
    (0.82, 0.14, 0.14),
    (0.12, 0.34, 0.72),
    (0.95, 0.76, 0.16),
    (0.92, 0.92, 0.92),
    (0.12, 0.5, 0.44),
    (0.16, 0.17, 0.2),
)
_COATS: tuple[Color, ...] = (
    (0.84, 0.18, 0.2),
    (0.16, 0.32, 0.66),
    (0.95, 0.72, 0.2),
    (0.5, 0.22, 0.5),
    (0.94, 0.94, 0.9),
    (0.14, 0.46, 0.36),
)
_SKINS: tuple[Color, ...] = ((0.96, 0.80, 0.68), (0.78, 0.58, 0.44), (0.48, 0.32, 0.24))
_BOARDS: tuple[Color, ...] = ((0.10, 0.32, 0.68), (0.96, 0.82, 0.18), (0.84, 0.14, 0.14), (0.95, 0.95, 0.93))


def _shadow(canvas: Canvas, light: Light, half: float, height: float) -> None:
    canvas.fill(
        oval(-light.side * half * 0.3, 0, half, height),
        light.on((0.08, 0.09, 0.12), 0.1),
        alpha=0.25 + 0.3 * light.crisp,
    )


def draw_car(canvas: Canvas, light: Light, random: Random, length: float) -> None:
    """A car seen from its side."""
    paint = mix(random.choice(_PAINTS), random.choice(_PAINTS), random.uniform(0, 0.15))
    with canvas.at(0, 0, length, flip=random.chance(0.5)):
        _shadow(canvas, light, 0.54, 0.04)
        front, back = (-0.28, -0.42, -0.22, -0.44, -0.1, -0.44), (0.2, -0.43, 0.24, -0.34, 0.31, -0.22)
        cabin = outline((-0.34, -0.22), front, (0.08, -0.44), back)
        label = ("car", "body", "metal")
        canvas.fill(cabin, light.on(scaled(paint, 0.92), 0.8), label)
        body = skia.Path()
        body.addRoundRect(skia.Rect.MakeLTRB(-0.5, -0.27, 0.5, -0.07), 0.075, 0.07)
        canvas.shade(
            body,
            ((0, -0.27), (0, -0.07)),
            (light.on(mix(paint, (1, 1, 1), 0.25), 1), light.on(scaled(paint, 0.7), 0.4)),
            label,
        )
        glass = mix(light.low, (0.16, 0.22, 0.3), 0.55)
        pane = ("car", "windscreen", "glass")
        canvas.fill(polygon([(-0.28, -0.25), (-0.2, -0.39), (-0.03, -0.395), (-0.03, -0.25)]), glass, pane)
        canvas.fill(
            polygon([(0.01, -0.25), (0.01, -0.395), (0.09, -0.39), (0.24, -0.25)]), scaled(glass, 1.12), pane
        )
        canvas.fill(rectangle(-0.5, -0.14, 1.0, 0.025), light.on(scaled(paint, 0.5), 0.3), alpha=0.6)
        canvas.fill(
            oval(0.465, -0.19, 0.03, 0.03), mix(light.on((0.98, 0.95, 0.8)), (1.0, 0.95, 0.7), light.glow)
        )
        canvas.fill(rectangle(-0.5, -0.22, 0.035, 0.05), (0.75, 0.1, 0.1))
        for x in (-0.29, 0.29):
            canvas.fill(oval(x, -0.075, 0.1, 0.1), light.on((0.1, 0.1, 0.12), 0.6), ("car", "wheel"))
            canvas.fill(oval(x, -0.075, 0.045, 0.045), light.on((0.72, 0.73, 0.76), 0.9))
        canvas.place("car", skia.Rect.MakeLTRB(-0.5, -0.44, 0.5, 0.025), length=round(length, 4))


def draw_person(canvas: Canvas, light: Light, random: Random, height: float) -> None:
    """Somebody standing: legs, coat, head."""
    coat = mix(random.choice(_COATS), random.choice(_COATS), random.uniform(0, 0.2))
    legs = random.choice(((0.16, 0.18, 0.26), (0.32, 0.26, 0.22), (0.24, 0.3, 0.44)))
    with canvas.at(0, 0, height, flip=random.chance(0.5)):
        _shadow(canvas, light, 0.2, 0.03)
        stride = random.uniform(0.02, 0.07)
        lower = polygon(
            [
                (-0.11, -0.46),
                (0.11, -0.46),
                (0.09 + stride, 0),
                (0.01 + stride, 0),
                (0.0, -0.34),
                (-0.01 - stride, 0),
                (-0.09 - stride, 0),
            ]
        )
        canvas.fill(lower, light.on(legs, 0.7), ("person", "legs", "cloth"))
        left, right = (-0.19, -0.78, -0.2, -0.6, -0.21, -0.44), (0.2, -0.6, 0.19, -0.78, 0.1, -0.82)
        hem = ((-0.14, -0.42), (-0.14, -0.34), (0.14, -0.34), (0.14, -0.42), (0.21, -0.44))
        upper = outline((-0.1, -0.82), left, *hem, right)
        sides = (light.on(coat, 0.5 - light.side * 0.45), light.on(coat, 0.5 + light.side * 0.45))
        canvas.shade(upper, ((-0.18, 0), (0.18, 0)), sides, ("person", "coat", "cloth"))
        canvas.fill(
            oval(0, -0.9, 0.1, 0.105), light.on(random.choice(_SKINS), 0.85), ("person", "head", "skin")
        )
        hair = polygon(
            [(-0.105, -0.9), (-0.09, -0.99), (0.0, -1.02), (0.09, -0.99), (0.105, -0.92), (0.04, -0.95)]
        )
        canvas.fill(
            hair,
            light.on(random.choice(((0.2, 0.14, 0.1), (0.55, 0.4, 0.2), (0.12, 0.1, 0.1)))),
            ("person", "head", "skin"),
        )
        canvas.place("person", skia.Rect.MakeLTRB(-0.21, -1.02, 0.21, 0), height=round(height, 4))


def draw_sign(canvas: Canvas, light: Light, random: Random, height: float) -> None:
    """A board on a post."""
    board = random.choice(_BOARDS)
    ink: Color = (0.12, 0.12, 0.16) if board[0] > 0.85 and board[1] > 0.7 else (0.97, 0.97, 0.95)
    with canvas.at(0, 0, height, flip=random.chance(0.5)):
        _shadow(canvas, light, 0.2, 0.025)
        canvas.fill(
            rectangle(-0.04, -0.95, 0.08, 0.95), light.on((0.46, 0.36, 0.28), 0.6), ("sign", "post", "wood")
        )
        arrow = random.chance(0.5)
        if arrow:
            shape = polygon([(-0.36, -0.98), (0.3, -0.98), (0.46, -0.77), (0.3, -0.56), (-0.36, -0.56)])
        else:
            shape = skia.Path()
            shape.addRoundRect(skia.Rect.MakeLTRB(-0.38, -1.0, 0.38, -0.52), 0.05, 0.05)
        canvas.fill(shape, light.on(board, 0.95), ("sign", "board", "metal"))
        canvas.stroke(shape, light.on(ink, 0.8), 0.03, 0.8)
        lines = skia.Path()
        for y, width in ((-0.86, 0.48), (-0.76, 0.36), (-0.66, 0.44)):
            lines.addRect(skia.Rect.MakeXYWH(-0.26, y, width * random.uniform(0.7, 1), 0.05))
        canvas.fill(lines, light.on(ink, 0.9))
        canvas.place("sign", skia.Rect.MakeLTRB(-0.38, -1, 0.46, 0), height=round(height, 4))
