"""A generator whose units share their work, and a segmenter that gradients flow through.

Three tree units draw the same tree together: it stays until all of them are off. One door unit draws a door
alone. The other units draw nothing. Sky is above, grass below; trees and doors stand on grass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from inscape.concepts import Concept, Vocabulary
from inscape.models import Card, Generator, Layer

SIZE, UNITS, DOOR, TREES = 8, 12, 1, (2, 3, 4)
VOCABULARY = Vocabulary(
    [
        Concept("tree", "object"),
        Concept("door", "object"),
        Concept("sky", "object"),
        Concept("grass", "object"),
    ]
)


@dataclass(frozen=True)
class State:
    layer: str
    features: Tensor
    w: Tensor
    rgb: None = None
    whole: None = None
    noise: Mapping[str, Tensor] = field(default_factory=dict)


class Units(nn.Module):
    def forward(self, w: Tensor) -> Tensor:
        column = torch.arange(SIZE)[None, None]
        features = (0.1 * w[:, 2, None, None, None]).expand(len(w), UNITS, SIZE, SIZE).clone()
        tree = ((column - 2 - w[:, 0, None, None]).abs() < 1.1) & (torch.arange(SIZE)[None, :, None] > 4)
        door = (column == 6) & (torch.arange(SIZE)[None, :, None] == 7) & (w[:, 1, None, None] > 0)
        features[:, TREES] = tree[:, None].float()
        features[:, DOOR] = door.float()
        return features


class Synthesis(nn.Module):
    """Counts how often it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.units, self.drawn = Units(), 0

    def forward(self, ws: Tensor) -> Tensor:
        return self._draw(self.units(ws[:, 0]))

    def run_until(self, ws: Tensor, layer: str) -> State:
        return State(layer, self.units(ws[:, 0]), ws)

    def resume(self, state: State) -> Tensor:
        return self._draw(state.features)

    def _draw(self, features: Tensor) -> Tensor:
        self.drawn += 1
        tree = features[:, TREES].sum(1) - 0.75
        door = features[:, DOOR] - 0.5
        sky = torch.ones_like(door)
        sky[:, 4:] = -1
        return torch.stack([door, tree / 3, sky], 1)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.synthesis = Synthesis()
        self.dummy = nn.Parameter(torch.zeros(1), requires_grad=False)

    def mapping(self, z: Tensor, truncation_psi: float = 1.0) -> Tensor:
        return z[:, None]


class Reader(nn.Module):
    """Reads a door from red, a tree from green, the sky from blue, and grass where none of them is."""

    name, vocabulary = "reader", VOCABULARY

    def _scores(self, images: Tensor) -> Tensor:
        door, tree, sky = images.unbind(1)
        return torch.stack([8 * tree, 8 * door + 0.01, 2 * sky - 0.5, torch.zeros_like(sky)], 1)

    @torch.inference_mode()
    def segment(self, images: Tensor) -> Tensor:
        return (self._scores(images).argmax(1, keepdim=True) + 1).to(torch.uint8)

    def probability(self, images: Tensor, concept: str) -> Tensor:
        return self._scores(images).softmax(1)[:, VOCABULARY.index(concept) - 1]

    def features(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


def generator() -> Generator:
    card = Card(
        name="shared-work",
        kind="generator",
        architecture="planted",
        layers=(Layer(name="units", units=UNITS, size=SIZE, module="synthesis.units"),),
        default_layer="units",
        image_size=SIZE,
        latent={"z_dim": 3, "w_dim": 3, "num_ws": 1},
    )
    return Generator(Network().eval(), card)
