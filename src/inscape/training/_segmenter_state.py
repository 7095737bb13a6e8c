"""Everything a segmenter's training needs to go on after a kill, in one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.errors import FormatError
from inscape.models.architectures.unet import UNet, UNetConfig

if TYPE_CHECKING:
    from torch import Tensor


class SegmenterState:
    """A network in training, its moving average, its optimizer, and how far it is.

    Args:
        config: Shape of the network.
        seed: What its first weights are drawn from.
        device: Where it runs.
    """

    def __init__(self, config: UNetConfig, seed: int, device: torch.device) -> None:
        self.network = UNet(config, seed=seed).to(device).channels_last()
        self.average = UNet(config, seed=seed).to(device).channels_last()
        self.average.load_state_dict(self.network.state_dict())
        self.average.eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.step = 0
        self.images = 0
        self.seconds = 0.0
        self.losses: list[float] = []

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
        """Write everything, whole or not at all.

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
        """Go on from what `save` wrote.

        Raises:
            FormatError: The file is damaged, or belongs to a training with other options.
        """
        tensors, metadata = storage.load_tensors(path)
        try:
            about = json.loads(metadata["inscape"])
            if about["run"] != run:
                raise FormatError(
                    f"{path} belongs to a training with another world, size, seed or shape.",
                    "Choose another --out.",
                )
            self.network.load_state_dict(_under("network.", tensors))
            self.average.load_state_dict(_under("average.", tensors))
            self._load_optimizer(_under("optimizer.", tensors))
            self.step, self.seconds = int(about["step"]), float(about["seconds"])
            self.images = int(about["images"])
            self.losses = [float(loss) for loss in about["losses"]]
        except (KeyError, ValueError, RuntimeError) as error:
            raise FormatError(f"{path} is not the state of a segmenter's training: {error}.") from error

    def _load_optimizer(self, tensors: dict[str, Tensor]) -> None:
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
