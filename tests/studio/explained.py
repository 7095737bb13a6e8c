"""A classifier of five classes with random weights, a report of its last maps, and a photo."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import DissectionReport, TopPictures, UnitFinding, UnitValues
from inscape.dissection._sprites import Sprites
from inscape.models.architectures.efficientnet_lite import EfficientNetLite, EfficientNetLiteConfig
from inscape.models.card import Card
from inscape.models.shipped import ZOO

CLASSES = ("barn", "castle", "church", "lighthouse", "mill")
UNITS = 1280


def classifier(folder: Path) -> Path:
    """Write card, weights and the report of `head`."""
    torch.manual_seed(0)
    network = EfficientNetLite(EfficientNetLiteConfig(5)).eval().requires_grad_(False)
    network.classify.bias.zero_()
    network.classify.weight *= 3 / float(network(torch.rand(1, 3, 224, 224) * 2 - 1).std())
    shipped = Card.read(ZOO / "efficientnet-lite0" / "card.json")
    update = {"name": "judge", "classes": CLASSES, "config": {"classes": 5}, "source": "tests"}
    shipped.model_copy(update=update).write(folder / "card.json")
    storage.save_tensors(folder / "weights.safetensors", network.state_dict())
    report().save(folder / "report" / "head")
    return folder


def report() -> DissectionReport:
    """A report in which every unit is a stone: to measure so many units would take a minute."""
    stream = io.BytesIO()
    Image.new("RGB", (16, 32)).save(stream, "WEBP")
    one, ones = torch.ones(1, UNITS), torch.ones(UNITS)
    findings = [
        UnitFinding(unit, "stone", "object", 0.5, 0.1, 0.5, 0.1, "stone", 0.1, True) for unit in range(UNITS)
    ]
    return DissectionReport(
        model="judge",
        layer="head",
        images=4,
        seed=0,
        vocabulary=Vocabulary([Concept("stone", "object")]),
        findings=tuple(findings),
        values=UnitValues((0.99,), one, ones, one, one / 2, one / 2, one / 10, one / 2, one * 0, one * 0),
        top=TopPictures(
            torch.zeros(UNITS, 1).long(), one.T, Sprites(UNITS, 1, 16, lambda _: stream.getvalue())
        ),
        source="stones",
    )


def photo(path: Path, seed: int = 0) -> Path:
    """A photo of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path
