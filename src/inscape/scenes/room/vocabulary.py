"""The concepts of the room."""

from __future__ import annotations

from inscape.concepts import Concept, Vocabulary

_OBJECTS = (
    "wall",
    "floor",
    "ceiling",
    "window",
    "door",
    "lamp",
    "table",
    "chair",
    "bed",
    "painting",
    "plant",
    "rug",
)
_PARTS = {
    "skirting": "wall",
    "pane": "window",
    "frame": "window",
    "curtain": "window",
    "jamb": "door",
    "leaf": "door",
    "shade": "lamp",
    "stand": "lamp",
    "top": "table",
    "support": "table",
    "seat": "chair",
    "back": "chair",
    "legs": "chair",
    "headboard": "bed",
    "blanket": "bed",
    "pillow": "bed",
    "border": "painting",
    "canvas": "painting",
    "pot": "plant",
    "foliage": "plant",
}
_MATERIALS = (
    "plaster",
    "parquet",
    "tile",
    "marble",
    "carpet",
    "wood",
    "lacquer",
    "fabric",
    "glass",
    "metal",
    "ceramic",
)
_LIGHTS = {
    "lit lamp": "lamp",
    "unlit lamp": "lamp",
    "window reflection": None,
    "lamp reflection": None,
}

VOCABULARY = Vocabulary(
    [Concept(name, "object") for name in _OBJECTS]
    + [Concept(name, "part", parent) for name, parent in _PARTS.items()]
    + [Concept(name, "material") for name in _MATERIALS]
    + [Concept(name, "light", parent) for name, parent in _LIGHTS.items()]
)
