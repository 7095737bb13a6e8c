"""The concepts of the town."""

from __future__ import annotations

from inscape.concepts import Concept, Vocabulary

_OBJECTS = (
    "sky",
    "cloud",
    "hill",
    "grass",
    "path",
    "tree",
    "wall",
    "roof",
    "spire",
    "dome",
    "door",
    "window",
    "car",
    "person",
    "sign",
    "banner",
    "lettering",
)
_PARTS = {
    "trunk": "tree",
    "crown": "tree",
    "frame": "window",
    "pane": "window",
    "jamb": "door",
    "leaf": "door",
    "step": "door",
    "tower": "wall",
    "facade": "wall",
    "flank": "wall",
    "chimney": "roof",
    "finial": "spire",
    "lantern": "dome",
    "body": "car",
    "windscreen": "car",
    "wheel": "car",
    "head": "person",
    "coat": "person",
    "legs": "person",
    "post": "sign",
    "board": "sign",
}
_MATERIALS = (
    "plaster",
    "brick",
    "stone",
    "wood",
    "tile",
    "slate",
    "copper",
    "glass",
    "metal",
    "foliage",
    "bark",
    "turf",
    "snow",
    "gravel",
    "rock",
    "cloth",
    "skin",
)
_KINDS = ("conifer", "broadleaf", "poplar", "cottage", "townhouse", "church", "hall", "barn")
_KIND_PARENTS = {"conifer": "tree", "broadleaf": "tree", "poplar": "tree"}

VOCABULARY = Vocabulary(
    [Concept(name, "object") for name in _OBJECTS]
    + [Concept(name, "part", parent) for name, parent in _PARTS.items()]
    + [Concept(name, "material") for name in _MATERIALS]
    + [Concept(name, "kind", _KIND_PARENTS.get(name)) for name in _KINDS]
)
