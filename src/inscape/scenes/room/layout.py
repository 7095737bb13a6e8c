"""What stands where in a room: furniture against the walls, lamps on it, the far side free for windows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from inscape.scenes.canvas import Color
from inscape.scenes.random import Random
from inscape.scenes.room.factors import LAMP_KINDS, Factors
from inscape.scenes.room.geometry import Box, Spot, Wall
from inscape.scenes.room.lamps import Lamp, make_lamp
from inscape.scenes.room.plan import FABRICS, Plan


@dataclass(frozen=True)
class Thing:
    """A piece of furniture: what it is and the room it takes.

    Args:
        what: "bed", "table", "cabinet", "chair", "armchair" or "plant".
        box: Where it stands.
        turned: For a chair, which way it faces: -1, 0 or 1.
    """

    what: str
    box: Box
    turned: float = 0.0


@dataclass
class Layout:
    """Everything in a room besides its shell and windows."""

    things: list[Thing] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    rug: Box | None = None
    painting: tuple[Wall, tuple[float, float, float, float]] | None = None
    door: tuple[Wall, float, float, Color] | None = None
    spots: dict[str, tuple[Spot, float]] = field(default_factory=dict)


def lay_out(factors: Factors, plan: Plan, random: Random, lights: Collection[str]) -> Layout:
    """Place everything by the kind of room; `lights` are the names of the lamps that are lit."""
    layout = Layout()
    side = 1.0 if factors.mirrored else -1.0
    arrange = {"bedroom": _bedroom, "dining room": _dining_room, "sitting room": _sitting_room}[factors.kind]
    arrange(layout, factors, plan, random.stream("arrange"), side)
    _add_plant(layout, factors, plan, random.stream("plant"), side)
    _add_door(layout, factors, plan, random.stream("door"), side)
    for number, name in enumerate(kind for kind in LAMP_KINDS if f"{kind} lamp" in factors.lamps):
        own = random.stream(f"{name} lamp")
        place, foot = layout.spots[name]
        lit = f"{name} lamp" in lights
        layout.lamps.append(make_lamp(own, name, place, foot, number=number, lit=lit))
    return layout


def _box(side: float, ends: tuple[float, float], top: float, depths: tuple[float, float]) -> Box:
    """A box from `ends` counted towards the free side."""
    left, right = sorted((side * ends[0], side * ends[1]))
    return Box(left, right, 0.0, top, *depths)


def _near_limit(factors: Factors, plan: Plan) -> float:
    """How near a rug may come: mirror images of windows lie before it."""
    return 3.75 if factors.windows and factors.shiny_floor else plan.depth - 2.9


def _bedroom(layout: Layout, factors: Factors, plan: Plan, random: Random, side: float) -> None:
    half, depth = plan.half, plan.depth
    wide = random.uniform(1.2, 1.32)
    left = -half + 0.1
    bed = _box(
        side, (left, left + wide), random.uniform(0.5, 0.58), (depth - random.uniform(1.85, 2.05), depth)
    )
    layout.things.append(Thing("bed", bed))
    start = left + wide + 0.08
    cabinet = _box(side, (start, start + 0.46), 0.56, (depth - 0.46, depth - 0.02))
    layout.things.append(Thing("cabinet", cabinet))
    layout.spots["table"] = ((side * (start + 0.23), 0.56 + 0.42, depth - 0.25), 0.56)
    layout.spots["standing"] = ((side * (half - 0.36), 1.5, depth - 0.42), 0.0)
    layout.spots["ceiling"] = (
        (side * random.uniform(0.1, 0.4), plan.height - 0.62, depth - 1.5),
        plan.height,
    )
    middle = side * (left + wide / 2)
    across, tall = random.uniform(0.42, 0.5), random.uniform(0.6, 0.74)
    layout.painting = (plan.back, (middle - across, middle + across, 1.3, 1.3 + tall))
    if factors.rug != "none":
        near = max(depth - random.uniform(2.0, 2.3), _near_limit(factors, plan))
        layout.rug = _box(side, (start + 0.05, half - 0.3), 0.0, (near, depth - 0.62))
    if not factors.side_window and not factors.door and random.chance(0.55):
        near = depth - random.uniform(1.5, 1.9)
        chair = _box(side, (half - 0.62, half - 0.16), 0.95, (near - 0.45, near))
        layout.things.append(Thing("chair", chair, -side))


def _dining_room(layout: Layout, factors: Factors, plan: Plan, random: Random, side: float) -> None:
    half, depth = plan.half, plan.depth
    wide, middle = random.uniform(1.2, 1.5), random.uniform(-0.3, 0.2)
    near = depth - random.uniform(2.2, 2.5)
    table = _box(side, (middle - wide / 2, middle + wide / 2), 0.76, (near, near + 0.95))
    layout.things.append(Thing("table", table))
    turns = (1.0, -1.0, 0.0) if random.chance(0.4) else (1.0, -1.0)
    for turned in turns:
        if turned == 0.0:
            x = (table.left + table.right) / 2
            box = Box(x - 0.24, x + 0.24, 0.0, 1.02, table.far + 0.02, table.far + 0.46)
        elif turned > 0:
            box = Box(table.left - 0.5, table.left - 0.04, 0.0, 1.0, near + 0.24, near + 0.7)
        else:
            box = Box(table.right + 0.04, table.right + 0.5, 0.0, 1.0, near + 0.24, near + 0.7)
        layout.things.append(Thing("chair", box, turned))
    layout.spots["table"] = ((side * (middle + wide * 0.28), 0.76 + 0.42, table.far - 0.24), 0.76)
    layout.spots["standing"] = ((-side * (half - 0.36), 1.5, depth - 0.4), 0.0)
    layout.spots["ceiling"] = ((side * middle, plan.height - 0.78, near + 0.5), plan.height)
    if factors.windows - factors.side_window == 1:
        pane = plan.panes[0]
        room = (-half + 0.3, pane.left - 0.5), (pane.right + 0.5, half - 0.3)
        low, high = max(room, key=lambda ends: ends[1] - ends[0])
        if high - low > 0.8:
            at, across = (low + high) / 2, random.uniform(0.36, 0.46)
            layout.painting = (plan.back, (at - across, at + across, 1.25, 1.25 + random.uniform(0.6, 0.8)))
    elif not factors.windows:
        layout.painting = (plan.back, (-0.62, 0.62, 1.2, 2.05))
    if factors.rug != "none":
        low = max(near - 0.5, _near_limit(factors, plan))
        layout.rug = Box(
            table.left - 0.55, table.right + 0.55, 0.0, 0.0, low, min(table.far + 0.5, depth - 0.3)
        )


def _sitting_room(layout: Layout, factors: Factors, plan: Plan, random: Random, side: float) -> None:
    half, depth = plan.half, plan.depth
    start = -half + 0.5
    chair = _box(side, (start, start + 0.92), 0.95, (depth - 1.35, depth - 0.5))
    layout.things.append(Thing("armchair", chair))
    wide = random.uniform(0.8, 1.05)
    low = random.uniform(-0.1, 0.15)
    near = depth - random.uniform(2.0, 2.25)
    layout.things.append(Thing("table", _box(side, (low, low + wide), 0.44, (near, near + 0.7))))
    layout.spots["standing"] = ((-side * (half - 0.28), 1.52, depth - 0.32), 0.0)
    layout.spots["ceiling"] = (
        (side * random.uniform(0.0, 0.4), plan.height - 0.62, depth - 1.5),
        plan.height,
    )
    if "table lamp" in factors.lamps:
        cabinet = _box(side, (half - 0.62, half - 0.12), 0.6, (depth - 0.46, depth - 0.02))
        layout.things.append(Thing("cabinet", cabinet))
        layout.spots["table"] = ((side * (half - 0.37), 0.6 + 0.42, depth - 0.25), 0.6)
    middle = -side * (half - 0.98)
    across = random.uniform(0.36, 0.44)
    layout.painting = (plan.back, (middle - across, middle + across, 1.25, 1.25 + random.uniform(0.62, 0.8)))
    if factors.rug != "none":
        near = max(depth - random.uniform(2.3, 2.6), _near_limit(factors, plan))
        layout.rug = _box(side, (-half + 0.9, half - 0.55), 0.0, (near, depth - 0.75))


def _add_plant(layout: Layout, factors: Factors, plan: Plan, random: Random, side: float) -> None:
    """In the free corner, or in the one opposite, or before everything."""
    if factors.plant == "none":
        return
    height = random.uniform(0.95, 1.3)
    taken = {name for name in ("table", "standing") if f"{name} lamp" in factors.lamps}
    corner = side * (plan.half - 0.38)
    busy = any(abs(layout.spots[name][0][0] - corner) < 0.5 for name in taken)
    z = plan.depth - 0.42
    if busy:
        corner, z = -side * (plan.half - 0.42), plan.depth - random.uniform(2.5, 2.75)
    wide = height * 0.2
    layout.things.append(Thing("plant", Box(corner - wide, corner + wide, 0.0, height, z - 0.1, z + 0.1)))


def _add_door(layout: Layout, factors: Factors, plan: Plan, random: Random, side: float) -> None:
    """In the side wall that no window is in."""
    if not factors.door:
        return
    which = -side if factors.side_window else side
    far = plan.depth - random.uniform(0.8, 1.1)
    if which < 0 < side or which > 0 > side:
        far = plan.depth - (2.15 if factors.kind == "bedroom" else 1.5)
    color = random.choice(
        ((0.93, 0.92, 0.89), (0.56, 0.36, 0.22), (0.38, 0.50, 0.52), random.choice(FABRICS))
    )
    layout.door = (plan.side(which), far - 0.9, far, color)
