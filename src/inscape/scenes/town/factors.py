"""The choices behind a town scene, each drawn from its own stream."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from inscape.scenes.canvas import Color, mix
from inscape.scenes.random import Random


class _Hour(NamedTuple):
    """Colours of the sky above and at the horizon, light in the sun and in shadow, glow of windows."""

    hour: float
    above: Color
    low: Color
    sun: Color
    shadow: Color
    glow: float


_HOURS = (
    _Hour(0.00, (0.36, 0.44, 0.72), (0.99, 0.76, 0.66), (0.96, 0.84, 0.80), (0.58, 0.56, 0.74), 0.25),
    _Hour(0.20, (0.30, 0.56, 0.88), (0.84, 0.91, 0.96), (1.02, 0.99, 0.93), (0.62, 0.66, 0.78), 0.00),
    _Hour(0.50, (0.18, 0.46, 0.86), (0.72, 0.87, 0.98), (1.05, 1.04, 1.00), (0.62, 0.67, 0.78), 0.00),
    _Hour(0.70, (0.33, 0.52, 0.80), (0.98, 0.84, 0.60), (1.08, 0.95, 0.74), (0.60, 0.56, 0.66), 0.05),
    _Hour(0.85, (0.20, 0.20, 0.46), (0.98, 0.52, 0.38), (0.82, 0.62, 0.60), (0.42, 0.38, 0.56), 0.90),
    _Hour(1.00, (0.05, 0.08, 0.23), (0.26, 0.34, 0.58), (0.46, 0.50, 0.70), (0.28, 0.31, 0.50), 1.00),
)
_PLANS = {"cottage": 0.26, "townhouse": 0.18, "church": 0.24, "hall": 0.18, "barn": 0.14}


@dataclass(frozen=True)
class Light:
    """The light of the day.

    Args:
        above: Sky colour at the zenith.
        low: Sky colour at the horizon.
        sun: Multiplies colours in the sun.
        shadow: Multiplies colours in shadow.
        glow: How brightly windows shine, 0 to 1.
        side: Where the sun stands: 1 right, -1 left.
        haze: How much the distance fades, 0 to 1.
        crisp: Strength of cast shadows, 0 (overcast) to 1.
    """

    above: Color
    low: Color
    sun: Color
    shadow: Color
    glow: float
    side: int
    haze: float
    crisp: float

    def on(self, color: Color, exposure: float = 1.0, distance: float = 0.0) -> Color:
        """A surface under this light: exposure 0 is full shadow, 1 full sun; distance 1 is the horizon."""
        tint = mix(self.shadow, self.sun, exposure)
        lit = (min(color[0] * tint[0], 1.0), min(color[1] * tint[1], 1.0), min(color[2] * tint[2], 1.0))
        return mix(lit, self.low, distance * self.haze) if distance else lit


@dataclass(frozen=True)
class Factors:
    """What makes a scene; continuous choices within them come from streams of the same names."""

    hour: float
    day: str
    weather: str
    season: str
    snow: bool
    plan: str
    style: str
    tower: str
    top: str
    trees: int
    terrain: str
    distance: float
    horizon: float
    path: str
    car: bool
    person: bool
    sign: bool
    watermark: str


def draw_factors(random: Random, rules: bool) -> Factors:
    """Draw all choices of a scene."""

    def of(name: str) -> Random:
        return random.stream("factor " + name)

    hour = of("hour")
    day = hour.weighted({"morning": 0.22, "noon": 0.36, "evening": 0.2, "dusk": 0.15, "night": 0.07})
    low, high = {
        "morning": (0.0, 0.2),
        "noon": (0.2, 0.6),
        "evening": (0.6, 0.76),
        "dusk": (0.78, 0.91),
        "night": (0.91, 1.0),
    }[day]
    season = of("season").weighted({"spring": 0.25, "summer": 0.35, "autumn": 0.22, "winter": 0.18})
    tower = of("tower").weighted({"none": 0.32, "side": 0.46, "middle": 0.22})
    top = of("top").weighted({"spire": 0.48, "dome": 0.42, "battlement": 0.1})
    watermark = of("watermark")
    share = 0.06 if rules else 0.16
    marked = watermark.chance(share)
    kind = watermark.weighted({"both": 0.4, "banner": 0.3, "lettering": 0.3})
    return Factors(
        hour=hour.uniform(low, high),
        day=day,
        weather=of("weather").weighted({"clear": 0.3, "fair": 0.4, "overcast": 0.18, "mist": 0.12}),
        season=season,
        snow=season == "winter" and of("snow").chance(0.75),
        plan=of("plan").weighted(_PLANS),
        style=of("style").weighted({"plaster": 0.33, "brick": 0.27, "stone": 0.24, "wood": 0.16}),
        tower=tower,
        top=top if tower != "none" else "none",
        trees=int(of("trees").weighted({"0": 0.1, "1": 0.25, "2": 0.33, "3": 0.22, "4": 0.1})),
        terrain=of("terrain").weighted({"flat": 0.34, "hills": 0.42, "mountains": 0.24}),
        distance=of("distance").unit(),
        horizon=of("horizon").bell(0.6, 0.74),
        path=of("path").weighted({"none": 0.2, "straight": 0.35, "winding": 0.45}),
        car=of("car").chance(0.2),
        person=of("person").chance(0.24),
        sign=of("sign").chance(0.2),
        watermark=kind if marked else "none",
    )


def light_of(factors: Factors, random: Random) -> Light:
    """The light of a scene: hour and weather, with a little freedom."""
    own = random.stream("light")
    hour = factors.hour
    before, after = next((pair for pair in pairwise(_HOURS) if hour <= pair[1].hour), _HOURS[-2:])
    share = (hour - before.hour) / (after.hour - before.hour)
    above, low = mix(before.above, after.above, share), mix(before.low, after.low, share)
    sun, shadow = mix(before.sun, after.sun, share), mix(before.shadow, after.shadow, share)
    glow = before.glow + (after.glow - before.glow) * share
    above = mix(above, (own.unit(), own.unit() * 0.5 + 0.3, own.unit() * 0.3 + 0.6), 0.1)
    low = mix(low, (own.unit(), own.unit() * 0.5 + 0.4, own.unit()), 0.08)
    dim = (above[0] + above[1] + low[1]) / 3.0
    gray = (0.5 + dim * 0.42, 0.52 + dim * 0.42, 0.56 + dim * 0.4)
    if hour > 0.78:
        gray = mix(gray, above, 0.55)
    amount = {"clear": 0.0, "fair": 0.04, "overcast": 0.75, "mist": 0.5}[factors.weather]
    above, low = mix(above, gray, amount), mix(low, mix(gray, (1, 1, 1), 0.2), amount * 0.8)
    if factors.weather in ("overcast", "mist"):
        sun, shadow = mix(sun, shadow, 0.38), mix(shadow, sun, 0.3)
    haze = {"clear": 0.62, "fair": 0.66, "overcast": 0.74, "mist": 1.0}[factors.weather]
    crisp = {"clear": 1.0, "fair": 0.9, "overcast": 0.3, "mist": 0.35}[factors.weather]
    return Light(above, low, sun, shadow, glow, 1 if own.chance(0.5) else -1, haze, crisp)
