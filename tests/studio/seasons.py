"""Classifiers of seasons with random weights, so small that roles and an atlas take a second."""

from __future__ import annotations

from pathlib import Path

import torch

from inscape import storage
from inscape.models.architectures.residual_classifier import (
    ResidualClassifier,
    ResidualClassifierConfig,
    layers_of,
)
from inscape.models.card import Card
from inscape.scenes.tasks import task

CLASSES = task("season").classes
UNITS = 6


def classifier(folder: Path, *, seed: int = 0, classes: tuple[str, ...] = CLASSES) -> Path:
    """Write card and weights; the name is that of the folder."""
    torch.manual_seed(seed)
    network = ResidualClassifier(ResidualClassifierConfig(len(classes), 32, (4, 8), (1, 1), UNITS)).eval()
    Card(
        name=folder.name,
        kind="classifier",
        architecture="residual_classifier",
        config={"classes": len(classes), "resolution": 32, "widths": [4, 8], "blocks": [1, 1], "head": UNITS},
        layers=layers_of(network),
        default_layer="head",
        image_size=32,
        classes=classes,
        world="town",
        licence="MIT",
        source="tests",
    ).write(folder / "card.json")
    storage.save_tensors(folder / "weights.safetensors", network.state_dict())
    return folder
