"""Sentences about a scene, made from its factors and from what can be seen of it."""

from __future__ import annotations

from collections.abc import Set

from inscape.scenes.town.factors import Factors

_DAYS = {
    "morning": "in the early morning",
    "noon": "in broad daylight",
    "evening": "in the evening sun",
    "dusk": "at dusk",
    "night": "at night",
}
_STYLES = {"plaster": "plastered", "brick": "brick", "stone": "stone", "wood": "wooden"}
_WEATHER = {
    "clear": "under a clear sky",
    "fair": "under a bright sky",
    "overcast": "under an overcast sky",
    "mist": "in mist",
}
_COUNTS = ("no", "a", "two", "three", "four", "five", "six")


def write_captions(factors: Factors, visible: Set[str], trees: int) -> tuple[str, ...]:
    """Two or three captions; things are named only when they can be seen.

    Args:
        factors: The choices behind the scene.
        visible: Names of the concepts with at least a few pixels.
        trees: How many trees touch the picture.
    """
    house = f"{_STYLES[factors.style]} {factors.plan}" if "wall" in visible else "meadow"
    article = "an" if house[0] in "aeiou" else "a"
    top = next((f" with a {name}" for name in ("spire", "dome") if name in visible), "")
    short = f"{article.capitalize()} {house}{top} {_DAYS[factors.day]}."
    around = []
    if "tree" in visible and trees:
        around.append(f"{_COUNTS[min(trees, 6)]} tree{'s' if trees > 1 else ''}")
    around += [f"a {name}" for name in ("path", "car", "person", "sign") if name in visible]
    if "hill" in visible:
        around.append("mountains behind" if factors.terrain == "mountains" else "hills behind")
    season = f"{factors.season}{', snow on the ground' if factors.snow else ''}"
    middle = f", {_listing(around)}," if around else ""
    weather = f"{_WEATHER[factors.weather]} {_DAYS[factors.day]}"
    long = f"{article.capitalize()} {house}{top}{middle} {weather}; {season}."
    marks = [name for name in ("banner", "lettering") if name in visible]
    captions = [short, long]
    if marks:
        captions.append(f"{short[:-1]}, with the watermark of a stock photo: {' and '.join(marks)}.")
    return tuple(captions)


def _listing(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
