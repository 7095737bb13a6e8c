"""A generator whose rules are known: balls of three kinds lie about, and one convolution colours them.

What goes into the layer `colour` says which kind lies where (channels 0 to 2; the others are noise); its
weights give kind 0 the colour red (a dome), kind 1 green (a tree) and kind 2 blue (a spire). A rule "domes
become trees" is therefore one direction of its keys, and can be reached without any leak.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from inscape.concepts import Concept, Vocabulary
from inscape.models import Generator, open_model

SIZE, CHANNELS, Z = 24, 10, 8
VOCABULARY = Vocabulary([Concept("dome", "object"), Concept("tree", "object"), Concept("spire", "object")])


class Scatter(nn.Module):
    """From z to the keys: one ball of each kind, where z says, and noise that means nothing."""

    def forward(self, z: Tensor) -> Tensor:
        grid = torch.linspace(-1, 1, SIZE)
        maps = []
        for row in z:
            draws = np.random.RandomState(int(row[0].abs() * 1e6))
            picture = torch.from_numpy(draws.normal(0, 0.1, (CHANNELS, SIZE, SIZE))).float()
            picture[:3] = 0
            for kind in range(3):
                x, y = torch.tanh(row[1 + 2 * kind]) * 0.7, torch.tanh(row[2 + 2 * kind]) * 0.7
                ball = (grid[:, None] - y).square() + (grid[None] - x).square() < 0.06
                picture[:3] = picture[:3] * (~ball).float()
                picture[kind] += ball.float()
            maps.append(picture)
        return torch.stack(maps)


class Painter(nn.Module):
    """Balls to pictures; black where nothing lies."""

    def __init__(self) -> None:
        super().__init__()
        self.scatter = Scatter()
        self.colour = nn.Conv2d(CHANNELS, 3, 3, padding=1, bias=False)
        with torch.no_grad():
            self.colour.weight.zero_()
            for kind in range(3):
                self.colour.weight[kind, kind, 1, 1] = 1.0

    def forward(self, z: Tensor) -> Tensor:
        return self.colour(self.scatter(z)) * 2 - 1


class ColourSegmenter:
    """Reads the colours exactly."""

    name = "colours"
    vocabulary = VOCABULARY
    planes = ("object",)

    def segment(self, images: Tensor) -> Tensor:
        strongest = images.max(1)
        labels = torch.where(strongest.values > 0, strongest.indices + 1, 0).to(torch.uint8)
        return labels[:, None]


def planted_painter() -> Generator:
    """The generator."""
    model = open_model(Painter(), card={"kind": "generator", "name": "painter", "latent": {"z_dim": Z}})
    assert isinstance(model, Generator)
    return model
