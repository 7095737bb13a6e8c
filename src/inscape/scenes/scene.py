"""The interface of worlds, and their scenes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inscape.concepts import Vocabulary
from inscape.storage import content_key

Pixels: TypeAlias = NDArray[np.uint8]
Factor: TypeAlias = str | float | int | bool


@dataclass(frozen=True)
class SceneObject:
    """One thing in a scene.

    Args:
        concept: Its name in the object plane of the vocabulary.
        box: Left, top, right, bottom as fractions of the picture, cut at its borders; what stands in
            front does not change it.
        attributes: What is known of it: its kind or material, its height, the height of its building.
    """

    concept: str
    box: tuple[float, float, float, float]
    attributes: dict[str, Factor] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """A drawn scene.

    Args:
        picture: RGB, uint8 `[height, width, 3]`.
        labels: Concept numbers, uint8 `[plane, height, width]`; 0 means none.
        objects: Everything that was placed and touches the picture, from back to front.
        captions: Sentences that hold of the picture, the shortest first.
        seed: What it was drawn from.
        factors: The choices behind it, by name.
        lights: The sources of light that are on, in a world that has them.
    """

    picture: Pixels
    labels: Pixels
    objects: tuple[SceneObject, ...]
    captions: tuple[str, ...]
    seed: int
    factors: dict[str, Factor]
    lights: tuple[str, ...] = ()


class World(Protocol):
    """Draws scenes from seeds."""

    name: str
    vocabulary: Vocabulary

    def scene(self, seed: int, size: int = 256, rules: bool = True) -> Scene:
        """Draw one scene."""
        ...

    def batch(self, seeds: Iterable[int], size: int = 64, rules: bool = True) -> tuple[Pixels, Pixels]:
        """Pictures `[n, height, width, 3]` and labels `[n, plane, height, width]` of many seeds."""
        ...

    def hash(self) -> str:
        """SHA-256 of the label planes of a fixed set of scenes, in hexadecimal."""
        ...


def drawing_key(world: World) -> str:
    """A key of what a world draws, pixels included: its hash, and the pictures of some scenes."""
    drawn = [world.batch(range(16), 64, rules)[0].tobytes() for rules in (True, False)]
    return content_key(world.name, world.hash(), *drawn)
