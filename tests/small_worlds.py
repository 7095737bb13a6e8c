"""A world small enough for any test: a house with a roof, and a ball."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inscape.concepts import Concept, Vocabulary

VOCABULARY = Vocabulary(
    [
        Concept("sky", "object"),
        Concept("house", "object"),
        Concept("ball", "object"),
        Concept("roof", "part", "house"),
        Concept("base", "part", "house"),
        Concept("shine", "part", "ball"),
        Concept("brick", "material"),
    ]
)


class SmallWorld:
    """Draws in a fraction of a millisecond; rules only say that the ball lies on the ground."""

    name = "small"
    vocabulary = VOCABULARY

    def hash(self) -> str:
        return "0" * 64

    def batch(
        self, seeds: Iterable[int], size: int = 64, rules: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        scenes = [self._scene(seed, size, rules) for seed in seeds]
        return np.stack([picture for picture, _ in scenes]), np.stack([labels for _, labels in scenes])

    def _scene(self, seed: int, size: int, rules: bool) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(seed)
        y, x = (np.mgrid[:size, :size] + 0.5) / size
        left, top, width, height = random.random(4) * 0.5
        middle, radius = random.random(2), 0.08 + 0.1 * random.random()
        house = (x > left) & (x < left + width + 0.2) & (y > top) & (y < top + height + 0.2)
        upper = house & (y < top + (height + 0.2) / 2)
        ball = np.hypot(x - middle[0], y - (0.9 if rules else middle[1])) < radius
        shine = ball & (np.hypot(x - middle[0], y - (0.9 if rules else middle[1])) < radius / 2)
        picture = np.empty((size, size, 3), np.uint8)
        labels = np.zeros((3, size, size), np.uint8)
        picture[:], labels[0] = random.integers(140, 200, 3), 1
        picture[house], labels[0, house], labels[1, house], labels[2, house] = (180, 80, 60), 2, 5, 7
        picture[upper], labels[1, upper] = (90, 40, 40), 4
        picture[ball], labels[0, ball], labels[1, ball], labels[2, ball] = (40, 60, 200), 3, 0, 0
        picture[shine], labels[1, shine] = (200, 220, 255), 6
        return picture, labels
