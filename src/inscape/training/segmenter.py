"""Train the segmenter of a world: a U-Net that has seen lawful and lawless scenes, clean and spoiled.

The network must judge what a generator draws and what edits make of it: half of that breaks the world's
rules, none of it is as sharp as a scene. So about a third of its scenes are drawn with the rules off, and
about two thirds of its pictures are bent, blurred, blotched or stained (`_segmenter_noise.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.models.architectures.unet import UNet, UNetConfig
from inscape.models.card import Card, Layer
from inscape.models.devices import resolve_device
from inscape.pictures import to_tensor
from inscape.progress import Progress, SilentProgress
from inscape.segmenters.planes import Planes
from inscape.segmenters.scores import LabelScores
from inscape.training._network_run import NetworkOptions, NetworkResult, NetworkRun
from inscape.training._network_state import NetworkState
from inscape.training._segmenter_loss import plane_loss
from inscape.training._segmenter_noise import NoiseOptions, disturb
from inscape.training._segmenter_scenes import FIRST_SEED, SceneCache
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.scenes.scene import World

CHECK_SEED = 60_000_000
"""Scenes that judge a segmenter count up from here; it never trains on them."""


@dataclass(frozen=True)
class SegmenterOptions(NetworkOptions):
    """How a segmenter is trained, besides `NetworkOptions`.

    Attributes:
        size: Height and width of its pictures in pixels.
        scenes: Scenes drawn beforehand.
        first_seed: Seed of the first of them.
        rules_share: Fraction of scenes that keep the world's rules.
        channels: Units of each level of the U-Net.
        dice: Weight of soft Dice beside cross-entropy.
        plane_weights: Of the planes in order; the last counts for all that follow.
        check: Unseen scenes that judge the result.
        noise: How much the pictures suffer.
    """

    batch: int = 16
    rate: float = 3e-3
    save_every: int = 200
    size: int = 64
    scenes: int = 16_000
    first_seed: int = FIRST_SEED
    rules_share: float = 0.65
    channels: tuple[int, ...] = (24, 48, 96, 192)
    dice: float = 1.0
    plane_weights: tuple[float, ...] = (1.0, 0.6, 0.3)
    check: int = 500
    noise: NoiseOptions = field(default_factory=NoiseOptions)


def train_segmenter(
    world: str | World = "town",
    minutes: float = 8.0,
    out: Path | str = "segmenter",
    *,
    device: str | torch.device | None = "auto",
    options: SegmenterOptions | None = None,
    progress: Progress | None = None,
) -> NetworkResult:
    """Train a segmenter, or continue with the training that is in `out`.

    Args:
        world: What to learn to read.
        minutes: How long training takes altogether, earlier runs in `out` included; drawing scenes and
            judging the result come on top.
        out: Folder for the state, the scenes, `card.json` and `weights.safetensors`.
        device: Where to train.
        options: The rest.
        progress: Where to say how far it is.

    Raises:
        FormatError: `out` holds a training with other options.
        StorageError: `out` cannot be written.
        CancelledError: The person cancelled; the state is kept.
    """
    run = _Run(_world(world), Path(out), options or SegmenterOptions(), resolve_device(device))
    run.scenes.prepare(progress)
    run.train(minutes * 60, progress or SilentProgress())
    return run.finish({"world": run.world.name, "world_hash": run.world.hash()})


def _world(world: str | World) -> World:
    if not isinstance(world, str):
        return world
    from inscape.scenes import world as named

    return named(world)


class _Run(NetworkRun[UNet]):
    options: SegmenterOptions

    def __init__(self, world: World, out: Path, options: SegmenterOptions, device: torch.device) -> None:
        self.world, self.options = world, options
        size, seed = options.size, options.seed
        self.planes = Planes(world.vocabulary)
        seeds = range(options.first_seed, options.first_seed + options.scenes)
        self.scenes = SceneCache(out / "scenes", world, size, seeds, options.rules_share)
        config = UNetConfig(self.planes.heads, options.channels)
        state = NetworkState(lambda: UNet(config, seed=seed).channels_last(), "segmenter", device)
        key = storage.content_key(world.name, world.hash(), size, seed, options.channels)
        super().__init__(state, out, size, options, key)

    @cached_property
    def _chances(self) -> NDArray[np.float64]:
        return self.scenes.chances(self.world.vocabulary)

    def losses(self, done: float) -> dict[str, Tensor]:
        state, options = self.state, self.options
        images, labels = self._batch(state.step)
        state.network.train()
        logits = state.network(images.contiguous(memory_format=torch.channels_last))
        rows = logits.permute(0, 2, 3, 1).flatten(0, 2).split(self.planes.heads, 1)
        loss = torch.zeros((), device=state.device)
        for plane, row in enumerate(rows):
            share = options.plane_weights[min(plane, len(options.plane_weights) - 1)]
            right = labels[:, plane].flatten().long()
            loss = loss + share * plane_loss(
                row.float().contiguous(), right, self._value_weights[plane], options.dice
            )
        return {"loss": loss}

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Pictures and packed labels of a step; they depend on the seed and the step alone."""
        order = np.random.default_rng([self.seed, step])
        chosen = order.choice(len(self.scenes), self.options.batch, p=self._chances)
        random = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        pictures, labels = self.scenes.read(chosen)
        images = to_tensor(pictures).to(self.state.device)
        images, moved = disturb(
            images, torch.from_numpy(labels).to(self.state.device), random, self.options.noise
        )
        return images, self.planes.pack(moved)

    @cached_property
    def _value_weights(self) -> list[Tensor]:
        """Rare values weigh more in the cross-entropy: frequency to the power of -0.3."""
        count = len(self.scenes)
        _, labels = self.scenes.read(np.arange(0, count, max(1, count // 500)))
        values = self.planes.pack(torch.from_numpy(labels)).transpose(0, 1).flatten(1).long()
        weights = []
        for plane, head in enumerate(self.planes.heads):
            share = torch.bincount(values[plane], minlength=head).float() / values.shape[1]
            weight = share.clamp_min(1e-4) ** -0.3
            weights.append((weight / (weight * share).sum()).to(self.state.device))
        return weights

    def scores(self, average: UNet) -> dict[str, float]:
        scores = LabelScores(self.world.vocabulary)
        for start in range(0, self.options.check, 50):
            seeds = range(CHECK_SEED + start, CHECK_SEED + min(start + 50, self.options.check))
            pictures, labels = self.world.batch(seeds, self.size)
            with torch.inference_mode():
                logits = average(to_tensor(pictures).to(self.state.device, memory_format=torch.channels_last))
            scores.add(self.planes.decide(logits).cpu(), torch.from_numpy(labels))
        return {name: round(score, 4) for name, score in scores.iou().items()}

    def card(self, average: UNet, training: JsonObject) -> Card:
        levels = tuple(
            Layer(
                name=f"level{self.size >> number}",
                units=units,
                size=self.size >> number,
                module=f"down.{number}",
            )
            for number, units in enumerate(average.config.channels)
        )
        training = {**training, "iou": training.pop("scores")}
        return Card(
            name=f"{self.world.name}-segmenter",
            kind="classifier",
            architecture="unet",
            config=average.config.to_json(),
            layers=levels,
            image_size=self.size,
            concepts=self.world.vocabulary.to_json(),
            world=self.world.name,
            world_hash=self.world.hash(),
            parameters=sum(weight.numel() for weight in average.parameters()),
            training=training,
            source=f"Trained on scenes of the world {self.world.name!r} by inscape.training.segmenter.",
            licence="MIT",
            description=f"Labels every pixel of pictures of the world {self.world.name!r}: "
            f"{', '.join(self.planes.names)}.",
        )
