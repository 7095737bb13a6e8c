"""Train a pruned classifier again: what is gone stays gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inscape.errors import UnsupportedError
from inscape.pictures import to_tensor
from inscape.progress import Progress, SilentProgress
from inscape.scenes.tasks import task_of

if TYPE_CHECKING:
    from inscape.dissection.pruning import Pruned
    from inscape.models import Model

FIRST_SEED = 75_000_000
"""Scenes count up from here; nothing is measured on them."""

_BATCH, _RATE = 32, 1e-3


class Retraining:
    """Trains copies of a classifier of scenes again, all on the same scenes.

    Args:
        model: The classifier that they are copies of.
        scenes: How many are drawn.
        progress: Told of the scenes drawn, and of every step.

    Raises:
        UnsupportedError: It does not tell scenes of a world apart.
    """

    def __init__(self, model: Model, *, scenes: int = 3000, progress: Progress | None = None) -> None:
        card = model.card
        task = None if card.world is None else task_of(card.world, card.classes)
        if task is None or card.image_size is None:
            raise UnsupportedError(
                f"{model.name!r} tells no classes of a world apart: nothing says what to train it on again."
            )
        self._progress, seeds = progress or SilentProgress(), range(FIRST_SEED, FIRST_SEED + scenes)
        drawn = []
        with self._progress.task("Drawing scenes", scenes, "scenes") as told:
            for start in range(0, scenes, _BATCH):
                some = seeds[start : start + _BATCH]
                drawn.append(task.classified(some, card.image_size))
                told.advance(len(some))
        self._pictures = np.concatenate([pictures for pictures, _ in drawn])
        self._classes = torch.from_numpy(np.concatenate([classes for _, classes in drawn]))

    def __call__(self, pruned: Pruned, steps: int) -> Model:
        """Train a copy, at a rate that falls to 0.

        Args:
            pruned: Changed in place.
            steps: How many steps of 32 pictures.

        Returns:
            The copy, in evaluation mode.
        """
        model, network = pruned.model, pruned.model.module
        optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
        random = np.random.default_rng(0)
        network.train().requires_grad_(True)
        with self._progress.task("Training again", steps, "steps") as told:
            for step in range(steps):
                chosen = random.choice(len(self._classes), _BATCH)
                for group in optimizer.param_groups:
                    group["lr"] = _RATE * (1 - step / steps)
                shown = to_tensor(self._pictures[chosen]).to(model.device)
                loss = functional.cross_entropy(network(shown), self._classes[chosen].to(model.device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                pruned.hold()
                told.advance()
        network.eval().requires_grad_(False)
        return model
