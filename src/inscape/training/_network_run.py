"""A run that trains one network by losses of its own: how it goes on, what it keeps, what it leaves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, Self

import torch
from torch import Tensor

from inscape import storage
from inscape.models.card import Card
from inscape.progress import Progress
from inscape.training._loss_log import LossLog
from inscape.training._machine import Way, fastest, taken
from inscape.training._network_state import Limit, Network, NetworkState, halved, one_cycle, train_network
from inscape.training.result import TrainResult
from inscape.types import JsonObject


@dataclass(frozen=True)
class NetworkOptions:
    """How a network is trained.

    Attributes:
        steps: How many; as many as the minutes allow unless given.
        batch: Pictures in a step.
        rate: The highest learning rate of the one cycle.
        average: Decay of the moving average of the weights.
        save_every: Steps between saved states.
        seed: Of the first weights and of every draw.
    """

    steps: int | None = None
    batch: int = 32
    rate: float = 1e-3
    average: float = 0.995
    save_every: int = 100
    seed: int = 0

    def over(self, images: int | None) -> Self:
        """The same, over a number of pictures; as many as the minutes allow where it is None."""
        return self if images is None else replace(self, steps=max(1, images // self.batch))


@dataclass(frozen=True)
class NetworkResult(TrainResult):
    """What a training run left.

    Attributes:
        seconds: Time spent training, earlier runs included.
        scores: Figures on unseen pictures: of a segmenter the IoU of every concept on scenes that keep the
            rules, of an encoder see `EncoderCheck.scores`.
    """

    seconds: float
    scores: dict[str, float]


class NetworkRun(ABC, Generic[Network]):
    """One run: the network's state, and what is written as it goes.

    Training is a function of the options, the step and the way that steps are taken, which a run keeps: what
    a step draws depends on nothing else, so a run that is killed and resumed ends where an uninterrupted one
    does.

    Args:
        state: What is trained.
        out: Folder for the state, the log, the card and the weights.
        size: Height and width of the pictures.
        options: How it is trained.
        key: Of the options that make another training; a state with another key is refused.
    """

    def __init__(
        self, state: NetworkState[Network], out: Path, size: int, options: NetworkOptions, key: str
    ) -> None:
        self.state, self.out, self.size, self.seed, self.key = state, out, size, options.seed, key
        self._schedule, self._file = options, out / "state.safetensors"
        if self._file.exists():
            state.load(self._file, run=key)
        self.log = LossLog(out / "log.jsonl", state.images)

    @abstractmethod
    def losses(self, done: float) -> dict[str, Tensor]:
        """What a step goes down, by name; pictures depend on the seed and the step alone.

        Args:
            done: The part of the training that is over.
        """

    def after_step(self) -> None:
        """Called when a step has been taken."""
        return

    @abstractmethod
    def scores(self, average: Network) -> dict[str, float]:
        """Figures of the moving average, as it will be stored, on unseen pictures."""

    @abstractmethod
    def card(self, average: Network, training: JsonObject) -> Card:
        """The card of what was trained, given what to say of the training."""

    def train(self, seconds: float, progress: Progress) -> None:
        """Go on until the seconds, or the steps of the options, are over."""
        state, device = self.state, self.state.device
        way = fastest(
            lambda way: state.try_step(lambda: self._total(0.0, way)[0]),
            self.out,
            size=self.size,
            device=device,
            progress=progress,
        )
        limit = Limit(seconds, self._schedule.steps, self._schedule.save_every)
        with taken(way):
            train_network(state, limit, lambda done: self._step(done, way), self._keep, progress)

    def _total(self, done: float, way: Way) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.autocast(self.state.device.type, dtype=torch.bfloat16, enabled=way.half):
            losses = self.losses(done)
        return torch.stack(list(losses.values())).sum(), losses

    def _step(self, done: float, way: Way) -> None:
        state, options = self.state, self._schedule
        loss, losses = self._total(done, way)
        state.learn(loss, options.rate * one_cycle(done))
        state.images += options.batch
        state.follow(options.average)
        numbers = {name: float(value.detach()) for name, value in losses.items()}
        if state.step % 10 == 0:
            state.losses.append(round(sum(numbers.values()), 4))
        self.log.add(numbers, images=state.images, seconds=state.seconds)
        self.after_step()

    def _keep(self) -> None:
        self.state.save(self._file, run=self.key)
        self.log.write()

    def finish(self, metadata: dict[str, str]) -> NetworkResult:
        """Judge the moving average, as it is stored, in half precision; then write card and weights.

        Args:
            metadata: Of the file of weights.
        """
        state, average = self.state, self.state.average
        weights = halved(average)
        average.load_state_dict(weights)
        scores = self.scores(average)
        files = [self.out / "card.json", self.out / "weights.safetensors", self._file]
        storage.save_tensors(files[1], weights, metadata)
        options = asdict(self._schedule)
        training = {
            "seed": options.pop("seed"),
            "steps": state.step,
            "images": state.images,
            "seconds": round(state.seconds, 1),
            "options": options,
        }
        self.card(average, {**training, "scores": scores}).write(files[0])
        files += sorted((self.out / "samples").glob("*.png"))
        return NetworkResult(state.step, state.images, tuple(files), state.seconds, scores)
