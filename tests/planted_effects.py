"""A generator whose units cause known areas, and a segmenter that reads its colours exactly.

Every unit of the layer `units` that belongs to a concept paints one row of it where it is above 0.5; noise
units paint nothing. Red is door, green is tree; ground is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inscape.concepts import Concept, Vocabulary
from inscape.models import Card, Generator, Layer

CELLS, SIZE = 8, 16
DOORS, TREES, UNITS = (0, 1), (2, 3, 4, 5), 40
VOCABULARY = Vocabulary(
    [
        Concept("door", "object"),
        Concept("tree", "object"),
        Concept("wall", "object"),
        Concept("red", "colour"),
    ]
)


@dataclass(frozen=True)
class State:
    layer: str
    features: Tensor


class Units(nn.Module):
    """Tree units fill a row each of the left half, door units a column of the right, in some pictures."""

    def forward(self, w: Tensor) -> Tensor:
        features = 0.1 * w[:, :1, None, None] * torch.ones(UNITS, CELLS, CELLS)
        features = features.clone()
        for row, unit in enumerate(TREES):
            features[:, unit, row, : CELLS // 2] = 1.0
        for column, unit in enumerate(DOORS):
            features[:, unit, 4:, 6 + column] = (w[:, 1, None] > 0).float()
        return features


class Synthesis(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.units = Units()
        self.dummy = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.below = 0

    def forward(self, ws: Tensor) -> Tensor:
        return self._draw(self.units(ws[:, 0]))

    def run_until(self, ws: Tensor, layer: str) -> State:
        self.below += 1
        return State(layer, self.units(ws[:, 0]))

    def resume(self, state: State) -> Tensor:
        return self._draw(state.features)

    def _draw(self, features: Tensor) -> Tensor:
        door = (features[:, DOORS] > 0.5).any(1).float()
        tree = (features[:, TREES] > 0.5).any(1).float() * (1 - door)
        door[:, :2] = 0  # nothing makes a door stand in the upper rows
        wall = torch.zeros_like(door)
        wall[:, 4:] = 1
        wall = wall * (1 - door) * (1 - tree)
        picture = torch.stack([door, tree, wall], 1) * 2 - 1
        return picture.repeat_interleave(SIZE // CELLS, 2).repeat_interleave(SIZE // CELLS, 3)


class Network(nn.Module):
    def __init__(self, stops: bool = True) -> None:
        super().__init__()
        self.synthesis = Synthesis()
        if not stops:
            self.synthesis = _Whole(self.synthesis)

    def mapping(self, z: Tensor, truncation_psi: float = 1.0) -> Tensor:
        return z[:, None]


class _Whole(nn.Module):
    """The same synthesis, which cannot stop in between."""

    def __init__(self, inner: Synthesis) -> None:
        super().__init__()
        self.units = inner.units
        self._draw = inner._draw
        self.dummy = inner.dummy

    def forward(self, ws: Tensor) -> Tensor:
        return self._draw(self.units(ws[:, 0]))


class ColourReader:
    """Reads door, tree and wall from red, green and blue."""

    name = "colours"
    vocabulary = VOCABULARY
    planes = VOCABULARY.planes

    def segment(self, images: Tensor) -> Tensor:
        bright = images > 0
        objects = torch.zeros(len(images), *images.shape[2:], dtype=torch.uint8)
        for number in (3, 2, 1):
            objects[bright[:, number - 1]] = number
        red = bright[:, 0].to(torch.uint8) * 4
        return torch.stack([objects, red], 1)

    def features(self, images: Tensor) -> Tensor:
        return torch.cat([images.mean((2, 3)), images.std((2, 3))], 1)


def planted_generator(stops: bool = True) -> Generator:
    """The generator; with `stops` it can stop after the layer."""
    card = Card(
        name="planted",
        kind="generator",
        architecture="planted",
        layers=(Layer(name="units", units=UNITS, size=CELLS, module="synthesis.units"),),
        default_layer="units",
        image_size=SIZE,
        latent={"z_dim": 4, "w_dim": 4, "num_ws": 1},
    )
    return Generator(Network(stops).eval(), card)
