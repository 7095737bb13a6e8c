"""Adversarial training of a StyleGAN2 on the scenes of a world: resumable, on CPU or GPU."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from inscape.cores import core_each
from inscape.errors import ValueRangeError
from inscape.models.devices import resolve_device
from inscape.progress import Progress, SilentProgress
from inscape.training._gan_start import first_state, grown_to
from inscape.training._gan_state import GanState
from inscape.training._gan_step import ShardGradients, shard_generator, shard_gradients
from inscape.training._gan_watch import Watch
from inscape.training._interrupts import whole_steps
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.export import export_generator
from inscape.training.recipes import GanRecipe
from inscape.training.result import TrainResult

CHECKPOINT = "checkpoint.safetensors"
_SAVE_SECONDS = 120.0
_FIRST_SCENES = 6000


@dataclass(frozen=True)
class GanOptions:
    """What a run does besides its recipe.

    Attributes:
        start: "scratch", "shipped" (the shipped generator and its kept discriminator), or a checkpoint or a
            folder of another run. Used only where the folder holds no checkpoint yet.
        images: Stop after so many pictures in all; None goes by minutes alone.
        sample_every: Pictures from one sample grid to the next.
        measure_every: Pictures from one distance to the world to the next; 0 measures nothing.
    """

    start: str | Path = "scratch"
    images: int | None = None
    sample_every: int = 5000
    measure_every: int = 25_000


def train_gan(
    recipe: GanRecipe,
    out: Path | str,
    minutes: float,
    *,
    options: GanOptions | None = None,
    device: str | torch.device | None = "auto",
    progress: Progress | None = None,
) -> TrainResult:
    """Train a generator, or go on where the folder stopped.

    The folder holds `checkpoint.safetensors` (replaced every two minutes and at the end), `samples/`,
    `log.jsonl`, `losses.svg`, `distance.jsonl` (once the world has a segmenter), the scenes that were drawn
    ahead, and, at the end, `model/`, which `inscape.open` opens.

    Args:
        recipe: What to train and how.
        out: The folder.
        minutes: For how long, in this run; 0 sets everything up and stops.
        options: Where to start, how often to look.
        device: "auto", "cpu", "cuda:0".
        progress: Told of every step; a request to stop is obeyed after the checkpoint is written.

    Raises:
        ValueRangeError: Minutes below zero.
        FormatError: A checkpoint to start from is damaged or of another kind.
    """
    if minutes < 0:
        raise ValueRangeError(f"Training takes 0 minutes or more, got {minutes}.")
    options = options or GanOptions()
    run = _Run(recipe, Path(out), options, resolve_device(device))
    shown = progress or SilentProgress()
    with run.scenes:
        run.scenes.draw(_FIRST_SCENES, processes=recipe.shards, progress=shown)
        run.scenes.draw_in_background()
        run.train(minutes * 60, shown)
    run.export()
    return TrainResult(run.state.counters.step, run.state.counters.images, tuple(run.files()))


class _Run:
    """One run: state, scenes, and what is written as it goes."""

    def __init__(self, recipe: GanRecipe, out: Path, options: GanOptions, device: torch.device) -> None:
        self.recipe, self.out, self.options = recipe, out, options
        self.checkpoint = out / CHECKPOINT
        if self.checkpoint.exists():
            state = GanState.load(self.checkpoint, recipe, device)
            least = min(state.size, recipe.size)
            self.state = grown_to(state, max(least, recipe.size_at(state.counters.images)))
        else:
            self.state = first_state(recipe, options.start, device)
        self.watch = Watch(self.state, out)
        self.scenes = ScenesAhead(
            out, world=recipe.world, size=recipe.size, count=recipe.scenes, first_seed=recipe.first_seed
        )

    def files(self) -> list[Path]:
        """What is in the folder, without the scenes."""
        model = [self.out / "model" / name for name in ("card.json", "weights.safetensors")]
        return [self.checkpoint, *model, *self.watch.files()]

    def export(self) -> None:
        """Write the moving average as a model that can be opened."""
        export_generator(self.checkpoint, self.out / "model", distances=self.out / "distance.jsonl")

    def train(self, seconds: float, progress: Progress) -> None:
        """Take steps until the time is over; always leaves a checkpoint."""
        most = self.options.images or float("inf")
        before, started = self.state.counters.seconds, time.monotonic()
        saved = started
        with (
            progress.task("Training", total=self.options.images, unit="pictures") as task,
            core_each(self.recipe.shards) as pool,
        ):
            try:
                while time.monotonic() - started < seconds and self.state.counters.images < most:
                    with whole_steps():
                        self._grow()
                        numbers = self._step(pool)
                        self.state.counters.seconds = before + time.monotonic() - started
                    self.watch.log(numbers)
                    task.advance(self.recipe.batch)
                    self._look()
                    if time.monotonic() - saved > _SAVE_SECONDS:
                        self.save()
                        saved = time.monotonic()
            finally:
                self.save()

    def save(self) -> None:
        """Write the checkpoint and the curves."""
        self.watch.flush()
        self.state.save(self.checkpoint)

    def _grow(self) -> None:
        """Double the size where the recipe says so."""
        if self.state.size < (size := self.recipe.size_at(self.state.counters.images)):
            self.state = grown_to(self.state, size)
            self.watch.follow(self.state)

    def _look(self) -> None:
        images, batch = self.state.counters.images, self.recipe.batch
        if _crossed(images, batch, self.options.sample_every):
            self.watch.sample()
        if _crossed(images, batch, self.options.measure_every):
            self.watch.measure()

    def _step(self, pool: ThreadPoolExecutor) -> dict[str, float]:
        shards = list(pool.map(self._shard, range(self.recipe.shards)))
        self.state.apply(shards, pool)
        names = {name for shard in shards for name in shard.numbers}
        numbers = {name: float(np.mean([shard.numbers[name] for shard in shards])) for name in sorted(names)}
        if "path" in numbers:
            counters = self.state.counters
            counters.path_mean += 0.01 * (numbers["path"] - counters.path_mean)
        return numbers

    def _shard(self, index: int) -> ShardGradients:
        state, recipe = self.state, self.recipe
        step = state.counters.step
        return shard_gradients(
            state.networks,
            recipe,
            self._real(step, index),
            shard_generator(recipe, step, index, state.device),
            step=step,
            path_mean=state.counters.path_mean,
        )

    def _real(self, step: int, shard: int) -> Tensor:
        """Real pictures of one shard, in [-1, 1]."""
        random = np.random.default_rng([self.recipe.seed, step, shard])
        count = self.recipe.batch // self.recipe.shards
        pictures = self.scenes.pictures(random.integers(0, self.scenes.ready, count))
        if self.recipe.flips:
            mirrored = random.random(count) < 0.5
            pictures = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
        tensor = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.state.device)
        images = tensor.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        return functional.avg_pool2d(images, self.recipe.size // self.state.size)


def _crossed(images: int, batch: int, every: int) -> bool:
    return every > 0 and images // every > (images - batch) // every
