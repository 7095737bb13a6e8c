"""Scenes drawn once and read by memory map while a segmenter trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape import storage
from inscape.progress import Progress, SilentProgress
from inscape.scenes.scene import drawing_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.concepts import Vocabulary
    from inscape.scenes.scene import World

FIRST_SEED = 50_000_000
"""Training scenes count up from here unless told otherwise."""

_SHARD = 1000


class SceneCache:
    """Pictures and labels of many scenes on disk, in shards that are whole or not there.

    Args:
        folder: Where they are kept; the file names tell what the world draws, the size and the seeds.
        world: What draws them.
        size: Height and width in pixels.
        seeds: Of the scenes; rounded up to whole shards of 1000.
        rules_share: Fraction of scenes drawn with the world's rules on; the rest break them.
    """

    def __init__(self, folder: Path, world: World, size: int, seeds: range, rules_share: float) -> None:
        self._world, self._size, self._rules_share = world, size, rules_share
        self._first, count = seeds.start, len(seeds)
        shard = min(_SHARD, len(seeds))
        key = storage.content_key(world.name, drawing_key(world), size, rules_share, seeds.start, shard)
        self._shard = shard
        self._paths = [
            (folder / f"{key}-{number:04d}-pictures.npy", folder / f"{key}-{number:04d}-labels.npy")
            for number in range(-(-count // self._shard))
        ]
        self._maps: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []

    def __len__(self) -> int:
        """How many scenes there are."""
        return self._shard * len(self._paths)

    def prepare(self, progress: Progress | None = None) -> None:
        """Draw what is not there yet, then open everything by memory map."""
        missing = [
            number for number, pair in enumerate(self._paths) if not all(path.exists() for path in pair)
        ]
        if missing:
            total = len(missing) * self._shard
            with (progress or SilentProgress()).task("Drawing scenes", total=total, unit="scenes") as task:
                for number in missing:
                    self._draw(number)
                    task.advance(self._shard)
        self._maps = [
            (np.load(first, mmap_mode="r"), np.load(second, mmap_mode="r")) for first, second in self._paths
        ]

    def _draw(self, number: int) -> None:
        start = self._first + number * self._shard
        lawful = start + round(self._rules_share * self._shard)
        parts = [
            self._world.batch(seeds, self._size, rules=rules)
            for seeds, rules in ((range(start, lawful), True), (range(lawful, start + self._shard), False))
            if len(seeds)
        ]
        for path, arrays in zip(self._paths[number], zip(*parts, strict=True), strict=True):
            with storage.atomic_path(path) as temporary:
                np.save(temporary, np.concatenate(arrays))

    def read(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Pictures `[b, height, width, 3]` and labels `[b, plane, height, width]` of these scenes."""
        places = [divmod(int(index), self._shard) for index in indices]
        pictures = np.stack([self._maps[shard][0][row] for shard, row in places])
        return pictures, np.stack([self._maps[shard][1][row] for shard, row in places])

    def chances(self, vocabulary: Vocabulary) -> NDArray[np.float64]:
        """How often to read each scene, so that rare objects are seen more often; they sum to 1.

        A scene counts as much as the rarest object in it: one over the square root of how many scenes hold
        that object, at most five times as much as a scene of everyday things.
        """
        plane = vocabulary.planes.index("object") if "object" in vocabulary.planes else 0
        numbers = [vocabulary.index(name) for name in vocabulary.in_plane(vocabulary.planes[plane])]
        holds = np.zeros((len(self), len(numbers)), bool)
        for shard, (_, labels) in enumerate(self._maps):
            for row, label in enumerate(labels[:, plane]):
                present = np.bincount(label.ravel(), minlength=256)[numbers] > 0
                holds[shard * self._shard + row] = present
        worth = 1 / np.sqrt(holds.mean(0).clip(0.04, 1))
        weights = np.where(holds, worth, 1.0).max(1)
        return np.asarray(weights / weights.sum(), np.float64)
