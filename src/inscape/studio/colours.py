"""Colours of concepts: the natural one where there is one, from a palette for colour-blind eyes otherwise."""

from __future__ import annotations

_NATURAL = {
    "sky": "#56b4e9",
    "cloud": "#b9cfe0",
    "hill": "#7a9a6b",
    "grass": "#4d9a3a",
    "path": "#c2a878",
    "tree": "#00795c",
    "wall": "#d9b48f",
    "roof": "#b5452c",
    "spire": "#6f5a8e",
    "dome": "#3f8f8a",
    "door": "#8a4b18",
    "window": "#3b6fb6",
    "car": "#d55e00",
    "person": "#cc79a7",
    "sign": "#e0a800",
    "banner": "#8b1e5b",
    "lettering": "#4b4b4b",
    "brick": "#a6432f",
    "floor": "#a9743f",
    "ceiling": "#c9ccd1",
    "lamp": "#f0b323",
    "lit lamp": "#f0b323",
    "unlit lamp": "#6b6256",
    "plant": "#2f8f4e",
    "window reflection": "#56b4e9",
}
_PALETTE = (  # Okabe and Ito, 2008, without black
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#999933",
    "#882255",
    "#44aa99",
    "#aa4499",
)


def colour_of(concept: str, number: int) -> str:
    """The colour `#rrggbb` of a concept.

    Args:
        concept: Its name.
        number: Its place in the vocabulary; decides where the name does not.
    """
    return _NATURAL.get(concept, _PALETTE[number % len(_PALETTE)])
