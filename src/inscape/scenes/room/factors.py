"""The choices behind a room, each drawn from its own stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from inscape.scenes.canvas import Color
from inscape.scenes.random import Random

LAMP_KINDS = ("ceiling", "table", "standing")
SHINY = ("parquet", "tile", "marble")
"""Floors that mirror; carpet does not."""


class Hour(NamedTuple):
    """An hour: the view above and at the horizon, the land, the colour of the daylight, the exposure."""

    above: Color
    low: Color
    land: Color
    day: Color
    exposure: float


HOURS = {
    "morning": Hour((0.34, 0.54, 0.92), (1.00, 0.84, 0.62), (0.24, 0.38, 0.17), (1.06, 0.96, 0.80), 1.0),
    "noon": Hour((0.17, 0.42, 0.88), (0.74, 0.90, 1.00), (0.25, 0.50, 0.13), (0.88, 0.98, 1.10), 1.0),
    "evening": Hour((0.36, 0.30, 0.52), (1.00, 0.44, 0.14), (0.20, 0.12, 0.07), (1.06, 0.74, 0.45), 1.05),
    "dusk": Hour((0.14, 0.14, 0.44), (0.60, 0.22, 0.32), (0.06, 0.05, 0.13), (0.26, 0.22, 0.42), 1.3),
    "night": Hour((0.025, 0.05, 0.20), (0.07, 0.12, 0.36), (0.008, 0.016, 0.05), (0.055, 0.085, 0.21), 1.5),
}


@dataclass(frozen=True)
class Factors:
    """What makes a room; continuous choices within come from streams of the same names."""

    kind: str
    hour: str
    windows: int
    side_window: bool
    floor: str
    pattern: str
    ceiling_lamp: str
    table_lamp: str
    standing_lamp: str
    shiny_table: bool
    curtains: bool
    rug: str
    painting: bool
    plant: str
    door: bool
    mirrored: bool

    @property
    def lamps(self) -> dict[str, bool]:
        """The lamps there are, and whether each is lit."""
        found = {f"{kind} lamp": getattr(self, f"{kind}_lamp") for kind in LAMP_KINDS}
        return {name: state == "lit" for name, state in found.items() if state != "none"}

    @property
    def shiny_floor(self) -> bool:
        """Whether the floor mirrors."""
        return self.floor in SHINY


def draw_factors(random: Random) -> Factors:
    """Draw all choices of a room."""

    def of(name: str) -> Random:
        return random.stream("factor " + name)

    kind = of("kind").weighted({"bedroom": 0.36, "dining room": 0.32, "sitting room": 0.32})
    windows = int(of("windows").weighted({"0": 0.12, "1": 0.4, "2": 0.34, "3": 0.14}))
    hour = of("hour").weighted({"morning": 0.2, "noon": 0.3, "evening": 0.16, "dusk": 0.18, "night": 0.16})
    if not windows:
        hour = "night"
    lamps = _lamps(of("lamps"), kind, dark=hour == "night")
    lit = _lit(of("lit"), lamps, hour)
    states = {name: ("lit" if name in lit else "unlit") if name in lamps else "none" for name in LAMP_KINDS}
    side = windows == 3 or (windows == 2 and of("side").chance(0.5))
    return Factors(
        kind=kind,
        hour=hour,
        windows=windows,
        side_window=side,
        floor=of("floor").weighted({"parquet": 0.36, "tile": 0.22, "marble": 0.14, "carpet": 0.28}),
        pattern=of("pattern").weighted({"plain": 0.5, "stripes": 0.25, "panels": 0.25}),
        ceiling_lamp=states["ceiling"],
        table_lamp=states["table"],
        standing_lamp=states["standing"],
        shiny_table=of("table").chance(0.45),
        curtains=of("curtains").chance(0.5),
        rug=of("rug").weighted({"none": 0.5, "square": 0.32, "round": 0.18}),
        painting=of("painting").chance(0.75),
        plant=of("plant").weighted({"none": 0.3, "bush": 0.26, "palm": 0.22, "rubber": 0.22}),
        door=of("door").chance(0.45),
        mirrored=of("mirrored").chance(0.5),
    )


def _lamps(random: Random, kind: str, *, dark: bool) -> list[str]:
    """Which lamps there are: none to three, and at least one where there is no other light."""
    count = int(random.weighted({"0": 0.0 if dark else 0.14, "1": 0.36, "2": 0.34, "3": 0.16}))
    weights = {
        "bedroom": {"ceiling": 0.3, "table": 0.45, "standing": 0.25},
        "dining room": {"ceiling": 0.6, "table": 0.12, "standing": 0.28},
        "sitting room": {"ceiling": 0.25, "table": 0.25, "standing": 0.5},
    }[kind]
    chosen: list[str] = []
    for _ in range(count):
        chosen.append(random.weighted({name: share for name, share in weights.items() if name not in chosen}))
    return chosen


def _lit(random: Random, lamps: list[str], hour: str) -> set[str]:
    """Which of them are lit: more often when it is dark, and one at least at night."""
    share = {"night": 0.75, "dusk": 0.65, "evening": 0.5}.get(hour, 0.4)
    lit = {name for name in lamps if random.chance(share)}
    if hour == "night" and not lit:
        lit = {random.choice(lamps)}
    return lit
