"""Coloured patches, and a classifier whose units are the three colours, twice each, and two of noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from inscape.concepts import Concept, Vocabulary
from inscape.models import Card, Layer, Model
from inscape.sources.source import Batch, show

CLASSES = ("red", "green", "blue")
SIZE = 16
CARRY = {name: {2 * number, 2 * number + 1} for number, name in enumerate(CLASSES)}
NOISE = {6, 7}


class Patches:
    """A patch of one colour on a grey ground, its label map and its class; every ninth is of no class."""

    name, segmenter, side_by_side = "patches", None, False
    vocabulary = Vocabulary([Concept("ground", "object"), *(Concept(name, "colour") for name in CLASSES)])
    classes = CLASSES

    def numbers(self, first: int, count: int) -> range:
        return range(first, first + count)

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        pictures = np.zeros((len(numbers), 3, SIZE, SIZE), np.float32)
        labels = np.ones((len(numbers), 2, SIZE, SIZE), np.uint8)
        labels[:, 1] = 0
        classes = []
        for row, number in enumerate(numbers):
            random = np.random.default_rng(number)
            colour, (top, left) = int(random.integers(3)), random.integers(0, SIZE - 6, 2)
            patch = np.s_[top : top + 6, left : left + 6]
            pictures[row] += random.uniform(-0.2, 0.2, (3, SIZE, SIZE))
            pictures[row][(slice(None), *patch)] -= 0.5
            pictures[row][(colour, *patch)] += 1.2
            labels[row][(0, *patch)] = 0
            labels[row][(1, *patch)] = colour + 2
            classes.append(-1 if number % 9 == 8 else colour)
        shown = torch.from_numpy(pictures.clip(-1, 1))
        show(model, shown)
        return Batch(shown, torch.from_numpy(labels), tuple(classes))

    def key(self) -> str:
        return "patches"


class ColourUnits(nn.Module):
    """Each colour's excess, of weight 1 and 0.5, and two units that nobody can read."""

    def forward(self, images: Tensor) -> Tensor:
        found = functional.leaky_relu(images - 0.3, 0.02)
        doubled = torch.stack([found, 0.5 * found], 2).flatten(1, 2)
        noise = 0.02 * torch.cos(1000 * images[:, :2] + torch.tensor([0.0, 1.0])[:, None, None])
        return torch.cat([doubled, noise], 1)


class Colours(nn.Module):
    """The class is the colour with the larger mean of its units; what is grey is of the last class."""

    def __init__(self) -> None:
        super().__init__()
        self.units = ColourUnits()
        self.classify = nn.Linear(8, 3)
        with torch.no_grad():
            self.classify.weight.zero_()
            self.classify.bias.copy_(torch.tensor([0.0, 0.2, 0.3]))
            for name, units in CARRY.items():
                self.classify.weight[CLASSES.index(name), sorted(units)] = 10.0

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classify(self.units(images).mean((2, 3)))
        return logits


def colours() -> Model:
    """The classifier, opened."""
    layers = (
        Layer(name="units", units=8, size=SIZE, module="units"),
        Layer(name="pooled", units=8, size=0, module="classify", input=True),
    )
    card = Card(
        name="colours",
        kind="classifier",
        architecture="colours",
        layers=layers,
        default_layer="units",
        image_size=SIZE,
        classes=CLASSES,
    )
    return Model(Colours().eval(), card)
