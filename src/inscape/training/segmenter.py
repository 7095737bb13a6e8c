"""Train the segmenter of a world: a U-Net that has seen lawful and lawless scenes, clean and spoiled.

The network must judge what a generator draws and what edits make of it: half of that breaks the world's
rules, none of it is as sharp as a scene. So about a third of its scenes are drawn with the rules off, and
about two thirds of its pictures are bent, blurred, blotched or stained (`_segmenter_noise.py`).

Training is a function of the options, the step and the way that steps are taken, which a run keeps: what a
step draws depends on nothing else, so a run that is killed and resumed ends where an uninterrupted one does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
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
from inscape.training._machine import Way, fastest, taken
from inscape.training._network_state import Limit, NetworkState, one_cycle, train_network
from inscape.training._segmenter_loss import plane_loss
from inscape.training._segmenter_noise import NoiseOptions, disturb
from inscape.training._segmenter_scenes import FIRST_SEED, SceneCache
from inscape.training.result import TrainResult

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.scenes.scene import World

CHECK_SEED = 60_000_000
"""Scenes that judge a segmenter count up from here; it never trains on them."""


@dataclass(frozen=True)
class SegmenterOptions:
    """How a segmenter is trained.

    Args:
        steps: How many; as many as the minutes allow unless given.
        batch: Pictures in a step.
        scenes: Scenes drawn beforehand.
        first_seed: Seed of the first of them.
        rules_share: Share of scenes that keep the world's rules.
        channels: Units of each level of the U-Net.
        rate: The highest learning rate of the one cycle.
        average: Decay of the moving average of the weights.
        dice: Weight of soft Dice beside cross-entropy.
        plane_weights: Of the planes in order; the last counts for all that follow.
        save_every: Steps between saved states.
        check: Unseen scenes that judge the result.
        noise: How much the pictures suffer.
    """

    steps: int | None = None
    batch: int = 16
    scenes: int = 16_000
    first_seed: int = FIRST_SEED
    rules_share: float = 0.65
    channels: tuple[int, ...] = (24, 48, 96, 192)
    rate: float = 3e-3
    average: float = 0.995
    dice: float = 1.0
    plane_weights: tuple[float, ...] = (1.0, 0.6, 0.3)
    save_every: int = 200
    check: int = 500
    noise: NoiseOptions = field(default_factory=NoiseOptions)


@dataclass(frozen=True)
class SegmenterResult(TrainResult):
    """What a training run left.

    Attributes:
        seconds: Time spent training, earlier runs included.
        scores: IoU of every concept on unseen scenes that keep the rules.
    """

    seconds: float
    scores: dict[str, float]


def train_segmenter(
    world: str | World = "town",
    size: int = 64,
    minutes: float = 8.0,
    out: Path | str = "segmenter",
    *,
    seed: int = 0,
    device: str | torch.device | None = "auto",
    options: SegmenterOptions | None = None,
    progress: Progress | None = None,
) -> SegmenterResult:
    """Train a segmenter, or go on with the training that is in `out`.

    Args:
        world: What to learn to read.
        size: Height and width of its pictures in pixels.
        minutes: How long training takes altogether, earlier runs in `out` included; drawing scenes and
            judging the result come on top.
        out: Folder for the state, the scenes, `card.json` and `weights.safetensors`.
        seed: Of the first weights and of every draw.
        device: Where to train.
        options: The rest.
        progress: Where to say how far it is.

    Raises:
        FormatError: `out` holds a training with other options.
        StorageError: `out` cannot be written.
        CancelledError: The person asked to stop; what was reached is kept.
    """
    options = options or SegmenterOptions()
    run = _Run(_world(world), size, Path(out), seed, options, resolve_device(device))
    run.scenes.prepare(progress)
    run.train(minutes * 60, progress or SilentProgress())
    return run.finish()


def _world(world: str | World) -> World:
    if not isinstance(world, str):
        return world
    from inscape.scenes import world as named

    return named(world)


class _Run:
    def __init__(
        self, world: World, size: int, out: Path, seed: int, options: SegmenterOptions, device: torch.device
    ) -> None:
        self.world, self.size, self.out, self.seed, self.options, self.device = (
            world,
            size,
            out,
            seed,
            options,
            device,
        )
        self.planes = Planes(world.vocabulary)
        seeds = range(options.first_seed, options.first_seed + options.scenes)
        self.scenes = SceneCache(out / "scenes", world, size, seeds, options.rules_share)
        config = UNetConfig(self.planes.heads, options.channels)
        self.state = NetworkState(lambda: UNet(config, seed=seed).channels_last(), "segmenter", device)
        self.key = storage.content_key(world.name, world.hash(), size, seed, options.channels)

    @property
    def _state_file(self) -> Path:
        return self.out / "state.safetensors"

    def train(self, seconds: float, progress: Progress) -> None:
        if self._state_file.exists():
            self.state.load(self._state_file, run=self.key)
        weights = self._value_weights()
        self._chances = self.scenes.chances(self.world.vocabulary)
        self._way = fastest(
            lambda way: self.state.try_step(lambda: self._loss(weights, way)),
            self.out,
            size=self.size,
            device=self.device,
            progress=progress,
        )
        limit = Limit(seconds, self.options.steps, self.options.save_every)
        with taken(self._way):
            train_network(self.state, limit, lambda done: self._step(done, weights), self._save, progress)

    def _save(self) -> None:
        self.state.save(self._state_file, run=self.key)

    def _step(self, done: float, weights: list[Tensor]) -> None:
        state, options = self.state, self.options
        loss = self._loss(weights, self._way)
        state.learn(loss, options.rate * one_cycle(done))
        state.images += options.batch
        state.follow(options.average)
        if state.step % 10 == 0:
            state.losses.append(round(float(loss.detach()), 4))

    def _loss(self, weights: list[Tensor], way: Way) -> Tensor:
        """Of the scenes that belong to the step."""
        state, options = self.state, self.options
        images, labels = self._batch(state.step)
        state.network.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=way.half):
            logits = state.network(images.contiguous(memory_format=torch.channels_last))
        rows = logits.permute(0, 2, 3, 1).flatten(0, 2).split(self.planes.heads, 1)
        loss = torch.zeros((), device=self.device)
        for plane, row in enumerate(rows):
            share = options.plane_weights[min(plane, len(options.plane_weights) - 1)]
            right = labels[:, plane].flatten().long()
            loss = loss + share * plane_loss(row.float().contiguous(), right, weights[plane], options.dice)
        return loss

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Pictures and packed labels of a step; they depend on the seed and the step alone."""
        order = np.random.default_rng([self.seed, step])
        chosen = order.choice(len(self.scenes), self.options.batch, p=self._chances)
        random = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        pictures, labels = self.scenes.read(chosen)
        images = to_tensor(pictures).to(self.device)
        images, moved = disturb(images, torch.from_numpy(labels).to(self.device), random, self.options.noise)
        return images, self.planes.pack(moved)

    def _value_weights(self) -> list[Tensor]:
        """Rare values weigh more in the cross-entropy: frequency to the power of -0.3."""
        count = len(self.scenes)
        _, labels = self.scenes.read(np.arange(0, count, max(1, count // 500)))
        values = self.planes.pack(torch.from_numpy(labels)).transpose(0, 1).flatten(1).long()
        weights = []
        for plane, head in enumerate(self.planes.heads):
            share = torch.bincount(values[plane], minlength=head).float() / values.shape[1]
            weight = share.clamp_min(1e-4) ** -0.3
            weights.append((weight / (weight * share).sum()).to(self.device))
        return weights

    def finish(self) -> SegmenterResult:
        """Judge the moving average on unseen scenes, then write card and weights."""
        network = self.state.average
        scores = self._scores(network)
        files = (self.out / "card.json", self.out / "weights.safetensors", self._state_file)
        halved = {
            name: value.half() if value.is_floating_point() else value
            for name, value in network.state_dict().items()
        }
        storage.save_tensors(files[1], halved, {"world": self.world.name, "world_hash": self.world.hash()})
        self._card(network, scores).write(files[0])
        return SegmenterResult(self.state.step, self.state.images, files, self.state.seconds, scores)

    def _scores(self, network: UNet) -> dict[str, float]:
        scores = LabelScores(self.world.vocabulary)
        for start in range(0, self.options.check, 50):
            seeds = range(CHECK_SEED + start, CHECK_SEED + min(start + 50, self.options.check))
            pictures, labels = self.world.batch(seeds, self.size)
            with torch.inference_mode():
                logits = network(to_tensor(pictures).to(self.device, memory_format=torch.channels_last))
            scores.add(self.planes.decide(logits).cpu(), torch.from_numpy(labels))
        return {name: round(score, 4) for name, score in scores.iou().items()}

    def _card(self, network: UNet, scores: dict[str, float]) -> Card:
        levels = tuple(
            Layer(
                name=f"level{self.size >> number}",
                units=units,
                size=self.size >> number,
                module=f"down.{number}",
            )
            for number, units in enumerate(network.config.channels)
        )
        training = {
            "seed": self.seed,
            "steps": self.state.step,
            "images": self.state.images,
            "seconds": round(self.state.seconds, 1),
            "options": asdict(self.options),
            "iou": scores,
        }
        return Card(
            name=f"{self.world.name}-segmenter",
            kind="classifier",
            architecture="unet",
            config=network.config.to_json(),
            layers=levels,
            image_size=self.size,
            concepts=self.world.vocabulary.to_json(),
            world=self.world.name,
            world_hash=self.world.hash(),
            parameters=sum(weight.numel() for weight in network.parameters()),
            training=training,
            source=f"Trained on scenes of the world {self.world.name!r} by inscape.training.segmenter.",
            licence="MIT",
            description=f"Labels every pixel of pictures of the world {self.world.name!r}: "
            f"{', '.join(self.planes.names)}.",
        )
