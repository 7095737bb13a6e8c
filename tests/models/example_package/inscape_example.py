"""What another package may bring: a model, an architecture, and formats for its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from inscape.models import Layer
from inscape.models.architectures.architecture import Architecture
from inscape.models.architectures.module_synthesis import ModuleSynthesis
from inscape.models.formats import Format, Found


class Faces(nn.Module):
    """A classifier of pictures; its rectifier runs twice, and is a layer for each call."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.rectifier = nn.ReLU()
        self.second = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.head = nn.Linear(6, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """`[batch, 3, height, width]` to `[batch, 2]`."""
        x = self.rectifier(self.second(self.rectifier(self.first(images))))
        return self.head(x.mean(dim=(2, 3)))


def faces() -> nn.Module:
    """The factory that the entry point names."""
    torch.manual_seed(0)
    return Faces()


def broken() -> nn.Module:
    """A factory that gives no module."""
    return {"not": "a module"}


def recognises(value: Any) -> bool:
    """The format: a ProGAN of 4 pixels under names of its own."""
    return isinstance(value, Mapping) and "example/first" in value


def read(value: Mapping[str, Any]) -> Found:
    """Rename its tensors."""
    kinds = {"conv.weight": "weight", "wscale.b": "bias"}
    places = {"layer1": "first", "layer2": "second", "output_4x4": "out"}
    tensors = {
        f"synthesis.{ours}.{kind}": value[f"example/{theirs}"][own]
        for ours, theirs in places.items()
        for kind, own in kinds.items()
    }
    config = {"z_dim": 5, "channels": [3]}
    return Found("progan", config, tensors, "A checkpoint of the example package.")


@dataclass(frozen=True)
class StripesConfig:
    """The sizes of a generator of 8 pixels."""

    z_dim: int
    units: int
    resolution: int = 8

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> StripesConfig:
        """Read what a card has."""
        return cls(value["z_dim"], value["units"])

    def to_json(self) -> dict[str, Any]:
        """The sizes as a card has them."""
        return asdict(self)


class Straight(nn.Module):
    """No mapping network: w is z."""

    def forward(self, z: torch.Tensor, truncation_psi: float = 1.0) -> torch.Tensor:
        """`[batch, z_dim]` to `[batch, 1, z_dim]`."""
        return truncation_psi * z[:, None]


class Stripes(nn.Module):
    """A generator of two transposed convolutions."""

    def __init__(self, config: StripesConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = Straight()
        first = nn.ConvTranspose2d(config.z_dim, config.units, 4)
        second = nn.ConvTranspose2d(config.units, 3, 4, 2, 1)
        self.synthesis = ModuleSynthesis(nn.Sequential(first, nn.ReLU(), second))
        self.synthesis.as_map = True


def layers_of_stripes(network: Stripes) -> tuple[Layer, ...]:
    """The one layer that is worth a look."""
    return (Layer(name="0", units=network.config.units, size=4, module="synthesis.module.0"),)


ARCHITECTURE = Architecture("Stripes", StripesConfig, Stripes, layers_of_stripes)


def is_stripes(value: Any) -> bool:
    """A format with a title and an ending: the state dict of such a generator."""
    return isinstance(value, Mapping) and "synthesis.module.0.weight" in value


def read_stripes(value: Mapping[str, Any]) -> Found:
    """Take it as it is."""
    z_dim, units = value["synthesis.module.0.weight"].shape[:2]
    config = {"z_dim": z_dim, "units": units}
    return Found("stripes", config, value, "A generator of the example package.")


def write_stripes(model: Any, path: Any) -> None:
    """Write it as it is."""
    torch.save(model.module.state_dict(), path)


FORMAT = Format(
    "state dicts of Stripes",
    is_stripes,
    read_stripes,
    suffixes=(".stripes",),
    architectures=("stripes",),
    write=write_stripes,
)
