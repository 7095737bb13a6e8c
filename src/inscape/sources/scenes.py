"""Scenes of a world, with their exact labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.pictures import to_tensor
from inscape.sources.source import Batch, seeds, show

if TYPE_CHECKING:
    from inscape.concepts import Vocabulary
    from inscape.models import Model
    from inscape.scenes import World
    from inscape.scenes.tasks import Task

_COMPARED = 8
"""Scenes whose pictures are part of the key: a world's hash tells only labels."""


class ScenePictures:
    """Scenes of a shipped world by seed, as Network Dissection shows them to a network.

    Args:
        world: Draws the scenes.
        size: Height and width of the scenes in pixels.
        task: Says of which class a scene is; None where classes are not asked for. A scene that is of none
            has the class -1.
    """

    segmenter: str | None = None
    side_by_side = False

    def __init__(self, world: World, *, size: int, task: Task | None = None) -> None:
        self.name = world.name
        self.vocabulary: Vocabulary | None = world.vocabulary
        self.classes = () if task is None else task.classes
        self._world, self._size, self._task = world, size, task

    def numbers(self, first: int, count: int) -> range:
        """Seeds from the first on."""
        return seeds(first, count)

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Show the scenes of some seeds to a model."""
        scenes = [self._world.scene(seed, size=self._size) for seed in numbers]
        pictures = to_tensor(np.stack([scene.picture for scene in scenes])).to(model.device)
        show(model, pictures)
        classes = () if self._task is None else tuple(self._task.classes_of(scenes).tolist())
        return Batch(pictures, torch.from_numpy(np.stack([scene.labels for scene in scenes])), classes)

    def key(self) -> str | None:
        """Of what the world draws, pixels included, and the size."""
        some = [self._world.scene(seed, size=self._size).picture.tobytes() for seed in range(_COMPARED)]
        return storage.content_key("scenes", self._world.hash(), self._size, *some)
