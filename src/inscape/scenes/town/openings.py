"""Doors and windows. The middle of the threshold or sill is at the origin."""

from __future__ import annotations

import skia

from inscape.scenes.canvas import Canvas, Color, Label, lines, mix, outline, polygon, rectangle, scaled
from inscape.scenes.random import Random
from inscape.scenes.town.factors import Light

DOOR_COLORS: dict[str, tuple[Color, ...]] = {
    "cottage": ((0.16, 0.42, 0.46), (0.66, 0.16, 0.14), (0.20, 0.44, 0.24), (0.50, 0.30, 0.16)),
    "townhouse": ((0.10, 0.24, 0.44), (0.12, 0.32, 0.24), (0.44, 0.10, 0.14), (0.14, 0.14, 0.18)),
    "church": ((0.40, 0.22, 0.12), (0.30, 0.17, 0.10), (0.46, 0.14, 0.12)),
    "hall": ((0.30, 0.19, 0.12), (0.14, 0.30, 0.28), (0.46, 0.30, 0.18)),
    "barn": ((0.95, 0.93, 0.88), (0.52, 0.14, 0.12), (0.34, 0.24, 0.18)),
}


def opening(width: float, height: float, arch: str) -> skia.Path:
    """The outline of a door or window standing on the origin: flat, round or pointed above."""
    half = width * 0.5
    if arch == "flat":
        return rectangle(-half, -height, width, height)
    if arch == "round":
        spring, high = height - half, height
        rise = reach = half * 0.5523
    else:
        spring, high = max(height - width * 0.95, height * 0.3), height * 0.97
        rise, reach = (height - spring) * 0.55, half * 0.4
    return outline(
        (-half, 0),
        (-half, -spring),
        (-half, -spring - rise, -reach, -high, 0, -height),
        (reach, -high, half, -spring - rise, half, -spring),
        (half, 0),
    )


def draw_window(
    canvas: Canvas,
    light: Light,
    size: tuple[float, float],
    look: tuple[str, Color, Color],
    lit: bool,
    kind: str = "",
) -> None:
    """A window of (width, height) with frame, panes and bars; `look` is arch, frame and shutter colour.

    A shutter colour that equals the frame's means that there are none.
    """
    width, height = size
    arch, frame, shutter = look
    if shutter != frame:
        for side in (-1, 1):
            leaf = rectangle(side * width * 0.76 - width * 0.2, -height, width * 0.4, height)
            canvas.fill(leaf, light.on(shutter, 0.85))
            canvas.stroke(leaf, light.on(scaled(shutter, 0.6), 0.4), 0.003, 0.7)
    outer = opening(width, height, arch)
    names: Label = (kind,) if kind else ()
    canvas.fill(outer, light.on(frame, 0.95), ("window", "frame", *names))
    border = width * 0.13
    with canvas.at(0, -border * 0.9):
        glass = opening(width - border * 2, height - border * 1.9, arch)
        dark = mix(mix((0.14, 0.2, 0.3), light.above, 0.35), light.low, 0.12)
        pale = mix(dark, light.low, 0.5)
        if lit:
            warm = light.glow
            dark, pale = mix(dark, (0.98, 0.66, 0.24), warm), mix(pale, (1.0, 0.88, 0.5), warm)
        label = ("window", "pane", "glass", *names)
        canvas.shade(glass, ((-width * 0.3, -height), (width * 0.3, 0)), (pale, dark), label)
    across = [(-width * 0.4, -height * 0.55), (width * 0.4, -height * 0.55)]
    bars = lines([(0, -height * 0.97), (0, -border)], across)
    canvas.stroke(bars, light.on(frame, 0.95), width * 0.07)
    canvas.fill(
        rectangle(-width * 0.56, -height * 0.02, width * 1.12, height * 0.07),
        light.on(scaled(frame, 0.9), 0.9),
    )
    canvas.place("window", outer.getBounds(), arch=arch, lit=lit and light.glow > 0.3)


def draw_door(
    canvas: Canvas,
    light: Light,
    random: Random,
    size: tuple[float, float],
    kind: str,
    building_height: float = 0.0,
) -> None:
    """A door of (width, height) in the way of this kind of building."""
    width, height = size
    color = random.choice(DOOR_COLORS[kind])
    color = scaled(
        mix(color, random.choice(DOOR_COLORS[kind]), random.uniform(0, 0.3)), random.uniform(0.9, 1.1)
    )
    arch = {"church": "pointed", "hall": "round"}.get(kind, "flat")
    frame: Color = (0.80, 0.76, 0.68) if kind in ("church", "hall") else (0.95, 0.94, 0.9)
    if kind == "barn":
        frame = (0.98, 0.97, 0.94) if color[0] < 0.9 else (0.5, 0.42, 0.36)
    outer = opening(width, height, arch)
    canvas.fill(
        outer, light.on(frame, 0.9), ("door", "jamb", "stone" if kind in ("church", "hall") else "wood", kind)
    )
    border = width * 0.1
    inner_width, inner_height = width - border * 2, height - border
    leaf = opening(inner_width, inner_height, arch)
    canvas.shade(
        leaf,
        ((0, -height), (0, 0)),
        (light.on(scaled(color, 0.8), 0.6), light.on(color, 0.9)),
        ("door", "leaf", "wood", kind),
    )
    _door_details(canvas, light, (inner_width, inner_height), (color, frame), kind)
    half = inner_width * 0.5
    canvas.fill(rectangle(half * 0.55, -inner_height * 0.45, width * 0.09, width * 0.09), (0.92, 0.78, 0.36))
    step = rectangle(-width * 0.66, -width * 0.06, width * 1.32, width * 0.14)
    canvas.fill(step, light.on((0.66, 0.64, 0.62), 0.85), ("door", "step", "stone", kind))
    canvas.place(
        "door",
        outer.getBounds(),
        kind=kind,
        height=round(height * canvas.scale, 4),
        building_height=round(building_height * canvas.scale, 4),
    )


def _door_details(
    canvas: Canvas, light: Light, size: tuple[float, float], colors: tuple[Color, Color], kind: str
) -> None:
    """Planks, cross or panels on a leaf of (width, height); `colors` are the leaf's and the frame's."""
    width, height = size
    color, frame = colors
    line, dark = width * 0.0625, light.on(scaled(color, 0.5), 0.3)
    half = width * 0.5
    if kind in ("church", "hall"):
        across = ([(-half, -height * share), (half, -height * share)] for share in (0.25, 0.6))
        details = lines([(0, -height * 0.98), (0, 0)], *across)
        canvas.stroke(details, dark, line, 0.8)
    elif kind == "barn":
        wide, high, low = half * 0.9, -height * 0.95, -height * 0.03
        details = skia.Path()
        details.addRect(skia.Rect.MakeLTRB(-wide, high, wide, low))
        details.addPath(lines([(-wide, high), (wide, low)], [(wide, high), (-wide, low)]))
        canvas.stroke(details, light.on(frame, 0.9), width * 0.0875)
    else:
        light_color = mix(mix((0.2, 0.26, 0.36), light.low, 0.3), (1.0, 0.8, 0.42), light.glow * 0.9)
        canvas.fill(rectangle(-half * 0.66, -height * 0.92, half * 1.32, height * 0.25), light_color)
        details = skia.Path()
        details.addRect(skia.Rect.MakeLTRB(-half * 0.66, -height * 0.58, half * 0.66, -height * 0.1))
        canvas.stroke(details, dark, line, 0.7)


def draw_portico(canvas: Canvas, light: Light, color: Color, size: tuple[float, float], kind: str) -> None:
    """Columns under a pediment, before the door of a hall."""
    width, height = size
    label = ("wall", "facade", "stone", kind)
    top = polygon([(-width * 0.58, -height), (0, -height - width * 0.26), (width * 0.58, -height)])
    canvas.fill(rectangle(-width * 0.58, -height, width * 1.16, width * 0.07), light.on(color, 0.9), label)
    canvas.shade(
        top,
        ((0, -height - width * 0.26), (0, -height)),
        (light.on(scaled(color, 0.8), 0.7), light.on(color, 0.95)),
        label,
    )
    canvas.stroke(top, light.on(scaled(color, 0.62), 0.4), width * 0.02, 0.8)
    for share in (-0.48, -0.3, 0.3, 0.48):
        x = width * share
        column = rectangle(x - width * 0.04, -height, width * 0.08, height)
        dark, pale = light.on(scaled(color, 0.74), 0.4), light.on(color, 1.0)
        colors = (dark, pale) if light.side > 0 else (pale, dark)
        canvas.shade(column, ((x - width * 0.04, 0), (x + width * 0.04, 0)), colors, label)
