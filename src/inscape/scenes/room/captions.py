"""Sentences about a room, made from its factors and from what can be seen of it."""

from __future__ import annotations

from collections.abc import Collection, Set

from inscape.scenes.room.factors import Factors
from inscape.scenes.room.light import DAYLIGHT

_HOURS = {
    "morning": "in the morning light",
    "noon": "in broad daylight",
    "evening": "in the evening sun",
    "dusk": "at dusk",
    "night": "at night",
}
_COUNTS = ("no", "a", "two", "three")
_FLOORS = {
    "parquet": "a parquet floor",
    "tile": "a tiled floor",
    "marble": "a marble floor",
    "carpet": "a carpet",
}


def write_captions(factors: Factors, lights: Collection[str], visible: Set[str]) -> tuple[str, ...]:
    """Two captions; things are named only when they can be seen.

    Args:
        factors: The choices behind the room.
        lights: The sources that are on.
        visible: Names of the objects with at least a few pixels.
    """
    count = factors.windows
    when = _HOURS[factors.hour] if DAYLIGHT in lights else "without daylight" if count else "without windows"
    short = f"A {factors.kind} {when}."
    things = [f"{_COUNTS[count]} window{'s' if count > 1 else ''}"] if count and "window" in visible else []
    if "floor" in visible:
        things.append(_FLOORS[factors.floor])
    for name in ("bed", "table", "chair", "painting", "plant", "rug", "door"):
        if name in visible and name not in factors.kind:
            things.append(f"a {name}")
    lamps = [name for name in lights if name != DAYLIGHT]
    lit = f"; the {_listing(lamps)} {'is' if len(lamps) == 1 else 'are'} lit" if lamps else ""
    return short, f"{short[:-1]}, with {_listing(things)}{lit}."


def _listing(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
