"""Adversarial training of a StyleGAN2 on the scenes of a world: resumable, on CPU or GPU."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inscape.errors import ValueRangeError
from inscape.models.devices import resolve_device
from inscape.pictures import to_tensor
from inscape.progress import Progress, SilentProgress
from inscape.training import _machine
from inscape.training._gan_start import CHECKPOINT, first_state, grown_to
from inscape.training._gan_state import GanState
from inscape.training._gan_step import StepGradients, step_gradients
from inscape.training._gan_watch import Watch
from inscape.training._interrupts import whole_steps
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.export import export_generator
from inscape.training.recipes import GanRecipe
from inscape.training.result import TrainResult

_FIRST_SCENES = 6000
_CALIBRATED_ON = 64


@dataclass(frozen=True)
class GanOptions:
    """What a run does besides its recipe.

    Attributes:
        start: "scratch", "shipped" (what was kept of the training of the shipped generator), or a checkpoint
            or a folder of another run. Used only where the folder holds no checkpoint yet.
        images: Stop after so many pictures in all; None goes by minutes alone.
        sample_every: Pictures from one sample grid to the next.
        measure_every: Pictures from one distance to the world to the next; 0 measures nothing.
        save_seconds: Between saved checkpoints.
        measure_machine: Whether to measure again how a step is fastest here.
    """

    start: str | Path = "scratch"
    images: int | None = None
    sample_every: int = 5000
    measure_every: int = 10_000
    save_seconds: float = 120.0
    measure_machine: bool = False


def train_gan(
    recipe: GanRecipe,
    out: Path | str,
    minutes: float,
    *,
    options: GanOptions | None = None,
    device: str | torch.device | None = "auto",
    progress: Progress | None = None,
) -> TrainResult:
    """Train a generator, or continue where the folder stopped.

    The folder holds `checkpoint.safetensors` (replaced every two minutes and at the end), `samples/`,
    `log.jsonl`, `losses.svg`, `distance.jsonl` (where the world has a segmenter), `machine.json` (how a step
    is fastest on this machine), the scenes that were drawn ahead, `best/`, the model at the least distance,
    and, at the end, `model/`, which `inscape.open` opens.

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
        MissingExtraError: The package that carries the feature network is not installed.
    """
    if minutes < 0:
        raise ValueRangeError(f"Training takes 0 minutes or more, got {minutes}.")
    options = options or GanOptions()
    run = _Run(recipe, Path(out), options, resolve_device(device), progress or SilentProgress())
    with run.resources:
        run.begin_stage()
        run.train(minutes * 60)
    run.export()
    return TrainResult(run.state.counters.step, run.state.counters.images, tuple(run.files()))


class _Run:
    """One run: state, scenes, and what is written as it goes."""

    def __init__(
        self, recipe: GanRecipe, out: Path, options: GanOptions, device: torch.device, progress: Progress
    ) -> None:
        self.recipe, self.out, self.options, self.progress = recipe, out, options, progress
        self.checkpoint = out / CHECKPOINT
        self.resources = ExitStack()
        self.state = (
            GanState.load(self.checkpoint, recipe, device)
            if self.checkpoint.exists()
            else first_state(recipe, options.start, device)
        )
        self.watch = Watch(self.state, out)
        self.scenes: ScenesAhead | None = None
        self.way = _machine.Way(1, False)

    def files(self) -> list[Path]:
        """What is in the folder, without the scenes."""
        model = [self.out / "model" / name for name in ("card.json", "weights.safetensors")]
        return [self.checkpoint, *model, *self.watch.files()]

    def export(self) -> None:
        """Write the moving average as a model that can be opened."""
        export_generator(self.checkpoint, self.out / "model", distances=self.out / "distance.jsonl")

    def begin_stage(self) -> None:
        """Double the size where the recipe says so; have scenes of that size, and the fastest way to step."""
        recipe, size = self.recipe, self.recipe.stage_at(self.state.counters.images).size
        size = max(size, min(self.state.size, recipe.size))
        if self.scenes is not None and self.scenes.size == size:
            return
        if self.state.size != size:
            self.state = grown_to(self.state, size)
            self.watch.follow(self.state)
        self.resources.close()
        self.scenes = ScenesAhead(
            self.out, world=recipe.world, size=size, count=recipe.scenes, first_seed=recipe.first_seed
        )
        self.resources.enter_context(self.scenes)
        self.scenes.draw(self._available(), processes=2, progress=self.progress)
        adversary = self.state.networks.adversary
        if not adversary.mixing.is_calibrated:
            adversary.mixing.calibrate(adversary.features(self._real(0, _CALIBRATED_ON)))
        self.way = _machine.fastest(
            self._try_step,
            self.out,
            size=size,
            device=self.state.device,
            again=self.options.measure_machine,
            progress=self.progress,
        )
        self.scenes.draw_in_background()

    def train(self, seconds: float) -> None:
        """Take steps until the time is over; always leaves a checkpoint."""
        most = self.options.images or float("inf")
        before, started = self.state.counters.seconds, time.monotonic()
        saved = started
        name = f"Training, {self.way}"
        with self.progress.task(name, total=self.options.images, unit="pictures") as task:
            task.advance(self.state.counters.images)
            try:
                while time.monotonic() - started < seconds and self.state.counters.images < most:
                    self.begin_stage()
                    with whole_steps(), _machine.taken(self.way):
                        numbers = self._step()
                        self.state.counters.seconds = before + time.monotonic() - started
                    self.watch.log(numbers)
                    task.advance(self.recipe.batch)
                    self._look()
                    if time.monotonic() - saved > self.options.save_seconds:
                        self.save()
                        saved = time.monotonic()
            finally:
                self.save()

    def save(self) -> None:
        """Write the checkpoint and the curves."""
        self.watch.flush()
        self.state.save(self.checkpoint)

    def _look(self) -> None:
        images, batch = self.state.counters.images, self.recipe.batch
        if _crossed(images, batch, self.options.sample_every):
            self.watch.sample()
        if _crossed(images, batch, self.options.measure_every) and self.watch.measure():
            self.save()
            export_generator(self.checkpoint, self.out / "best", distances=self.out / "distance.jsonl")

    def _try_step(self, way: _machine.Way) -> None:
        self._gradients(way)

    def _step(self) -> dict[str, float]:
        gradients = self._gradients(self.way)
        self.state.apply(gradients)
        return gradients.numbers

    def _gradients(self, way: _machine.Way) -> StepGradients:
        step = self.state.counters.step
        real = self._real(step, self.recipe.batch)
        return step_gradients(self.state.networks, self.recipe, real, step=step, half=way.half)

    def _available(self) -> int:
        """How many scenes a step may choose from: more with every step, however fast they are drawn."""
        return min(self.recipe.scenes, _FIRST_SCENES + self.state.counters.images)

    def _real(self, step: int, count: int) -> Tensor:
        """Real pictures, in [-1, 1]; which ones depends on the step alone."""
        assert self.scenes is not None
        random = np.random.default_rng([self.recipe.seed, step])
        pictures = self.scenes.pictures(random.integers(0, self._available(), count))
        return to_tensor(pictures).to(self.state.device)


def _crossed(images: int, batch: int, every: int) -> bool:
    return every > 0 and images // every > (images - batch) // every
