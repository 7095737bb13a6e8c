"""The training of one network: its steps, and all it needs to go on after a kill, in one safetensors file."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import torch

from inscape import storage
from inscape.errors import FormatError
from inscape.training._interrupts import whole_steps

if TYPE_CHECKING:
    from torch import Tensor, nn

    from inscape.progress import Progress

Network = TypeVar("Network", bound="nn.Module")


class NetworkState(Generic[Network]):
    """A network in training, its moving average, its optimizer, and how far it is.

    Args:
        build: Makes the network, with the same first weights every time.
        kind: What is trained, for the errors: "segmenter".
        device: The device.
    """

    def __init__(self, build: Callable[[], Network], kind: str, device: torch.device) -> None:
        self.kind, self.device = kind, device
        self.network = build().to(device)
        self.average = build().to(device)
        self.average.load_state_dict(self.network.state_dict())
        self.average.eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.step = 0
        self.images = 0
        self.seconds = 0.0
        self.losses: list[float] = []

    def learn(self, loss: Tensor, rate: float) -> None:
        """One step of the optimizer down the gradient of a loss, which is clipped at a norm of 5."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1

    def try_step(self, loss: Callable[[], Tensor]) -> None:
        """Compute a loss and its gradients as a step does; the network is as it was afterwards."""
        before = {name: value.clone() for name, value in self.network.state_dict().items()}
        torch.autograd.grad(loss(), list(self.network.parameters()), allow_unused=True)
        self.network.load_state_dict(before)

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the average towards the network; early on it follows faster."""
        rate = 1 - min(decay, (1 + self.step) / (10 + self.step))
        newest = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(newest[name], rate)
            else:
                value.copy_(newest[name])

    def save(self, path: Path, *, run: str) -> None:
        """Write everything atomically.

        Args:
            path: Of a safetensors file.
            run: Key of the options that this training belongs to.
        """
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in moments.items()
            }
        about = {"run": run, "step": self.step, "images": self.images, "seconds": self.seconds}
        about["losses"] = self.losses
        storage.save_tensors(path, tensors, {"inscape": json.dumps(about)})

    def load(self, path: Path, *, run: str) -> None:
        """Continue from what `save` wrote.

        Raises:
            FormatError: The file is damaged, or belongs to a training with other options.
        """
        tensors, metadata = storage.load_tensors(path)
        try:
            about = json.loads(metadata["inscape"])
            if about["run"] != run:
                raise FormatError(
                    f"{path} belongs to a training with another world, size, seed or other options.",
                    "Choose another --out.",
                )
            self.network.load_state_dict(_under("network.", tensors))
            self.average.load_state_dict(_under("average.", tensors))
            self._load_optimizer(_under("optimizer.", tensors))
            self.step, self.seconds = int(about["step"]), float(about["seconds"])
            self.images = int(about["images"])
            self.losses = [float(loss) for loss in about["losses"]]
        except (KeyError, ValueError, RuntimeError) as error:
            raise FormatError(f"{path} is not the state of a {self.kind}'s training: {error}.") from error

    def _load_optimizer(self, tensors: dict[str, Tensor]) -> None:
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})


@dataclass(frozen=True)
class Limit:
    """How long a training takes altogether, earlier runs in its folder included.

    Attributes:
        seconds: Time in training steps.
        steps: Number of steps; where it is given, the seconds do not count.
        save_every: Steps between saved states.
    """

    seconds: float
    steps: int | None = None
    save_every: int = 200

    def done(self, state: NetworkState[Network]) -> float:
        """The part of the training that is over, from 0; 1 and more is all of it."""
        if self.steps:
            return state.step / self.steps
        return state.seconds / self.seconds if self.seconds > 0 else 1.0


def train_network(
    state: NetworkState[Network],
    limit: Limit,
    step: Callable[[float], None],
    save: Callable[[], None],
    progress: Progress,
) -> None:
    """Train until the limit, and save now and then and at the end, whatever ends it.

    Args:
        state: What is trained; `seconds` is counted here.
        limit: When to stop.
        step: Takes one step, given the part of the training that is over.
        save: Writes the state.
        progress: Told of every step; a request to stop is obeyed after the state is written.
    """
    total, unit = (limit.steps, "steps") if limit.steps else (round(limit.seconds), "seconds")
    with progress.task(f"Training the {state.kind}", total, unit) as task:
        task.advance(state.step if limit.steps else int(state.seconds))
        try:
            while (done := limit.done(state)) < 1:
                before, started = int(state.seconds), time.monotonic()
                with whole_steps():
                    step(done)
                    state.seconds += time.monotonic() - started
                if state.step % limit.save_every == 0:
                    save()
                task.advance(1 if limit.steps else int(state.seconds) - before)
        finally:
            save()


def halved(network: nn.Module) -> dict[str, Tensor]:
    """The weights of a network by name, in half precision; whole numbers stay."""
    return {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }


def one_cycle(done: float) -> float:
    """Share of the highest learning rate: up in the first eighth, then down along a cosine."""
    rise = 0.125
    if done < rise:
        return 0.05 + 0.95 * done / rise
    return 0.5 + 0.5 * math.cos(math.pi * (done - rise) / (1 - rise)) + 1e-3


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
