"""What another package may bring: a model, and a format for its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from inscape.models.formats.found import Found


class Faces(nn.Module):
    """A classifier of pictures; its rectifier runs twice, so it is no layer."""

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
